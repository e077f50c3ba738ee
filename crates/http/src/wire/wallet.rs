//! Wallets and what they hold.

use sluice_api::lane::LaneState as WireState;
use sluice_api::problem::{Lang, Reason};
use sluice_api::tag;
use sluice_api::wallet::{
    Balance as WireBalance, Desk, Resources, Wallet as WireWallet, WalletCustody, WalletRole, WalletState,
};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::ledger::Account;
use sluice_core::port::reader::WalletView;
use sluice_core::wallet::{Balance, Custody, LaneState, Tier};

use super::lane::frozen_by;
use super::{atoms, block, count, time, units};

/// A wallet; `assets` are those its balances may be of.
pub(crate) fn wallet(view: &WalletView, assets: &[Asset], lang: Lang) -> WireWallet {
    let wallet = &view.wallet;
    let (state, reason) = match &wallet.state {
        LaneState::Open | LaneState::Paused | LaneState::Draining => (WalletState::Active, None),
        LaneState::Frozen { .. } => (WalletState::Frozen, Some(Reason::new(frozen_by(view), lang))),
        LaneState::Retired => (WalletState::Retired, None),
    };
    let balances = view.balances.iter().filter_map(|held| {
        let asset = assets.iter().find(|asset| asset.id == held.asset)?;
        Some(balance(view, asset, held))
    });
    WireWallet {
        id: wallet.id.to_string(),
        object: tag::Wallet::Is,
        partner_id: wallet.partner.to_string(),
        chain: wallet.chain.to_string(),
        address: wallet.address.to_string(),
        label: wallet.label.clone(),
        role: role(wallet.tier),
        custody: custody(wallet.custody),
        trusted_from: (wallet.trusted_from != wallet.adopted_at).then(|| time(wallet.trusted_from)),
        state,
        reason,
        balances: balances.collect(),
        resources: resources(view),
        desk: desk(view),
        created_at: time(wallet.adopted_at),
        version: count(wallet.version),
    }
}

/// What TRON gives it to work with.
pub(crate) fn resources(view: &WalletView) -> Option<Resources> {
    view.power.map(|power| Resources {
        energy: power.resources.energy,
        bandwidth: power.resources.bandwidth,
        free_bandwidth: power.resources.free_bandwidth,
        block: block(power.block),
        at: time(power.at),
    })
}

fn desk(view: &WalletView) -> Option<Desk> {
    let wallet = &view.wallet;
    let key_shown_at = wallet.key_shown_at.filter(|_| wallet.is_desk())?;
    let state = match &wallet.state {
        LaneState::Open => WireState::Open,
        LaneState::Paused => WireState::Paused,
        LaneState::Draining => WireState::Draining,
        LaneState::Frozen { .. } => WireState::Frozen,
        LaneState::Retired => return None,
    };
    Some(Desk { state, key_shown_at: time(key_shown_at), quiet_until: wallet.quiet_until.map(time) })
}

/// What a tier is called on the wire.
pub(crate) const fn role(tier: Tier) -> WalletRole {
    match tier {
        Tier::Hot => WalletRole::Hot,
        Tier::Warm => WalletRole::Warm,
        Tier::Cold => WalletRole::Cold,
        Tier::Safe => WalletRole::Safe,
    }
}

/// What a wallet holds of one asset.
pub(crate) fn balance(view: &WalletView, asset: &Asset, held: &Balance) -> WireBalance {
    let free = booked(view, asset.id, Account::Available);
    WireBalance {
        asset: asset.id.to_string(),
        on_chain: units(&held.units.to_string(), asset.decimals).as_str().into(),
        available: atoms(free.max(0), asset),
        reserved: atoms(booked(view, asset.id, Account::Reserved), asset),
        in_flight: atoms(booked(view, asset.id, Account::InFlight), asset),
        shortfall: (free < 0).then(|| atoms(free.saturating_neg(), asset)),
        block: block(held.block),
        at: time(held.at),
    }
}

fn booked(view: &WalletView, asset: AssetId, account: Account) -> i64 {
    let lines = view.books.iter().filter(|(of, in_account, _)| *of == asset && *in_account == account);
    lines.fold(0i64, |sum, (_, _, atoms)| sum.saturating_add(*atoms))
}

/// Who holds its key.
pub(crate) const fn custody(custody: Custody) -> WalletCustody {
    match custody {
        Custody::Managed => WalletCustody::Managed,
        Custody::External => WalletCustody::External,
    }
}
