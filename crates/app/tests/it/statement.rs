//! A statement says what the wallets held, equal to what the chain holds at the block that it names.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice_api::client::ClientError;
use sluice_api::query::StatementQuery;
use sluice_api::statement::{Statement, StatementLine};
use sluice_core::time::Timestamp;
use sluice_devnet::tron::Control;

use crate::harness::{Caller, Order, Shape, World, until};
use crate::on_both;

/// What `sluice dev` gives a wallet on TRON, sun.
const COINS_SUN: i128 = 200_000_000_000;

/// Today in Seoul, by the real clock, which is the engine's.
#[expect(clippy::disallowed_methods, reason = "the engine's day is the real one")]
fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let now = Timestamp::from_micros(i64::try_from(since.as_micros()).expect("a time"));
    now.day_in("Asia/Seoul").expect("a zone")
}

fn of(day: &str) -> StatementQuery {
    StatementQuery { day: Some(day.to_owned()), ..StatementQuery::default() }
}

/// A decimal as atoms of so many digits; negative ones too.
fn atoms(text: &str, digits: usize) -> i128 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= digits, "{text}");
    sign * format!("{whole}{fraction:0<digits$}").parse::<i128>().expect("a number")
}

/// `opening + in - out - fees - gas + adjustments = closing`.
fn adds_up(line: &StatementLine) {
    let sum = |text: &sluice_api::text::Decimal| atoms(text.as_str(), 18);
    let after = sum(&line.opening) + sum(&line.came_in) - sum(&line.out) - sum(&line.fees) - sum(&line.gas)
        + sum(&line.adjustments);
    assert_eq!(after, sum(&line.closing), "{line:?}");
}

/// What an account holds at a block, asked of the node: of the token, or of the coin.
async fn held(world: &World, line: &StatementLine, block: u64) -> i128 {
    let (rpc, block) = (world.anvil.rpc(), format!("0x{block:x}"));
    let answer: String = if line.asset.contains("erc20") {
        let account = line.address.trim_start_matches("0x").to_lowercase();
        let call = json!([{ "to": world.usd.address().to_string(), "data": format!("0x70a08231{account:0>64}") }, block]);
        rpc.call("eth_call", call).await.expect("a balance")
    } else {
        rpc.call("eth_getBalance", json!([line.address, block])).await.expect("a balance")
    };
    i128::from_str_radix(answer.trim_start_matches("0x").trim_start_matches('0'), 16).unwrap_or(0)
}

async fn compared(caller: &Caller, day: &str) -> Statement {
    let mut found = None;
    until("every line is compared with the chain and equal", async || {
        let statement = caller.client.statement(&of(day)).await.expect("a statement");
        // What was booked between the reading of both is told as that, and is in the next one.
        let equal = |line: &StatementLine| {
            line.compared
                .as_ref()
                .is_some_and(|it| it.difference.as_str() == "0" && it.since_closing.as_str() == "0")
        };
        let all = statement.lines.iter().all(equal);
        found = Some(statement);
        all
    })
    .await;
    found.expect("a statement")
}

on_both! {
    /// Payments, a top-up from outside, and fees: closing is the token's and the coin's balance at the named block.
    async fn what_a_wallet_closed_with_is_what_the_chain_holds(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let day = today();
        let orders = Order::fresh("order", 6);
        caller.insist_on(&orders).await;
        caller.all_completed(&orders).await;
        let wallet = caller.client.wallets().take(1).await.expect("wallets").remove(0);
        let account = wallet.address.parse().expect("an address");
        world.usd.mint(account, ruint::aliases::U256::from(7_000_000_u64)).await.expect("dollars");
        let before = caller.client.statement(&of(&day)).await.expect("a statement");
        let came_in = |statement: &Statement| -> i128 {
            let tokens = statement.lines.iter().filter(|line| line.asset.contains("erc20"));
            tokens.map(|line| atoms(line.came_in.as_str(), 6)).sum()
        };
        until("the top-up is booked", async || {
            let now = caller.client.statement(&of(&day)).await.expect("a statement");
            came_in(&now) == came_in(&before) + 7_000_000 || came_in(&before) >= 2 * 2_000_000_000_000 + 7_000_000
        })
        .await;
        let statement = compared(&caller, &day).await;
        if today() != day {
            return; // Midnight in Seoul came between: the figures are of two days.
        }
        assert_eq!((statement.zone.as_str(), statement.over), ("Asia/Seoul", false));
        assert_eq!(statement.lines.len(), 4, "two wallets, a token and a coin: {statement:?}");
        for line in &statement.lines {
            adds_up(line);
            let found = line.compared.as_ref().expect("it is compared");
            assert_eq!(found.since_closing.as_str(), "0", "{line:?}");
            assert_eq!(found.books, line.closing, "{line:?}");
            let there = held(&world, line, found.block.number).await;
            if line.asset.contains("erc20") {
                assert_eq!(atoms(line.closing.as_str(), 6), there, "{line:?}");
                assert_eq!(atoms(found.on_chain.as_str(), 6), there, "{line:?}");
            } else {
                // The books keep the coin to nine digits, and what the chain has beyond them is shown beside.
                assert_eq!(atoms(line.closing.as_str(), 9), there / 1_000_000_000, "{line:?}");
                assert_eq!(atoms(found.on_chain.as_str(), 18), there, "{line:?}");
            }
        }
        let sum = |figure: fn(&StatementLine) -> &sluice_api::text::Decimal| -> i128 {
            let tokens = statement.lines.iter().filter(|line| line.asset.contains("erc20"));
            tokens.map(|line| atoms(figure(line).as_str(), 6)).sum()
        };
        let ordered: u64 = orders.iter().map(|order| order.atoms).sum();
        assert_eq!(sum(|line| &line.out), i128::from(ordered));
        assert_eq!(sum(|line| &line.came_in), 2 * 2_000_000_000_000 + 7_000_000);
        the_command_says_the_same(&world, &caller, &engine.dev.api_url, &engine.dev.api_key, &statement).await;
        nobody_else_is_told(&engine.caller_with(&engine.dev.platform_api_key), &caller, &statement).await;
        // While no node answers, the books are told, and nothing of the chain.
        world.node("STOP");
        let alone = caller.client.statement(&of(&day)).await;
        world.node("CONT");
        let alone = alone.expect("a statement");
        assert!(alone.lines.iter().all(|line| line.compared.is_none() && line.not_compared.is_some()), "{alone:?}");
        for (line, with) in alone.lines.iter().zip(&statement.lines) {
            assert_eq!((&line.opening, &line.out, &line.gas), (&with.opening, &with.out, &with.gas));
            adds_up(line);
        }
    }
}

/// The day of a wallet on TRON that was given so much USDT, has paid so much of it, and burned TRX: both lines are what the network
/// holds, from nothing on.
pub async fn is_what_tron_holds(caller: &Caller, control: &Control, given: u64, paid: u64) {
    let day = today();
    let on_tron = |statement: &Statement| -> Vec<StatementLine> {
        statement.lines.iter().filter(|line| line.chain == "tron:31337").cloned().collect()
    };
    let mut found = vec![];
    until("the lines on TRON are compared with the chain and equal", async || {
        found = on_tron(&caller.client.statement(&of(&day)).await.expect("a statement"));
        let equal = |line: &StatementLine| {
            line.compared
                .as_ref()
                .is_some_and(|it| it.difference.as_str() == "0" && it.since_closing.as_str() == "0")
        };
        found.iter().all(equal)
    })
    .await;
    let [usdt, trx] = ["trc20", "slip44"].map(|kind| {
        let mut lines = found.iter().filter(|line| line.asset.contains(kind));
        let line = lines.next().unwrap_or_else(|| panic!("no line of {kind}: {found:?}"));
        assert!(lines.next().is_none(), "one wallet: {found:?}");
        adds_up(line);
        line
    });
    let sum = |text: &sluice_api::text::Decimal| atoms(text.as_str(), 6);
    let account = usdt.address.parse().expect("an address");
    let units = i128::try_from(control.usdt_units(account)).expect("not so much");
    let sun = i128::from(control.balance_sun(account).expect("an account"));
    for (line, held) in [(usdt, units), (trx, sun)] {
        let compared = line.compared.as_ref().expect("it is compared");
        let told = (sum(&line.closing), sum(&compared.books), sum(&compared.on_chain));
        assert_eq!(told, (held, held, held), "{line:?}");
        assert!(compared.block.number <= control.head().number, "{line:?}");
    }
    if today() != day || found.iter().any(|line| line.opening.as_str() != "0") {
        return; // Midnight in Seoul came between: the movements are of two days.
    }
    let moved = |line: &StatementLine| {
        (sum(&line.came_in), sum(&line.out), sum(&line.gas), sum(&line.fees), sum(&line.adjustments))
    };
    assert_eq!(moved(usdt), (given.into(), paid.into(), 0, 0, 0), "{usdt:?}");
    assert_eq!(moved(trx), (COINS_SUN, 0, COINS_SUN - sun, 0, 0), "{trx:?}");
    assert!(sun < COINS_SUN, "payouts burn something");
}

async fn the_command_says_the_same(
    world: &World,
    caller: &Caller,
    url: &str,
    key: &str,
    statement: &Statement,
) {
    let arguments = ["statement", "--day", &statement.day, "--url", url, "--key", key];
    // It compares anew, at the block of that moment, which the watcher may have yet to reach: said as that, and asked again.
    let asked_until = async |form: &[&str], is_compared: fn(&str) -> bool| {
        let mut told = String::new();
        until("the command has compared every line", async || {
            let (code, text, said) = world.sluice(&[arguments.as_slice(), form].concat()).await;
            assert_eq!(code, Some(0), "{said}");
            told = text;
            is_compared(&told)
        })
        .await;
        told
    };
    let csv = asked_until(&["--csv"], |csv| !csv.contains("under_way")).await;
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), statement.lines.len() + 1, "{csv}");
    for (row, line) in rows[1..].iter().zip(&statement.lines) {
        let told: BTreeMap<&str, &str> = rows[0].iter().copied().zip(row.iter().copied()).collect();
        assert_eq!((told["wallet_id"], told["closing"]), (line.wallet_id.as_str(), line.closing.as_str()));
        assert_eq!(told["difference"], "0", "{csv}");
    }
    let text = asked_until(&[], |text| !text.contains("something is under way")).await;
    assert!(text.contains("equal at block"), "{text}");
    let (code, text, _) = world.sluice(&[arguments.as_slice(), &["--json"]].concat()).await;
    let told: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, &told["partner_id"]), (Some(0), &json!(statement.partner_id)));
    assert!(caller.client.statement(&of("2026-02-30")).await.is_err());
}

/// The platform reads a partner's; a partner reads no other's.
async fn nobody_else_is_told(platform: &Caller, caller: &Caller, statement: &Statement) {
    let theirs = |id: &str| StatementQuery { partner: Some(id.to_owned()), ..of(&statement.day) };
    let told = platform.client.statement(&theirs(&statement.partner_id)).await.expect("a statement");
    assert_eq!(told.lines.len(), statement.lines.len());
    let platforms = platform.client.me().await.expect("who it is").partner_id;
    let refused: ClientError = caller.client.statement(&theirs(&platforms)).await.expect_err("not theirs");
    assert_eq!(refused.code().map(|it| it.as_str()), Some("not_found"));
}
