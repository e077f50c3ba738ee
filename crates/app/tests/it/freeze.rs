//! What leaves our wallet and is not ours freezes its lane, and says so (M6).

use serde_json::{Value, json};
use sluice_api::command::CommandState;
use sluice_api::lane::LaneState;
use sluice_api::status::Status;

use crate::harness::{Caller, Order, Shape, World, until};
use crate::on_both;

fn body<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a body")
}

/// Orders a payment, and lets somebody else with the key take its nonce while it waits in the pool.
async fn robbed(world: &World, caller: &Caller, order: &Order, what: Value) {
    let control = world.anvil.control();
    let (wallet, rpc) =
        (caller.client.wallets().take(1).await.expect("wallets")[0].address.clone(), world.anvil.rpc());
    control.set_interval_mining(0).await.expect("mining stops");
    caller.insist(order).await;
    world.pooled(caller, order).await;
    let nonce: String =
        rpc.call("eth_getTransactionCount", json!([wallet, "latest"])).await.expect("a nonce");
    rpc.call::<_, Value>("anvil_impersonateAccount", json!([wallet])).await.expect("impersonated");
    let mut transaction = json!({
        "from": wallet, "nonce": nonce, "gas": "0x186a0",
        "maxFeePerGas": "0x174876e80000", "maxPriorityFeePerGas": "0x174876e80000"
    });
    transaction.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    rpc.call::<_, String>("eth_sendTransaction", json!([transaction])).await.expect("sent");
    control.set_interval_mining(1).await.expect("mining goes on");
}

/// Waits for the moment of two persons and acts as they do: look, and open the lane.
async fn asked(caller: &Caller, second: &Caller, order: &Order) -> String {
    let seen = caller.wait_for(order, Status::NeedsAttention).await;
    assert_eq!(seen.reason.map(|it| it.code.to_string()).as_deref(), Some("slot_consumed_by_stranger"));
    let lane = caller.client.lanes().take(1).await.expect("lanes")[0].clone();
    assert_eq!(lane.state, LaneState::Frozen);
    caller.explain_all(second, &lane.id).await;
    for (person, state) in [(caller, CommandState::AwaitingSecondPerson), (second, CommandState::Done)] {
        let because = body(json!({ "reason": "it was me, by hand" }));
        assert_eq!(person.client.unfreeze_lane(&lane.id, &because).await.expect("heard").state, state);
    }
    seen.id
}

/// The lane moves again.
async fn the_lane_moves(world: &World, caller: &Caller) {
    let after = Order::fresh("after-stranger", 3);
    for order in &after {
        caller.insist(order).await;
    }
    caller.all_completed(&after).await;
    world.judge().each_paid_once(&after).await;
    let lane = caller.client.lanes().take(1).await.expect("lanes")[0].clone();
    assert_eq!(lane.state, LaneState::Open, "what was explained freezes it no second time");
}

on_both! {
    async fn a_transaction_we_did_not_make_freezes_its_lane_and_the_other_goes_on(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let wallets = caller.client.wallets().take(10).await.expect("wallets");
        let stranger = wallets[0].address.clone();
        // Somebody else holds the key: anvil signs for any account it impersonates.
        let rpc = world.anvil.rpc();
        rpc.call::<_, serde_json::Value>("anvil_impersonateAccount", json!([stranger])).await.expect("impersonated");
        let to = "0x00000000000000000000000000000000d15b0001";
        rpc.call::<_, String>("eth_sendTransaction", json!([{ "from": stranger, "to": to, "value": "0x1" }]))
            .await
            .expect("sent");
        let frozen = wallets[0].id.clone();
        until("the lane is frozen", async || {
            let lanes = caller.client.lanes().take(10).await.expect("lanes");
            lanes.iter().any(|lane| lane.id == frozen && lane.state == LaneState::Frozen)
        })
        .await;
        caller.is_alerted("lane_frozen").await;
        let orders = Order::fresh("freeze", 6);
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let payers = world.judge().payments().await;
        for order in &orders {
            assert!(!payers[&order.address.to_lowercase()][0].from.eq_ignore_ascii_case(&stranger));
        }
        world.judge().each_paid_once(&orders).await;
    }

    /// The key was used to let a thief take from the wallet: that moves nothing and is said all the same. Then the thief
    /// takes it, in a transaction of its own that uses no nonce of ours.
    async fn an_approval_we_did_not_give_and_what_it_takes_freeze_the_lane(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let (caller, second) = (engine.caller(), engine.second());
        let wallet = caller.client.wallets().take(1).await.expect("wallets").remove(0);
        let thief = world.control().accounts().await.expect("accounts").remove(1).to_string();
        let loot = 5_000_000_u64;
        let owner = wallet.address.trim_start_matches("0x");
        let spender = thief.trim_start_matches("0x");
        let approve = format!("0x095ea7b3{spender:0>64}{loot:064x}");
        let take = format!("0x23b872dd{owner:0>64}{spender:0>64}{loot:064x}");
        world.control().impersonate(wallet.address.parse().expect("an address")).await.expect("impersonated");
        for (from, data, by_us) in [(&wallet.address, approve, true), (&thief, take, false)] {
            let transaction = json!([{ "from": from, "to": world.usd.address().to_string(), "data": data }]);
            let txid: String = world.anvil.rpc().call("eth_sendTransaction", transaction).await.expect("sent");
            let mut told = Vec::new();
            until("the lane is frozen over it", async || {
                let lane = caller.client.lane(&wallet.id).await.expect("the lane");
                told = lane.unexplained;
                lane.state == LaneState::Frozen && told.iter().any(|it| it.txid == txid)
            })
            .await;
            let one = told.iter().find(|it| it.txid == txid).expect("it is told");
            assert_eq!((one.nonce.is_some(), one.what.contains(" went from ")), (by_us, !by_us), "{one:?}");
            caller.is_alerted("lane_frozen").await;
            // What waits is not begun while it is frozen, and paid once it is open.
            let orders = Order::fresh("approval", 2);
            caller.insist_on(&orders).await;
            caller.explain_all(&second, &wallet.id).await;
            world.judge().none_paid(&orders).await;
            for person in [&caller, &second] {
                let because = body(json!({ "reason": "the drill" }));
                person.client.unfreeze_lane(&wallet.id, &because).await.expect("heard");
            }
            caller.all_completed(&orders).await;
            caller.alert_is_over("lane_frozen").await;
            world.judge().each_paid_once(&orders).await;
        }
    }

    /// The stranger's transaction did nothing: the person sends the payment again, and it is paid once.
    async fn a_nonce_consumed_by_a_stranger_ends_with_a_person_and_the_lane_moves_again(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let order = Order::fresh("stranger", 1).remove(0);
        robbed(&world, &caller, &order, json!({ "to": "0x00000000000000000000000000000000d15b0001" })).await;
        let id = asked(&caller, &engine.second(), &order).await;
        // One node says that the slot is dead: a new slot takes two persons (M4).
        let again = body(json!({ "reason": "it paid nobody" }));
        let first = caller.client.redrive(&id, &again).await.expect("heard");
        assert_eq!(first.state, CommandState::AwaitingSecondPerson);
        let second = engine.second().client.redrive(&id, &again).await.expect("sent again");
        assert_eq!(second.state, CommandState::Done);
        caller.all_completed(std::slice::from_ref(&order)).await;
        world.judge().each_paid_once(&[order]).await;
        the_lane_moves(&world, &caller).await;
    }

    /// The stranger paid the very recipient: nothing is paid by itself, and the person shows the transaction.
    async fn a_stranger_who_paid_the_recipient_in_our_slot_is_never_paid_after(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let order = Order::fresh("by-hand", 1).remove(0);
        let data = format!("0xa9059cbb{:0>64}{:064x}", &order.address[2..], order.atoms);
        robbed(&world, &caller, &order, json!({ "to": world.usd.address().to_string(), "data": data })).await;
        let id = asked(&caller, &engine.second(), &order).await;
        world.judge().each_paid_once(std::slice::from_ref(&order)).await;
        let paid = world.judge().payments().await[&order.address.to_lowercase()][0].clone();
        let resolve = body(json!({ "paid_by": paid.txid, "reason": "paid by hand" }));
        until("the payment is final", async || caller.client.resolve(&id, &resolve).await.is_ok()).await;
        let second = engine.second().client.resolve(&id, &resolve).await.expect("both have seen it");
        assert_eq!(second.state, CommandState::Done);
        let seen = caller.wait_for(&order, Status::Completed).await;
        assert!(seen.transactions.iter().any(|it| it.txid == paid.txid), "{:?}", seen.transactions);
        the_lane_moves(&world, &caller).await;
        world.judge().each_paid_once(&[order]).await;
    }
}
