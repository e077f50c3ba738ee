//! TRX is paid like a token: each order once, whatever dies on the way, and the books have the chain's sun.

use serde_json::json;
use sluice_api::client::ClientError;
use sluice_api::query::StatementQuery;
use sluice_devnet::tron::{Control, Tron, TronConfig};

use crate::harness::{Caller, Engine, Order, PATIENCE, Shape, World, until};
use crate::on_both;

/// Where the engine is killed while TRX is paid.
const POINTS: [&str; 4] =
    ["store.apply/built:after", "signer.sign:after", "chain.submit:after", "store.apply/final:before"];
/// What `sluice dev` gives the wallet, sun.
const COINS_SUN: u64 = 200_000_000_000;
/// What making an account burns where the wallet has no stake, sun.
const ACCOUNT_SUN: u64 = 1_100_000;
/// Most that any other transfer of TRX burns, sun.
const TRANSFER_SUN_MAX: u64 = 276_000;
/// TRX, and the coin of the other chain, which nobody is paid in.
const TRX: &str = "tron:31337/slip44:195";
const EVM_COIN: &str = "eip155:31337/slip44:966";

fn caller(engine: &Engine, asset: &str) -> Caller {
    let mut caller = engine.caller();
    caller.asset = asset.into();
    caller
}

fn held(control: &Control, address: &str) -> u64 {
    let sun = control.balance_sun(address.parse().expect("an address")).unwrap_or(0);
    sun.try_into().expect("never less than nothing")
}

async fn refused(caller: &Caller, to: &str) -> String {
    let order = Order { address: to.into(), ..Order::fresh_on_tron("refused", 1).remove(0) };
    match caller.ask(&order).await {
        Err(ClientError::Problem(problem)) => problem.code.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn trx_is_paid_once_and_the_books_agree_with_the_chain_to_the_sun(database: Database) {
        let config = TronConfig { nodes: 2, chain_id: 31_337, solid_lag: 2, ..TronConfig::default() };
        let tron = Tron::start(config).await.expect("a network");
        let control = tron.control();
        let shape = Shape { lanes: 1, ..Shape::default() };
        let world = World::beside_tron(database, shape, vec![tron.node_url(0), tron.node_url(1)]).await;
        let signer = world.signer().await;
        let mut all = vec![];
        for point in POINTS {
            let mut engine = world.engine_beside(&signer, "dev").await;
            let fresh = Order::fresh_on_tron("coin", 2);
            caller(&engine, TRX).insist_on(&fresh).await;
            all.extend(fresh);
            engine.point.arm(&format!("{point}:1:kill"));
            let gone = tokio::time::timeout(PATIENCE, engine.gone()).await;
            assert_eq!(gone.unwrap_or_else(|_| panic!("{point}\n{}", world.tail(40))), Some(9), "{point}");
        }
        let engine = world.engine_beside(&signer, "dev").await;
        let caller_of_trx = caller(&engine, TRX);
        caller_of_trx.all_completed(&all).await;
        for order in &all {
            assert_eq!(held(&control, &order.address), order.atoms, "{}", order.external_id);
        }
        let lanes = caller_of_trx.client.lanes().take(9).await.expect("lanes");
        let lane = lanes.iter().find(|lane| lane.chain == "tron:31337").expect("the lane");
        let paid: u64 = all.iter().map(|order| order.atoms).sum();
        let made = u64::try_from(all.len()).expect("a few") * ACCOUNT_SUN;
        assert_eq!(held(&control, &lane.address), COINS_SUN - paid - made, "each account was made once");

        // The same accounts once more: nothing is made any more.
        let mut again = Order::fresh_on_tron("again", 3);
        for (order, to) in again.iter_mut().zip(&all) {
            order.address.clone_from(&to.address);
        }
        caller_of_trx.insist_on(&again).await;
        caller_of_trx.all_completed(&again).await;
        for (order, before) in again.iter().zip(&all) {
            assert_eq!(held(&control, &order.address), before.atoms + order.atoms);
        }
        let more: u64 = again.iter().map(|order| order.atoms).sum();
        let left = held(&control, &lane.address);
        let burned = COINS_SUN - paid - made - more - left;
        assert!(burned <= 3 * TRANSFER_SUN_MAX, "{burned} sun");
        the_books_say(&caller_of_trx, left, paid + more, made + burned).await;

        assert_eq!(refused(&caller_of_trx, &lane.address).await, "address_is_own_wallet");
        let of_gas = caller(&engine, EVM_COIN);
        assert_eq!(refused(&of_gas, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8").await, "asset_unknown");
    }
}

/// Waits until the day's statement has the wallet's TRX as the chain has it, and what became of the rest.
async fn the_books_say(caller: &Caller, closing: u64, out: u64, gas: u64) {
    let sun = |sun: u64| -> String {
        let text = format!("{}.{:06}", sun / 1_000_000, sun % 1_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let wanted = json!({ "closing": sun(closing), "out": sun(out), "gas": sun(gas), "apart": "0" });
    let mut found = json!(null);
    until(&format!("the statement says {wanted}"), async || {
        let asked = caller.client.statement(&StatementQuery::default()).await;
        let Ok(statement) = asked else { return false };
        let Some(line) = statement.lines.iter().find(|line| line.asset == TRX) else { return false };
        let apart = line.compared.as_ref().map(|it| it.difference.as_str());
        found = json!({ "closing": line.closing, "out": line.out, "gas": line.gas, "apart": apart });
        found == wanted
    })
    .await;
    assert_eq!(found, wanted);
}
