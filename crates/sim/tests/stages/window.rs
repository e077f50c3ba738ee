//! A window goes on whatever one of its slots does, and a queue whatever stands at its head.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use sluice_codec::evm;
use sluice_core::address::EvmAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Durable, Fees, Kind, Unsigned};
use sluice_core::id::{AttemptId, Ulid, WalletId};
use sluice_core::intent::SigningRequest;
use sluice_core::partner::{Limit, PLATFORM};
use sluice_core::port::around::signer::{Answer, Around, Wrapped};
use sluice_core::port::registry::Registry as _;
use sluice_core::port::signer::{Signature, Signer, SignerError, SignerRefusal, SlotRecord};
use sluice_core::proof::Tombstone;
use sluice_core::slot::Slot;
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;
use sluice_signer::Key as _;
use sluice_signer::key::MemoryKey;
use sluice_sim::model::view::Lie;

use crate::bench::{Bench, now};
use crate::restore::rounds;

/// What a signer does to the payment in one slot.
enum Mood {
    /// Refuses it for good.
    Refuses,
    /// Goes down when it comes to it, for so many calls, and forgets nothing.
    Down(AtomicU32),
    /// Has signed a void there for somebody in possession of another engine.
    Voided(Key, Mutex<Option<(AttemptId, Signature)>>),
}

type Key = Arc<MemoryKey>;

/// A signer that is itself in everything but one slot.
struct Moody {
    nonce: u64,
    mood: Mood,
}

impl Moody {
    fn at(&self, slot: &Slot) -> bool {
        slot.nonce() == Some(self.nonce)
    }

    async fn one(
        &self,
        inner: &dyn Signer,
        asked: &(SigningRequest, Durable<Unsigned>),
    ) -> Result<Result<Signature, SignerRefusal>, SignerError> {
        let request = &asked.0;
        if self.at(&request.slot) {
            match &self.mood {
                Mood::Refuses if request.kind == Kind::Pay => return Ok(Err(never("cap_fee"))),
                Mood::Down(calls) if calls.load(Ordering::Relaxed) > 0 => {
                    calls.fetch_sub(1, Ordering::Relaxed);
                    return Err(SignerError::Down("a test says so".into()));
                }
                Mood::Voided(..) if request.kind == Kind::Pay => return Ok(Err(never("voided"))),
                Mood::Voided(_, unknown) => {
                    if let Some((id, signature)) = unknown.lock().unwrap().clone()
                        && id == request.attempt
                    {
                        assert_eq!(
                            evm::decode(&signature.raw).unwrap().digest,
                            request.digest,
                            "the same bytes"
                        );
                        return Ok(Ok(signature));
                    }
                }
                Mood::Refuses | Mood::Down(_) => {}
            }
        }
        Ok(inner.sign(std::slice::from_ref(asked)).await?.remove(0))
    }

    /// The void that nobody here has asked for.
    fn unknown(&self, key: &Key, slot: &Slot, tombstone: &Tombstone) -> (AttemptId, Signature) {
        let fees = Fees { gas_limit: 21_000, max_fee_wei: 900_000_000_000, tip_wei: 40_000_000_000 };
        let bytes = evm::void(slot, &fees).unwrap();
        let made = key.sign(&bytes.digest).unwrap();
        let (raw, txid) = evm::attach(&bytes.unsigned, made.r, made.s, made.y_parity).unwrap();
        let id = AttemptId::new(Ulid::new(Timestamp::from_micros(1), 7));
        (id, Signature { raw, txid, journal_seq: tombstone.journal_seq() })
    }
}

fn never(code: &str) -> SignerRefusal {
    SignerRefusal { code: code.into(), detail: "a test says so".into(), permanent: true }
}

impl Around for Moody {
    fn sign<'a>(
        &'a self,
        inner: &'a dyn Signer,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for asked in requests {
                answers.push(self.one(inner, asked).await?);
            }
            Ok(answers)
        })
    }

    fn close<'a>(
        &'a self,
        inner: &'a dyn Signer,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Answer<'a, Result<SlotRecord, SignerRefusal>> {
        Box::pin(async move {
            let said = inner.close(wallet, epoch, slot).await?;
            Ok(said.map(|record| match (&self.mood, record) {
                (Mood::Voided(key, unknown), SlotRecord::Closed(tombstone)) if self.at(slot) => {
                    let void = unknown
                        .lock()
                        .unwrap()
                        .get_or_insert_with(|| self.unknown(key, slot, &tombstone))
                        .clone();
                    SlotRecord::Voided(tombstone, vec![void])
                }
                (_, record) => record,
            }))
        })
    }
}

/// A full window in which something is wrong with one slot; `paid` of the sixteen complete within a minute.
fn window(nonce: u64, paid: usize, mood: Mood) -> Bench {
    let mut bench = Bench::new(|inner| Arc::new(Wrapped { inner, by: Moody { nonce, mood } }));
    let asset = bench.world.asset.clone();
    for number in 1..=16 {
        bench.order(number, &asset);
    }
    let done =
        |bench: &Bench| bench.count("select id as what from withdrawal where status = 'completed' limit 20");
    let open = "select id as what from transfer where state not in ('final', 'dropped') limit 20";
    while (done(&bench) < paid || bench.count(open) > 0) && bench.elapsed_ms() < 60_000 {
        bench.round();
    }
    assert_eq!(done(&bench), paid, "the others complete within 60 s; slot {nonce} did not");
    assert_eq!(bench.count(open), 0, "slot {nonce}: nothing holds up the lane");
    bench
}

/// The transaction in a slot, of the sixteen that the wallet sent.
fn sent(bench: &Bench, nonce: u64) -> (bool, [u8; 32]) {
    let from = bench.world.purses[0].address;
    let chain = bench.world.chain();
    let sent: Vec<_> =
        chain.blocks.iter().flat_map(|block| &block.txs).filter(|done| done.tx.from == from).collect();
    assert_eq!(sent.len(), 16, "slot {nonce}");
    let at = sent.iter().find(|done| done.tx.nonce == nonce).unwrap();
    (at.event.is_none() && at.tx.to == from, at.tx.hash)
}

const ASKED: &str = "select id as what from withdrawal where status = 'needs_attention' limit 20";

#[test]
fn the_slots_of_a_window_are_given_in_the_order_of_the_queue() {
    let mut bench = Bench::new(|inner| inner);
    let asset = bench.world.asset.clone();
    for number in 1..=16 {
        bench.order(number, &asset);
        bench.pass();
    }
    let paid = "select id as what from withdrawal where status = 'completed' limit 20";
    while bench.count(paid) < 16 && bench.elapsed_ms() < 60_000 {
        bench.round();
    }
    let chain = bench.world.chain();
    let mut sent: Vec<_> = chain.blocks.iter().flat_map(|block| &block.txs).collect();
    sent.sort_by_key(|done| done.tx.nonce);
    let recipients: Vec<u8> = sent.iter().filter_map(|done| Some(done.event.as_ref()?.to.0[19])).collect();
    assert_eq!(recipients, (1..=16).collect::<Vec<u8>>(), "as they came, so their nonces rise");
}

#[test]
fn a_refusal_at_each_position_of_a_full_window() {
    for nonce in 0..16 {
        let bench = window(nonce, 15, Mood::Refuses);
        assert_eq!(bench.count(ASKED), 1, "slot {nonce}: a person looks at the one");
        assert!(sent(&bench, nonce).0, "nothing moves in slot {nonce}: its void fills the nonce");
    }
}

#[test]
fn a_signer_that_goes_down_at_each_position_of_a_full_window_loses_nothing() {
    for nonce in 0..16 {
        let bench = window(nonce, 16, Mood::Down(AtomicU32::new(10)));
        assert_eq!(bench.count(ASKED), 0, "slot {nonce}");
        assert!(!sent(&bench, nonce).0, "slot {nonce} pays");
    }
}

#[test]
fn a_void_that_another_engine_had_signed_is_adopted_and_fills_its_slot() {
    for nonce in [0, 7, 15] {
        let mood = |bench: &Bench| {
            let from = bench.world.purses[0].address;
            let key = (1..=4).map(|n| MemoryKey::new(&[n; 32]).unwrap()).find(|key| key.address() == from);
            Mood::Voided(Arc::new(key.unwrap()), Mutex::default())
        };
        let bench = window(nonce, 15, mood(&Bench::new(|inner| inner)));
        assert_eq!(bench.count(ASKED), 1, "slot {nonce}: its payment was never signed, and a person looks");
        assert!(sent(&bench, nonce).0, "slot {nonce}");
        let known = "select id as what from attempt where signed_at is not null and kind = 'void' limit 20";
        assert_eq!(bench.count(known), 1, "slot {nonce}: the one that was signed, and no other");
    }
}

#[test]
fn a_stopped_asset_at_the_head_of_the_queue_holds_up_no_other() {
    let mut bench = Bench::new(|inner| inner);
    let token = bench.world.asset.clone();
    let id = AssetId::erc20(bench.world.profile.id, EvmAddress([0x71; 20]));
    let other = Asset { id, symbol: "OTHER".into(), ..token.clone() };
    let (db, cause) = (bench.world.db(), bench.cause());
    now(db.put_asset(other.clone())).unwrap();
    let most = Amount::from_atoms(i64::MAX / 4).unwrap();
    let limit = Limit { asset: id, per_transaction: most, daily: most, version: 1 };
    now(db.set_limit(bench.partner, limit, cause.clone())).unwrap();
    for number in 1..=100 {
        bench.order(number, &other);
    }
    let (scope, holder) = (Scope::Asset(id), PLATFORM);
    let stop = Stop { scope, holder, actor: cause.actor, reason: "test".into(), at: cause.at };
    assert!(now(db.stop(stop)).unwrap());
    for number in 1..=3 {
        bench.order(number, &token);
    }
    for _ in 0..20 {
        bench.round();
    }
    let paid = "select id as what from withdrawal where status = 'completed' limit 200";
    assert_eq!(bench.count(paid), 3, "what waits of the stopped asset stands before them in the queue");
    let waiting = "select id as what from withdrawal where status = 'approved' limit 200";
    assert_eq!(bench.count(waiting), 100);
}

#[test]
fn bytes_that_no_node_answered_for_are_sent_again_while_no_block_comes() {
    let mut bench = Bench::new(|inner| inner);
    let asset = bench.world.asset.clone();
    rounds(&mut bench, 2);
    let say = |bench: &Bench, lie| bench.world.chain().nodes.iter_mut().for_each(|node| node.lie = lie);
    let held =
        |bench: &Bench| bench.world.chain().nodes.iter().map(|node| node.pool.all().count()).sum::<usize>();
    bench.order(1, &asset);
    say(&bench, Some(Lie::LosesBytes));
    bench.turn().unwrap();
    assert_eq!(bench.count("select id as what from transfer where state = 'signed' limit 2"), 1);
    say(&bench, None);
    bench.turn().unwrap();
    assert_eq!(held(&bench), 0, "whoever may have them is not asked again at once");
    for _ in 0..2 {
        bench.pass();
    }
    bench.turn().unwrap();
    assert_eq!(held(&bench), bench.world.chain().nodes.len(), "and has them again within a second");
}
