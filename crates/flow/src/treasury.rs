//! In: what was read of a partner's wallets, and what it paid. Out: what is there, what should be, and what is proposed, for
//! one asset. Nothing is written and nothing is moved.

use std::collections::BTreeSet;

use sluice_core::amount::{Amount, Cost, Units};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::id::WalletId;
use sluice_core::ledger::Account;
use sluice_core::port::Ports;
use sluice_core::port::chain::ChainError;
use sluice_core::port::reader::WalletView;
use sluice_core::resource::{ENERGY_NEW, bandwidth};
use sluice_core::stop::Stop;
use sluice_core::time::Timestamp;
use sluice_core::treasury::{
    Conflict, Fuel, Held, History, Need, Outflow, Plan, Purse, Requirement, Settings, Targets,
};
use sluice_core::wallet::{LaneState, Tier};

/// Gas of a token transfer to an account that holds none, as the tokens that are paid take it; a native one takes 21,000.
const GAS_TOKEN: u64 = 65_000;
const GAS_COIN: u64 = 21_000;

/// One asset of one partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The asset.
    pub asset: Asset,
    /// Its wallets, as treasury sees them. Safe ones are among them, and in no sum.
    pub purses: Vec<Purse>,
    /// What the tiers hold.
    pub held: Held,
    /// What is expected to leave.
    pub outflow: Outflow,
    /// What the tiers should hold.
    pub targets: Targets,
    /// Both figures, where the targets do not fit into what there is.
    pub conflict: Option<Conflict>,
    /// What is proposed.
    pub plan: Plan,
    /// When the oldest of the balances was read; `None` where none was.
    pub as_of: Option<Timestamp>,
    /// Wallets of which no balance was read yet: they count as empty.
    pub unread: Vec<WalletId>,
}

impl Overview {
    /// Of wallets of the asset's chain; `None` where there is none.
    pub fn of(
        asset: Asset,
        views: &[WalletView],
        stops: &[Stop],
        history: &History,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<Self> {
        let views = in_service(asset.id, views);
        let purses: Vec<Purse> = views.iter().map(|view| purse(&asset, view, stops, now)).collect();
        let partner = views.first()?.wallet.partner;
        let sum = |tier| total(purses.iter().filter(|it| it.tier == tier).map(|it| it.holds));
        let held = Held { hot: sum(Tier::Hot), warm: sum(Tier::Warm), cold: sum(Tier::Cold) };
        let outflow = Outflow::of(history, settings.expects(partner, asset.id));
        let targets = Targets::of(settings, &outflow, &held);
        let read = |view: &&WalletView| view.balances.iter().find(|it| it.asset == asset.id).map(|it| it.at);
        Some(Self {
            conflict: targets.conflict(&held),
            plan: Plan::of(&purses, &held, &targets, threshold(&asset, settings)),
            as_of: views.iter().filter_map(&read).min(),
            unread: views.iter().filter(|view| read(view).is_none()).map(|view| view.wallet.id).collect(),
            asset,
            purses,
            held,
            outflow,
            targets,
        })
    }
}

fn in_service(asset: AssetId, views: &[WalletView]) -> Vec<&WalletView> {
    let of_chain = views.iter().filter(|view| view.wallet.chain == asset.chain);
    of_chain.filter(|view| view.wallet.state != LaneState::Retired).collect()
}

fn total(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, Amount::saturating_add)
}

/// Whole units of the asset, in atoms.
fn threshold(asset: &Asset, settings: &Settings) -> Amount {
    let scale = 10u64.saturating_pow(u32::from(asset.precision));
    let atoms = i64::try_from(settings.sweep_threshold.saturating_mul(scale)).unwrap_or(i64::MAX);
    Amount::from_atoms(atoms).unwrap_or_default()
}

fn purse(asset: &Asset, view: &WalletView, stops: &[Stop], now: Timestamp) -> Purse {
    let wallet = &view.wallet;
    let units = view.balances.iter().find(|it| it.asset == asset.id).map_or(Units::ZERO, |it| it.units);
    let holds = sluice_codec::scale::from_chain(units, asset).floor;
    let booked =
        view.books.iter().filter(|(of, account, _)| *of == asset.id && *account == Account::Available);
    let booked = booked.fold(0i64, |sum, (.., atoms)| sum.saturating_add(*atoms));
    let free = Amount::from_atoms(booked.max(0)).unwrap_or_default().min(holds);
    let stopped = stops.iter().any(|stop| stop.scope.covers(wallet.partner, asset.id, Some(wallet.id)));
    let shut = stopped || matches!(wallet.state, LaneState::Frozen { .. } | LaneState::Retired);
    Purse {
        wallet: wallet.id,
        tier: wallet.tier,
        holds,
        free,
        gives: !shut && wallet.gives_back(),
        takes: !shut && wallet.is_trusted(now) && wallet.gives_back(),
    }
}

/// What withdrawals of an asset need, beside what lanes have free of it. Lanes that are shut have nothing.
pub fn requirement(
    asset: &Asset,
    needed: Amount,
    views: &[WalletView],
    stops: &[Stop],
    now: Timestamp,
) -> Requirement {
    let lanes = lanes(asset, views, stops, now);
    let current = total(lanes.iter().map(|it| it.holds));
    let free = total(lanes.iter().map(|it| it.free));
    Need { needed, current, reserved: current.checked_sub(free).unwrap_or_default() }.judged()
}

fn lanes(asset: &Asset, views: &[WalletView], stops: &[Stop], now: Timestamp) -> Vec<Purse> {
    let lanes = in_service(asset.id, views).into_iter().filter(|view| view.wallet.is_lane());
    lanes.map(|view| purse(asset, view, stops, now)).filter(|it| it.gives).collect()
}

/// What the chain takes now for so many payments, at most, beside what the lanes have for it.
///
/// # Errors
/// [`ChainError`]: the price cannot be read now.
pub async fn fuel(
    ports: &Ports,
    asset: &Asset,
    payments: u64,
    views: &[WalletView],
    stops: &[Stop],
    now: Timestamp,
) -> Result<Fuel, ChainError> {
    let unknown =
        || ChainError::Down { chain: asset.id.chain.to_string(), why: "it is not configured".into() };
    let chain = ports.chains.get(&asset.id.chain).ok_or_else(unknown)?;
    let coin = Asset::native(chain.profile());
    let lanes: BTreeSet<WalletId> = lanes(asset, views, stops, now).iter().map(|it| it.wallet).collect();
    let lanes = || views.iter().filter(|view| lanes.contains(&view.wallet.id));
    let held = lanes().flat_map(|view| &view.balances).filter(|it| it.asset == coin.id);
    let coin = held.fold(Units::ZERO, |sum, it| sum.saturating_add(it.units)).saturating_to::<u128>();
    if chain.profile().tron().is_some() {
        let asked = chain.conditions().await?;
        let energy = lanes().filter_map(|view| view.power).map(|power| power.resources.energy);
        let bytes = Cost::of(u128::from(asked.bandwidth_sun), bandwidth(asset.id.kind, 0));
        return Ok(Fuel {
            payments,
            each: if asset.contract().is_some() { ENERGY_NEW } else { 0 },
            at_hand: energy.fold(0, u64::saturating_add),
            price: u128::from(asked.energy_sun),
            // As if no wallet had bandwidth of its own: it is used for a whole transaction or not at all.
            beside: bytes.map_or(u128::MAX, |cost| cost.0),
            coin,
        });
    }
    let market = chain.market().await?;
    let each = if asset.contract().is_some() { GAS_TOKEN } else { GAS_COIN };
    let price = market.base_fee_wei.saturating_add(market.tip_wei);
    Ok(Fuel { payments, each, at_hand: 0, price, beside: 0, coin })
}

#[cfg(test)]
mod tests {
    use sluice_core::address::EvmAddress;
    use sluice_core::id::{PartnerId, Ulid, WalletId};
    use sluice_core::wallet::{Custody, Registration, Tier, Wallet};

    use super::*;

    fn token() -> Asset {
        let id = AssetId::erc20(sluice_core::chain::ChainId::evm(137), EvmAddress([0x70; 20]));
        Asset { id, symbol: "TUSD".into(), precision: 6, decimals: 6, freezable: true }
    }

    fn registered(custody: Custody) -> WalletView {
        let at = Timestamp::from_micros(1_800_000_000_000_000);
        let wanted = Registration {
            id: WalletId::new(Ulid::new(at, 1)),
            partner: PartnerId::new(Ulid::new(at, 1)),
            chain: token().id.chain,
            address: EvmAddress([0x33; 20]).into(),
            label: "vault".into(),
            tier: Tier::Cold,
            custody,
            nonce: 0,
            trusted_from: at,
        };
        WalletView {
            wallet: Wallet::register(wanted, "r".into(), at).unwrap().into_after(),
            since: at,
            cause: "r".into(),
            balances: Vec::new(),
            power: None,
            books: Vec::new(),
            in_flight: 0,
            unsettled: 0,
            oldest: None,
        }
    }

    #[test]
    fn nothing_is_proposed_from_or_to_a_wallet_that_nothing_leaves() {
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let of = |custody| purse(&token(), &registered(custody), &[], now);
        let (outside, ours) = (of(Custody::External), of(Custody::Managed));
        assert!(outside.gives && outside.takes, "whoever holds its key sends: {outside:?}");
        assert!(!ours.gives && !ours.takes, "nothing of it ever gets a slot: {ours:?}");
    }
}
