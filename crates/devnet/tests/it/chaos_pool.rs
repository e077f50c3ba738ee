//! The pools of geth and bor before an anvil that has neither their limits nor their words.

use alloy_primitives::{Address, U256};
use serde_json::Value;
use sluice_devnet::{chaos::PoolRules, rpc::RpcError};

use crate::chaos::Stage;

const GWEI: u64 = 1_000_000_000;

/// Sends, and says the hash or the refusal as code and text.
async fn send(stage: &Stage, raw: &str) -> Result<String, (i64, String)> {
    match stage.through.call::<_, String>("eth_sendRawTransaction", (raw,)).await {
        Ok(hash) => Ok(hash),
        Err(RpcError::Refused { code, message, .. }) => Err((code, message)),
        Err(other) => panic!("{other}"),
    }
}

async fn stage(rules: PoolRules) -> (Stage, Address) {
    let stage = Stage::new(1).await;
    stage.chaos.enforce(Some(rules));
    let account = stage.account().await;
    (stage, account)
}

fn refused(text: &str) -> Result<String, (i64, String)> {
    Err((-32_000, text.to_owned()))
}

#[tokio::test]
async fn geth_takes_a_tip_of_one_wei_and_bor_asks_for_25_gwei() {
    let (stage, from) = stage(PoolRules::bor()).await;
    let cheap = stage.signed(from, 0, 100 * GWEI, GWEI).await;
    let text = "transaction gas price below minimum: gas tip cap 1000000000, minimum needed 25000000000";
    assert_eq!(send(&stage, &cheap).await, refused(text));
    assert_eq!(stage.pooled().await, 0);
    stage.chaos.enforce(Some(PoolRules::geth()));
    send(&stage, &cheap).await.unwrap();
    assert_eq!((stage.pooled().await, stage.chaos.counts().named("pool_tip_floor")), (1, 1));
}

#[tokio::test]
async fn a_replacement_of_nine_percent_is_refused_where_anvil_takes_it() {
    let (stage, from) = stage(PoolRules::geth()).await;
    send(&stage, &stage.signed(from, 0, 100 * GWEI, 10 * GWEI).await).await.unwrap();
    let nine = stage.signed(from, 0, 109 * GWEI, 11 * GWEI).await;
    assert_eq!(send(&stage, &nine).await, refused("replacement transaction underpriced"));
    let tip_only = stage.signed(from, 0, 100 * GWEI, 20 * GWEI).await;
    assert_eq!(send(&stage, &tip_only).await, refused("replacement transaction underpriced"));
    let ten = send(&stage, &stage.signed(from, 0, 110 * GWEI, 11 * GWEI).await).await.unwrap();
    let pool = stage.anvil.control().txpool_content().await.unwrap();
    assert_eq!(pool.pending[&from][&0].hash.to_string(), ten);
    assert_eq!(stage.chaos.counts().named("pool_replacement"), 2);
    // anvil by itself: what this rule is here for.
    let bumped = stage.signed(from, 0, 119 * GWEI, 12 * GWEI).await;
    stage.direct.call::<_, Value>("eth_sendRawTransaction", (bumped,)).await.unwrap();
}

#[tokio::test]
async fn known_late_and_unpayable_transactions_are_refused_in_geths_words() {
    let (stage, from) = stage(PoolRules::geth()).await;
    let first = stage.signed(from, 0, 100 * GWEI, GWEI).await;
    send(&stage, &first).await.unwrap();
    assert_eq!(send(&stage, &first).await, refused("already known"));
    // What came to the node by another way is known as well, not "already imported".
    let other = stage.signed(from, 1, 100 * GWEI, GWEI).await;
    stage.direct.call::<_, Value>("eth_sendRawTransaction", (&other,)).await.unwrap();
    assert_eq!(send(&stage, &other).await, refused("already known"));
    stage.anvil.control().mine(1).await.unwrap();
    let late = stage.signed(from, 1, 200 * GWEI, 2 * GWEI).await;
    assert_eq!(send(&stage, &late).await, refused("nonce too low: next nonce 2, tx nonce 1"));
    // Enough for one, not for two: geth counts what waits already, anvil does not.
    let cost = U256::from(21_000_u64) * U256::from(100 * GWEI) + U256::from(1);
    stage.anvil.control().set_balance(from, cost + U256::from(5)).await.unwrap();
    send(&stage, &stage.signed(from, 2, 100 * GWEI, GWEI).await).await.unwrap();
    let second = stage.signed(from, 3, 100 * GWEI, GWEI).await;
    let said = send(&stage, &second).await.unwrap_err().1;
    let balance = cost + U256::from(5);
    let overshot = cost - U256::from(5);
    let text = "insufficient funds for gas * price + value";
    assert_eq!(
        said,
        format!("{text}: balance {balance}, queued cost {cost}, tx cost {cost}, overshot {overshot}")
    );
    stage.direct.call::<_, Value>("eth_sendRawTransaction", (&second,)).await.unwrap();
    let counts = stage.chaos.counts();
    assert_eq!(
        (counts.named("pool_known"), counts.named("pool_nonce_low"), counts.named("pool_funds")),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn the_seventeenth_is_answered_and_dropped_until_there_is_room() {
    let (stage, from) = stage(PoolRules::geth()).await;
    for nonce in 0..16 {
        send(&stage, &stage.signed(from, nonce, 100 * GWEI, GWEI).await).await.unwrap();
    }
    let seventeenth = stage.signed(from, 16, 100 * GWEI, GWEI).await;
    let hash = send(&stage, &seventeenth).await.unwrap();
    assert_eq!(stage.pooled().await, 16, "the hash was answered, and it is nowhere");
    assert_eq!(send(&stage, &seventeenth).await.unwrap(), hash, "nor is it known");
    assert_eq!(stage.chaos.counts().named("pool_executable_slots"), 2);
    stage.anvil.control().mine(1).await.unwrap();
    assert_eq!(stage.pooled().await, 0);
    assert_eq!(send(&stage, &seventeenth).await.unwrap(), hash);
    assert_eq!(stage.pooled().await, 1);
}

#[tokio::test]
async fn sixty_four_wait_behind_a_gap() {
    let (stage, from) = stage(PoolRules::geth()).await;
    for nonce in 10..75 {
        send(&stage, &stage.signed(from, nonce, 100 * GWEI, GWEI).await).await.unwrap();
    }
    let queued = stage.anvil.control().txpool_content().await.unwrap().queued.remove(&from).unwrap();
    assert_eq!(queued.keys().copied().collect::<Vec<_>>(), (10..74).collect::<Vec<_>>());
    assert_eq!(stage.chaos.counts().named("pool_queued_slots"), 1);
}

#[tokio::test]
async fn what_fills_a_gap_pushes_out_the_highest_of_seventeen() {
    let (stage, from) = stage(PoolRules::geth()).await;
    for nonce in 1..17 {
        send(&stage, &stage.signed(from, nonce, 100 * GWEI, GWEI).await).await.unwrap();
    }
    send(&stage, &stage.signed(from, 0, 100 * GWEI, GWEI).await).await.unwrap();
    let pool = stage.anvil.control().txpool_content().await.unwrap();
    assert_eq!(pool.pending[&from].keys().copied().collect::<Vec<_>>(), (0..16).collect::<Vec<_>>());
    assert_eq!((pool.queued.len(), stage.chaos.counts().named("pool_executable_slots")), (0, 1));
}

#[tokio::test]
async fn what_the_node_lost_is_taken_again() {
    let (stage, from) = stage(PoolRules::geth()).await;
    let raw = stage.signed(from, 0, 100 * GWEI, GWEI).await;
    send(&stage, &raw).await.unwrap();
    stage.anvil.control().drop_all_transactions().await.unwrap();
    send(&stage, &raw).await.unwrap();
    assert_eq!(stage.pooled().await, 1);
}
