use proptest::prelude::*;
use serde_json::json;

use super::{
    super::{
        address::Address,
        execute::{Outcome, Refusal},
        json::to_wire,
        schema::{self, Schema},
        state::{Param, Resource, SUN},
        tx::{self, Terms},
    },
    *,
};

const TOKEN: Address = Address::new([9; 20]);

fn alice() -> Signer {
    Signer::of_seed(1, 0)
}

fn bob() -> Signer {
    Signer::of_seed(1, 1)
}

fn setup() -> Setup {
    Setup {
        chain_id: 1,
        seed: 1,
        accounts: vec![alice().address(), bob().address()],
        bank: Signer::derived("bank", 1, 0).address(),
        token: TOKEN,
        token_owner: alice().address(),
        factor: 34_000,
        traffic: 50_000_000_000,
        energy_weight_trx: 19_000_000_000,
        bandwidth_weight_trx: 27_000_000_000,
        units_each: 1_000_000_000,
        solid_lag: 3,
        pool_max: 100,
        block_bytes_max: 2_000_000,
        blocks_max: 1_000,
        transactions_max: 1_000,
        clock: ClockKind::Frozen,
        between_slots: false,
        genesis_ms: 1_767_225_600_000,
        remembers_offers: false,
    }
}

fn chain() -> Chain {
    let mut chain = Chain::new(setup());
    chain.begin(chain.setup.solid_lag, 0).unwrap();
    chain
}

fn terms(chain: &Chain) -> Terms {
    let head = chain.head();
    let [.., high, low] = head.number.to_be_bytes();
    let mut terms = Terms {
        ref_block_bytes: [high, low],
        expiration_ms: head.time_ms + 60_000,
        timestamp_ms: head.time_ms,
        fee_limit_sun: 100 * SUN,
        ..Terms::default()
    };
    terms.ref_block_hash.copy_from_slice(&head.id[8..16]);
    terms
}

fn signed(by: &[&Signer], schema: &'static Schema, value: &serde_json::Value, terms: &Terms) -> Arc<Tx> {
    let message = to_wire(schema, value, true).unwrap();
    let plain = tx::unsigned(schema, &message, terms).unwrap();
    let signatures = by.iter().map(|by| by.sign(&plain.id).to_vec()).collect();
    Arc::new(Tx::new(plain.raw, signatures).unwrap())
}

fn trx(by: &Signer, to: Address, sun: i64, terms: &Terms) -> Arc<Tx> {
    let value =
        json!({ "owner_address": by.address().to_string(), "to_address": to.to_string(), "amount": sun });
    signed(&[by], &schema::TRANSFER, &value, terms)
}

fn usdt(by: &Signer, to: Address, units: u64, terms: &Terms) -> Arc<Tx> {
    let value = json!({
        "owner_address": by.address().to_string(), "contract_address": TOKEN.to_string(),
        "data": format!("a9059cbb{}{units:064x}", hex::encode(to.word())),
    });
    signed(&[by], &schema::TRIGGER, &value, terms)
}

#[test]
fn a_transaction_is_executed_once_on_every_branch() {
    let mut chain = chain();
    let tx = trx(&alice(), bob().address(), 5, &terms(&chain));
    chain.offer(Arc::clone(&tx)).unwrap();
    assert_eq!(chain.offer(Arc::clone(&tx)), Err(Refusal::Duplicate));
    chain.mine(0).unwrap();
    assert_eq!(chain.offer(Arc::clone(&tx)), Err(Refusal::Duplicate));
    let before = chain.newest().account(&bob().address()).unwrap().balance_sun;
    for fate in [Fate::Pending, Fate::Included] {
        chain.reorg(1, fate, 0).unwrap();
        assert_eq!(chain.offer(Arc::clone(&tx)), Err(Refusal::Duplicate), "{fate:?}");
        assert_eq!(chain.newest().account(&bob().address()).unwrap().balance_sun, before);
    }
    chain.mine(0).unwrap();
    assert_eq!(chain.included(&tx.id).unwrap().1.receipt.outcome, Outcome::Success);
    // It is forgotten where a branch drops it, and can come again.
    let depth = chain.head().number - chain.solid();
    assert_eq!(chain.reorg(depth, Fate::Dropped, 0).unwrap(), depth);
    assert!(chain.included(&tx.id).is_none());
    assert_eq!(chain.newest().account(&bob().address()).unwrap().balance_sun, before - 5);
    chain.offer(tx).unwrap();
}

#[test]
fn what_is_solid_stays_and_older_heights_can_be_read() {
    let mut chain = chain();
    let (to, balance) = (Address::new([7; 20]), |view: View<'_>| {
        view.account(&Address::new([7; 20])).map(|it| it.balance_sun)
    });
    chain.offer(trx(&alice(), to, 10, &terms(&chain))).unwrap();
    chain.mine(0).unwrap();
    let at = chain.head().number;
    for _ in 0..5 {
        chain.offer(trx(&alice(), to, 1, &terms(&chain))).unwrap();
        chain.mine(0).unwrap();
    }
    assert_eq!(balance(chain.after(at - 1)), None);
    for (height, sun) in (at..).zip(10..=15) {
        assert_eq!(balance(chain.after(height)), Some(sun));
    }
    let solid = chain.block(chain.solid()).unwrap().id;
    let depth = chain.reorg(1_000, Fate::Dropped, 0).unwrap();
    assert_eq!(depth, 3);
    assert_eq!(balance(chain.newest()), Some(12));
    assert_eq!(chain.block(at + 2).unwrap().id, solid);
    assert_eq!(balance(chain.after(at + 1)), Some(11));
}

#[test]
fn a_branch_older_than_the_head_was_pays_nothing_a_second_time() {
    let mut chain = chain();
    let tx = trx(&alice(), bob().address(), 5, &terms(&chain));
    chain.offer(Arc::clone(&tx)).unwrap();
    for _ in 0..4 {
        chain.mine(0).unwrap();
    }
    chain.advance(120_000);
    chain.mine(0).unwrap();
    assert!(chain.head().time_ms > tx.expiration_ms, "the head is past its expiry");
    chain.reorg(1_000, Fate::Dropped, 0).unwrap();
    assert!(chain.head().time_ms < tx.expiration_ms, "and the head of the other branch is not");
    assert!(chain.included(&tx.id).is_some());
    assert_eq!(chain.offer(tx), Err(Refusal::Duplicate));
}

#[test]
fn the_reference_block_must_be_one_of_the_last_65536_of_this_chain() {
    let mut chain = chain();
    let good = terms(&chain);
    let mut other_hash = good.clone();
    other_hash.ref_block_hash[0] ^= 1;
    assert_eq!(chain.offer(trx(&alice(), bob().address(), 1, &other_hash)), Err(Refusal::Tapos));
    let mut future = good.clone();
    future.ref_block_bytes = [0xff, 0xff];
    assert_eq!(chain.offer(trx(&alice(), bob().address(), 1, &future)), Err(Refusal::Tapos));
    // A branch without the block knows no such reference.
    chain.mine(0).unwrap();
    let on_the_branch = terms(&chain);
    chain.reorg(1, Fate::Dropped, 0).unwrap();
    assert_eq!(chain.offer(trx(&alice(), bob().address(), 1, &on_the_branch)), Err(Refusal::Tapos));
    chain.offer(trx(&alice(), bob().address(), 1, &good)).unwrap();
}

#[test]
fn a_transaction_lives_until_its_expiry_and_not_a_slot_longer() {
    let mut chain = chain();
    let head_ms = chain.head().time_ms;
    let expiring = |after_ms: i64| Terms { expiration_ms: head_ms + after_ms, ..terms(&chain) };
    let of = |terms: &Terms| trx(&alice(), bob().address(), 1, terms);
    let offers = [
        (0, Err(Refusal::Expired)),
        (BLOCK_MS - 1, Err(Refusal::Expired)),
        (BLOCK_MS, Ok(())),
        (86_400_000, Ok(())),
        (86_400_001, Err(Refusal::Expired)),
    ]
    .map(|(after_ms, expected)| (of(&expiring(after_ms)), expected));
    let last = Arc::clone(&offers[2].0);
    for (tx, expected) in offers {
        assert_eq!(chain.offer(tx), expected);
    }
    // The next block misses its slot: what expired meanwhile is dropped, and can never come again.
    chain.advance(BLOCK_MS);
    chain.mine(0).unwrap();
    assert!(
        chain.included(&last.id).is_some(),
        "a block may hold it while its parent is older than the expiry"
    );
    let late = of(&Terms { expiration_ms: chain.head().time_ms + BLOCK_MS, ..terms(&chain) });
    chain.offer(Arc::clone(&late)).unwrap();
    chain.setup.block_bytes_max = 1;
    // One that fills the block goes first.
    let first = of(&Terms { timestamp_ms: 1, ..terms(&chain) });
    chain.pool = Pool::new(10);
    chain.state.undo();
    chain.state.open();
    chain.offer(first).unwrap();
    chain.offer(Arc::clone(&late)).unwrap();
    chain.mine(0).unwrap();
    assert!(chain.included(&late.id).is_none() && chain.pending(&late.id).is_none());
    assert_eq!(chain.offer(late), Err(Refusal::Expired));
}

#[test]
fn a_full_pool_is_busy_and_a_full_block_leaves_the_rest_waiting() {
    let mut chain = Chain::new(Setup { pool_max: 3, block_bytes_max: 500, ..setup() });
    chain.begin(chain.setup.solid_lag, 0).unwrap();
    let txs: Vec<_> = (0..4).map(|salt| trx(&alice(), bob().address(), 1 + salt, &terms(&chain))).collect();
    for tx in &txs[..3] {
        chain.offer(Arc::clone(tx)).unwrap();
    }
    assert_eq!(chain.offer(Arc::clone(&txs[3])), Err(Refusal::Busy));
    chain.mine(0).unwrap();
    assert_eq!((chain.head().included.len(), chain.pending_ids().count()), (2, 1));
    chain.offer(Arc::clone(&txs[3])).unwrap();
    chain.mine(0).unwrap();
    assert_eq!((chain.head().included.len(), chain.pending_ids().count()), (2, 0));
}

#[test]
fn a_node_that_remembers_offers_calls_a_refused_one_a_duplicate() {
    let mut chain = Chain::new(Setup { remembers_offers: true, ..setup() });
    chain.begin(chain.setup.solid_lag, 0).unwrap();
    let poor = Signer::of_seed(2, 0);
    let tx = trx(&poor, bob().address(), 1, &terms(&chain));
    assert!(matches!(chain.offer(Arc::clone(&tx)), Err(Refusal::Validate(_))));
    assert_eq!(chain.offer(tx), Err(Refusal::Seen));
}

#[test]
fn a_chain_that_is_quicker_than_slots_does_not_run_away_from_time_and_plays_again_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let quick = Setup { clock: ClockKind::Real, between_slots: true, ..setup() };
    let start_ms = quick.genesis_ms + 5 * BLOCK_MS;
    let (mut chain, _) = Chain::kept(quick.clone(), &path, start_ms).unwrap();
    let first = chain.head().number;
    let mut times = vec![];
    for wall_ms in [start_ms + 500, start_ms + 1_000, start_ms + 1_000, start_ms + 9_000] {
        let sent = trx(&alice(), bob().address(), 1, &terms(&chain));
        chain.offer(Arc::clone(&sent)).unwrap();
        chain.mine(wall_ms).unwrap();
        assert!(chain.included(&sent.id).is_some());
        times.push(chain.head().time_ms - start_ms);
    }
    chain.reorg(2, Fate::Included, start_ms + 9_400).unwrap();
    times.extend((1..=3).map(|at| chain.block(first + 1 + at).unwrap().time_ms - start_ms));
    // Two of one moment are a millisecond apart, on another branch too, and that is all that time is ahead.
    assert_eq!(times, [500, 1_000, 1_001, 9_001, 1_000, 9_401, 9_402], "{times:?}");
    assert_eq!(chain.now_ms(start_ms + 60_000), start_ms + 60_003);
    let ids: Vec<_> = (0..=chain.head().number).map(|number| chain.id_of(number)).collect();
    drop(chain);
    let (chain, resumed) = Chain::kept(quick, &path, start_ms + 60_000).unwrap();
    // The last one refers to a block that the other branch has not.
    assert_eq!(resumed.transactions, 5);
    assert_eq!((0..=chain.head().number).map(|number| chain.id_of(number)).collect::<Vec<_>>(), ids);
}

#[test]
fn a_stalled_chain_grows_to_its_bound_and_no_further() {
    let mut chain = chain();
    chain.stall(true);
    let solid = chain.solid();
    while chain.mine(0).is_ok() {}
    assert_eq!((chain.solid(), chain.head().number - solid), (solid, UNSOLID_MAX));
    chain.stall(false);
    chain.mine(0).unwrap();
    assert_eq!(chain.head().number - chain.solid(), 3);
    assert!(chain.state.layers() < 300);
}

#[test]
fn what_is_kept_is_bounded_and_a_duplicate_is_one_even_when_its_block_is_forgotten() {
    let mut chain = Chain::new(Setup { blocks_max: 400, ..setup() });
    chain.begin(chain.setup.solid_lag, 0).unwrap();
    let long = Terms { expiration_ms: chain.head().time_ms + 86_400_000, ..terms(&chain) };
    let tx = trx(&alice(), bob().address(), 1, &long);
    chain.offer(Arc::clone(&tx)).unwrap();
    for _ in 0..900 {
        chain.mine(0).unwrap();
    }
    assert_eq!((chain.blocks.len(), chain.index.len(), chain.executed.len()), (400, 0, 1));
    assert_eq!(chain.offer(tx), Err(Refusal::Duplicate));
    assert!(chain.id_of(1).is_some() && chain.block(1).is_none());
}

#[test]
fn energy_comes_from_the_stake_first_and_its_price_may_change_in_between() {
    let mut chain = chain();
    let (owner, to) = (alice(), bob().address());
    let stake = Deed::Stake { owner: owner.address(), resource: Resource::Energy, sun: 3_000 * SUN };
    chain.order(stake);
    let left = chain.newest().left(chain.newest().account(&owner.address()).unwrap(), Resource::Energy);
    let tx = usdt(&owner, to, 1, &terms(&chain));
    chain.offer(Arc::clone(&tx)).unwrap();
    chain.order(Deed::SetParam { param: Param::EnergyFee, value: 210 });
    chain.mine(0).unwrap();
    let receipt = &chain.included(&tx.id).unwrap().1.receipt;
    assert_eq!(
        (receipt.energy_usage, receipt.energy_fee),
        (left, (64_285 - left) * 100),
        "ordered before the price"
    );
    let tx = usdt(&owner, to, 1, &terms(&chain));
    chain.offer(Arc::clone(&tx)).unwrap();
    chain.mine(0).unwrap();
    assert_eq!(
        chain.included(&tx.id).unwrap().1.receipt.energy_fee,
        64_285 * 210 - chain.included(&tx.id).unwrap().1.receipt.energy_usage * 210
    );
}

#[test]
fn the_same_orders_give_the_same_blocks() {
    let play = || {
        let mut chain = chain();
        for round in 0..5 {
            chain.offer(usdt(&alice(), bob().address(), 1 + round, &terms(&chain))).unwrap();
            chain.order(Deed::Credit { to: Address::new([3; 20]), sun: 5 });
            chain.mine(0).unwrap();
        }
        chain.reorg(2, Fate::Pending, 0).unwrap();
        chain.head().id
    };
    assert_eq!(play(), play());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is offered, mined and taken back: TRX is only destroyed by fees, and test dollars never.
    #[test]
    fn money_is_neither_made_nor_lost(steps in proptest::collection::vec((0_u8..8, 0_u64..2_000_000_000, 0_usize..2), 1..60)) {
        let mut chain = chain();
        let everybody = [alice().address(), bob().address(), setup().bank, TOKEN, Address::new([5; 20])];
        let total = |chain: &Chain| {
            let view = chain.newest();
            let sun: i64 = everybody.iter().filter_map(|one| view.account(one)).map(|it| {
                it.balance_sun + it.energy.own_sun + it.energy.lent_sun
                    + it.unfreezing.iter().map(|one| one.amount_sun).sum::<i64>()
            }).sum();
            let units: u128 = everybody.iter().map(|one| view.units(one)).sum();
            (sun + view.globals().burnt_sun, units)
        };
        let before = total(&chain);
        for (step, amount, who) in steps {
            let (by, other) = if who == 0 { (alice(), bob()) } else { (bob(), alice()) };
            let sun = i64::try_from(amount).unwrap();
            let mine = by.address().to_string();
            let _refused_or_not = match step {
                0 => chain.offer(trx(&by, other.address(), sun, &terms(&chain))),
                1 => chain.offer(usdt(&by, Address::new([5; 20]), amount, &terms(&chain))),
                2 => chain.offer(trx(&by, Address::new([5; 20]), sun, &terms(&chain))),
                3 => chain.offer(signed(&[&by], &schema::FREEZE, &json!({
                    "owner_address": mine, "frozen_balance": sun, "resource": "ENERGY" }), &terms(&chain))),
                4 => chain.offer(signed(&[&by], &schema::DELEGATE, &json!({
                    "owner_address": mine, "receiver_address": other.address().to_string(),
                    "balance": sun, "resource": "ENERGY", "lock": amount % 2 == 0, "lock_period": 1 }), &terms(&chain))),
                5 => chain.offer(signed(&[&by], &schema::UNDELEGATE, &json!({
                    "owner_address": mine, "receiver_address": other.address().to_string(),
                    "balance": sun, "resource": "ENERGY" }), &terms(&chain))),
                6 => chain.mine(0).map_err(|_| Refusal::Busy),
                _ => chain.reorg(amount % 4, [Fate::Pending, Fate::Included, Fate::Dropped][who], 0)
                    .map(drop).map_err(|_| Refusal::Busy),
            };
            prop_assert_eq!(total(&chain), before);
        }
        chain.mine(0).unwrap();
        prop_assert_eq!(total(&chain), before);
    }
}
