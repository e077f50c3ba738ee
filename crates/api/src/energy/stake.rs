//! Staking TRX of a lane on TRON, giving a stake up, and having paid out what came of that.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::REASON;
use crate::problem::Code;
use crate::tag;
use crate::text::Decimal;
use crate::wallet::{Balance, Resources};
use crate::withdrawal::EXTERNAL_ID_CHARS_MAX;
use crate::words::words;

/// The most characters of an id.
const ID_CHARS_MAX: usize = 64;

words! {
    /// What is done with a stake.
    StakeDeed {
        /// TRX of the lane is staked: it pays nothing any more, and yields a resource every day.
        Stake = "stake",
        /// A stake that is not lent is given up: the chain holds its TRX back for 14 days.
        Unstake = "unstake",
        /// TRX of stakes that were given up and is due is paid out to the lane: all of it, for whichever resource it was staked.
        Collect = "collect",
    }
}

words! {
    /// What a stake yields.
    StakeResource {
        /// Computation of contracts.
        Energy = "energy",
        /// Bytes of transactions.
        Bandwidth = "bandwidth",
    }
}

/// Orders a stake, the end of one, or that what is due of those that ended is paid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderStake {
    /// Names it among everything that the partner ever asked for: ordered twice, it is done once.
    #[schema(min_length = 1, max_length = 128)]
    pub external_id: String,
    /// The lane on TRON.
    #[schema(max_length = 64)]
    pub wallet_id: String,
    /// What is done.
    pub deed: StakeDeed,
    /// What the stake yields, or yielded.
    pub resource: StakeResource,
    /// How much TRX; 1 at least. To `collect` it waits until so much is due, and the chain pays out all that is.
    pub amount: Decimal,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for OrderStake {
    const FIELDS: &'static [Field] = &[
        Field::required("external_id", Shape::Name(EXTERNAL_ID_CHARS_MAX, Code::ExternalIdMalformed)),
        Field::required("wallet_id", Shape::Text(ID_CHARS_MAX)),
        Field::required("deed", Shape::Word(StakeDeed::WORDS, Code::WordUnknown)),
        Field::required("resource", Shape::Word(StakeResource::WORDS, Code::WordUnknown)),
        Field::required("amount", Shape::Amount),
        REASON,
    ];
}

/// What an order of a stake would find. Nothing was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StakeCheck {
    /// Always `stake_check`.
    pub object: tag::StakeCheck,
    /// Whose it would be.
    pub partner_id: String,
    /// The lane.
    pub wallet_id: String,
    /// Its address.
    pub address: String,
    /// What would be done.
    pub deed: StakeDeed,
    /// What the stake yields.
    pub resource: StakeResource,
    /// How much TRX.
    pub amount: Decimal,
    /// Whether the wallet has it now, by books and chain: TRX that is promised to nobody, or by the books a stake that is not lent,
    /// or that was given up; when that is due only the chain says. It can wait until it has.
    pub covered: bool,
    /// TRX that it has staked, by our own books: what was staked before it was adopted is not in them.
    pub staked: Decimal,
    /// TRX of its stakes that works for others.
    pub lent: Decimal,
    /// TRX that the chain holds back after the end of a stake.
    pub unstaking: Decimal,
    /// What it holds of TRX, with the block it was read at.
    pub balances: Vec<Balance>,
    /// What TRON gives it to work with; `null` where nobody has looked.
    pub resources: Option<Resources>,
}
