use alloy_primitives::{Address, B256, U256};
use sluice_devnet::{
    anvil::{Anvil, AnvilConfig, Mining},
    control::{BlockTag, Control},
    transaction::{self, Transaction},
};

use crate::support::{config, start};

const ELSEWHERE: Address = Address::with_last_byte(0xee);

/// Sends one wei to nobody in particular.
async fn send(anvil: &Anvil, from: Address) -> B256 {
    let transaction = Transaction { value: U256::from(1), ..Transaction::call(from, ELSEWHERE, []) };
    transaction::send(anvil.rpc(), &transaction).await.unwrap()
}

async fn number(control: &Control, tag: BlockTag) -> u64 {
    control.block(tag).await.unwrap().number.to()
}

#[tokio::test]
async fn safe_is_one_epoch_behind_and_finalized_two() {
    let anvil = start(AnvilConfig { slots_in_an_epoch: 3, ..config() }).await;
    let control = anvil.control();
    control.mine(20).await.unwrap();
    assert_eq!(number(&control, BlockTag::Latest).await, 20);
    assert_eq!(number(&control, BlockTag::Safe).await, 17);
    assert_eq!(number(&control, BlockTag::Finalized).await, 14);
    anvil.stop().await.unwrap();

    let anvil = start(AnvilConfig { slots_in_an_epoch: 0, ..config() }).await;
    anvil.control().mine(3).await.unwrap();
    assert_eq!(number(&anvil.control(), BlockTag::Finalized).await, 3, "epochs of nothing are final at once");
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_reorg_replaces_blocks_and_loses_what_was_in_them() {
    let anvil = start(config()).await;
    let control = anvil.control();
    let from = control.accounts().await.unwrap()[0];
    let hash = send(&anvil, from).await;
    transaction::settle(anvil.rpc(), hash).await.unwrap();
    let before = control.block(BlockTag::Latest).await.unwrap();

    control.reorg(1).await.unwrap();
    let after = control.block(BlockTag::Latest).await.unwrap();
    assert_eq!((after.number, after.parent_hash), (before.number, before.parent_hash));
    assert_ne!(after.hash, before.hash);
    assert!(after.transactions.is_empty());
    assert!(transaction::receipt(anvil.rpc(), hash).await.unwrap().is_none());
    assert_eq!(control.nonce(from).await.unwrap(), 0);
    assert_eq!(control.balance(ELSEWHERE).await.unwrap(), U256::ZERO);
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_rollback_removes_blocks_even_finalized_ones() {
    let anvil = start(config()).await;
    let control = anvil.control();
    control.mine(10).await.unwrap();
    let finalized = number(&control, BlockTag::Finalized).await;
    control.rollback(5).await.unwrap();
    assert_eq!(number(&control, BlockTag::Latest).await, 5);
    assert!(finalized > 5);
    let error = control.rollback(100).await.unwrap_err().to_string();
    assert!(error.contains("anvil_rollback") && error.contains("current chain height"), "{error}");
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_snapshot_brings_back_what_was_and_is_spent_by_it() {
    let anvil = start(config()).await;
    let control = anvil.control();
    control.set_balance(ELSEWHERE, U256::from(5)).await.unwrap();
    let snapshot = control.snapshot().await.unwrap();
    control.set_balance(ELSEWHERE, U256::from(9)).await.unwrap();
    assert!(control.revert(snapshot).await.unwrap());
    assert_eq!(control.balance(ELSEWHERE).await.unwrap(), U256::from(5));
    assert!(!control.revert(snapshot).await.unwrap());
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_pending_transaction_is_seen_and_can_be_lost() {
    let anvil = start(AnvilConfig { mining: Mining::OnDemand, ..config() }).await;
    let control = anvil.control();
    let from = control.accounts().await.unwrap()[0];
    let first = send(&anvil, from).await;
    let gap = Transaction { value: U256::from(1), ..Transaction::call(from, ELSEWHERE, []) }.with_nonce(7);
    let queued = transaction::send(anvil.rpc(), &gap).await.unwrap();

    let pool = control.txpool_content().await.unwrap();
    assert_eq!(pool.pending[&from][&0].hash, first);
    assert_eq!(pool.pending[&from][&0].to, Some(ELSEWHERE));
    assert_eq!(pool.queued[&from][&7].hash, queued);
    assert!(control.drop_transaction(first).await.unwrap());
    assert!(!control.drop_transaction(first).await.unwrap(), "it is lost already");
    control.mine(1).await.unwrap();
    assert_eq!(control.nonce(from).await.unwrap(), 0);
    control.drop_all_transactions().await.unwrap();
    let pool = control.txpool_content().await.unwrap();
    assert!(pool.pending.is_empty() && pool.queued.is_empty());
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn mining_can_be_switched_and_the_base_fee_set() {
    let anvil = start(AnvilConfig { base_fee_wei: Some(7_000_000_000), ..config() }).await;
    let control = anvil.control();
    let from = control.accounts().await.unwrap()[0];
    assert_eq!(
        control.block(BlockTag::Latest).await.unwrap().base_fee_per_gas,
        U256::from(7_000_000_000_u64)
    );
    assert!(control.automine().await.unwrap());
    control.set_automine(false).await.unwrap();
    let hash = send(&anvil, from).await;
    assert!(transaction::receipt(anvil.rpc(), hash).await.unwrap().is_none());
    control.set_next_block_base_fee(U256::from(42)).await.unwrap();
    control.mine(1).await.unwrap();
    assert_eq!(control.block(BlockTag::Latest).await.unwrap().base_fee_per_gas, U256::from(42));
    assert!(transaction::receipt(anvil.rpc(), hash).await.unwrap().unwrap().succeeded());
    control.set_interval_mining(1).await.unwrap();
    let hash = send(&anvil, from).await;
    assert!(transaction::settle(anvil.rpc(), hash).await.unwrap().succeeded());
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn an_impersonated_account_acts_without_its_key() {
    let anvil = start(config()).await;
    let control = anvil.control();
    let stranger = Address::with_last_byte(0x77);
    control.set_balance(stranger, U256::from(10).pow(U256::from(18))).await.unwrap();
    control.set_nonce(stranger, 5).await.unwrap();
    let transaction = Transaction::call(stranger, ELSEWHERE, []);
    assert!(transaction::execute(anvil.rpc(), &transaction).await.is_err());
    control.impersonate(stranger).await.unwrap();
    transaction::execute(anvil.rpc(), &transaction).await.unwrap();
    assert_eq!(control.nonce(stranger).await.unwrap(), 6);
    control.stop_impersonating(stranger).await.unwrap();
    assert!(transaction::execute(anvil.rpc(), &transaction).await.is_err());
    anvil.stop().await.unwrap();
}
