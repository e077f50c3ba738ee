//! The only write the engine has, apart from accepting a request.
//!
//! One call is one transaction. Its changes are independent: each is written whole or not at all, and one that has been
//! overtaken or that a rule refuses takes no other with it. Changes that touch different things are first tried
//! together, which costs one round of statements for the whole slice; when that does not go through at once, each is
//! tried alone in a savepoint of its own.
//!
//! Locks are taken in one order everywhere, so that no two of these wait for each other: the lease (shared), then
//! wallets, transfers and withdrawals by id, then commands, then counters by key, tallies last. SQLite has one writer and needs none
//! of it.

mod adoptions;
pub(super) mod alerts;
mod attempts;
pub(super) mod chain;
pub(crate) mod commands;
mod compared;
mod energy;
mod errands;
pub(crate) mod events;
mod hand_outs;
mod journal;
mod ledger;
mod lost;
mod outlook;
mod proofs;
pub(super) mod reservations;
mod sightings;
mod status;
mod topups;
mod transfers;
mod versions;
mod wallets;
mod withdrawals;

use std::collections::BTreeSet;

use sluice_core::access::Actor;
use sluice_core::event::{Cause, Event};
use sluice_core::lane::Fence;
use sluice_core::port::store::{Change, Outcome, StoreError};

use super::{Context, lease, tally};
use crate::sql::{Conn, Sql, SqlError, slice};
use crate::{args, sql};

/// Whether everything was as the caller had read it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Whole,
    Moved,
}

/// Events of the changes, with the place of their change: they are stored in the order of the changes.
pub(crate) type Happened = Vec<(usize, Event)>;

pub(super) async fn run(
    conn: &mut Conn<'_>,
    context: &Context,
    fence: Option<&Fence>,
    changes: &[Change],
) -> Result<Vec<Outcome>, SqlError> {
    if let Some(fence) = fence
        && !lease::held(conn, context, fence).await?
    {
        return Ok(changes.iter().map(|_| Outcome::Fenced).collect());
    }
    changes.iter().try_for_each(steps_each_thing_once)?;
    changes.iter().try_for_each(moves_what_it_signs)?;
    lock(conn, changes).await?;
    let outcomes = each(conn, context, changes).await?;
    let applied = changes.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Applied);
    tally::write(conn, applied.flat_map(|(change, _)| &change.withdrawals)).await?;
    Ok(outcomes)
}

/// Writes what can be written; what became of each change.
async fn each(conn: &mut Conn<'_>, context: &Context, changes: &[Change]) -> Result<Vec<Outcome>, SqlError> {
    if changes.len() > 1 && disjoint(changes) {
        if attempt(conn, context, changes).await? == Outcome::Applied {
            return Ok(changes.iter().map(|_| Outcome::Applied).collect());
        }
        // Mostly because somebody else was faster: what he has left is tried together once more.
        let stale = versions::stale(conn, changes).await?;
        if stale.contains(&true) {
            let fresh = changes.iter().zip(&stale).filter(|(_, stale)| !**stale);
            let fresh: Vec<Change> = fresh.map(|(change, _)| change.clone()).collect();
            if fresh.is_empty() || attempt(conn, context, &fresh).await? == Outcome::Applied {
                let outcome = |stale: bool| if stale { Outcome::Moved } else { Outcome::Applied };
                return Ok(stale.into_iter().map(outcome).collect());
            }
        }
    }
    let (mut outcomes, mut unmade) = (Vec::with_capacity(changes.len()), versions::Unmade::default());
    for change in changes {
        let outcome = match unmade.is_under(change) {
            true => Outcome::Moved,
            false => attempt(conn, context, std::slice::from_ref(change)).await?,
        };
        if outcome != Outcome::Applied {
            unmade.note(change);
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

async fn attempt(conn: &mut Conn<'_>, context: &Context, changes: &[Change]) -> Result<Outcome, SqlError> {
    conn.script(sql!("savepoint change")).await?;
    let refused = match write(conn, context, changes).await {
        Ok(Written::Whole) => {
            conn.script(sql!("release savepoint change")).await?;
            return Ok(Outcome::Applied);
        }
        Ok(Written::Moved) => None,
        Err(SqlError::Rule(name)) => Some(name),
        Err(other) => return Err(other),
    };
    conn.script(sql!("rollback to savepoint change; release savepoint change")).await?;
    match refused {
        // What was overtaken may break a rule only because of that: a change sent again after a lost answer does.
        Some(name) if !versions::stale(conn, changes).await?.contains(&true) => Ok(Outcome::Refused(name)),
        Some(_) | None => Ok(Outcome::Moved),
    }
}

/// Writes changes in the order in which their rows refer to each other.
async fn write(conn: &mut Conn<'_>, context: &Context, changes: &[Change]) -> Result<Written, SqlError> {
    let mut happened: Happened = Vec::new();
    proofs::write(conn, changes).await?;
    lost::died(conn, changes).await?;
    if wallets::write(conn, context, changes, &mut happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    adoptions::write(conn, context, changes, &mut happened).await?;
    sightings::write(conn, changes, &mut happened).await?;
    // Phases of transfers as they were are asked for before transfers are stepped.
    let phases = withdrawals::in_phase(conn, changes).await?;
    if phases.write(conn, context, changes, &mut happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    if journal::write(conn, context, changes).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    if commands::write(conn, changes, &mut happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    if energy::write(conn, context, changes, &mut happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    if hand_outs::write(conn, changes, &mut happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    if outlook::write(conn, changes, &mut happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    if topups::write(conn, changes, &mut happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    ledger::write(conn, context, changes).await?;
    compared::write(conn, changes).await?;
    lost::write(conn, context, changes).await?;
    for stop in changes.iter().filter_map(|change| change.stop.as_ref()) {
        let _new = crate::registry::stop::set(conn, context, stop).await?;
    }
    errands::write(conn, context, changes).await?;
    if energy::write_loans(conn, changes, &mut happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    chain::write(conn, context, changes).await?;
    for change in changes {
        let at = cause(change, context).at;
        for said in &change.raise {
            alerts::raise(conn, context, said, at).await?;
        }
        for (code, subject) in &change.close {
            alerts::close(conn, *code, subject, at).await?;
        }
    }
    let causes: Vec<Cause> = changes.iter().map(|change| cause(change, context)).collect();
    events::write(conn, context, happened, &causes).await?;
    Ok(Written::Whole)
}

/// Who and why; a change of the engine's own that does not say is the store's.
fn cause(change: &Change, context: &Context) -> Cause {
    change.cause.clone().unwrap_or_else(|| Cause {
        actor: Actor::System("engine"),
        reason: String::new(),
        at: context.clock.now(),
    })
}

/// Two steps of one thing in one change would each expect the version the other changes. `Moved::then` joins them.
fn steps_each_thing_once(change: &Change) -> Result<(), StoreError> {
    let withdrawals: BTreeSet<_> = change.withdrawals.iter().map(|step| step.after().id).collect();
    let transfers: BTreeSet<_> = change.transfers.iter().map(|step| step.after().id).collect();
    let wallets: BTreeSet<_> = change.wallets.iter().map(|step| step.after().id).collect();
    let commands: BTreeSet<_> = change.commands.iter().map(|step| step.after().id).collect();
    let needs: BTreeSet<_> = change.needs.iter().map(|step| step.after().id).collect();
    let orders: BTreeSet<_> = change.orders.iter().map(|step| step.after().id).collect();
    let loans: BTreeSet<_> = change.loans.iter().map(|step| step.after().need).collect();
    let hand_outs: BTreeSet<_> = change.hand_outs.iter().map(|step| step.after().id).collect();
    let requests: BTreeSet<_> = change.requests.iter().map(|step| step.after().id).collect();
    let once = withdrawals.len() == change.withdrawals.len()
        && transfers.len() == change.transfers.len()
        && wallets.len() == change.wallets.len()
        && commands.len() == change.commands.len()
        && needs.len() == change.needs.len()
        && orders.len() == change.orders.len()
        && loans.len() == change.loans.len()
        && hand_outs.len() == change.hand_outs.len()
        && requests.len() == change.requests.len();
    if once {
        return Ok(());
    }
    Err(StoreError::Statement(
        "a change holds two steps of the same thing: join them with Moved::then".into(),
    ))
}

/// A new attempt or signature moves its transfer: whoever has read the same version has read the same attempts.
fn moves_what_it_signs(change: &Change) -> Result<(), StoreError> {
    let moved: BTreeSet<_> = change.transfers.iter().map(|step| step.after().id).collect();
    let drawn = change.attempts.iter().map(|attempt| attempt.transfer);
    let signed = change.signatures.iter().map(|signed| signed.unsigned.transfer);
    if drawn.chain(signed).all(|transfer| moved.contains(&transfer)) {
        return Ok(());
    }
    Err(StoreError::Statement(
        "a change holds an attempt or a signature without the step of its transfer".into(),
    ))
}

/// Everything a change reads or writes by name.
#[derive(Default)]
struct Touched {
    wallets: BTreeSet<String>,
    transfers: BTreeSet<String>,
    withdrawals: BTreeSet<String>,
}

impl Touched {
    fn by(change: &Change) -> Self {
        let mut touched = Self::default();
        for step in &change.wallets {
            touched.wallets.insert(step.after().id.to_string());
        }
        for posting in &change.postings {
            touched.wallets.insert(posting.wallet.to_string());
        }
        for step in &change.transfers {
            let transfer = step.after();
            touched.wallets.insert(transfer.wallet.to_string());
            touched.transfers.insert(transfer.id.to_string());
            touched.withdrawals.extend(transfer.items.iter().map(|item| item.withdrawal.to_string()));
        }
        touched.transfers.extend(change.attempts.iter().map(|attempt| attempt.transfer.to_string()));
        touched.transfers.extend(change.signatures.iter().map(|signed| signed.unsigned.transfer.to_string()));
        touched.withdrawals.extend(change.withdrawals.iter().map(|step| step.after().id.to_string()));
        touched.withdrawals.extend(change.hand_outs.iter().map(|step| step.after().withdrawal.to_string()));
        touched
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.wallets.iter().chain(&self.transfers).chain(&self.withdrawals)
    }
}

/// Whether no two changes touch the same thing, except that they may share a wallet none of them steps.
fn disjoint(changes: &[Change]) -> bool {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    changes.iter().all(|change| {
        let mut touched = Touched::by(change);
        touched.wallets.clear();
        let stepped: Vec<String> = versions::stepped(change).collect();
        // A lane has one need at a time and orders for it: what shares the wallet shares them.
        let needs: Vec<String> =
            change.needs.iter().map(|step| format!("need {}", step.after().wallet)).collect();
        // Requests that name a withdrawal keep each other out, and those that a lane asks for share its needs.
        let requests: Vec<String> = change
            .requests
            .iter()
            .map(|step| step.after())
            .flat_map(|it| {
                let items = it.items.iter().map(|item| format!("ahead {}", item.withdrawal));
                items.chain([format!("ahead {} {}", it.partner, it.external_id)])
            })
            .collect();
        let topups = change.topups.iter().map(|look| format!("topups {}", look.wallet()));
        let assigned = change.assigned.iter().map(|it| it.topup().posted_as());
        let turned = change.credit_turned.iter().map(|it| it.standing);
        let turned = turned.map(|it| format!("credit {} {}", it.wallet, it.partner));
        let credit: Vec<String> = topups.chain(assigned).chain(turned).collect();
        touched
            .names()
            .chain(&stepped)
            .chain(&credit)
            .chain(&requests)
            .chain(&needs)
            .all(|name| seen.insert(name.clone()))
    })
}

macro_rules! lock_text {
    ($table:literal) => {
        // `no key update` lets others refer to the row meanwhile. The list is as long as the slice that was handed in.
        Sql::one(concat!(
            "select id from ",
            $table,
            " where id in (select jsonb_array_elements_text($1::jsonb)) order by id limit 100000 for no key update"
        ))
    };
}

async fn lock(conn: &mut Conn<'_>, changes: &[Change]) -> Result<(), SqlError> {
    if conn.one_writer() {
        return Ok(());
    }
    let mut all = Touched::default();
    for change in changes {
        let touched = Touched::by(change);
        all.wallets.extend(touched.wallets);
        all.transfers.extend(touched.transfers);
        all.withdrawals.extend(touched.withdrawals);
    }
    const WALLETS: Sql = lock_text!("wallet");
    const TRANSFERS: Sql = lock_text!("transfer");
    const WITHDRAWALS: Sql = lock_text!("withdrawal");
    for (text, names) in
        [(&WALLETS, all.wallets), (&TRANSFERS, all.transfers), (&WITHDRAWALS, all.withdrawals)]
    {
        if !names.is_empty() {
            conn.run(text, args![slice(names)]).await?;
        }
    }
    Ok(())
}
