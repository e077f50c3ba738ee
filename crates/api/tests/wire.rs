//! One sample of every resource as it is on the wire. Each is read, written and compared to the letter, and its members
//! are those of the OpenAPI document: a change of the contract shows here first.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sluice_api::openapi::document;
use sluice_api::{
    alert, asset, attention, chain, command, event, health, key, lane, limit, list, partner, problem,
    signature, stats, stop, wallet, withdrawal,
};

const AT: &str = "2026-11-21T01:02:03.000004Z";
const POLYGON: &str = "eip155:137";
const USDC: &str = "eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359";

/// Reads a sample as `T`, writes it, and compares; then compares its members with the schema `name`.
fn same<T: Serialize + DeserializeOwned>(name: &str, sample: Value) {
    let read: T = serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(serde_json::to_value(&read).expect("serialises"), sample, "{name}");
    let schema = serde_json::to_value(document()).expect("serialises")["components"]["schemas"][name].take();
    let members = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap_or_else(|| panic!("{name}")).keys().cloned().collect()
    };
    assert_eq!(members(&sample), members(&schema["properties"]), "{name}");
}

fn actor() -> Value {
    json!({"kind": "operator", "id": "op_1"})
}

fn reason() -> Value {
    json!({"code": "gas_empty", "title": "t", "remedy": "r"})
}

fn block() -> Value {
    json!({"number": 81, "hash": "0xdef"})
}

fn transaction() -> Value {
    json!({"txid": "0xabc", "chain": POLYGON, "sender": "0x1", "nonce": 7, "kind": "void", "status": "final",
           "block": block(), "fee": "0.0021", "reference_block": 80, "expires_at_ms": 1_763_600_060_000_i64})
}

fn a_withdrawal() -> Value {
    json!({
        "object": "withdrawal", "id": "wd_1", "external_id": "p-1", "user_id": "u-1", "partner_id": "pt_1",
        "status": "needs_attention", "waiting_for": {"for": "2fa", "since": AT, "expected_until": null,
        "released_by": "x"}, "type": "scheduled", "asset": USDC, "amount": "12.5", "fee": "0.1", "total_debit": "12.6",
        "address": "0x1", "memo": "급여", "metadata": {"order": "81"}, "attempt_no": 2, "cancel_requested": true,
        "reason": reason(), "errand": "top_up", "receipt": {"energy": 64285, "estimated": "2.147", "network_fee": "0.345", "energy_cost": "1.8",
        "total": "2.145", "burning": "6.7755", "saved": "4.6305"}, "transactions": [transaction()], "created_at": AT, "due_at": AT, "scheduled_for": AT,
        "updated_at": AT, "completed_at": null, "version": 9
    })
}

#[test]
fn withdrawals_and_events() {
    same::<withdrawal::Withdrawal>("Withdrawal", a_withdrawal());
    same::<withdrawal::Transaction>("Transaction", transaction());
    same::<event::Event>(
        "Event",
        json!({
            "id": "ev_1", "object": "event", "feed_id": "fd_1", "number": 81, "type": "withdrawal.completed", "partner_id": "pt_1",
            "withdrawal_id": "wd_1", "created_at": AT, "actor": {"kind": "system", "id": "settle"}, "reason": "final",
            "data": {"amount": "12.5", "block": block()}
        }),
    );
    same::<list::List<withdrawal::Withdrawal>>(
        "WithdrawalList",
        json!({
            "object": "list", "data": [a_withdrawal()], "has_more": true, "next_cursor": "x"
        }),
    );
}

#[test]
fn assets_chains_wallets_and_lanes() {
    same::<asset::Asset>(
        "Asset",
        json!({
            "id": USDC, "object": "asset", "symbol": "USDC", "chain": POLYGON, "contract": "0x3c49", "precision": 6,
            "decimals": 6, "state": "paused", "reason": reason(), "amount_min": "1", "amount_max": null, "fee": "0.1"
        }),
    );
    same::<chain::Chain>(
        "Chain",
        json!({
            "id": POLYGON, "object": "chain", "name": "Polygon", "family": "evm", "coin": "POL", "state": "degraded",
            "head": block(), "final": null, "quorum": 2, "operators": 3, "single_source": false,
            "market": {"base_fee": "30000000000", "tip": "25000000000", "at": AT},
            "nodes": [{"name": "a", "operator": "x", "healthy": false, "height": 81, "trouble": "out_of_step"}]
        }),
    );
    same::<wallet::Wallet>(
        "Wallet",
        json!({
            "id": "wa_1", "object": "wallet", "partner_id": "pt_1", "chain": POLYGON, "address": "0x1", "role": "cold",
            "custody": "external", "label": "bank vault", "trusted_from": AT, "state": "active", "reason": null, "resources": {"energy": 1,
            "bandwidth": 2, "free_bandwidth": 600, "block": block(), "at": AT}, "desk": {"state": "open", "key_shown_at": AT,
            "quiet_until": null}, "created_at": AT, "version": 1, "balances": [{"asset": USDC,
            "on_chain": "10", "available": "0", "reserved": "9", "in_flight": "2", "shortfall": "1", "block": block(),
            "at": AT}]
        }),
    );
    same::<lane::Lane>(
        "Lane",
        json!({
            "id": "wa_1", "object": "lane", "partner_id": "pt_1", "chain": POLYGON, "address": "0x1",
            "custody": "managed", "state": "frozen", "reason": reason(), "note": "점검", "since": AT, "next_nonce": 8, "in_flight": 3, "window": 16, "queued": 5,
            "oldest": {"withdrawal_id": "wd_1", "transfer_id": "tf_1", "status": "broadcast", "nonce": 5, "since": AT},
            "fee_cap": {"max_fee_wei": "90000000000", "until": AT}, "unexplained": [{"txid": "0x01", "block": 7, "nonce": 3, "what": "transaction 0x01 at nonce 3 is not ours", "word": "claimed", "told_by": "one/node", "seen_at": AT}],
            "worked_by": "processor-1", "epoch": 4, "version": 2
        }),
    );
}

#[test]
fn what_people_sign() {
    let balances = json!([{"asset": USDC, "on_chain": "10", "available": "0", "reserved": "9", "in_flight": "2",
        "block": block(), "at": AT}]);
    same::<signature::SignatureRequest>(
        "SignatureRequest",
        json!({
            "id": "wd_1", "object": "signature_request", "partner_id": "pt_1", "external_id": "refill-1",
            "status": "handed_out", "chain": "tron:1", "wallet_id": "wa_1", "from": "T1", "to_wallet_id": "wa_2", "to": "T2",
            "asset": USDC, "amount": "5", "balances": balances, "quiet_until": null, "created_at": AT, "due_at": AT,
            "version": 3, "hand_out": {"id": "ho_1", "state": "told", "holder": actor(), "minutes": 30, "wished_at": AT,
                "wish_until": AT, "lease_until": AT, "expires_at": AT, "code": null, "transaction": {"txid": "ab",
                "raw_data_hex": "0a", "fields": [{"name": "memo", "value": ""}]}}
        }),
    );
    same::<signature::HandOut>(
        "HandOut",
        json!({
            "id": "ho_1", "state": "lapsed", "holder": actor(), "minutes": 10, "wished_at": AT, "wish_until": AT,
            "lease_until": null, "expires_at": null, "code": "not_in_time", "transaction": null
        }),
    );
    same::<signature::HandOutRequest>("HandOutRequest", json!({"minutes": 10, "reason": "r"}));
    same::<signature::SubmitSignature>(
        "SubmitSignature",
        json!({"signature": "ab", "raw_data_hex": "0a", "reason": "r"}),
    );
    same::<signature::OrderMovement>(
        "OrderMovement",
        json!({
            "external_id": "refill-1", "from_wallet_id": "wa_1", "to_wallet_id": "wa_2", "asset": USDC, "amount": "5",
            "reason": "r"
        }),
    );
    same::<signature::MovementCheck>(
        "MovementCheck",
        json!({
            "object": "movement_check", "partner_id": "pt_1", "from_wallet_id": "wa_1", "from": "T1", "to_wallet_id": "wa_2",
            "to": "T2", "asset": USDC, "amount": "5", "covered": true, "balances": balances, "quiet_until": AT
        }),
    );
    same::<signature::KeyStatement>(
        "KeyStatement",
        json!({
            "object": "key_statement", "wallet_id": "wa_1", "address": "T1", "text": "t", "at": AT, "valid_until": AT
        }),
    );
    same::<signature::ShowKey>("ShowKey", json!({"at": AT, "signature": "ab", "reason": "r"}));
}

#[test]
fn what_people_look_at_and_do() {
    same::<attention::Attention>(
        "Attention",
        json!({
            "id": "wd_1", "object": "attention", "withdrawal": a_withdrawal(), "since": AT, "reason": reason(),
            "undead": [transaction()], "ways_out": [
                {"way": "redrive", "open": true, "closed_by": null, "persons": 1},
                {"way": "give_up", "open": false, "closed_by": "attempts_not_dead", "persons": 1}
            ]
        }),
    );
    same::<attention::Resolve>("Resolve", json!({"paid_by": "0xabc", "reason": "r", "version": 3}));
    same::<lane::AdoptTransaction>(
        "AdoptTransaction",
        json!({
            "txid": "0xabc", "type": "manual_payment", "reason": "r", "version": 3
        }),
    );
    same::<lane::SetCap>(
        "SetCap",
        json!({"max_fee_wei": "90000000000", "until": AT, "reason": "r", "version": 3}),
    );
    same::<lane::SpeedUp>("SpeedUp", json!({"max_fee_wei": "90000000000", "reason": "r", "version": 3}));
    same::<command::Because>("Because", json!({"reason": "r", "version": 3}));
    same::<command::Command>(
        "Command",
        json!({
            "id": "cmd_1", "object": "command", "command": "lane.unfreeze", "subject": "wa_1",
            "says": {}, "facts": {"frozen": "why"}, "state": "awaiting_second_person", "requested_by": actor(), "reason": "r",
            "requested_at": AT, "expires_at": AT, "ended_by": actor(), "ended_reason": "r", "ended_at": AT, "version": 3
        }),
    );
    same::<alert::Alert>(
        "Alert",
        json!({
            "id": "al_1", "object": "alert", "partner_id": null, "severity": "P1", "code": "unexplained_transfer",
            "subject": "wa_1", "summary": "s", "detail": "d",
            "owner": "engineering", "since": AT, "last_seen": AT, "count": 3, "acknowledged_by": actor(),
            "acknowledged_at": AT, "runbook": "runbooks/unexplained_transfer", "resolved_at": null
        }),
    );
    same::<stop::Stop>(
        "Stop",
        json!({
            "id": "st_1", "object": "stop", "scope": "asset", "subject": USDC, "partner_id": "pt_1", "reason": "drill",
            "stopped_by": actor(),
            "since": AT, "stopped": true, "cannot_recall_more": 0, "cannot_recall": [{"withdrawal_id": "wd_1", "txid": "0xabc", "why": "broadcast",
            "until": null}], "unconfirmed": ["processor-2"]
        }),
    );
}

#[test]
fn who_calls_and_how_much() {
    same::<partner::Partner>(
        "Partner",
        json!({
            "id": "pt_1", "object": "partner", "name": "단타로", "state": "active", "mode": "test",
            "timezone": "Asia/Seoul", "created_at": AT
        }),
    );
    same::<partner::CreatePartner>(
        "CreatePartner",
        json!({
            "name": "단타로", "mode": "live", "timezone": "Asia/Seoul", "reason": "r"
        }),
    );
    same::<key::ApiKey>(
        "ApiKey",
        json!({
            "id": "key_1", "object": "api_key", "partner_id": "pt_1", "name": "n", "algorithm": "ed25519",
            "public_key": "SL9h", "scopes": ["withdrawals:read", "stop:set"], "allowed_ips": ["203.0.113.0/24"],
            "created_at": AT, "created_by": actor(), "expires_at": AT, "last_used_at": null, "revoked_at": null
        }),
    );
    same::<limit::Limit>(
        "Limit",
        json!({
            "object": "limit", "scope": "user", "subject": "u-1", "unit": "KRW", "window": "day", "limit": "1000000",
            "used": "5", "remaining": "999995", "resets_at": AT
        }),
    );
    same::<stats::Stats>(
        "Stats",
        json!({
            "object": "stats", "from": AT, "to": AT,
            "total": {"count": 1, "amounts": [{"asset": USDC, "amount": "12.5", "fee": "0.1"}]},
            "by_status": [{"status": "completed", "tally": {"count": 1, "amounts": []}}],
            "by_type": [{"type": "regular", "tally": {"count": 1, "amounts": []}}]
        }),
    );
    same::<health::Health>(
        "Health",
        json!({
            "object": "health", "status": "ok", "version": "0.1.0", "started_at": AT
        }),
    );
    same::<health::Readiness>(
        "Readiness",
        json!({
            "object": "readiness", "ready": false, "checks": [{"name": "store", "status": "down", "detail": "d", "since": AT}]
        }),
    );
}

#[test]
fn problems() {
    same::<problem::Problem>(
        "Problem",
        json!({
            "type": "urn:sluice:problem:amount_not_string", "title": "t", "status": 422, "detail": "d", "remedy": "r",
            "instance": "/v1/withdrawals", "code": "amount_not_string", "request_id": "req_1", "doc_url": "https://x",
            "retryable": false,
            "errors": [{"pointer": "/amount", "code": "amount_not_string", "detail": "d", "remedy": "r"}]
        }),
    );
}
