//! A window goes on whatever one of its slots does, and a queue whatever stands at its head.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_core::address::EvmAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Durable, Kind, Unsigned};
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::partner::{Limit, PLATFORM};
use sluice_core::port::Fut;
use sluice_core::port::registry::Registry as _;
use sluice_core::port::signer::{
    Held, Hello, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
use sluice_core::slot::Slot;
use sluice_core::stop::{Scope, Stop};

use crate::bench::{Bench, now};

/// Refuses the payment in one slot for good, and is itself in everything else.
struct Refuses {
    inner: Arc<dyn Signer>,
    nonce: u64,
    refused: AtomicBool,
}

impl Signer for Refuses {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>> {
        self.inner.hello(wallet)
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>> {
        self.inner.admit(wallet, epoch, payments)
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for request in requests {
                let hit = request.0.kind == Kind::Pay && request.0.slot.nonce() == Some(self.nonce);
                if hit {
                    self.refused.store(true, Ordering::Relaxed);
                    answers.push(Err(SignerRefusal {
                        code: "cap_fee".into(),
                        detail: "a test says so".into(),
                        permanent: true,
                    }));
                } else {
                    answers.extend(self.inner.sign(std::slice::from_ref(request)).await?);
                }
            }
            Ok(answers)
        })
    }

    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>> {
        self.inner.held()
    }

    fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>> {
        self.inner.show(wallet, challenge)
    }

    fn bar<'a>(
        &'a self,
        wallet: WalletId,
        reason: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>> {
        self.inner.bar(wallet, reason)
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>> {
        self.inner.close(wallet, epoch, slot)
    }

    fn mark(&self, mark: u64) -> Fut<'_, Result<u64, SignerError>> {
        self.inner.mark(mark)
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>> {
        self.inner.export(from_seq, limit)
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>> {
        self.inner.stop(scope, reason)
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Fut<'a, Result<u64, SignerError>> {
        self.inner.lift(scope, read_at)
    }
}

#[test]
fn a_refusal_at_each_position_of_a_full_window() {
    for nonce in 0..16 {
        let mut bench =
            Bench::new(|inner| Arc::new(Refuses { inner, nonce, refused: AtomicBool::new(false) }));
        let asset = bench.world.asset.clone();
        for number in 1..=16 {
            bench.order(number, &asset);
        }
        let done = |bench: &Bench| {
            bench.count("select id as what from withdrawal where status = 'completed' limit 20")
        };
        let open = "select id as what from transfer where state not in ('final', 'dropped') limit 20";
        while (done(&bench) < 15 || bench.count(open) > 0) && bench.elapsed_ms() < 60_000 {
            bench.round();
        }
        assert_eq!(done(&bench), 15, "the others complete within 60 s; slot {nonce} was refused");
        let asked = "select id as what from withdrawal where status = 'needs_attention' limit 20";
        assert_eq!(bench.count(asked), 1, "slot {nonce}: a person looks at the one");
        assert_eq!(bench.count(open), 0, "slot {nonce}: its void fills the nonce");
        let from = bench.world.purses[0].address;
        let chain = bench.world.chain();
        let sent: Vec<_> =
            chain.blocks.iter().flat_map(|block| &block.txs).filter(|done| done.tx.from == from).collect();
        assert_eq!(sent.len(), 16, "slot {nonce}");
        let void = sent.iter().find(|done| done.tx.nonce == nonce).unwrap();
        assert!(void.event.is_none() && void.tx.to == from, "nothing moves in slot {nonce}");
    }
}

#[test]
fn a_stopped_asset_at_the_head_of_the_queue_holds_up_no_other() {
    let mut bench = Bench::new(|inner| inner);
    let token = bench.world.asset.clone();
    let id = AssetId::erc20(bench.world.profile.id, EvmAddress([0x71; 20]));
    let other = Asset { id, symbol: "OTHER".into(), ..token.clone() };
    let (db, cause) = (Arc::clone(&bench.world.db), bench.cause());
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
