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
