use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use sluice_api::problem::Code;
use sluice_audit::list::{Claim, List};

use super::*;
use crate::cli::tests::{Server, me, page, problem, typed, withdrawal};

const ASSET: &str = "eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359";
const TO: &str = "0x52908400098527886E0F7030069857D2E4169EE7";
const WALLET: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

fn txid(digit: &str) -> String {
    format!("0x{}", digit.repeat(64))
}

fn told(external_id: &str, status: Status, last: &str) -> Value {
    let mut it = serde_json::to_value(withdrawal(external_id, status)).unwrap();
    (it["asset"], it["address"]) = (json!(ASSET), json!(TO));
    let signed = |digit: &str, nonce: u64, kind: &str, status: &str| {
        json!({ "txid": txid(digit), "chain": "eip155:137", "sender": WALLET, "nonce": nonce, "kind": kind,
                "status": status, "block": null, "fee": null })
    };
    it["transactions"] = json!([signed("a", 7, "pay", "replaced"), signed("b", 7, "pay", last)]);
    it
}

fn command(what: &str, state: &str) -> Value {
    json!({
        "id": "cmd_1", "object": "command", "command": what, "subject": format!("wa_1/{}", txid("c")),
        "says": { "txid": txid("c"), "type": "internal_move" }, "facts": {}, "state": state,
        "requested_by": { "kind": "key", "id": "key_1" }, "reason": "to the other wallet",
        "requested_at": "2026-11-21T00:00:00Z", "expires_at": null, "ended_by": null, "ended_reason": null,
        "ended_at": null, "version": null
    })
}

/// A loan of energy, which is told only where errands are asked for.
fn lent() -> Value {
    let mut it = told("energy-loan:en_1", Status::Completed, "final");
    (it["errand"], it["asset"]) = (json!("delegation"), json!("tron:728126428/delegation:energy"));
    it["transactions"] = json!([{ "txid": txid("d"), "chain": "tron:728126428", "sender": null, "nonce": null, "kind": "pay",
                                  "status": "final", "block": null, "fee": null }]);
    it
}

/// A server with three withdrawals and an errand on two pages.
fn server(platform: bool, breaks_off: bool) -> Server {
    let asked_for = AtomicUsize::new(0);
    Server::answering(move |asked| match asked.target.split('?').next().unwrap_or_default() {
        "/v1/me" => (200, me(platform)),
        "/v1/wallets" => page(vec![json!({
            "id": "wa_1", "object": "wallet", "partner_id": "pt_1", "chain": "eip155:137", "address": WALLET, "role": "hot",
            "state": "active", "reason": null, "balances": [], "created_at": "2026-11-21T00:00:00Z", "version": 1
        })]),
        "/v1/commands" => page(vec![command("lane.adopt", "done"), command("lane.unfreeze", "done")]),
        "/v1/withdrawals" if !asked.target.contains("errands=true") => problem(Code::NotFound),
        "/v1/withdrawals" if asked.target.contains("cursor=") => match breaks_off {
            true => problem(Code::NotFound),
            false => page(vec![told("order-3", Status::Confirming, "sent"), lent()]),
        },
        "/v1/withdrawals" => {
            asked_for.fetch_add(1, Ordering::Relaxed);
            let data =
                [told("order-1", Status::Completed, "final"), told("order-2", Status::Failed, "reverted")];
            (200, json!({ "object": "list", "data": data, "has_more": true, "next_cursor": "next" }))
        }
        _ => problem(Code::NotFound),
    })
}

#[test]
fn the_auditor_reads_an_export_whole() {
    let (exit, paper) = typed(&server(false, false), "export --from 2026-11-21");
    assert_eq!(exit, Exit::Done, "{}", paper.err());
    let list = List::of(&paper.out()).unwrap_or_else(|error| panic!("{error}: {}", paper.out()));
    assert_eq!((list.withdrawals.len(), list.wallets.len(), list.transactions.len()), (3, 1, 2));
    let claims: Vec<Claim> = list.withdrawals.values().map(|it| it.claim()).collect();
    assert_eq!(claims, [Claim::Paid, Claim::Dead, Claim::Open]);
    let txids: Vec<Option<String>> =
        list.withdrawals.values().map(|it| it.txid.map(|txid| txid.to_string())).collect();
    assert_eq!(txids, [Some(txid("b")), None, None], "a payment is named where it is told as made");
    for it in list.withdrawals.values() {
        let slots: Vec<_> =
            it.slots.iter().map(|slot| (slot.sender.unwrap().to_string(), slot.nonce)).collect();
        assert_eq!(slots, [(WALLET.to_lowercase(), 7)]);
    }
    let explained = list.transactions.values().next().unwrap();
    assert_eq!((explained.kind, explained.reason.as_str()), ("internal_move", "to the other wallet"));
    let errand = list.transactions.values().next_back().unwrap();
    assert_eq!(errand.kind, "delegation");
    assert!(errand.reason.ends_with("(energy-loan:en_1)"), "{}", errand.reason);
}

#[test]
fn a_file_is_written_once_and_one_that_was_cut_off_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.ndjson");
    let line = format!("export --out {}", file.display());
    let (exit, paper) = typed(&server(false, false), &line);
    assert_eq!((exit, paper.out().as_str()), (Exit::Done, ""), "{}", paper.err());
    assert!(paper.err().contains("6 records"), "{}", paper.err());
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(List::of(&text).unwrap().withdrawals.len(), 3);
    for cut in 1..text.lines().count() {
        let part: String = text.lines().take(cut).map(|line| format!("{line}\n")).collect();
        assert!(List::of(&part).is_err(), "{cut} lines");
    }
    let (exit, paper) = typed(&server(false, false), &line);
    assert_eq!(exit, Exit::Usage, "it is never written over");
    assert!(paper.err().contains("(export_unwritable)"), "{}", paper.err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);

    let half = folder.path().join("half.ndjson");
    let (exit, _) = typed(&server(false, true), &format!("export --out {}", half.display()));
    assert_eq!(exit, Exit::Refused);
    assert!(List::of(&std::fs::read_to_string(&half).unwrap()).is_err());
}

#[test]
fn a_key_that_sees_several_partners_exports_none() {
    let (exit, paper) = typed(&server(true, false), "export");
    assert_eq!((exit, paper.out().as_str()), (Exit::Usage, ""));
    assert!(paper.err().contains("(export_of_one_partner)"), "{}", paper.err());
}
