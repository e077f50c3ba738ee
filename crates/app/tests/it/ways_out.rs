//! What needs a person has three ways out: each works, takes the persons it must, and is recorded (M4, M6).

use ruint::aliases::U256;
use sluice_api::attention::Resolve;
use sluice_api::client::ClientError;
use sluice_api::command::{Because, Command, CommandState};
use sluice_api::status::Status;

use crate::harness::{Caller, Order, Shape, World, until};
use crate::on_both;

/// An order whose slot is dead by one operator's word: that frees nothing for a new slot, so a person decides.
async fn stranded(world: &World, caller: &Caller) -> (Order, String) {
    let order = Order::fresh("stranded", 1).remove(0);
    world.no_blocks().await;
    let id = caller.insist(&order).await.id;
    world.pooled(caller, &order).await;
    world.mine_reverting(&order.address).await;
    world.blocks().await;
    let seen = caller.wait_for(&order, Status::NeedsAttention).await;
    assert_eq!(seen.reason.expect("a reason").code, "single_source_death");
    let item = caller.client.attention_item(&id).await.expect("it is on the list");
    assert!(item.undead.is_empty(), "nothing of it can pay any more: {item:?}");
    (order, id)
}

/// The first person is heard, the second one's word does it.
fn by_two(first: Result<Command, ClientError>, second: Result<Command, ClientError>) -> Command {
    let first = first.expect("the first person is heard");
    assert_eq!(first.state, CommandState::AwaitingSecondPerson, "{first:?}");
    let second = second.expect("the second person is heard");
    assert_eq!((second.state, &second.id), (CommandState::Done, &first.id), "{second:?}");
    assert_ne!(second.ended_by.as_ref().map(|it| &it.id), Some(&second.requested_by.id), "{second:?}");
    second
}

/// The feed of the withdrawal holds the reason that a person gave.
async fn recorded(caller: &Caller, id: &str, reason: &str) {
    until(&format!("the feed says {reason:?}"), async || {
        caller.history(id).await.iter().any(|event| event.reason == reason)
    })
    .await;
    caller.alert_is_over("needs_attention").await;
}

on_both! {
    async fn redriven_by_two_persons_it_is_paid_once_in_a_new_slot(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, second) = (engine.caller(), engine.second());
        let (order, id) = stranded(&world, &caller).await;
        world.judge().none_paid(std::slice::from_ref(&order)).await;
        let asked = caller.client.redrive(&id, &Because::of("the issuer made peace")).await;
        assert_eq!(caller.look(&order).await.map(|it| it.status), Some(Status::NeedsAttention), "one is not enough");
        by_two(asked, second.client.redrive(&id, &Because::of("peace indeed")).await);
        let paid = caller.wait_for(&order, Status::Completed).await;
        assert_eq!(paid.transactions.len(), 2, "{paid:?}");
        recorded(&caller, &id, "peace indeed").await;
        world.judge().each_paid_once(std::slice::from_ref(&order)).await;
        world.judge().nothing_else_left(std::slice::from_ref(&order)).await;
    }

    /// One operator alone says that its slot is dead, and whoever is told that it failed pays another way.
    async fn given_up_by_two_persons_it_has_failed_for_ever(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, second) = (engine.caller(), engine.second());
        let (order, id) = stranded(&world, &caller).await;
        let item = caller.client.attention_item(&id).await.expect("it is on the list");
        assert!(item.ways_out.iter().all(|way| way.persons == 2), "{item:?}");
        let asked = caller.client.give_up(&id, &Because::of("the customer took cash")).await;
        assert_eq!(caller.look(&order).await.map(|it| it.status), Some(Status::NeedsAttention), "one is not enough");
        by_two(asked, second.client.give_up(&id, &Because::of("cash indeed")).await);
        caller.wait_for(&order, Status::Failed).await;
        recorded(&caller, &id, "cash indeed").await;
        let again = caller.insist(&order).await;
        assert_eq!((again.id, again.status), (id.clone(), Status::Failed), "the same id is never paid again");
        let late = caller.client.redrive(&id, &Because::of("after all")).await.expect_err("it is over");
        assert_eq!(late.code().map(|it| it.as_str()), Some("state_conflict"), "{late:?}");
        world.judge().none_paid(std::slice::from_ref(&order)).await;
    }

    /// Somebody pays it by hand. What was paid is read from the chain: another amount and somebody else's payment are
    /// refused.
    async fn paid_by_hand_it_is_completed_by_two_persons_on_the_chains_word(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, second) = (engine.caller(), engine.second());
        let (order, id) = stranded(&world, &caller).await;
        let hand = world.control().accounts().await.expect("accounts").remove(0);
        world.usd.mint(hand, U256::from(10_000_000_000_u64)).await.expect("dollars");
        let pay = async |to: &str, atoms: u64| {
            let to = to.parse().expect("an address");
            let receipt = world.usd.transfer(hand, to, U256::from(atoms)).await.expect("paid by hand");
            receipt.transaction_hash.to_string()
        };
        let stranger = Order::fresh("stranger", 1).remove(0);
        let wrong = pay(&stranger.address, order.atoms).await;
        let right = pay(&order.address, order.atoms).await;
        let resolve = |txid: &str, reason: &str| Resolve {
            paid_by: Some(txid.into()),
            reason: reason.into(),
            version: None,
        };
        // The chain must call them final first; until then the refusal says so.
        until("the wrong payment is final and refused for what it is", async || {
            let refused = caller.client.resolve(&id, &resolve(&wrong, "by hand")).await.expect_err("not this one");
            assert_eq!(refused.code().map(|it| it.as_str()), Some("evidence_insufficient"), "{refused:?}");
            format!("{refused:?}").contains("no transfer of this asset and amount")
        })
        .await;
        let mut asked = None;
        until("the payment is final", async || {
            asked = Some(caller.client.resolve(&id, &resolve(&right, "paid by hand")).await);
            asked.as_ref().is_some_and(Result::is_ok)
        })
        .await;
        by_two(asked.expect("an answer"), second.client.resolve(&id, &resolve(&right, "seen on chain")).await);
        caller.wait_for(&order, Status::Completed).await;
        recorded(&caller, &id, "seen on chain").await;
        world.judge().each_paid_once(std::slice::from_ref(&order)).await;
        let late = caller.client.redrive(&id, &Because::of("once more")).await.expect_err("it is over");
        assert_eq!(late.code().map(|it| it.as_str()), Some("state_conflict"), "{late:?}");
    }
}
