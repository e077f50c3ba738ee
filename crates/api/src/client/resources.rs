//! One method for each route, named like the thing it is about.
//!
//! Every method fails with [`ClientError`]; what a command can be refused for is in the problem's code.
//!
//! Length: one call after the other, each a line or two; a caller looks here for any of them.

use super::pages::Pages;
use super::transport::{Call, at};
use super::{Client, ClientError};
use crate::alert::Alert;
use crate::asset::Asset;
use crate::attention::{Attention, Resolve};
use crate::chain::Chain;
use crate::command::{Because, Command};
use crate::energy::{
    AssignTopUp, BookTopUp, Energy, EnergyAccount, EnergyCredit, EnergyCreditEntry, EnergyForecast,
    EnergyOrder, EnergyPlan, EnergyPrice, EnergyQuote, EnergyRequest, EnergyTopUp, OrderStake, QuoteEnergy,
    RequestEnergy, ResolveEnergyOrder, StakeCheck,
};
use crate::event::Event;
use crate::health::{Health, Readiness};
use crate::key::{ApiKey, CreateApiKey, CreatedApiKey, RevokeApiKey};
use crate::lane::{AdoptTransaction, Lane, SetCap, SpeedUp};
use crate::limit::{Limit, SetLimit};
use crate::list::List;
use crate::me::Me;
use crate::partner::{CreatePartner, Partner};
use crate::path;
use crate::query::{
    AlertQuery, CommandQuery, EnergyCreditQuery, EnergyOrderQuery, EnergyPriceQuery, EnergyQuery,
    EnergyRequestQuery, EnergyTopUpQuery, EventQuery, FundingQuery, Page, ReconciliationQuery,
    SignatureQuery, StatementQuery, StatsQuery, TreasuryQuery, WithdrawalQuery,
};
use crate::reconciliation::Reconciliation;
use crate::restored::Restored;
use crate::signature::{
    HandOutRequest, KeyStatement, MovementCheck, OrderMovement, ShowKey, SignatureRequest, SubmitSignature,
};
use crate::statement::Statement;
use crate::stats::Stats;
use crate::stop::{CreateStop, Stop};
use crate::treasury::{Funding, Treasury};
use crate::wallet::{AdoptWallet, RegisterWallet, Wallet, WalletCheck};
use crate::withdrawal::{CancelWithdrawal, CreateWithdrawal, Withdrawal};

type Answer<T> = Result<T, ClientError>;

/// Methods that list a whole resource without filters.
macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $path:expr, $item:ty;)+) => {
        impl Client {$(
            $(#[$doc])*
            pub fn $name(&self) -> Pages<'_, $item, Page> {
                Pages::new(self, $path, Page { limit: Some(crate::list::LIMIT_MAX), cursor: None }, turn)
            }
        )+}
    };
}

/// Methods that read one thing by its id.
macro_rules! reads {
    ($($(#[$doc:meta])* $name:ident = $path:expr, $item:ty;)+) => {
        impl Client {$(
            $(#[$doc])*
            pub async fn $name(&self, id: &str) -> Answer<$item> {
                self.call(Call::get(at($path, id)?)).await
            }
        )+}
    };
}

/// Methods that command something about one thing. They are never repeated by themselves.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $path:expr, $body:ty, $answer:ty;)+) => {
        impl Client {$(
            $(#[$doc])*
            pub async fn $name(&self, id: &str, command: &$body) -> Answer<$answer> {
                self.call(Call::post(at($path, id)?, command)).await
            }
        )+}
    };
}

fn turn(page: &mut Page, cursor: String) {
    page.cursor = Some(cursor);
}

lists! {
    /// What can be paid.
    assets = path::ASSETS, Asset;
    /// The chains as they look to the server now.
    chains = path::CHAINS, Chain;
    /// Wallets with their balances.
    wallets = path::WALLETS, Wallet;
    /// Lanes.
    lanes = path::LANES, Lane;
    /// Accounts at vendors of energy, for the platform.
    energy_accounts = path::ENERGY_ACCOUNTS, EnergyAccount;
    /// Limits and their use.
    limits = path::LIMITS, Limit;
    /// What needs a person.
    attention = path::ATTENTION, Attention;
    /// Stops, newest first.
    stops = path::STOPS, Stop;
    /// Partners.
    partners = path::PARTNERS, Partner;
    /// Keys, without their secrets.
    keys = path::KEYS, ApiKey;
}

reads! {
    /// A withdrawal by our id.
    withdrawal = path::WITHDRAWAL, Withdrawal;
    /// A wallet with its balances.
    wallet = path::WALLET, Wallet;
    /// What is signed to show the key of a wallet.
    key_statement = path::WALLET_KEY_STATEMENT, KeyStatement;
    /// What a person is asked to sign, by the id of its errand.
    signature_request = path::SIGNATURE_REQUEST, SignatureRequest;
    /// A lane.
    lane = path::LANE, Lane;
    /// What needs a person, by the withdrawal's id.
    attention_item = path::ATTENTION_ITEM, Attention;
    /// A request for energy.
    energy_request = path::ENERGY_REQUEST, EnergyRequest;
    /// A command that takes two persons.
    command = path::COMMAND, Command;
    /// A stop, with what has been confirmed since.
    stop = path::STOP, Stop;
    /// A partner.
    partner = path::PARTNER, Partner;
}

commands! {
    /// Asks to call a withdrawal off. Look at the answer's status: it may still complete.
    cancel_withdrawal = path::WITHDRAWAL_CANCEL, CancelWithdrawal, Withdrawal;
    /// Takes a wallet out of service. Two persons.
    retire_wallet = path::WALLET_RETIRE, Because, Command;
    /// Compares the books of a wallet with the chain now, and keeps what was found.
    reconcile_wallet = path::WALLET_RECONCILE, Because, Reconciliation;
    /// Shows the key of an external wallet: it becomes a desk.
    show_key = path::WALLET_SHOW_KEY, ShowKey, Wallet;
    /// Takes the bytes of a signature request in hand. Look at its status: while they are being made, ask again.
    hand_out = path::SIGNATURE_REQUEST_HAND_OUT, HandOutRequest, SignatureRequest;
    /// Hands a signature in. Twice is once.
    submit_signature = path::SIGNATURE_REQUEST_SUBMIT, SubmitSignature, SignatureRequest;
    /// Says whose a top-up of the energy pool is, by its transaction.
    assign_energy_topup = path::ENERGY_TOPUP_ASSIGN, AssignTopUp, EnergyTopUp;
    /// Calls a request for energy off.
    cancel_energy_request = path::ENERGY_REQUEST_CANCEL, Because, EnergyRequest;
    /// Signs and sends nothing new; follows what was sent.
    pause_lane = path::LANE_PAUSE, Because, Command;
    /// Opens a paused or drained lane.
    resume_lane = path::LANE_RESUME, Because, Command;
    /// Finishes what has a slot and takes nothing new.
    drain_lane = path::LANE_DRAIN, Because, Command;
    /// Offers more for the oldest unfinished transaction.
    speed_up_lane = path::LANE_SPEED_UP, SpeedUp, Command;
    /// Sets the fee cap for a time.
    cap_lane = path::LANE_CAP, SetCap, Command;
    /// Explains a transaction of a frozen lane's wallet. Two persons.
    adopt_transaction = path::LANE_ADOPT, AdoptTransaction, Command;
    /// Opens a frozen lane. Two persons.
    unfreeze_lane = path::LANE_UNFREEZE, Because, Command;
    /// Books what was paid in at a vendor of energy, by its name. Two persons.
    book_energy_top_up = path::ENERGY_ACCOUNT_BOOK, BookTopUp, Command;
    /// Says what a vendor has kept for an order of energy. Two persons.
    resolve_energy_order = path::ENERGY_ORDER_RESOLVE, ResolveEnergyOrder, Command;
    /// Tries a withdrawal again, with every gate.
    redrive = path::ATTENTION_REDRIVE, Because, Command;
    /// Completes a withdrawal on evidence. Two persons.
    resolve = path::ATTENTION_RESOLVE, Resolve, Command;
    /// Ends a withdrawal unpaid.
    give_up = path::ATTENTION_GIVE_UP, Because, Command;
    /// Takes back a command that waits for its second person.
    withdraw_command = path::COMMAND_WITHDRAW, Because, Command;
    /// Says that you look into an alert.
    acknowledge_alert = path::ALERT_ACKNOWLEDGE, Because, Alert;
    /// Lifts a stop. Two persons.
    lift_stop = path::STOP_LIFT, Because, Command;
    /// Revokes a key, at once and for ever.
    revoke_key = path::KEY_REVOKE, RevokeApiKey, ApiKey;
}

impl Client {
    /// Asks for one payment. Repeated while that is worth trying: the external id makes it one withdrawal, with or
    /// without an idempotency key.
    pub async fn create_withdrawal(
        &self,
        withdrawal: &CreateWithdrawal,
        idempotency_key: Option<&str>,
    ) -> Answer<Withdrawal> {
        self.call(Call::post(path::WITHDRAWALS, withdrawal).repeatable(idempotency_key)).await
    }

    /// A withdrawal by the partner's own id; `None` when there is none.
    pub async fn withdrawal_by_external_id(&self, external_id: &str) -> Answer<Option<Withdrawal>> {
        let query =
            WithdrawalQuery { external_id: Some(external_id.to_owned()), ..WithdrawalQuery::default() };
        let page: List<Withdrawal> = self.call(Call::get(path::WITHDRAWALS).asking(&query)).await?;
        // A server that ignored the filter would hand over somebody else's payment.
        Ok(page.data.into_iter().find(|withdrawal| withdrawal.external_id == external_id))
    }

    /// Withdrawals, newest first.
    pub fn withdrawals(&self, query: WithdrawalQuery) -> Pages<'_, Withdrawal, WithdrawalQuery> {
        Pages::new(self, path::WITHDRAWALS, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// What happened to a withdrawal, oldest first.
    ///
    /// # Errors
    /// [`ClientError::Id`] at once when the text cannot be an id.
    pub fn withdrawal_events(&self, id: &str) -> Answer<Pages<'_, Event, Page>> {
        Ok(Pages::new(self, at(path::WITHDRAWAL_EVENTS, id)?, Page::default(), turn))
    }

    /// The feed after a number, oldest first. Remember the last number and ask again: nothing is missed.
    pub async fn events_after(&self, after: u64, limit: u32) -> Answer<List<Event>> {
        self.call(Call::get(path::EVENTS).asking(&EventQuery { after, feed_id: None, limit: Some(limit) }))
            .await
    }

    /// The same for a number of this feed: refused with `feed_changed` after the database was restored from a copy.
    pub async fn events_of(&self, feed_id: &str, after: u64, limit: u32) -> Answer<List<Event>> {
        let query = EventQuery { after, feed_id: Some(feed_id.to_owned()), limit: Some(limit) };
        self.call(Call::get(path::EVENTS).asking(&query)).await
    }

    /// Counts and sums over a range.
    pub async fn stats(&self, query: &StatsQuery) -> Answer<Stats> {
        self.call(Call::get(path::STATS).asking(query)).await
    }

    /// What each wallet of a partner did on a day.
    pub async fn statement(&self, query: &StatementQuery) -> Answer<Statement> {
        self.call(Call::get(path::STATEMENTS).asking(query)).await
    }

    /// What was found when the database went back in time, and what is left to do.
    pub async fn restored(&self) -> Answer<Restored> {
        self.call(Call::get(path::RESTORED)).await
    }

    /// Takes a wallet into service.
    pub async fn adopt_wallet(&self, wallet: &AdoptWallet) -> Answer<Wallet> {
        self.call(Call::post(path::WALLETS, wallet)).await
    }

    /// Every rule of an adoption, and whether it is met. Changes nothing.
    pub async fn check_wallet(&self, wallet: &AdoptWallet) -> Answer<WalletCheck> {
        self.call(Call::post(path::WALLETS_CHECK, wallet)).await
    }

    /// Has a wallet looked at whose key somebody else holds. Two persons.
    pub async fn register_wallet(&self, wallet: &RegisterWallet) -> Answer<Command> {
        self.call(Call::post(path::WALLETS_REGISTER, wallet)).await
    }

    /// What comparisons of books and chain found, newest first.
    pub fn reconciliations(
        &self,
        query: ReconciliationQuery,
    ) -> Pages<'_, Reconciliation, ReconciliationQuery> {
        Pages::new(self, path::RECONCILIATIONS, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// What tiers hold, should hold, and what is proposed.
    pub async fn treasury(&self, query: &TreasuryQuery) -> Answer<Treasury> {
        self.call(Call::get(path::TREASURY).asking(query)).await
    }

    /// What withdrawals that wait need.
    pub async fn funding(&self, query: &FundingQuery) -> Answer<Funding> {
        self.call(Call::get(path::TREASURY_FUNDING).asking(query)).await
    }

    /// Orders a sweep of a lane. Repeated while that is worth trying: the external id makes it one.
    pub async fn order_sweep(&self, sweep: &OrderMovement) -> Answer<Withdrawal> {
        self.call(Call::post(path::TREASURY_SWEEPS, sweep).repeatable(None)).await
    }

    /// Judges a sweep and orders nothing.
    pub async fn check_sweep(&self, sweep: &OrderMovement) -> Answer<MovementCheck> {
        self.call(Call::post(path::TREASURY_SWEEPS_CHECK, sweep)).await
    }

    /// Orders a refill from a desk. Repeated while that is worth trying: the external id makes it one.
    pub async fn order_refill(&self, refill: &OrderMovement) -> Answer<SignatureRequest> {
        self.call(Call::post(path::TREASURY_REFILLS, refill).repeatable(None)).await
    }

    /// Every rule of its order, and what the desk has. Orders nothing.
    pub async fn check_refill(&self, refill: &OrderMovement) -> Answer<MovementCheck> {
        self.call(Call::post(path::TREASURY_REFILLS_CHECK, refill)).await
    }

    /// What people are asked to sign, newest first.
    pub fn signature_requests(&self, query: SignatureQuery) -> Pages<'_, SignatureRequest, SignatureQuery> {
        Pages::new(self, path::SIGNATURE_REQUESTS, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// How lanes on TRON stand with their energy.
    pub async fn energy(&self, query: &EnergyQuery) -> Answer<Energy> {
        self.call(Call::get(path::ENERGY).asking(query)).await
    }

    /// What vendors of energy asked, newest first.
    pub fn energy_prices(&self, query: EnergyPriceQuery) -> Pages<'_, EnergyPrice, EnergyPriceQuery> {
        Pages::new(self, path::ENERGY_PRICES, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// What was ordered for lanes, newest first.
    pub fn energy_orders(&self, query: EnergyOrderQuery) -> Pages<'_, EnergyOrder, EnergyOrderQuery> {
        Pages::new(self, path::ENERGY_ORDERS, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// Asks to have energy got ahead. Repeated while that is worth trying: the external id makes it one request.
    pub async fn request_energy(&self, request: &RequestEnergy) -> Answer<EnergyRequest> {
        self.call(Call::post(path::ENERGY_REQUESTS, request).repeatable(None)).await
    }

    /// Requests for energy, newest first.
    pub fn energy_requests(&self, query: EnergyRequestQuery) -> Pages<'_, EnergyRequest, EnergyRequestQuery> {
        Pages::new(self, path::ENERGY_REQUESTS, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// What a partner has paid ahead for energy of the platform's own stake.
    pub async fn energy_credit(&self, query: &EnergyQuery) -> Answer<EnergyCredit> {
        self.call(Call::get(path::ENERGY_CREDIT).asking(query)).await
    }

    /// What moved that, newest first.
    pub fn energy_credit_entries(
        &self,
        query: EnergyCreditQuery,
    ) -> Pages<'_, EnergyCreditEntry, EnergyCreditQuery> {
        Pages::new(self, path::ENERGY_CREDIT_ENTRIES, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// Top-ups that are nobody's yet, oldest first. For the platform.
    pub fn energy_topups(&self, query: EnergyTopUpQuery) -> Pages<'_, EnergyTopUp, EnergyTopUpQuery> {
        Pages::new(self, path::ENERGY_TOPUPS, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// Orders a stake of a lane's TRX, or the end of one. Repeated while that is worth trying: the external id makes it one.
    pub async fn order_stake(&self, stake: &OrderStake) -> Answer<Withdrawal> {
        self.call(Call::post(path::ENERGY_STAKES, stake).repeatable(None)).await
    }

    /// Judges a stake and orders nothing.
    pub async fn check_stake(&self, stake: &OrderStake) -> Answer<StakeCheck> {
        self.call(Call::post(path::ENERGY_STAKES_CHECK, stake)).await
    }

    /// What payouts are expected, and the energy for them.
    pub async fn energy_forecast(&self, query: &EnergyQuery) -> Answer<EnergyForecast> {
        self.call(Call::get(path::ENERGY_FORECAST).asking(query)).await
    }

    /// What should be staked, and whether staking or buying is cheaper.
    pub async fn energy_plan(&self, query: &EnergyQuery) -> Answer<EnergyPlan> {
        self.call(Call::get(path::ENERGY_PLAN).asking(query)).await
    }

    /// What payouts would take. Nothing is ordered.
    pub async fn quote_energy(&self, quote: &QuoteEnergy) -> Answer<EnergyQuote> {
        self.call(Call::post(path::ENERGY_QUOTE, quote)).await
    }

    /// Alerts, the most urgent first.
    pub fn alerts(&self, query: AlertQuery) -> Pages<'_, Alert, AlertQuery> {
        Pages::new(self, path::ALERTS, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// Commands that take two persons, newest first.
    pub fn commands(&self, query: CommandQuery) -> Pages<'_, Command, CommandQuery> {
        Pages::new(self, path::COMMANDS, query, |query, cursor| query.page.cursor = Some(cursor))
    }

    /// Stops payments. Read the answer: it lists what cannot be recalled and who has not confirmed.
    pub async fn create_stop(&self, stop: &CreateStop) -> Answer<Stop> {
        self.call(Call::post(path::STOPS, stop)).await
    }

    /// Creates a partner.
    pub async fn create_partner(&self, partner: &CreatePartner) -> Answer<Partner> {
        self.call(Call::post(path::PARTNERS, partner)).await
    }

    /// Sets a partner's limits for an asset; they are told as they stand then.
    pub async fn set_limit(&self, limit: &SetLimit) -> Answer<List<Limit>> {
        self.call(Call::post(path::LIMITS, limit)).await
    }

    /// Creates a key. Its secret is in this answer and nowhere else.
    pub async fn create_key(&self, key: &CreateApiKey) -> Answer<CreatedApiKey> {
        self.call(Call::post(path::KEYS, key)).await
    }

    /// Who the caller is.
    pub async fn me(&self) -> Answer<Me> {
        self.call(Call::get(path::ME)).await
    }

    /// Whether the process answers.
    pub async fn health(&self) -> Answer<Health> {
        self.call(Call::get(path::HEALTH)).await
    }

    /// Whether the process can do its work. One that cannot answers too.
    pub async fn readiness(&self) -> Answer<Readiness> {
        self.call(Call::get(path::READY).or_answer(503)).await
    }
}
