//! Energy of TRON: how wallets stand with it, what vendors ask, what was ordered, and what payouts would take.

mod account;
mod credit;
mod outlook;
mod request;
mod stake;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::tag;
use crate::text::{Decimal, Time};
use crate::withdrawal::{Block, EXTERNAL_ID_CHARS_MAX};
use crate::words::words;

pub use account::{BookTopUp, EnergyAccount, ResolveEnergyOrder};
pub use credit::{
    AssignTopUp, EnergyBilling, EnergyCredit, EnergyCreditEntry, EnergyCreditEntryType, EnergyTopUp,
};
pub use outlook::{
    EnergyAdvice, EnergyForecast, EnergyPlan, ForecastBasis, ForecastHour, Staking, UnstakeReason,
    UnstakeStep, Unstaking,
};
pub use request::{EnergyBurnReason, EnergyRequest, EnergyRequestItem, EnergyRequestStatus, RequestEnergy};
pub use stake::{OrderStake, StakeCheck, StakeDeed, StakeResource};

/// The most withdrawals of one quote.
pub const WITHDRAWALS_MAX: usize = 100;
/// The most payouts of one quote.
pub const PAYOUTS_MAX: u64 = 10_000;
/// The most characters of an id or a chain.
const ID_CHARS_MAX: usize = 64;

words! {
    /// The rung a wallet stands on, by the share of its own energy that is there: critical below 10 %, warning below 20 %, optimal
    /// from 70 %. A rung is left upwards at 20 %, 30 % and 70 %, optimal downwards at 50 %.
    EnergyMode {
        /// It has no energy of its own: payouts rent energy or burn TRX.
        Without = "without",
        /// More than enough.
        Optimal = "optimal",
        /// Enough.
        Normal = "normal",
        /// Little: energy is bought ahead.
        Warning = "warning",
        /// Hardly any: what has priority goes first.
        Critical = "critical",
    }
}

words! {
    /// Who is given energy at once.
    EnergyAtOnce {
        /// Every payout.
        All = "all",
        /// Withdrawals of type `immediate`; the others wait to be sent together, for a bounded time.
        Priority = "priority",
    }
}

words! {
    /// When energy is bought.
    EnergyBuying {
        /// For payouts that lack it.
        Needed = "needed",
        /// Also for those that are expected next.
        Ahead = "ahead",
    }
}

/// Energy of a partner's lanes on TRON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Energy {
    /// Always `energy`.
    pub object: tag::Energy,
    /// Whose.
    pub partner_id: String,
    /// One for each lane in service.
    pub wallets: Vec<EnergyWallet>,
    /// When it was computed.
    pub at: Time,
}

/// How a wallet stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyWallet {
    /// Which.
    pub wallet: String,
    /// CAIP-2 id of its chain.
    pub chain: String,
    /// The rung it stands on.
    pub mode: EnergyMode,
    /// Since when; `null` for a wallet that never had energy of its own.
    pub since: Option<Time>,
    /// What that rung allows.
    pub allows: EnergyAllows,
    /// What was read last; `null` until it was.
    pub read: Option<EnergyReading>,
    /// When its own energy will not do for what is expected; `null` where it will for a week, has none of its own, or was not read.
    pub depletes_at: Option<Time>,
    /// What it waits for; `null` when nothing lacks energy.
    pub need: Option<EnergyNeed>,
    /// TRX that it paid to the network within the last hour.
    pub burned_hour: Decimal,
    /// TRX that it may burn within an hour; what is on its way counts with its fee limit.
    pub burn_hour_cap: Decimal,
}

/// What a rung allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyAllows {
    /// Who is given energy at once.
    pub at_once: EnergyAtOnce,
    /// When energy is bought.
    pub buying: EnergyBuying,
}

/// Energy and bandwidth, read at one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyReading {
    /// Energy that may be used.
    pub energy: u64,
    /// Energy in a day of its stake and of what is lent to it, nothing of it used.
    pub energy_most: u64,
    /// What of that is its own: staked, or lent for longer than a rental.
    pub energy_own: u64,
    /// What of that is rented by orders whose time is not over.
    pub energy_rented: u64,
    /// Share of its own that is there, per cent, at most 100; `null` where it has none of its own.
    pub percent: Option<u8>,
    /// Share of the most that is used and has not come back, per cent; `null` where there is none.
    pub used_percent: Option<u8>,
    /// Bandwidth of stakes that may be used, bytes.
    pub bandwidth: u64,
    /// Bandwidth in a day of stakes, bytes.
    pub bandwidth_most: u64,
    /// What is left of the daily free bandwidth, bytes.
    pub free_bandwidth: u64,
    /// The block.
    pub block: Block,
    /// When it was read.
    pub at: Time,
}

/// Energy that payouts of a lane wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyNeed {
    /// Name.
    pub id: String,
    /// How much.
    pub energy: u64,
    /// TRX that burning for it would have cost when it was asked for.
    pub burning: Decimal,
    /// When the lane asked.
    pub opened_at: Time,
    /// When the lane stops waiting.
    pub deadline: Time,
}

/// What a vendor asked within five minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyPrice {
    /// Always `energy_price`.
    pub object: tag::EnergyPrice,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Who.
    pub vendor: String,
    /// When the five minutes begin.
    pub from: Time,
    /// The lowest, sun for each energy.
    pub low: Decimal,
    /// The highest, sun for each energy.
    pub high: Decimal,
    /// The last, sun for each energy.
    pub last: Decimal,
    /// The last was for so much energy.
    pub energy: u64,
    /// And for so long, seconds.
    pub duration_s: u64,
    /// How many quotes.
    pub quotes: u64,
    /// When the last one was heard.
    pub last_at: Time,
}

words! {
    /// Where an order stands.
    EnergyOrderStatus {
        /// Decided; nothing has left.
        Planned = "planned",
        /// Given up before anything left.
        Dropped = "dropped",
        /// Perhaps sent.
        Asked = "asked",
        /// The vendor certainly took nothing.
        Refused = "refused",
        /// The vendor may have taken it.
        Unknown = "unknown",
        /// The vendor took it.
        Accepted = "accepted",
        /// The chain shows all of its energy.
        Delivered = "delivered",
        /// Past its deadline, the chain shows some of it.
        Short = "short",
        /// The vendor says that it gave up.
        Failed = "failed",
        /// Its money came back.
        Refunded = "refunded",
        /// Past its deadline, neither energy nor money is explained.
        Unresolved = "unresolved",
        /// Nothing was kept and nothing came.
        Absent = "absent",
        /// It was paid, and nothing came.
        Lost = "lost",
    }
}

/// One purchase of energy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyOrder {
    /// Always `energy_order`.
    pub object: tag::EnergyOrder,
    /// Name.
    pub id: String,
    /// The lane it is for.
    pub wallet: String,
    /// What it is for.
    pub need: String,
    /// Whom it is put to.
    pub vendor: String,
    /// Where it stands.
    pub status: EnergyOrderStatus,
    /// How much.
    pub energy: u64,
    /// For how long, seconds.
    pub duration_s: u64,
    /// When it must be on the chain.
    pub deadline: Time,
    /// TRX that it may cost at most. Told to the platform, which pays vendors; otherwise `null`.
    pub cost_max: Option<Decimal>,
    /// TRX that it cost, once that is known. Told to the platform; otherwise `null`.
    pub cost: Option<Decimal>,
    /// When it was decided.
    pub planned_at: Time,
    /// Grows with every change of it.
    pub version: u64,
}

/// Asks what payouts would take. Name their number, or the withdrawals; nothing is ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteEnergy {
    /// Whose; the caller's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub partner_id: Option<String>,
    /// CAIP-2 id of the chain; the first one of TRON when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub chain: Option<String>,
    /// So many payments of a token, each to an account that holds none of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub payouts: Option<u64>,
    /// These withdrawals, each simulated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub withdrawals: Vec<String>,
    /// And these, by their `external_id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub external_ids: Vec<String>,
}

impl Body for QuoteEnergy {
    const FIELDS: &'static [Field] = &[
        Field::optional("partner_id", Shape::Text(ID_CHARS_MAX)),
        Field::optional("chain", Shape::Text(ID_CHARS_MAX)),
        Field::optional("payouts", Shape::Whole),
        Field::optional("withdrawals", Shape::Texts(WITHDRAWALS_MAX, ID_CHARS_MAX)),
        Field::optional("external_ids", Shape::Texts(WITHDRAWALS_MAX, EXTERNAL_ID_CHARS_MAX)),
    ];
}

words! {
    /// Where energy may come from.
    EnergySourceKind {
        /// Energy that lanes have.
        Own = "own",
        /// A vendor.
        Vendor = "vendor",
        /// Burned TRX.
        Burn = "burn",
    }
}

/// What payouts would take, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyQuote {
    /// Always `energy_quote`.
    pub object: tag::EnergyQuote,
    /// Whose.
    pub partner_id: String,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Payouts that are counted.
    pub payouts: u64,
    /// How many of them were simulated on the chain; the others count as one to an account that holds none of the token.
    pub simulated: u64,
    /// Energy for all of them.
    pub energy: u64,
    /// What of it lanes have.
    pub at_hand: u64,
    /// What has to come from elsewhere.
    pub missing: u64,
    /// Sources of what is missing, the cheapest first. A vendor is there that named a price.
    pub sources: Vec<EnergySource>,
    /// TRX that the cheapest of them costs; zero when nothing is missing.
    pub cost: Decimal,
    /// TRX that burning costs instead.
    pub burning: Decimal,
    /// TRX that is saved beside burning.
    pub saved: Decimal,
    /// When it was computed.
    pub at: Time,
}

/// A source of what is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergySource {
    /// What it is.
    pub kind: EnergySourceKind,
    /// The vendor's name; `null` for others.
    pub vendor: Option<String>,
    /// Energy that it gives: what is missing, or the least it sells.
    pub energy: u64,
    /// Sun for each energy.
    pub price: Decimal,
    /// TRX for all of it.
    pub cost: Decimal,
    /// When its price was heard.
    pub heard_at: Time,
}
