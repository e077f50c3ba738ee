//! Durable state as the engine sees it. `apply` and `accept` are the only writes; no transaction leaves the store (M9).
//!
//! Length: one trait, so that whoever wraps it, to break it or to measure it, sees every question there is.

use std::sync::Arc;

use super::Fut;
use super::market::Ask;
use crate::adoption::Adopted;
use crate::alert::{Alert, Raise};
use crate::amount::Cost;
use crate::asset::{Asset, AssetId};
use crate::attempt::{Attempt, Durable, Signed, Unsigned};
use crate::chain::{BlockRef, ChainId};
use crate::command::{Command, Kind, Person};
use crate::energy::mode::{Mode, Stood, Turned};
use crate::energy::price::Heard;
use crate::energy::{self, Assigned, Credit, Loan, Look, Need, Order, Request, credit};
use crate::event::Cause;
use crate::hand_out::HandOut;
use crate::id::{
    AlertId, AttemptId, EnergyOrderId, FeedId, KeyId, PartnerId, TransferId, WalletId, WithdrawalId,
};
use crate::intent::PaymentKey;
use crate::journal::{Back, Known, LostFact, LostPayment, LostTxid, Place, Seen, Unheld};
use crate::lane::{Fence, Holder, Lease};
use crate::ledger::Posting;
use crate::moved::Moved;
use crate::partner::{Limit, Partner};
use crate::policy::Decision;
use crate::proof::Proof;
use crate::reconciliation::Reconciliation;
use crate::sighting::Sighting;
use crate::slot::Slot;
use crate::stop::Stop;
use crate::time::Timestamp;
use crate::transfer::Transfer;
use crate::wallet::{Balance, Power, Wallet};
use crate::withdrawal::Withdrawal;

/// The store could not do it. Nothing was changed, or (`Unknown`) it cannot tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It does not answer.
    #[error("the database does not answer: {0}")]
    Down(String),
    /// A commit was sent and its answer lost. Look before acting again.
    #[error("the database did not confirm the commit: {0}")]
    Unknown(String),
    /// A stored row does not mean anything: corruption, or a newer version.
    #[error("table {table}, row {row}: {why}")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// Key of the row.
        row: String,
        /// What is wrong.
        why: String,
    },
    /// A statement failed: a defect of ours.
    #[error("a statement failed: {0}")]
    Statement(String),
}

/// A request with everything decided before the counters are asked.
#[derive(Clone, Debug)]
pub struct Intake {
    /// The withdrawal, in state `requested`.
    pub withdrawal: Moved<Withdrawal>,
    /// The caller's key for this request, if it sent one.
    pub idempotency_key: Option<String>,
    /// What policy said.
    pub decision: Decision,
    /// Who asked.
    pub cause: Cause,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Stored now; approved, or rejected by a limit.
    New(Box<Withdrawal>),
    /// The same request was stored before: here it is, as it stands.
    Replay(Box<Withdrawal>),
    /// The external id belongs to a request with other content.
    ExternalIdConflict(WithdrawalId),
    /// The idempotency key belongs to a request with other content.
    IdempotencyKeyConflict(WithdrawalId),
}

/// A partner, and what it was paid in each hour in which anything came.
pub type PaidHours = (Partner, Vec<(Timestamp, u64)>);

/// Writes that commit together or not at all. Events, ledger postings, counters and the public status are derived from
/// them inside the store.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Steps of withdrawals.
    pub withdrawals: Vec<Moved<Withdrawal>>,
    /// Steps of transfers.
    pub transfers: Vec<Moved<Transfer>>,
    /// New attempts.
    pub attempts: Vec<Unsigned>,
    /// Signatures of attempts.
    pub signatures: Vec<Signed>,
    /// Proofs.
    pub proofs: Vec<Proof>,
    /// Step of a wallet.
    pub wallets: Vec<Moved<Wallet>>,
    /// Foreign transactions explained.
    pub adopted: Vec<Adopted>,
    /// Transactions of our wallets that nothing explains, as they stand now.
    pub sighted: Vec<Sighting>,
    /// Steps of commands that take two persons: the second word commits with what it does.
    pub commands: Vec<Moved<Command>>,
    /// Steps of needs of energy.
    pub needs: Vec<Moved<Need>>,
    /// Steps of orders of energy: what leaves for a vendor is durable first.
    pub orders: Vec<Moved<Order>>,
    /// Steps of loans of the pool; one that begins has its errand in the same change.
    pub loans: Vec<Moved<Loan>>,
    /// Steps of what is handed out to people who sign.
    pub hand_outs: Vec<Moved<HandOut>>,
    /// Steps of requests for energy; one that is asked for has its need in the same change.
    pub requests: Vec<Moved<Request>>,
    /// What was paid in at vendors of energy.
    pub credits: Vec<Credit>,
    /// A look at what came to the pool's wallet. One that begins elsewhere than the last one ended is [`Outcome::Moved`].
    pub topups: Option<Look>,
    /// A person said whose a top-up is; [`Outcome::Moved`] where it is somebody's already.
    pub assigned: Option<Assigned>,
    /// Partners whose credit with the pool comes to be low, or enough again.
    pub credit_turned: Vec<credit::Turned>,
    /// Wallets that come to stand on another rung with their energy.
    pub turned: Vec<Turned>,
    /// What vendors of energy asked.
    pub heard: Vec<Heard>,
    /// Balances read.
    pub balances: Vec<Balance>,
    /// Energy and bandwidth read.
    pub powers: Vec<Power>,
    /// What comparisons of books and chain found.
    pub reconciled: Vec<Reconciliation>,
    /// Blocks learned and left.
    pub chain: Option<ChainChange>,
    /// Alerts to raise.
    pub raise: Vec<Raise>,
    /// Alerts to close: code and subject.
    pub close: Vec<(crate::alert::Code, String)>,
    /// Ledger postings that no transfer explains: opening balances, corrections. Each group sums to zero per asset.
    pub postings: Vec<Posting>,
    /// Names the postings, where they happen once: a second change of that name is refused (`ledger_one_posting`).
    pub posted_as: Option<String>,
    /// Notes for the timeline: an attempt and what a node said of it. Never evidence.
    pub notes: Vec<(AttemptId, String)>,
    /// How far the signer's journal was seen (M17); [`Outcome::Moved`] where the store stands before its beginning.
    pub journal_seq: Option<Seen>,
    /// The entry that store and journal were compared up to (M17). It only rises.
    pub journal_place: Option<Place>,
    /// What is done about a store that went back in time (M17).
    pub back: Option<Back>,
    /// Attempts of this change that were imported from the signer's journal (M17).
    pub carried: Vec<AttemptId>,
    /// A mark of the store's own commits, which the signer's journal is told of afterwards (M17). It only rises.
    pub mark: Option<u64>,
    /// The feed's numbers are of another life from now on: the store went back in time (M17).
    pub feed: Option<FeedId>,
    /// A stop that commits with the rest; where its holder has one of this scope in force, that one stands (M12).
    pub stop: Option<Stop>,
    /// What was imported from the signer's journal and has no transfer here (M17).
    pub lost: Vec<LostFact>,
    /// Errands of the house that are asked for with the rest (ADR 0023). One that was asked for before, by its external id, is
    /// done once; one of other content under that id refuses the change (`m1_one_external_id`).
    pub errands: Vec<Intake>,
    /// Who and why.
    pub cause: Option<Cause>,
}

/// What the watcher learned about a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainChange {
    /// Chain.
    pub chain: ChainId,
    /// Blocks that left the chain.
    pub removed: Vec<BlockRef>,
    /// Blocks that joined it, with their parents' hashes, in order.
    pub added: Vec<(BlockRef, [u8; 32])>,
    /// The final head agreed by quorum, if it moved.
    pub finalized: Option<BlockRef>,
    /// Whether settlement waits.
    pub pause: Pause,
}

/// What a change says about settlement (M16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pause {
    /// It stays as it is.
    #[default]
    Unchanged,
    /// It waits until this height is final.
    Until(u64),
    /// It goes on.
    Over,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Committed.
    Applied,
    /// Something in it had moved on since it was read; nothing of it was written. Read again.
    Moved,
    /// The fence is stale: another process holds the lease. Stop (M7).
    Fenced,
    /// A rule of the schema refuses it; nothing of it was written. The name of the rule.
    Refused(String),
}

/// A slot that has paid a withdrawal, or may pay it although it was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revived {
    /// Its transfer.
    pub transfer: TransferId,
    /// A proof shows that it has paid. Otherwise its end is open.
    pub paid: bool,
}

/// A lane as its loop needs it, read in one piece.
#[derive(Clone, Debug)]
pub struct LaneView {
    /// The wallet.
    pub wallet: Wallet,
    /// Its partner.
    pub partner: Partner,
    /// Every transfer that is not final or dropped, by slot and age, with all its attempts. Shared with whoever else read
    /// the lane: a lane is read many times for each change of one of them.
    pub open: Vec<Arc<WithAttempts>>,
    /// Whether anything of its partner waits in the queue of its chain, due or not.
    pub queue: bool,
    /// Withdrawals those transfers carry for which a cancellation was asked and not yet answered.
    pub cancels: Vec<WithdrawalId>,
    /// Stops in force.
    pub stops: Vec<Stop>,
    /// Transactions of its wallet that nothing explains so far, lowest block first; none that was denied.
    pub sightings: Vec<Sighting>,
    /// Its open need of energy and the last ones before it, newest first; none where there is no energy.
    pub needs: Vec<Need>,
    /// The rung its wallet stands on with its energy; on none where there is no energy.
    pub mode: Mode,
    /// Energy of the pool that it has or is about to have, oldest first.
    pub loans: Vec<Loan>,
    /// Of a desk: what is wished, and what is in hand of a transfer that has not ended, oldest first.
    pub hand_outs: Vec<HandOut>,
    /// Requests for energy that it is to have: those that have not ended and, beside any, the last that were served. Oldest first.
    pub requests: Vec<Request>,
    /// Last height of the chain the watcher has stored.
    pub height: u64,
    /// Who works it, or worked it last; `None` when nobody ever did.
    pub holder: Option<Holder>,
    /// Highest journal sequence ever seen in a signer's reply; it falls only where the store was exchanged (M17).
    pub journal_seq: u64,
}

impl LaneView {
    /// What is open, with its attempts.
    pub fn transfers(&self) -> impl Iterator<Item = (&Transfer, &[Durable<Attempt>])> + Clone {
        self.open.iter().map(|it| (&it.0, it.1.as_slice()))
    }

    /// Attempts of an open transfer; none of one that is not open.
    pub fn attempts(&self, transfer: TransferId) -> &[Durable<Attempt>] {
        self.transfers().find(|(it, _)| it.id == transfer).map_or(&[], |(_, attempts)| attempts)
    }
}

/// The watcher's place on a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The latest blocks stored, highest first, at most the watch depth.
    pub blocks: Vec<BlockRef>,
    /// Highest block ever agreed final.
    pub finalized: Option<BlockRef>,
    /// Settlement waits until this height is final (M16); `None` when it does not wait.
    pub settle_after: Option<u64>,
}

/// What a lane may take from the queue in this turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of these assets: neither stopped, nor known to be dry here.
    pub assets: Vec<AssetId>,
    /// Also what had a slot before, which is proven dead. Not while finality is in doubt (M16).
    pub replacements: bool,
    /// Beside them the errands that are pinned to this wallet, of whatever asset.
    pub pinned_to: Option<WalletId>,
    /// So many of each asset stand before what is wanted, as other lanes of the partner are taking them; where fewer than
    /// asked for stand behind these, the first of all.
    pub skip: usize,
}

/// Which alerts wait for a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The newest, newest first.
    Newest,
    /// Those after this one, oldest first; `None` begins at the oldest.
    After(Option<AlertId>),
}

/// A transfer with all its attempts.
pub type WithAttempts = (Transfer, Vec<Durable<Attempt>>);

/// What the books say of a wallet: asset and atoms.
pub type Books = Vec<(AssetId, i64)>;

/// A transaction hash and the transfer it belongs to.
pub type TxidOf = ([u8; 32], TransferId);

/// Durable state.
pub trait Store: Send + Sync {
    /// Takes or renews a lease for `owner`, by the database's clock. `None` while another holds it.
    fn lease<'a>(&'a self, name: &'a str, owner: &'a str) -> Fut<'a, Result<Option<Lease>, StoreError>>;

    /// Gives up every lease of an owner early: it works no more. What it still holds a fence of is refused from now on.
    fn release<'a>(&'a self, owner: &'a str) -> Fut<'a, Result<(), StoreError>>;

    /// Stores a request, once (M1, M8). Concurrent callers share a commit; a refused one refuses itself alone.
    fn accept(&self, intake: Intake) -> Fut<'_, Result<Accepted, StoreError>>;

    /// Writes changes; one outcome per change, in order. With a fence, all of them are refused once it is stale.
    fn apply(&self, fence: Option<Fence>, changes: Vec<Change>) -> Fut<'_, Result<Vec<Outcome>, StoreError>>;

    /// A lane, whole.
    fn lane(&self, wallet: WalletId) -> Fut<'_, Result<Option<LaneView>, StoreError>>;

    /// Wallets in service, lanes and others, optionally of one chain.
    fn wallets(&self, chain: Option<ChainId>) -> Fut<'_, Result<Vec<Wallet>, StoreError>>;

    /// Assets configured, optionally of one chain.
    fn assets(&self, chain: Option<ChainId>) -> Fut<'_, Result<Vec<Asset>, StoreError>>;

    /// Withdrawals that may start, earliest `due_at` first, each asset by itself; none has a slot that may pay again.
    fn claimable<'a>(
        &'a self,
        partner: PartnerId,
        wanted: &'a Wanted,
        now: Timestamp,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Withdrawal>, StoreError>>;

    /// Withdrawals by id; missing ones are left out.
    fn withdrawals<'a>(&'a self, ids: &'a [WithdrawalId]) -> Fut<'a, Result<Vec<Withdrawal>, StoreError>>;

    /// Transfers by id with their attempts; missing ones are left out.
    fn transfers<'a>(&'a self, ids: &'a [TransferId]) -> Fut<'a, Result<Vec<WithAttempts>, StoreError>>;

    /// Which of these hashes are ours.
    fn attempts_by_txid<'a>(
        &'a self,
        chain: ChainId,
        txids: &'a [[u8; 32]],
    ) -> Fut<'a, Result<Vec<TxidOf>, StoreError>>;

    /// The watcher's place on a chain; `depth` blocks of history.
    fn cursor(&self, chain: ChainId, depth: u64) -> Fut<'_, Result<Cursor, StoreError>>;

    /// Transfers of a chain that may be settled: seen at or below `height`, by block and name, after that place.
    fn settleable(
        &self,
        chain: ChainId,
        height: u64,
        after: Option<(u64, TransferId)>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<TransferId>, StoreError>>;

    /// Transfers seen or final in any of these blocks.
    fn included_in<'a>(
        &'a self,
        chain: ChainId,
        blocks: &'a [BlockRef],
    ) -> Fut<'a, Result<Vec<TransferId>, StoreError>>;

    /// Slots of this withdrawal that have paid it, or were given up on a proof of death that the chain took back (M16) and
    /// may pay it yet; whatever the withdrawal's own state says.
    fn revived(&self, withdrawal: WithdrawalId) -> Fut<'_, Result<Vec<Revived>, StoreError>>;

    /// The proof that ended a transfer.
    fn proof(&self, transfer: TransferId) -> Fut<'_, Result<Option<Proof>, StoreError>>;

    /// Held withdrawals whose hold has expired.
    fn expired_holds(&self, now: Timestamp, limit: usize) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>>;

    /// Withdrawals past their deadline that nobody was told of yet.
    fn overdue(&self, now: Timestamp, limit: usize) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>>;

    /// What intake needs to know of a partner and an asset.
    fn intake_facts(
        &self,
        partner: PartnerId,
        asset: AssetId,
    ) -> Fut<'_, Result<Option<IntakeFacts>, StoreError>>;

    /// Numbers and chains committed events that are not sealed yet; how many it sealed (M15).
    fn seal<'a>(&'a self, fence: &'a Fence, limit: usize) -> Fut<'a, Result<usize, StoreError>>;

    /// Open alerts of these codes in order of their names, after one of them.
    fn open_alerts<'a>(
        &'a self,
        codes: &'a [crate::alert::Code],
        after: Option<AlertId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Alert>, StoreError>>;

    /// Withdrawals that need a person and have no open alert that says so, oldest first.
    fn untold_attention(&self, limit: usize) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>>;

    /// Alerts that changed since they were last delivered.
    fn undelivered_alerts(&self, which: Undelivered, limit: usize)
    -> Fut<'_, Result<Vec<Alert>, StoreError>>;

    /// Notes that alerts were delivered in the form they had at `as_of`.
    fn alerts_delivered<'a>(&'a self, alerts: &'a [Alert], at: Timestamp) -> Fut<'a, Result<(), StoreError>>;

    /// Highest journal sequence ever seen in a signer's reply (M17).
    fn journal_seq(&self) -> Fut<'_, Result<u64, StoreError>>;

    /// What the store knows of these attempts and payments.
    fn journal_known<'a>(
        &'a self,
        attempts: &'a [AttemptId],
        payments: &'a [PaymentKey],
    ) -> Fut<'a, Result<Known, StoreError>>;

    /// Which of these payments have attempts that were imported from the signer's journal and that no transfer carries,
    /// with all of their slots: an answer that does not fit is an error.
    fn lost_payments<'a>(
        &'a self,
        payments: &'a [PaymentKey],
    ) -> Fut<'a, Result<Vec<LostPayment>, StoreError>>;

    /// Which of these transactions are such attempts.
    fn lost_txids<'a>(
        &'a self,
        chain: ChainId,
        txids: &'a [[u8; 32]],
    ) -> Fut<'a, Result<Vec<LostTxid>, StoreError>>;

    /// Which of these slots no transfer has, in the order they were given (M17).
    fn unheld<'a>(&'a self, slots: &'a [Slot]) -> Fut<'a, Result<Vec<Unheld>, StoreError>>;

    /// Withdrawals that are not terminal, in order of their names after one of them, whatever they wait for (M17).
    fn unended(
        &self,
        after: Option<WithdrawalId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>>;

    /// Raises the epoch of a held lease above `seen`, what the signer has seen (M7, M17). `None` when the fence is stale.
    fn outbid<'a>(&'a self, fence: &'a Fence, seen: i64) -> Fut<'a, Result<Option<Lease>, StoreError>>;

    /// Stops in force.
    fn stops(&self) -> Fut<'_, Result<Vec<Stop>, StoreError>>;

    /// Whether a foreign transaction was explained for this wallet.
    fn is_adopted(&self, wallet: WalletId, txid: [u8; 32]) -> Fut<'_, Result<bool, StoreError>>;

    /// The highest block, at `height` or above, in which a transfer of this wallet ended.
    fn ended_since(&self, wallet: WalletId, height: u64) -> Fut<'_, Result<Option<u64>, StoreError>>;

    /// Wallets that have left service and whose key the signer holds.
    fn retired(&self) -> Fut<'_, Result<Vec<WalletId>, StoreError>>;

    /// The open command of a kind on a thing.
    fn open_command<'a>(
        &'a self,
        kind: Kind,
        subject: &'a str,
    ) -> Fut<'a, Result<Option<Command>, StoreError>>;

    /// Open commands whose time is over, oldest first.
    fn expired_commands(&self, now: Timestamp, limit: usize) -> Fut<'_, Result<Vec<Command>, StoreError>>;

    /// Whoever holds a key, as far as that is known.
    fn person(&self, key: KeyId) -> Fut<'_, Result<Option<Person>, StoreError>>;

    /// Needs, orders, loans and accounts of a chain's energy, what orders cost since a time, and which orders the transactions `lent`
    /// explain.
    fn energy<'a>(
        &'a self,
        chain: ChainId,
        since: Timestamp,
        lent: &'a [[u8; 32]],
    ) -> Fut<'a, Result<energy::View, StoreError>>;

    /// How the lanes of a chain stand with their energy, and what of it is rented at that time.
    fn stood(&self, chain: ChainId, now: Timestamp) -> Fut<'_, Result<Vec<Stood>, StoreError>>;

    /// Partners with lanes on a chain of TRON, and their withdrawals that were paid, by the hour (UTC) in which they were accepted, of
    /// these assets, in `[from, to)`.
    fn paid_hours<'a>(
        &'a self,
        chain: ChainId,
        assets: &'a [AssetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Fut<'a, Result<Vec<PaidHours>, StoreError>>;

    /// What goes out for orders that are asked; others are left out.
    fn asks<'a>(&'a self, orders: &'a [EnergyOrderId]) -> Fut<'a, Result<Vec<Durable<Ask>>, StoreError>>;

    /// Energy that orders brought to a wallet and that may end from the one time until the other.
    fn ending(&self, wallet: WalletId, from: Timestamp, until: Timestamp)
    -> Fut<'_, Result<u64, StoreError>>;

    /// What a wallet's transactions paid to the network since a time, by the books, in atoms of the chain's coin.
    fn burned(&self, wallet: WalletId, since: Timestamp) -> Fut<'_, Result<Cost, StoreError>>;

    /// What the books had inside a wallet after block `height`; `None` while an adoption of a later block is booked.
    fn booked(&self, wallet: WalletId, height: u64) -> Fut<'_, Result<Option<Books>, StoreError>>;
}

/// What intake needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakeFacts {
    /// Tenant.
    pub partner: Partner,
    /// Asset, if configured.
    pub asset: Option<Asset>,
    /// The partner's limit for it.
    pub limit: Option<Limit>,
    /// The partner's own wallets on the asset's chain.
    pub own_wallets: Vec<crate::address::Address>,
    /// Those of them that are in service: the lanes that could pay it.
    pub lanes: Vec<Wallet>,
    /// The stop that has stood longest of those that cover the asset of this partner.
    pub stop: Option<Stop>,
}
