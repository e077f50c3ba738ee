//! What is free of a wallet (M8): what the chain says at a block, less what transfers that it does not show there may take.

use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::chain::BlockRef;
use sluice_core::resource::Needs;
use sluice_core::transfer::{Fuelled, State, Transfer};

use super::Lane;

impl Lane<'_> {
    /// What is free of an asset at the block its balance was read at (M8).
    pub(super) fn free(&self, asset: &Asset, balance: Units, at: BlockRef) -> Units {
        let coin = self.native();
        let promised = self.transfers().filter(|transfer| !included_by(transfer, at)).flat_map(|transfer| {
            let payout = (transfer.asset.source(&coin).id == asset.id && reserves(transfer))
                .then(|| sluice_codec::scale::to_chain(transfer.amount(), &transfer.asset))
                .flatten();
            let gas = fuelled(transfer).filter(|_| asset.is_coin());
            let gas = gas.map(|fuelled| Units::from(fuelled.gas_budget.0));
            payout.into_iter().chain(gas)
        });
        sluice_core::lane::available(balance, promised)
    }

    /// Energy and bandwidth that transfers which the chain does not show at `at` may still use (M8).
    pub(super) fn promised_resources(&self, at: BlockRef) -> (u64, u64) {
        let open = self.transfers().filter(|transfer| !included_by(transfer, at));
        let needs = open.filter_map(|transfer| {
            let pays = transfer.carried().map(|item| &item.approved.payment);
            fuelled(transfer).map(|fuelled| Needs::of(pays, fuelled.gas_limit, false))
        });
        needs.fold((0, 0), |(energy, bandwidth): (u64, u64), needs| {
            (energy.saturating_add(needs.energy), bandwidth.saturating_add(needs.bandwidth))
        })
    }
}

/// The balance at `at` already shows what this transfer took.
fn included_by(transfer: &Transfer, at: BlockRef) -> bool {
    match &transfer.state {
        State::Seen(seen) => seen.inclusion.block.number <= at.number,
        State::Final(_) | State::Dropped { .. } => true,
        State::Planned
        | State::Funded(_)
        | State::Fuelling(_)
        | State::Fuelled(_)
        | State::Built(_)
        | State::Signed(_) => false,
    }
}

/// The transfer's amount is promised.
fn reserves(transfer: &Transfer) -> bool {
    !matches!(transfer.state, State::Planned | State::Dropped { .. })
}

/// What is reserved for its inclusion.
fn fuelled(transfer: &Transfer) -> Option<&Fuelled> {
    match &transfer.state {
        State::Fuelled(fuelled) => Some(fuelled),
        State::Built(built) => Some(&built.fuelled),
        State::Signed(signed) => Some(&signed.fuelled),
        State::Seen(seen) => Some(&seen.signed.fuelled),
        State::Planned | State::Funded(_) | State::Fuelling(_) | State::Final(_) | State::Dropped { .. } => {
            None
        }
    }
}
