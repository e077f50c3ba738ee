//! Wallets and their balances.

use serde::{Deserialize, Serialize};
use sluice_core::address::Address;
use sluice_core::amount::Units;
use sluice_core::asset::AssetId;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::resource::{Network, Resources};
use sluice_core::time::Timestamp;
use sluice_core::wallet::{
    Balance, Custody, LaneState, Obstacle, Power, RaisedCap, Record, Rest, Revert, SpeedUp, Tier, Wallet,
};
use sluice_core::withdrawal::Waiting;

use super::cells::{Cells, big};
use super::table::Table;
use super::version::V;
use super::{Unread, kept};
use crate::sql::Row;

pub(crate) const TABLE: Table = Table {
    name: "wallet",
    texts: &[
        "id",
        "partner_id",
        "chain",
        "address",
        "label",
        "tier",
        "custody",
        "state",
        "reason",
        "evidence",
        "cap_wei",
        "obstacle",
    ],
    ints: &[
        "trusted_from",
        "next_nonce",
        "cap_until",
        "obstacle_since",
        "reverts",
        "key_shown_at",
        "quiet_until",
        "adopted_at",
        "version",
    ],
    blobs: &[],
};

/// What may change after adoption.
pub(crate) const MUTABLE: &[&str] = &[
    "label",
    "state",
    "reason",
    "evidence",
    "next_nonce",
    "cap_wei",
    "cap_until",
    "obstacle",
    "obstacle_since",
    "reverts",
    "key_shown_at",
    "quiet_until",
    "version",
];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    v: V<1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed_up: Option<Hurry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reverts: Vec<RevertShape>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevertShape {
    asset: String,
    to: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hurry {
    nonce: u64,
    max_fee_wei: Option<String>,
    at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Frozen {
    v: V<1>,
    seen: String,
    /// What it goes back to; absent where that is `open`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    was: Option<RestShape>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reverts: Vec<RevertShape>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RestShape {
    Paused,
    Draining,
}

impl RestShape {
    const fn of(was: Rest) -> Option<Self> {
        match was {
            Rest::Open => None,
            Rest::Paused => Some(Self::Paused),
            Rest::Draining => Some(Self::Draining),
        }
    }

    const fn read(shape: Option<&Self>) -> Rest {
        match shape {
            None => Rest::Open,
            Some(Self::Paused) => Rest::Paused,
            Some(Self::Draining) => Rest::Draining,
        }
    }
}

impl RevertShape {
    fn of(revert: &Revert) -> Self {
        Self { asset: revert.asset.to_string(), to: revert.to.key() }
    }

    fn read(&self) -> Result<Revert, String> {
        let asset = AssetId::parse(&self.asset).map_err(|error| error.to_string())?;
        let to = Address::read(&self.to).map_err(|error| error.to_string())?;
        Ok(Revert { asset, to })
    }
}

impl Hurry {
    fn of(order: &SpeedUp) -> Self {
        let max_fee_wei = order.max_fee_wei.map(|fee| fee.to_string());
        Self { nonce: order.nonce, max_fee_wei, at: order.at.micros() }
    }

    fn read(&self) -> Result<SpeedUp, String> {
        let fee = self.max_fee_wei.as_deref().map(str::parse).transpose();
        let max_fee_wei = fee.map_err(|_| "speed_up.max_fee_wei is no number".to_owned())?;
        Ok(SpeedUp { nonce: self.nonce, max_fee_wei, at: Timestamp::from_micros(self.at) })
    }
}

/// A row of `wallet`. `was` is the version it is expected to have.
#[derive(Debug, Serialize)]
pub(crate) struct WalletRow {
    id: String,
    partner_id: String,
    chain: String,
    address: String,
    label: String,
    tier: &'static str,
    custody: &'static str,
    trusted_from: Option<i64>,
    state: &'static str,
    reason: String,
    evidence: String,
    cap_wei: Option<String>,
    obstacle: Option<&'static str>,
    next_nonce: i64,
    cap_until: Option<i64>,
    obstacle_since: Option<i64>,
    reverts: u32,
    key_shown_at: Option<i64>,
    quiet_until: Option<i64>,
    adopted_at: i64,
    version: i64,
    was: Option<i64>,
}

impl WalletRow {
    pub(crate) fn of(wallet: &Wallet, was: Option<i64>) -> Result<Self, serde_json::Error> {
        let reverts = wallet.reverts.iter().map(RevertShape::of).collect();
        let evidence = match &wallet.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining | LaneState::Retired => {
                serde_json::to_string(&Plain {
                    v: V,
                    speed_up: wallet.speed_up.as_ref().map(Hurry::of),
                    reverts,
                })?
            }
            LaneState::Frozen { evidence, was } => serde_json::to_string(&Frozen {
                v: V,
                seen: evidence.clone(),
                was: RestShape::of(*was),
                reverts,
            })?,
        };
        Ok(Self {
            id: wallet.id.to_string(),
            partner_id: wallet.partner.to_string(),
            chain: wallet.chain.to_string(),
            address: wallet.address.key(),
            label: wallet.label.clone(),
            tier: wallet.tier.as_str(),
            custody: wallet.custody.as_str(),
            // As an older program writes it: what is adopted has shown its key, and waits for nothing.
            trusted_from: (wallet.trusted_from != wallet.adopted_at).then(|| wallet.trusted_from.micros()),
            state: wallet.state.as_str(),
            reason: wallet.reason.clone(),
            evidence,
            cap_wei: wallet.raised_cap.map(|cap| cap.max_fee_wei.to_string()),
            obstacle: wallet.obstacle.map(|obstacle| obstacle.waiting.as_str()),
            next_nonce: big(wallet.next_nonce),
            cap_until: wallet.raised_cap.map(|cap| cap.until.micros()),
            obstacle_since: wallet.obstacle.map(|obstacle| obstacle.since.micros()),
            reverts: u32::try_from(wallet.reverts.len()).unwrap_or(u32::MAX),
            key_shown_at: wallet.key_shown_at.map(Timestamp::micros),
            quiet_until: wallet.quiet_until.map(Timestamp::micros),
            adopted_at: wallet.adopted_at.micros(),
            version: wallet.version,
            was,
        })
    }
}

/// From a row of `wallet`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Wallet, Unread> {
    let cells = Cells::of("wallet", "id", row);
    let (mut speed_up, mut reverts) = (None, Vec::new());
    let mut plain = |state| -> Result<LaneState, Unread> {
        let shape = cells.json::<Plain>("evidence")?;
        reverts = shape.reverts;
        let order = shape.speed_up.as_ref().map(Hurry::read).transpose();
        speed_up = order.map_err(|why| cells.unread(why))?;
        Ok(state)
    };
    let state = match cells.text("state")? {
        "open" => plain(LaneState::Open)?,
        "paused" => plain(LaneState::Paused)?,
        "draining" => plain(LaneState::Draining)?,
        "retired" => plain(LaneState::Retired)?,
        "frozen" => {
            let shape = cells.json::<Frozen>("evidence")?;
            reverts = shape.reverts;
            LaneState::Frozen { evidence: shape.seen, was: RestShape::read(shape.was.as_ref()) }
        }
        other => return Err(cells.unread(format!("state {other:?}"))),
    };
    let reverts = reverts.iter().map(RevertShape::read).collect::<Result<_, _>>();
    let cap = cells.opt_parsed("cap_wei", str::parse)?.zip(cells.opt_at("cap_until")?);
    let obstacle = cells.opt_parsed("obstacle", |text| Waiting::parse(text).ok_or(()))?;
    Ok(kept(Record {
        id: cells.parsed("id", WalletId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        chain: cells.parsed("chain", ChainId::parse)?,
        address: cells.parsed("address", Address::read)?,
        label: cells.text("label")?.to_owned(),
        tier: cells.parsed("tier", |text| Tier::parse(text).ok_or(()))?,
        custody: cells.parsed("custody", |text| Custody::parse(text).ok_or(()))?,
        trusted_from: cells.opt_at("trusted_from")?.unwrap_or(cells.at("adopted_at")?),
        state,
        reason: cells.text("reason")?.to_owned(),
        next_nonce: cells.number("next_nonce")?,
        speed_up,
        raised_cap: cap.map(|(max_fee_wei, until)| RaisedCap { max_fee_wei, until }),
        obstacle: obstacle
            .zip(cells.opt_at("obstacle_since")?)
            .map(|(waiting, since)| Obstacle { waiting, since }),
        reverts: reverts.map_err(|why| cells.unread(why))?,
        key_shown_at: cells.opt_at("key_shown_at")?,
        quiet_until: cells.opt_at("quiet_until")?,
        adopted_at: cells.at("adopted_at")?,
        version: cells.int("version")?,
    }))
}

/// From a row of `wallet_balance`.
///
/// # Errors
/// [`Unread`].
pub fn read_balance(row: &Row) -> Result<Balance, Unread> {
    let cells = Cells::of("wallet_balance", "wallet_id", row);
    Ok(Balance {
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        asset: cells.parsed("asset", AssetId::parse)?,
        units: cells.parsed("units", |text| Units::from_str_radix(text, 10))?,
        block: cells.block("block_number", "block_hash")?,
        at: cells.at("at")?,
    })
}

/// From a row of `wallet_resource`.
///
/// # Errors
/// [`Unread`].
pub fn read_power(row: &Row) -> Result<Power, Unread> {
    let cells = Cells::of("wallet_resource", "wallet_id", row);
    Ok(Power {
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        resources: Resources {
            energy: cells.number("energy")?,
            bandwidth: cells.number("bandwidth")?,
            free_bandwidth: cells.number("free_bandwidth")?,
            energy_most: cells.number("energy_most")?,
            bandwidth_most: cells.number("bandwidth_most")?,
            network: Network {
                energy: cells.number("network_energy")?,
                stake_trx: cells.number("network_stake_trx")?,
            },
        },
        block: cells.block("block_number", "block_hash")?,
        at: cells.at("at")?,
    })
}
