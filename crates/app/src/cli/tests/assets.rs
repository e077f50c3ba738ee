//! Assets as people name them.

use super::*;

#[test]
fn an_asset_is_named_only_where_there_are_several() {
    let server = Server::answering(|asked| match asked.method.as_str() {
        "POST" => (201, serde_json::to_value(withdrawal("x", Status::Queued)).unwrap()),
        _ => besides(asked),
    });
    let (exit, paper) = typed(&server, "withdraw --amount 1 --to 0x1 --external-id p-1");
    assert_eq!(exit, Exit::Done, "{}", paper.err());
    let asked = server.asked();
    let sent = asked.iter().find(|asked| asked.method == "POST").unwrap();
    assert_eq!(sent.body["asset"], "eip155:31337/erc20:0x1");
}

#[test]
fn of_two_kinds_of_chains_the_address_names_the_asset() {
    let asset = |id: &str| {
        json!({
            "id": id, "object": "asset", "symbol": "X", "chain": id.split('/').next(), "contract": null, "precision": 6,
            "decimals": 6, "state": "active", "reason": null, "amount_min": "0.000001", "amount_max": null, "fee": "0"
        })
    };
    let (evm, tron) = ("eip155:31337/erc20:0x1", "tron:31337/trc20:T1");
    let server = Server::answering(move |asked| match (asked.method.as_str(), asked.target.as_str()) {
        ("POST", _) => (201, serde_json::to_value(withdrawal("x", Status::Queued)).unwrap()),
        (_, target) if target.starts_with("/v1/assets") => page(vec![asset(evm), asset(tron)]),
        _ => besides(asked),
    });
    for (to, expected) in [("0x1", evm), ("TJrw", tron)] {
        let (exit, paper) = typed(&server, &format!("withdraw --amount 1 --to {to} --external-id p-1"));
        assert_eq!(exit, Exit::Done, "{}", paper.err());
        let asked = server.asked();
        let sent = asked.iter().rfind(|asked| asked.method == "POST").unwrap();
        assert_eq!(sent.body["asset"], expected);
    }
    // Nothing says which.
    let (exit, paper) = typed(&server, "withdraw --amount 1 --to me --external-id p-1");
    assert!(exit == Exit::Usage && paper.err().contains("--asset"), "{}", paper.err());
}

#[test]
fn limits_are_set_for_a_partner_by_the_symbol_of_an_asset() {
    let server = Server::answering(|asked| match asked.method.as_str() {
        "POST" => {
            let limit = json!({
                "object": "limit", "scope": "partner", "subject": "pt_1", "unit": "eip155:31337/erc20:0x1",
                "window": "day", "limit": "100", "used": "0", "remaining": "100", "resets_at": null
            });
            (200, json!({ "object": "list", "data": [limit], "has_more": false, "next_cursor": null }))
        }
        _ => besides(asked),
    });
    let typed =
        typed(&server, "limits set --partner pt_1 --asset tusd --per-transaction 10 --daily 100 --reason r");
    assert_eq!(typed.0, Exit::Done, "{}", typed.1.err());
    assert!(typed.1.out().contains("pt_1") && typed.1.out().contains("tUSD"), "{}", typed.1.out());
    let asked = server.asked();
    let sent = asked.iter().find(|asked| asked.method == "POST").unwrap();
    assert_eq!(
        sent.body,
        json!({
            "partner_id": "pt_1", "asset": "eip155:31337/erc20:0x1", "per_transaction": "10", "daily": "100",
            "reason": "r"
        })
    );
}
