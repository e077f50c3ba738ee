//! What comparisons of books and chain found.

use sluice_api::reconciliation::{
    NonceGap, Reconciliation as WireReconciliation, ReconciliationLine, ReconciliationOutcome,
};
use sluice_api::tag;
use sluice_api::text::Decimal;
use sluice_core::asset::Asset;
use sluice_core::reconciliation::{Line, Outcome, Reconciliation};

use super::{atoms, block, event, time, units};

/// A comparison; `assets` are those its lines may be of.
pub(crate) fn reconciliation(run: &Reconciliation, assets: &[Asset]) -> WireReconciliation {
    // An asset that is not configured any more has no precision to be told at.
    let known = |it: &Line| assets.iter().find(|asset| asset.id == it.asset);
    let lines = run.lines.iter().filter_map(|it| known(it).map(|asset| line(it, asset)));
    WireReconciliation {
        id: run.id.to_string(),
        object: tag::Reconciliation::Is,
        partner_id: run.partner.to_string(),
        wallet_id: run.wallet.to_string(),
        outcome: outcome(run.outcome()),
        block: block(run.block),
        lines: lines.collect(),
        nonces: run.nonces.map(|(on_chain, given_out)| NonceGap { on_chain, given_out }),
        asked_by: event::actor(&run.asked_by),
        at: time(run.at),
    }
}

fn line(line: &Line, asset: &Asset) -> ReconciliationLine {
    ReconciliationLine {
        asset: asset.id.to_string(),
        outcome: outcome(line.outcome()),
        on_chain: Decimal::new(units(&line.units.to_string(), asset.decimals)),
        books: atoms(line.books, asset),
        difference: atoms(line.difference(), asset),
    }
}

const fn outcome(outcome: Outcome) -> ReconciliationOutcome {
    match outcome {
        Outcome::Equal => ReconciliationOutcome::Equal,
        Outcome::CameIn => ReconciliationOutcome::CameIn,
        Outcome::Missing => ReconciliationOutcome::Missing,
    }
}
