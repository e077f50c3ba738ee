//! What is expected, and what should be staked for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tag;
use crate::text::{Decimal, Time};
use crate::words::words;

words! {
    /// Where a shape comes from.
    ForecastBasis {
        /// What came in the last 28 days.
        History = "history",
        /// What usually comes; there is too little history to tell.
        Usual = "usual",
        /// No day is known: nothing is expected, and the forecast says nothing.
        Unknown = "unknown",
    }
}

/// What is expected of a partner's payouts on a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyForecast {
    /// Always `energy_forecast`.
    pub object: tag::EnergyForecast,
    /// Whose.
    pub partner_id: String,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Days of the last 28 that are known.
    pub days_known: u64,
    /// Where the shape of the week comes from.
    pub days: ForecastBasis,
    /// Where the shape of the day comes from.
    pub hours: ForecastBasis,
    /// Payouts expected in a week.
    pub week_payouts: Decimal,
    /// Payouts expected on each weekday, Monday first, in the partner's zone.
    pub weekdays: Vec<Decimal>,
    /// Energy of a payment to an account that holds the token.
    pub energy_each_low: u64,
    /// Energy of a payment to an account that holds none of it.
    pub energy_each_high: u64,
    /// The next 48 hours, the present one first.
    pub next: Vec<ForecastHour>,
    /// When it was computed.
    pub at: Time,
}

/// An hour that comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastHour {
    /// When it begins.
    pub from: Time,
    /// Payouts expected.
    pub payouts: Decimal,
    /// Energy for them if each account that is paid holds the token.
    pub energy_low: u64,
    /// Energy for them if none of them does.
    pub energy_high: u64,
}

words! {
    /// To stake or to buy.
    EnergyAdvice {
        /// Buying costs less than 80 % of staking.
        Buy = "buy",
        /// Buying costs more than 120 % of staking.
        Stake = "stake",
        /// Neither is clearly cheaper.
        Mixed = "mixed",
    }
}

words! {
    /// Why a stake should be given up.
    UnstakeReason {
        /// Three months used less than half of it.
        UsedLittle = "used_little",
        /// Payouts have fallen by 30 % or more, for four weeks.
        VolumeFell = "volume_fell",
        /// Energy on the market costs clearly less than the stake.
        MarketCheaper = "market_cheaper",
        /// No lane is in service any more.
        Shutdown = "shutdown",
    }
}

/// What should be staked, whether that is cheaper than buying, and whether a stake should be given up. Nothing is done by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyPlan {
    /// Always `energy_plan`.
    pub object: tag::EnergyPlan,
    /// Whose.
    pub partner_id: String,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Energy that the network gives all stakes in a day.
    pub network_energy: u64,
    /// TRX that is staked for it.
    pub network_stake: Decimal,
    /// What should be there.
    pub staking: Staking,
    /// What each energy of a stake costs, sun: what its TRX would earn elsewhere.
    pub stake_price: Decimal,
    /// What vendors asked in the middle of the last seven days, sun for each energy; `null` where none was heard.
    pub market_price: Option<Decimal>,
    /// What each burned energy costs, sun.
    pub burn_price: Decimal,
    /// To stake or to buy; `null` where no vendor's price is known.
    pub advice: Option<EnergyAdvice>,
    /// What TRX would earn elsewhere in a year, basis points; an assumption.
    pub yearly_bps: u32,
    /// How long the chain holds a stake back at its end, days.
    pub exit_days: u32,
    /// Whether the stake should be given up.
    pub unstaking: Unstaking,
    /// When the network was read.
    pub read_at: Time,
    /// When it was computed.
    pub at: Time,
}

/// What should be staked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Staking {
    /// Energy of the largest day of the forecast, each payment to an account that holds none of the token.
    pub day_energy: u64,
    /// The same with a margin of 20 %: the base of all below.
    pub wanted_energy: u64,
    /// What of that should come from own stakes.
    pub own_energy: u64,
    /// What of that should be leased for months.
    pub lease_energy: u64,
    /// What of that should be bought as it is needed.
    pub spot_energy: u64,
    /// TRX that should be staked.
    pub stake: Decimal,
    /// TRX of that which is given up last.
    pub reserve: Decimal,
    /// TRX that is staked, by the books.
    pub staked: Decimal,
    /// TRX that is still to be staked.
    pub lacking: Decimal,
    /// TRX that is staked beyond it.
    pub beyond: Decimal,
}

/// Whether a stake should be given up, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unstaking {
    /// Every reason there is; none when it should stay.
    pub reasons: Vec<UnstakeReason>,
    /// In which steps, where there is a reason: what is staked beyond what should be, or all of it at the end of service.
    pub steps: Vec<UnstakeStep>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnstakeStep {
    /// When it is taken; the first one two weeks ahead.
    pub at: Time,
    /// When its TRX can be used.
    pub usable_at: Time,
    /// TRX.
    pub stake: Decimal,
    /// It is the reserve for emergencies.
    pub reserve: bool,
}
