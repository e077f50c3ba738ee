//! Sees what really passes the ports, below every fault: what was committed, signed and sent, by whom, and what that
//! process could know then.

mod copy;
mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluice_core::attempt::{Durable, Kind, Unsigned};
use sluice_core::id::{TransferId, WalletId, WithdrawalId};
use sluice_core::intent::{PaymentKey, SigningRequest};
use sluice_core::lane::{Fence, Lease};
use sluice_core::port::signer::{Signature, SignerRefusal};
use sluice_core::port::store::{Change, Outcome};
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;

pub use copy::Copied;

use super::Violation;
use crate::executor::{ProcessId, Sim};

/// A signature that was given.
#[derive(Clone, Copy)]
struct Signed {
    kind: Kind,
    wallet: WalletId,
    epoch: i64,
    /// The first withdrawal it pays; a void pays none.
    pays: Option<WithdrawalId>,
    /// The identity of that payment.
    key: Option<PaymentKey>,
    /// What was signed.
    digest: [u8; 32],
}

/// What the store itself has: an older copy of it has it as it was.
#[derive(Clone, Debug, Default)]
struct Stored {
    /// Highest epoch ever granted, by lease.
    epochs: BTreeMap<String, i64>,
    /// Digests of unsigned bytes that are durable.
    durable_unsigned: BTreeSet<[u8; 32]>,
    /// Signed bytes that are durable, by transaction hash.
    durable_signed: BTreeSet<[u8; 32]>,
    /// Highest block that was ever committed as final.
    finalized: u64,
    /// A final block has left the chain, and finality has not come as far again as it had been.
    reversed: Option<u64>,
    /// Transfers with a slot that nothing was ever seen in, by lane.
    awaited: BTreeMap<WalletId, BTreeSet<TransferId>>,
}

#[derive(Default)]
struct Seen {
    stored: Stored,
    /// Epoch a process last got, by process, its life, and lease.
    held: BTreeMap<(ProcessId, u64, String), i64>,
    /// Highest epoch the signer was asked with, by wallet.
    signer_epochs: BTreeMap<WalletId, i64>,
    /// Signatures by transaction hash.
    signed: BTreeMap<[u8; 32], (String, Signed)>,
    /// When slots end by time, by bytes that are durable.
    expires_at_ms: BTreeMap<String, i64>,
    /// What each slot pays, from its first signature on.
    pays: BTreeMap<String, [u8; 32]>,
    /// Slots that ever got a paying signature, by payment.
    slots: BTreeMap<[u8; 32], BTreeSet<String>>,
    /// Slots whose void is durable, with the epoch it was signed under.
    voided: BTreeMap<String, i64>,
    /// Slots proven dead by a committed proof.
    dead: BTreeSet<String>,
    /// Those of them whose proof says that nothing was ever signed.
    tombs: BTreeSet<String>,
    /// The stop in force: since when, and over what.
    stop: Option<(i64, Scope)>,
    /// When a task last read the stops.
    stops_read: BTreeMap<u64, i64>,
    /// Deaths committed since they were last taken: sender, nonce, and what the proof claims.
    deaths: Vec<Death>,
    /// Calls to the store that have not ended, by task.
    inside: BTreeMap<u64, &'static str>,
    /// Slots of which bytes have left a process.
    left: BTreeSet<String>,
    /// Most slots that a lane has allocated and nothing was ever seen in.
    window: usize,
    /// The store went back in time, and no person has let it pay again.
    shut: bool,
    violations: Vec<Violation>,
    commits: u64,
}

/// A committed proof of death, to be held against the chain.
#[derive(Clone, Debug)]
pub struct Death {
    /// The slot.
    pub slot: Slot,
    /// It claims that nothing was ever signed for the slot.
    pub never_signed: bool,
    /// It claims that a stranger consumed the slot.
    pub foreign: bool,
    /// It claims that the slot's time is over and nothing is in it. Its bytes say when that is, milliseconds since 1970.
    pub expired_at_ms: Option<i64>,
}

/// Shared by every port of every process.
#[derive(Clone)]
pub struct Witness {
    sim: Sim,
    seen: Arc<Mutex<Seen>>,
}

impl Witness {
    /// A witness who has seen nothing yet, of lanes with this window.
    pub fn new(sim: Sim, window: u16) -> Self {
        let seen = Seen { window: usize::from(window), ..Seen::default() };
        Self { sim, seen: Arc::new(Mutex::new(seen)) }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was found broken since it was last asked.
    pub fn violations(&self) -> Vec<Violation> {
        std::mem::take(&mut self.seen().violations)
    }

    /// Takes the deaths committed since they were last asked for.
    pub fn deaths(&self) -> Vec<Death> {
        std::mem::take(&mut self.seen().deaths)
    }

    /// Withdrawals with a paying signature that no commit has recorded: its answer is on the way, or was lost.
    pub fn unrecorded(&self) -> BTreeSet<WithdrawalId> {
        let seen = self.seen();
        let open = seen.signed.iter().filter(|(txid, _)| !seen.stored.durable_signed.contains(*txid));
        open.filter_map(|(_, (_, signed))| signed.pays).collect()
    }

    /// Paying signatures that a wallet got.
    pub fn signatures_of(&self, wallet: WalletId) -> usize {
        self.seen().signed.values().filter(|(_, signed)| signed.wallet == wallet).count()
    }

    /// Somebody else who looks on has found something broken.
    pub fn accuse(&self, violation: Violation) {
        self.seen().violations.push(violation);
    }

    /// Commits so far.
    pub fn commits(&self) -> u64 {
        self.seen().commits
    }

    /// The running task calls the store.
    pub fn enters_the_store(&self, method: &'static str) {
        let task = self.sim.task();
        self.seen().inside.insert(task, method);
    }

    /// Its call to the store has ended.
    pub fn leaves_the_store(&self) {
        let task = self.sim.task();
        self.seen().inside.remove(&task);
    }

    /// A process asks a node, the signer or a vendor.
    pub fn calls_out(&self, process: ProcessId, method: &'static str) {
        let task = self.sim.task();
        let mut seen = self.seen();
        if let Some(inside) = seen.inside.get(&task) {
            let detail = format!("p{process} calls {method} from within {inside}");
            seen.violations.push(Violation::new("M9 no call goes out from within a transaction", detail));
        }
    }

    /// A lease was granted.
    pub fn leased(&self, process: ProcessId, lease: &Lease) {
        let life = self.sim.incarnation(process);
        let mut seen = self.seen();
        let (name, epoch) = (lease.fence().name(), lease.fence().epoch());
        let highest = seen.stored.epochs.entry(name.to_owned()).or_default();
        if epoch < *highest {
            let detail = format!("{name} was granted with epoch {epoch} after {highest}");
            seen.violations.push(Violation::new("M7 epochs rise", detail));
        } else {
            *highest = epoch;
        }
        seen.held.insert((process, life, name.to_owned()), epoch);
    }

    /// A task has read the stops in force.
    pub fn read_stops(&self) {
        let (task, now) = (self.sim.task(), self.sim.now_us());
        self.seen().stops_read.insert(task, now);
    }

    /// A stop was acknowledged, or lifted.
    pub fn stopped(&self, scope: Option<Scope>) {
        let now = self.sim.now_us();
        self.seen().stop = scope.map(|scope| (now, scope));
    }

    /// Changes were committed, or refused.
    pub fn applied(
        &self,
        process: ProcessId,
        fence: Option<&Fence>,
        changes: &[Change],
        outcomes: &[Outcome],
    ) {
        let mut seen = self.seen();
        if !outcomes.contains(&Outcome::Applied) {
            return;
        }
        seen.commits += 1;
        if let Some(fence) = fence {
            let highest = seen.stored.epochs.get(fence.name()).copied().unwrap_or(0);
            if fence.epoch() < highest {
                let detail = format!(
                    "p{process} wrote under {} epoch {}, and {highest} is held",
                    fence.name(),
                    fence.epoch()
                );
                seen.violations.push(Violation::new("M7 no write with a stale epoch", detail));
            }
        }
        for change in
            changes.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Outcome::Applied).map(|it| it.0)
        {
            seen.committed(change);
        }
    }

    /// The signer is asked.
    pub fn asked(&self, process: ProcessId, requests: &[(SigningRequest, Durable<Unsigned>)]) {
        let mut seen = self.seen();
        for (request, _) in requests {
            if !seen.stored.durable_unsigned.contains(&request.digest) {
                let detail = format!(
                    "p{process} asks for a signature in {} before its bytes are durable",
                    request.slot
                );
                seen.violations.push(Violation::new("M2 bytes before signature", detail));
            }
        }
    }

    /// Which of these slots were proven dead when the question was put, before it was held up on its way.
    pub fn dead_among(&self, requests: &[(SigningRequest, Durable<Unsigned>)]) -> BTreeSet<String> {
        let seen = self.seen();
        let slots = requests.iter().map(|(request, _)| request.slot.to_string());
        slots.filter(|slot| seen.dead.contains(slot)).collect()
    }

    /// The signer has answered. `dead` is what was proven dead when it was asked: a question that was under way when a
    /// reading of the chain ended its slot gets a signature that nothing can come of.
    pub fn signed(
        &self,
        process: ProcessId,
        requests: &[(SigningRequest, Durable<Unsigned>)],
        answers: &[Result<Signature, SignerRefusal>],
        dead: &BTreeSet<String>,
    ) {
        let task = self.sim.task();
        let mut seen = self.seen();
        for ((request, _), answer) in requests.iter().zip(answers) {
            let Ok(signature) = answer else { continue };
            seen.judge_signature(process, task, request, signature, dead);
        }
    }

    /// Bytes leave a process.
    pub fn sent(&self, process: ProcessId, raw: &[Vec<u8>]) {
        let life = self.sim.incarnation(process);
        let mut seen = self.seen();
        for raw in raw {
            let txid = txid_of(raw);
            if !seen.stored.durable_signed.contains(&txid) {
                let detail =
                    format!("p{process} sends 0x{} before its signature is durable", hex::encode(txid));
                seen.violations.push(Violation::new("M2 signature before bytes", detail));
            }
            let Some((slot, signed)) = seen.signed.get(&txid).cloned() else { continue };
            seen.left.insert(slot.clone());
            let holds =
                seen.held.get(&(process, life, format!("lane:{}", signed.wallet))).copied().unwrap_or(0);
            // A process that lost its lease before the void was signed cannot know of it; the chain decides there.
            if signed.kind == Kind::Pay && seen.voided.get(&slot).is_some_and(|epoch| *epoch <= holds) {
                let detail = format!("p{process} sends a payment in {slot} after its void was signed");
                seen.violations.push(Violation::new("M3 no payment after a void", detail));
            }
        }
    }
}

/// The id of signed bytes of either family: a transaction on TRON begins with the tag of its raw data, one on an EVM chain
/// with its type.
fn txid_of(raw: &[u8]) -> [u8; 32] {
    match sluice_codec::tron::decode(raw) {
        Ok(read) => read.txid,
        Err(_) => sluice_codec::evm::txid(raw),
    }
}
