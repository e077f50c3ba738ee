//! Wallets and what they hold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::REASON;
use crate::lane::LaneState;
use crate::problem::{Code, Reason};
use crate::tag;
use crate::text::{Decimal, Time};
use crate::withdrawal::{ADDRESS_CHARS_MAX, Block};
use crate::words::words;

/// The most characters of a chain id.
pub const CHAIN_CHARS_MAX: usize = 64;

words! {
    /// What a wallet is for.
    WalletRole {
        /// Pays withdrawals: it is a lane where the signer holds its key.
        Hot = "hot",
        /// Refills hot wallets.
        Warm = "warm",
        /// Keeps the bulk; never signs by itself.
        Cold = "cold",
        /// Pays network fees for others.
        Gas = "gas",
        /// Registered beforehand as a place that money is rescued to.
        Safe = "safe",
    }
}

words! {
    /// Who holds the key of a wallet.
    WalletCustody {
        /// The signer of this installation.
        Managed = "managed",
        /// Somebody else. The engine looks at it and never signs for it.
        External = "external",
    }
}

impl WalletCustody {
    /// As every wallet of a server that does not say it.
    const fn managed() -> Self {
        Self::Managed
    }
}

words! {
    /// Where a wallet is in its life.
    WalletState {
        /// Being taken into service: its proofs are collected.
        Adopting = "adopting",
        /// In service.
        Active = "active",
        /// Nothing is signed: something is unexplained.
        Frozen = "frozen",
        /// Being emptied for good.
        Retiring = "retiring",
        /// Out of service; its key is barred.
        Retired = "retired",
    }
}

/// A wallet that this installation manages or looks at. It belongs to one partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Wallet {
    /// `wa_...`; a managed hot wallet's lane has the same id.
    pub id: String,
    /// Always `wallet`.
    pub object: tag::Wallet,
    /// Whose it is.
    pub partner_id: String,
    /// CAIP-2 id of its chain.
    pub chain: String,
    /// Its address.
    pub address: String,
    /// What people call it.
    #[serde(default)]
    pub label: String,
    /// What it is for.
    pub role: WalletRole,
    /// Who holds its key.
    #[serde(default = "WalletCustody::managed")]
    pub custody: WalletCustody,
    /// From when on money may be sent to it: a wallet that was registered by its address waits. `null`: it never waited.
    #[serde(default)]
    pub trusted_from: Option<Time>,
    /// Where it is in its life.
    pub state: WalletState,
    /// Why it is frozen or still being adopted.
    pub reason: Option<Reason>,
    /// What it holds, one entry for each asset.
    pub balances: Vec<Balance>,
    /// TRON: what it may use of energy and bandwidth. `null` on other chains, and until it was read.
    #[serde(default)]
    pub resources: Option<Resources>,
    /// An external wallet whose key was shown: refills of it are handed out to be signed. `null` for every other one.
    #[serde(default)]
    pub desk: Option<Desk>,
    /// When it came into service.
    pub created_at: Time,
    /// Grows with every change.
    pub version: u64,
}

/// A wallet that hands out what somebody else signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Desk {
    /// Whether anything of it is handed out; the orders of a lane (`/v1/lanes/{id}/pause`, ..) change it.
    pub state: LaneState,
    /// When its key was shown.
    pub key_shown_at: Time,
    /// Nothing of it is handed out before: the store went back in time. `null` otherwise.
    pub quiet_until: Option<Time>,
}

/// What TRON gives a wallet to work with, read at one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resources {
    /// Energy of its stake and lent to it, less what is used and not recovered.
    pub energy: u64,
    /// Bandwidth of its stake and lent to it, bytes, less what is used.
    pub bandwidth: u64,
    /// What is left of the daily free bandwidth, bytes.
    pub free_bandwidth: u64,
    /// The block it was read at.
    pub block: Block,
    /// When it was read.
    pub at: Time,
}

/// What a wallet holds of one asset, all read against one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Balance {
    /// CAIP-19 id.
    pub asset: String,
    /// What the chain says at the block.
    pub on_chain: Decimal,
    /// What can still be promised: `on_chain` less what is reserved and not yet out at that block. Never below zero.
    pub available: Decimal,
    /// Promised to withdrawals that are not signed yet.
    pub reserved: Decimal,
    /// Signed or sent, and not final yet.
    pub in_flight: Decimal,
    /// By how much promises exceed the balance; absent when they do not. A person should look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shortfall: Option<Decimal>,
    /// The block it was read at.
    pub block: Block,
    /// When it was read.
    pub at: Time,
}

/// The most characters of a label.
pub const LABEL_CHARS_MAX: usize = 100;

/// Has a wallet looked at whose key somebody else holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterWallet {
    /// Whose it is; for the platform's keys, which act for every partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub partner_id: Option<String>,
    /// CAIP-2 id of its chain.
    #[schema(max_length = 64)]
    pub chain: String,
    /// Its address.
    #[schema(max_length = 128)]
    pub address: String,
    /// What it is for.
    pub role: WalletRole,
    /// What people call it; 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub label: String,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for RegisterWallet {
    const FIELDS: &'static [Field] = &[
        Field::optional("partner_id", Shape::Text(PARTNER_CHARS_MAX)),
        Field::required("chain", Shape::Text(CHAIN_CHARS_MAX)),
        Field::required("address", Shape::Text(ADDRESS_CHARS_MAX)),
        Field::required("role", Shape::Word(WalletRole::WORDS, Code::WordUnknown)),
        Field::required("label", Shape::Text(LABEL_CHARS_MAX)),
        REASON,
    ];
}

/// The most characters of the name of a partner's row.
const PARTNER_CHARS_MAX: usize = 64;

/// Takes a wallet into service: by procedure, each rule of which is checked now (`WalletCheck` lists them).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptWallet {
    /// CAIP-2 id of its chain.
    #[schema(max_length = 64)]
    pub chain: String,
    /// Its address. The signer must already hold its key.
    #[schema(max_length = 128)]
    pub address: String,
    /// What it will be for.
    pub role: WalletRole,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

words! {
    /// What is asked of a wallet before it comes into service, in the order it is asked.
    WalletRule {
        /// The signer holds its key for this partner, and has not barred it.
        KeyHeld = "key_held",
        /// The signer has just shown it, by signing a fresh challenge.
        KeyShown = "key_shown",
        /// It is no managed wallet yet.
        Free = "free",
        /// It is a plain account: no code, no delegation.
        Plain = "plain",
        /// Its nonce is the same in the pool, at the latest block and at the final one.
        NonceSettled = "nonce_settled",
        /// What it holds is the same at the latest block and at the final one.
        BalanceSettled = "balance_settled",
        /// The chain is followed up to its final block.
        ChainFollowed = "chain_followed",
    }
}

/// One rule, and whether it is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WalletCheckItem {
    /// The rule.
    pub rule: WalletRule,
    /// Whether it is met.
    pub met: bool,
    /// Why not: a code of the problem catalogue, which an adoption would be refused with.
    pub code: Option<String>,
    /// Why not, in words.
    pub detail: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// What an adoption would find. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WalletCheck {
    /// Always `wallet_check`.
    pub object: tag::WalletCheck,
    /// CAIP-2 id of its chain.
    pub chain: String,
    /// Its address.
    pub address: String,
    /// Whether every rule is met.
    pub ready: bool,
    /// The rules that were looked at. What the signer does not hold is not looked at further.
    pub checks: Vec<WalletCheckItem>,
}

impl Body for AdoptWallet {
    const FIELDS: &'static [Field] = &[
        Field::required("chain", Shape::Text(CHAIN_CHARS_MAX)),
        Field::required("address", Shape::Text(ADDRESS_CHARS_MAX)),
        Field::required("role", Shape::Word(WalletRole::WORDS, Code::WordUnknown)),
        REASON,
    ];
}
