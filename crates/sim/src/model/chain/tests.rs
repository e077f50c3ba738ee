use super::*;
use crate::model::token::Token;

const TOKEN: EvmAddress = EvmAddress([7; 20]);
const PAYER: EvmAddress = EvmAddress([1; 20]);
const PAYEE: EvmAddress = EvmAddress([2; 20]);

fn chain() -> Chain {
    let terms = Terms {
        chain_id: 1,
        token: TOKEN,
        shape: Shape::Nonce,
        finality_lag: 3,
        tip_floor_wei: 1,
        base_fee_wei: 16,
        block_room: 10,
        taken_permille: 1_000,
        gossip_permille: 1_000,
        returned_permille: 1_000,
    };
    let mut accounts = Accounts::default();
    accounts.native.insert(PAYER, 1_000_000_000_000);
    accounts.token = Token { balances: BTreeMap::from([(PAYER, 1_000)]) };
    let nodes = vec![NodeState::new("a/1", "a"), NodeState::new("b/1", "b")];
    Chain::new(terms, accounts, nodes, 0, Rng::new(1))
}

fn pay(nonce: u64, atoms: u128, max_fee_wei: u128, salt: u8) -> Arc<Tx> {
    let data = [&[0xa9, 0x05, 0x9c, 0xbb][..], &[0; 12], &PAYEE.0, &[0; 16], &atoms.to_be_bytes()].concat();
    Arc::new(Tx {
        hash: [salt; 32],
        from: PAYER,
        nonce,
        to: TOKEN,
        value_wei: 0,
        data,
        gas_limit: 60_000,
        max_fee_wei,
        tip_wei: 1 + u128::from(salt),
        validity: None,
    })
}

#[test]
fn a_payment_moves_tokens_and_a_revert_costs_nonce_and_gas() {
    let mut chain = chain();
    chain.issuer.blacklist.insert(PAYEE);
    assert_eq!(chain.offer(0, &pay(0, 10, 1_000, 1)), Heard::Accepted);
    let block = Arc::clone(chain.produce(1));
    assert!(!block.txs[0].success && block.txs[0].event.is_none());
    assert_eq!(block.after.nonces[&PAYER], 1);
    assert!(block.after.native[&PAYER] < 1_000_000_000_000);
    chain.issuer.blacklist.clear();
    chain.offer(0, &pay(1, 10, 1_000, 2));
    let block = Arc::clone(chain.produce(2));
    assert!(block.txs[0].success);
    assert_eq!((block.after.token.balance(PAYER), block.after.token.balance(PAYEE)), (990, 10));
}

#[test]
fn blocks_link_and_finality_lags() {
    let mut chain = chain();
    for time in 1..=10 {
        let parent = chain.head().id.hash;
        assert_eq!(chain.produce(time).parent, parent);
    }
    assert_eq!((chain.head().id.number, chain.finalized()), (10, 7));
}

#[test]
fn finality_comes_back_a_block_at_a_time_to_where_it_had_been() {
    let mut chain = chain();
    for time in 1..=10 {
        chain.produce(time);
    }
    chain.reorg(6, 11, &[]);
    assert_eq!((chain.head().id.number, chain.finalized()), (11, 4), "three final blocks have left");
    let mut before = 4;
    while chain.finalized() < 7 {
        chain.produce(12);
        assert!(chain.finalized() <= before + 1);
        before = chain.finalized();
    }
    chain.produce(13);
    assert_eq!(chain.finalized(), chain.head().id.number - 3, "and follows as before");
}

#[test]
fn a_reorg_takes_a_payment_back_and_gives_it_to_the_pools() {
    let mut chain = chain();
    chain.produce(1);
    chain.offer(0, &pay(0, 10, 1_000, 1));
    let was = chain.produce(2).id;
    chain.reorg(1, 3, &[1]);
    assert_ne!(chain.at(was.number).unwrap().id, was);
    assert_eq!(chain.head().id.number, 3);
    assert_eq!(chain.head().after.token.balance(PAYEE), 10, "the pools still had it");
    let stuck = chain.view(1).unwrap();
    assert_eq!(stuck.head().id, was, "a stuck node shows the branch that lost");
}

#[test]
fn one_nonce_executes_once_whichever_attempt_wins() {
    let mut chain = chain();
    chain.terms.gossip_permille = 0;
    assert_eq!(chain.offer(0, &pay(0, 10, 1_000, 1)), Heard::Accepted);
    assert_eq!(chain.offer(1, &pay(0, 10, 2_000, 9)), Heard::Accepted);
    chain.produce(1);
    chain.produce(2);
    assert_eq!(chain.head().after.token.balance(PAYEE), 10);
    assert_eq!(chain.offer(0, &pay(0, 10, 4_000, 20)), Heard::NonceConsumed);
}

#[test]
fn too_cheap_a_fee_waits_for_the_market() {
    let mut chain = chain();
    chain.offer(0, &pay(0, 10, 20, 1));
    chain.fee_target_wei = 1_000;
    assert!(chain.produce(1).txs.is_empty());
    for time in 2..100 {
        chain.produce(time);
    }
    assert_eq!(chain.head().after.token.balance(PAYEE), 10, "a spike decays");
}
