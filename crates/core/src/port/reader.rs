//! Reading for people and partners. Every method names the tenant; `None` is the platform, which sees all.
//!
//! Length: one trait, so that whoever answers people sees every question there is.

use super::Fut;
use super::store::StoreError;
use crate::alert::{Alert, Code};
use crate::amount::Amount;
use crate::asset::{Asset, AssetId};
use crate::attempt::Attempt;
use crate::chain::{BlockRef, ChainId};
use crate::command::Command;
use crate::energy::credit::Level;
use crate::energy::mode::Stood;
use crate::energy::price::Span;
use crate::energy::{Need, Order, Prepayment, Reference, Request, TopUp, VendorBooks};
use crate::id::{
    AlertId, CommandId, EnergyOrderId, EnergyRequestId, PartnerId, ReconciliationId, WalletId, WithdrawalId,
};
use crate::journal::Seen;
use crate::lane::Holder;
use crate::ledger::Account;
use crate::port::market::VendorId;
use crate::receipt::Receipt;
use crate::reconciliation::{Outcome, Reconciliation};
use crate::signature_request::{SignatureFilter, SignatureRequest};
use crate::stop::Stop;
use crate::time::Timestamp;
use crate::transfer::Transfer;
use crate::wallet::{Balance, Power, Wallet};
use crate::withdrawal::status::project;
use crate::withdrawal::{Status, Type, Withdrawal};

/// Filters of a list; absent ones do not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Public status.
    pub status: Option<Status>,
    /// Type.
    pub kind: Option<Type>,
    /// Asset.
    pub asset: Option<AssetId>,
    /// The partner's user.
    pub user_id: Option<String>,
    /// Accepted at or after.
    pub from: Option<Timestamp>,
    /// Accepted before.
    pub to: Option<Timestamp>,
    /// The partner's own id.
    pub external_id: Option<String>,
    /// Recipient, lower-case.
    pub address: Option<String>,
    /// Errands of the house too; without that only what partners asked for.
    pub errands: bool,
}

/// Position in a list ordered by `(accepted_at, id)`, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Accepted at.
    pub accepted_at: Timestamp,
    /// Tie break.
    pub id: WithdrawalId,
}

/// Which alerts are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertFilter {
    /// Kinds.
    pub codes: Vec<Code>,
    /// Those whose cause is gone too.
    pub with_resolved: bool,
    /// Behind this one: when it was first seen, and its name.
    pub after: Option<(Timestamp, AlertId)>,
}

impl AlertFilter {
    /// Of every kind, from the newest on.
    pub fn any(with_resolved: bool) -> Self {
        Self { codes: Code::ALL.to_vec(), with_resolved, after: None }
    }
}

/// Which comparisons of books and chain are listed; absent ones do not narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReconciliationFilter {
    /// Of this wallet.
    pub wallet: Option<WalletId>,
    /// That came to this.
    pub outcome: Option<Outcome>,
}

/// What a partner has with a pool, all in sun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnergyCredit {
    /// What is paid ahead; below zero what is owed.
    pub balance_sun: i64,
    /// All that was ever paid ahead.
    pub topped_up_sun: u64,
    /// All that was ever charged, with what was given back of it; what was late and came after all counts twice, and is given back once.
    pub charged_sun: u64,
    /// What was given back of it.
    pub given_back_sun: u64,
    /// Whether it was told to be low.
    pub level: Level,
    /// Blocks below this height were read for top-ups; `None` where none was yet.
    pub next_height: Option<u64>,
}

/// One line of a partner's credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditEntry {
    /// Its place in the books.
    pub number: i64,
    /// Why: `topup`, `loan.asked`, `loan.late`, `loan.absent`, `loan.lent`.
    pub reason: String,
    /// The name of its group: `<need>@<version>` of a loan, `topup_<txid>`.
    pub group: String,
    /// What it moved the balance by, sun.
    pub sun: i64,
    /// When.
    pub at: Timestamp,
}

/// Which requests for energy are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Of this tenant; of all where it is `None`.
    pub partner: Option<PartnerId>,
    /// For this lane.
    pub wallet: Option<WalletId>,
    /// Of this name.
    pub external_id: Option<String>,
    /// Not ended, and for this withdrawal.
    pub withdrawal: Option<WithdrawalId>,
}

/// Which prices of energy are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceFilter {
    /// On this chain.
    pub chain: ChainId,
    /// Of this vendor only.
    pub vendor: Option<VendorId>,
    /// Of spans that begin at this time or later.
    pub from: Timestamp,
    /// Of spans that begin before.
    pub to: Timestamp,
    /// Behind this one: when its span begins, and whose it is.
    pub after: Option<(Timestamp, VendorId)>,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Each hour.
    Hour,
    /// Each day.
    Day,
}

/// A withdrawal with what pays it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalView {
    /// The withdrawal.
    pub withdrawal: Withdrawal,
    /// Public status, as stored by the commit that changed it.
    pub status: Status,
    /// Last change of anything about it.
    pub updated_at: Timestamp,
    /// Its transfers, oldest first, with their attempts.
    pub transfers: Vec<(Transfer, Vec<Attempt>)>,
    /// What it cost, where that is reckoned.
    pub receipt: Option<Receipt>,
    /// Lanes that could pay it.
    pub lanes: Vec<Wallet>,
    /// The stop that covers it, if any.
    pub stop: Option<Stop>,
}

impl WithdrawalView {
    /// Of a withdrawal that was stored a moment ago: nothing pays it yet. Nothing pays or stops what has ended.
    pub fn of_new(withdrawal: Withdrawal, at: Timestamp, lanes: Vec<Wallet>, stop: Option<Stop>) -> Self {
        let ended = withdrawal.state.terminal();
        Self {
            status: project(&withdrawal.state, None),
            updated_at: at,
            transfers: vec![],
            receipt: None,
            lanes: if ended { vec![] } else { lanes },
            stop: stop.filter(|_| !ended),
            withdrawal,
        }
    }
}

/// One event of the feed: numbered densely per partner by the sealer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// Name.
    pub id: crate::id::EventId,
    /// Which life of the feed its number belongs to.
    pub feed: crate::id::FeedId,
    /// Dense number in the partner's feed, from 1.
    pub number: i64,
    /// Tenant.
    pub partner: PartnerId,
    /// `withdrawal.completed`, ...
    pub kind: String,
    /// Withdrawal it is about.
    pub withdrawal: Option<WithdrawalId>,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// The facts, as canonical JSON text.
    pub data: String,
}

/// Counts and sums of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatRow {
    /// Status.
    pub status: Status,
    /// Type.
    pub kind: Type,
    /// Asset.
    pub asset: AssetId,
    /// How many.
    pub count: i64,
    /// Their amounts.
    pub amount: Amount,
}

/// Why the engine shut a lane of a store that is older than its signer (M17); see [`WalletView::cause`].
pub const STORE_WENT_BACK: &str = "store_went_back";

/// The last time that the store went back (M17), what came of it, and what waits for persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentBackView {
    /// What shows it, in one sentence.
    pub evidence: String,
    /// When the copy was made, where one was put in place; otherwise the journal showed it.
    pub copied_at: Option<Timestamp>,
    /// When it was noticed, or put in place.
    pub noticed_at: Timestamp,
    /// When every lane was shut for it.
    pub shut_at: Option<Timestamp>,
    /// What of the signer's journal was imported, and when; until then nothing opens.
    pub imported: Option<(Seen, Timestamp)>,
    /// Attempts of the journal that the store had lost and a transfer carries again.
    pub carried: u64,
    /// Attempts of the journal that the store had lost and no transfer can carry.
    pub lost: u64,
    /// Withdrawals that were found again or wait for persons, by name.
    pub withdrawals: Vec<FoundBack>,
    /// How many more of them there are.
    pub more: u64,
    /// Wallets whose lanes are shut for it.
    pub wallets: Vec<ShutBack>,
    /// Everything is stopped.
    pub stopped: bool,
}

/// A withdrawal of a store that went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundBack {
    /// Its name.
    pub id: WithdrawalId,
    /// The partner's own id.
    pub external_id: String,
    /// Tenant.
    pub partner: PartnerId,
    /// Where it stands now.
    pub status: Status,
    /// How it was found.
    pub how: HowFound,
}

/// How a withdrawal of a store that went back was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HowFound {
    /// The journal has what was signed for it, and it is followed again.
    Carried,
    /// The journal has something signed for it that no transfer carries: only that transaction ends it.
    PaidBeforeRestore,
    /// Nobody knows what became of it in the lost time: two persons decide.
    StoreWentBack,
}

/// A lane that is shut because the store went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShutBack {
    /// Its wallet.
    pub wallet: WalletId,
    /// Transactions of the wallet that nothing explains yet.
    pub unexplained: u64,
}

/// A wallet with what chain and books say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletView {
    /// The wallet.
    pub wallet: Wallet,
    /// Since when it is in its state.
    pub since: Timestamp,
    /// The reason of the change that brought it there: a person's words, or the engine's stable ones, such as
    /// [`STORE_WENT_BACK`].
    pub cause: String,
    /// As last read from the chain.
    pub balances: Vec<Balance>,
    /// Energy and bandwidth, as last read; `None` where the chain has neither, or nobody has looked.
    pub power: Option<Power>,
    /// Sums of the ledger.
    pub books: Vec<(AssetId, Account, i64)>,
    /// Slots allocated and not included.
    pub in_flight: i64,
    /// Sent and not final.
    pub unsettled: i64,
    /// Oldest withdrawal on the lane: its id and since when.
    pub oldest: Option<(WithdrawalId, Timestamp)>,
}

/// How far a chain was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainStatus {
    /// Last block stored.
    pub latest: Option<BlockRef>,
    /// Highest agreed final block.
    pub finalized: Option<BlockRef>,
    /// When either last moved.
    pub moved_at: Option<Timestamp>,
    /// Settlement waits for this height (M16).
    pub settle_after: Option<u64>,
}

/// A limit, how much of it is used today, and when it starts again.
pub type LimitUse = (crate::partner::Limit, Amount, Timestamp);

/// Reading.
pub trait Reader: Send + Sync {
    /// One withdrawal of a tenant.
    fn withdrawal(
        &self,
        partner: Option<PartnerId>,
        id: WithdrawalId,
    ) -> Fut<'_, Result<Option<WithdrawalView>, StoreError>>;

    /// One withdrawal by the partner's own id.
    fn by_external_id<'a>(
        &'a self,
        partner: PartnerId,
        external_id: &'a str,
    ) -> Fut<'a, Result<Option<WithdrawalView>, StoreError>>;

    /// A page of withdrawals, newest first; one more than `limit` is never returned.
    fn list<'a>(
        &'a self,
        partner: Option<PartnerId>,
        filter: &'a Filter,
        after: Option<Position>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<WithdrawalView>, StoreError>>;

    /// Withdrawals that need a person, oldest first.
    fn attention(
        &self,
        partner: Option<PartnerId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<WithdrawalView>, StoreError>>;

    /// Sealed events of a partner after a number, in order.
    fn events(
        &self,
        partner: PartnerId,
        after: i64,
        limit: usize,
    ) -> Fut<'_, Result<Vec<FeedEvent>, StoreError>>;

    /// The life of the feed that numbers are given out in now.
    fn feed(&self) -> Fut<'_, Result<crate::id::FeedId, StoreError>>;

    /// Sealed events of one withdrawal, in order.
    fn timeline(
        &self,
        partner: Option<PartnerId>,
        id: WithdrawalId,
    ) -> Fut<'_, Result<Vec<FeedEvent>, StoreError>>;

    /// Counts and sums of withdrawals accepted in `[from, to)`.
    fn stats(
        &self,
        partner: Option<PartnerId>,
        from: Timestamp,
        to: Timestamp,
    ) -> Fut<'_, Result<Vec<StatRow>, StoreError>>;

    /// Assets a partner may pay.
    fn assets_of(&self, partner: Option<PartnerId>) -> Fut<'_, Result<Vec<Asset>, StoreError>>;

    /// Wallets of a partner.
    fn wallets_of(&self, partner: Option<PartnerId>) -> Fut<'_, Result<Vec<WalletView>, StoreError>>;

    /// One wallet.
    fn wallet(
        &self,
        partner: Option<PartnerId>,
        id: WalletId,
    ) -> Fut<'_, Result<Option<WalletView>, StoreError>>;

    /// What people are asked to sign, newest first.
    fn signature_requests(
        &self,
        partner: Option<PartnerId>,
        filter: SignatureFilter,
        after: Option<Position>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<SignatureRequest>, StoreError>>;

    /// One of them, by its errand.
    fn signature_request(
        &self,
        partner: Option<PartnerId>,
        id: WithdrawalId,
    ) -> Fut<'_, Result<Option<SignatureRequest>, StoreError>>;

    /// Alerts of a partner, newest first.
    fn alerts<'a>(
        &'a self,
        partner: Option<PartnerId>,
        filter: &'a AlertFilter,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Alert>, StoreError>>;

    /// One alert.
    fn alert(&self, partner: Option<PartnerId>, id: AlertId) -> Fut<'_, Result<Option<Alert>, StoreError>>;

    /// What each wallet of a partner did in `[from, to)`, in the books. An error where they do not add up.
    fn statement(
        &self,
        partner: PartnerId,
        from: Timestamp,
        to: Timestamp,
    ) -> Fut<'_, Result<Vec<crate::statement::Line>, StoreError>>;

    /// What comparisons of books and chain found, newest first, below `before`.
    fn reconciliations(
        &self,
        partner: Option<PartnerId>,
        filter: ReconciliationFilter,
        before: Option<ReconciliationId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Reconciliation>, StoreError>>;

    /// The last time that the store went back; `None` when it never did.
    fn went_back(&self, partner: Option<PartnerId>) -> Fut<'_, Result<Option<WentBackView>, StoreError>>;

    /// How lanes of a tenant stand with their energy, and what of it is rented at that time.
    fn stood_of(&self, partner: Option<PartnerId>, now: Timestamp)
    -> Fut<'_, Result<Vec<Stood>, StoreError>>;

    /// Open needs of energy of a tenant's lanes, oldest first; a lane has one at most.
    fn needs_of(&self, partner: Option<PartnerId>) -> Fut<'_, Result<Vec<Need>, StoreError>>;

    /// Orders of energy for a tenant's lanes, newest first, below `before`; of one wallet, or of all.
    fn energy_orders(
        &self,
        partner: Option<PartnerId>,
        wallet: Option<WalletId>,
        before: Option<EnergyOrderId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Order>, StoreError>>;

    /// One order of energy.
    fn energy_order(&self, id: EnergyOrderId) -> Fut<'_, Result<Option<Order>, StoreError>>;

    /// Requests for energy, newest first, below `before`.
    fn energy_requests<'a>(
        &'a self,
        filter: &'a RequestFilter,
        before: Option<EnergyRequestId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Request>, StoreError>>;

    /// One request for energy.
    fn energy_request(
        &self,
        partner: Option<PartnerId>,
        id: EnergyRequestId,
    ) -> Fut<'_, Result<Option<Request>, StoreError>>;

    /// Accounts at vendors by our books, by name. The installation's, not a tenant's.
    fn vendor_books(&self) -> Fut<'_, Result<Vec<VendorBooks>, StoreError>>;

    /// What was booked as paid in at a vendor under a reference.
    fn top_up<'a>(
        &'a self,
        vendor: &'a VendorId,
        reference: &'a Reference,
    ) -> Fut<'a, Result<Option<TopUp>, StoreError>>;

    /// What a partner has with a pool, by the pool's wallet.
    fn energy_credit(&self, partner: PartnerId, pool: WalletId) -> Fut<'_, Result<EnergyCredit, StoreError>>;

    /// What moved that, newest first, below `before`.
    fn energy_credit_entries(
        &self,
        partner: PartnerId,
        pool: WalletId,
        before: Option<i64>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<CreditEntry>, StoreError>>;

    /// A top-up by its transaction, whosever it is.
    fn energy_topup(&self, txid: [u8; 32]) -> Fut<'_, Result<Option<Prepayment>, StoreError>>;

    /// What vendors asked, newest first.
    fn energy_prices<'a>(
        &'a self,
        filter: &'a PriceFilter,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Span>, StoreError>>;

    /// Withdrawals of a tenant that were paid, by the hour or day (UTC) in which they were accepted, of these assets, in
    /// `[from, to)`. What nothing came in is left out.
    fn paid_by<'a>(
        &'a self,
        partner: PartnerId,
        by: By,
        assets: &'a [AssetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Fut<'a, Result<Vec<(Timestamp, u64)>, StoreError>>;

    /// How far a chain was followed.
    fn chain_status(&self, chain: crate::chain::ChainId) -> Fut<'_, Result<ChainStatus, StoreError>>;

    /// Commands on a tenant's things, newest first, below `before`; in one state, or in any.
    fn commands(
        &self,
        partner: Option<PartnerId>,
        state: Option<&'static str>,
        before: Option<CommandId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Command>, StoreError>>;

    /// One command.
    fn command(
        &self,
        partner: Option<PartnerId>,
        id: CommandId,
    ) -> Fut<'_, Result<Option<Command>, StoreError>>;

    /// Use of a partner's daily limits: asset, used today, cap, reset.
    fn usage(&self, partner: PartnerId, now: Timestamp) -> Fut<'_, Result<Vec<LimitUse>, StoreError>>;

    /// Transfers whose bytes may have left and that are not final, in a scope: what a stop cannot recall. Oldest first, and
    /// how many more than `limit` there are.
    fn irrevocable(
        &self,
        partner: Option<PartnerId>,
        scope: crate::stop::Scope,
        limit: usize,
    ) -> Fut<'_, Result<(Vec<Transfer>, u64), StoreError>>;

    /// Who holds lanes that a stop of this scope covers, at most as many as there are wallets.
    fn holders(&self, scope: crate::stop::Scope) -> Fut<'_, Result<Vec<Holder>, StoreError>>;

    /// Events that are committed and not numbered yet; no more than `limit` are counted.
    fn unsealed(&self, limit: usize) -> Fut<'_, Result<usize, StoreError>>;

    /// Answers at all?
    fn ping(&self) -> Fut<'_, Result<(), StoreError>>;
}
