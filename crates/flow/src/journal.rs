//! In: the signer's journal since the place the store has seen. Out: a store of the present goes on; one that went back
//! in time has its lanes shut and what it has lost imported, and a person opens them (M17).
//!
//! Run before anything is planned, built, signed or sent. What proves a store old is content it would know
//! ([`sluice_core::journal`]); a signature that was journaled and not recorded is an ordinary crash. The place seen in
//! the journal is moved on last, after the last entry was imported, so whoever starts after a crash in between finds the
//! same gap and goes on with it. Lanes are shut all together and before the first entry is imported: what one lane has
//! lost another might pay.
//!
//! A copy that `sluice restore` has put in place says so itself: it is shut before the signer is asked, and stays shut
//! until a journal that it knows was imported. A journal is known by the hash of the entry that was compared last: one
//! that is longer and another shuts everything too.

mod awaited;
mod doubt;
mod import;

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise};
use sluice_core::event::Cause;
use sluice_core::hand_out::{LIFE_MS_MAX, QUIET_MS};
use sluice_core::id::{FeedId, TransferId};
use sluice_core::journal::{Back, Entry, PAGE_MAX, Pending, Place, Seen, forgotten, mentions};
use sluice_core::moved::Moved;
use sluice_core::partner::PLATFORM;
use sluice_core::port::Ports;
use sluice_core::port::reader::STORE_WENT_BACK;
use sluice_core::port::store::{Change, Outcome, StoreError};
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::{LaneState, Wallet};

use crate::StageError;

/// Records what the journal has signed of what any lane awaits: a lane that is shut does not ask for it, and its own transaction
/// on the chain would be nobody's.
pub(crate) async fn record(ports: &Ports) -> Result<(), StageError> {
    awaited::run(ports, ports.signer.hello(None).await?.journal_seq).await
}

/// Whether a transfer was planned before the store last went back in time. What is known of its withdrawal is known from a copy:
/// in the lost time the partner may have been told that it was cancelled or had failed, and have paid it another way.
pub(crate) async fn is_from_a_copy(ports: &Ports, transfer: &Transfer) -> Result<bool, StoreError> {
    let known = ports.store.journal_known(&[], &[]).await?;
    Ok(known.back.is_some() || known.imported_at.is_some_and(|at| transfer.planned_at <= at))
}

/// The same by its id. What cannot be read is taken for one.
pub(crate) async fn is_known_from_a_copy(ports: &Ports, transfer: TransferId) -> Result<bool, StoreError> {
    match ports.store.transfers(&[transfer]).await?.pop() {
        Some((transfer, _)) => is_from_a_copy(ports, &transfer).await,
        None => Ok(true),
    }
}

/// Until when nothing may be handed out, of whatever desk: no journal tells what the lost time handed out, and all of it has
/// expired by then.
pub(crate) async fn quiet_until(ports: &Ports) -> Result<Option<Timestamp>, StoreError> {
    let known = ports.store.journal_known(&[], &[]).await?;
    let now = ports.clock.now();
    let from = if known.back.is_some() { Some(now) } else { known.imported_at };
    Ok(from.map(|at| at.plus_ms(QUIET_MS)).filter(|until| *until > now))
}

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Store and journal belong together.
    Together,
    /// One of them went back in time; every lane is shut.
    WentBack,
}

/// Between what froze a lane before and the restore that keeps it frozen.
const AND_THEN: &str = "; and then: ";
/// Tries of a change that keeps being overtaken.
const TRIES_MAX: u32 = 8;

/// Compares store and journal, and does what follows.
///
/// # Errors
/// [`StageError`]: store or signer did not answer, and nothing may be paid until they have.
pub async fn compare(ports: &Ports) -> Result<Standing, StageError> {
    let Some(compared) = compared(ports).await? else { return Ok(Standing::WentBack) };
    if compared.further {
        // The next look begins here, whichever process it is of.
        let journal_place = compared.place;
        let cause = Some(Cause { reason: "compared".into(), ..cause(ports) });
        apply_all(ports, vec![Change { journal_place, cause, ..Change::default() }]).await?;
    }
    Ok(Standing::Together)
}

/// A store and a journal that belong together.
struct Compared {
    /// Place seen before, and the last one now.
    seen: Seen,
    /// The last entry that was compared.
    place: Option<Place>,
    /// More was compared than the store has noted.
    further: bool,
}

/// What was compared, if store and journal belong together. It begins behind the last entry that was compared, and not at the
/// place that replies have carried: between two replies others may have written.
async fn compared(ports: &Ports) -> Result<Option<Compared>, StageError> {
    let seen = ports.store.journal_seq().await?;
    let known = ports.store.journal_known(&[], &[]).await?;
    if let Some(pending) = &known.back
        && !(pending.shut && all_shut(ports).await?)
    {
        shut(ports, &pending.evidence, Some(pending)).await?;
    }
    let head = ports.signer.hello(None).await?.journal_seq;
    let exchanged = match known.place {
        _ if head < seen => Some(format!("ends at {head} and this store has seen {seen}")),
        Some(place) if at(ports, place.seq).await? != Some(place) => {
            Some(format!("has another entry {} than this store has seen", place.seq))
        }
        Some(_) | None => None,
    };
    if let Some(what) = exchanged {
        journal_went_back(ports, &what).await?;
        if known.back.is_some() {
            // Nothing will be imported from this one: what has no slot waits for persons as it is.
            doubt::run(ports).await?;
        }
        return Ok(None);
    }
    let base = known.place.map_or(seen, |place| place.seq);
    if known.back.is_some() {
        Box::pin(import::run(ports, base, Seen { from: seen, to: head })).await?;
        return Ok(None);
    }
    let (mut from, mut place) = (base.saturating_add(1), known.place);
    while from <= head {
        let page = page(ports, from).await?;
        let Some(last) = page.last() else { break };
        if let Some(what) = gap(ports, &page).await? {
            let evidence = format!("{what}: the store went back in time");
            shut(ports, &evidence, Some(&Pending { evidence: evidence.clone(), shut: false })).await?;
            Box::pin(import::run(ports, base, Seen { from: seen, to: head })).await?;
            return Ok(None);
        }
        from = last.seq.saturating_add(1);
        place = Some(Place { seq: last.seq, hash: last.hash });
    }
    let further = place != known.place;
    Ok(Some(Compared { seen: Seen { from: seen, to: from.saturating_sub(1).max(seen) }, place, further }))
}

/// Makes a mark of what the store has committed so far, and tells the journal of it: a store from before it is found out
/// even where nothing was signed since. Compared first, so that a store that went back makes none, and the place seen may
/// move on. A crash in between leaves a mark that the journal does not know, which says nothing.
///
/// # Errors
/// [`StageError`]: store or signer did not answer.
pub(crate) async fn mark(ports: &Ports) -> Result<Standing, StageError> {
    let Some(Compared { seen, place, .. }) = compared(ports).await? else { return Ok(Standing::WentBack) };
    let mark = ports.store.journal_known(&[], &[]).await?.mark.saturating_add(1);
    let cause = Some(Cause { reason: "mark".into(), ..cause(ports) });
    let change = Change {
        mark: Some(mark),
        journal_seq: Some(seen),
        journal_place: place,
        cause,
        ..Change::default()
    };
    if !apply_all(ports, vec![change]).await? {
        return Err(StageError::Overtaken);
    }
    ports.signer.mark(mark).await?;
    Ok(Standing::Together)
}

/// Shuts every lane because of what the journal does.
///
/// # Errors
/// [`StageError`]: store or signer did not answer, and nothing may be paid until they have.
pub(crate) async fn journal_went_back(ports: &Ports, what: &str) -> Result<Standing, StageError> {
    let evidence = format!(
        "the signer's journal {what}: the journal was restored or exchanged, and may have forgotten slots it signed for"
    );
    shut(ports, &evidence, None).await?;
    Ok(Standing::WentBack)
}

/// The entry at a place, as a journal is known by it; `None` where there is none.
async fn at(ports: &Ports, seq: u64) -> Result<Option<Place>, StageError> {
    let entries = if seq == 0 { vec![] } else { ports.signer.export(seq, 1).await? };
    Ok(entries.first().filter(|entry| entry.seq == seq).map(|entry| Place { seq, hash: entry.hash }))
}

/// Entries from a place on. The journal is dense: an answer that begins elsewhere is none.
async fn page(ports: &Ports, from: u64) -> Result<Vec<Entry>, StageError> {
    let page = ports.signer.export(from, PAGE_MAX).await?;
    let dense = page.iter().zip(from..).all(|(entry, seq)| entry.seq == seq);
    if dense {
        return Ok(page);
    }
    Err(StageError::Inconsistent(format!("it has a hole at or after entry {from}")))
}

/// What of a page this store has forgotten. Read after the page: what the store learns meanwhile is learned by then.
async fn gap(ports: &Ports, page: &[Entry]) -> Result<Option<String>, StageError> {
    let (attempts, payments) = mentions(page);
    let (attempts, payments): (Vec<_>, Vec<_>) =
        (attempts.into_iter().collect(), payments.into_iter().collect());
    let known = ports.store.journal_known(&attempts, &payments).await?;
    let wallets = ports.store.wallets(None).await?;
    Ok(forgotten(page, &known, &wallets))
}

/// Shuts every lane that is not shut, and says so for each; and stops everything. `back` is a time that the store went back
/// and what of it is stored: the first time it is shut for, numbers of the feed are given out again from then on.
async fn shut(ports: &Ports, evidence: &str, back: Option<&Pending>) -> Result<(), StageError> {
    tracing::error!(evidence, "Store and signer are not of the same time; every lane is shut");
    for _ in 0..TRIES_MAX {
        let wallets = ports.store.wallets(None).await?;
        let mut changes = wallets
            .into_iter()
            .filter(|wallet| wallet.gets_slots())
            .map(|wallet| close_lane(ports, wallet, evidence))
            .collect::<Result<Vec<_>, StageError>>()?;
        let mut whole = stop_everything(ports, evidence);
        if let Some(first) = back.filter(|back| !back.shut) {
            // Another process may have shut it since it was read.
            whole.back = match ports.store.journal_known(&[], &[]).await?.back {
                Some(Pending { shut: true, .. }) => None,
                Some(Pending { shut: false, .. }) => Some(Back::Shut),
                None => Some(Back::Noticed { evidence: first.evidence.clone() }),
            };
            let feed = || FeedId::new(ports.entropy.ulid(ports.clock.now()));
            whole.feed = whole.back.as_ref().map(|_| feed());
        }
        changes.push(whole);
        if apply_all(ports, changes).await? {
            return Ok(());
        }
    }
    Err(StageError::Overtaken)
}

/// Stops and revocations of the lost time are undone with everything else, so whatever they were about is stopped until two
/// persons of the platform have made them good (M12).
fn stop_everything(ports: &Ports, evidence: &str) -> Change {
    let cause = cause(ports);
    let (actor, reason, at) = (cause.actor.clone(), evidence.to_owned(), cause.at);
    let stop = Stop { scope: Scope::All, holder: PLATFORM, actor, reason, at };
    Change { stop: Some(stop), cause: Some(cause), ..Change::default() }
}

/// Whether no lane is open.
async fn all_shut(ports: &Ports) -> Result<bool, StageError> {
    let wallets = ports.store.wallets(None).await?;
    Ok(wallets
        .iter()
        .filter(|wallet| wallet.gets_slots())
        .all(|wallet| matches!(wallet.state, LaneState::Frozen { .. } | LaneState::Retired)))
}

fn close_lane(ports: &Ports, wallet: Wallet, evidence: &str) -> Result<Change, StageError> {
    let raise = Raise {
        code: Code::StoreWentBack,
        subject: wallet.id.to_string(),
        partner: Some(wallet.partner),
        detail: evidence.to_owned(),
    };
    let mut change = Change { raise: vec![raise], cause: Some(cause(ports)), ..Change::default() };
    let evidence = match &wallet.state {
        LaneState::Open | LaneState::Paused | LaneState::Draining => evidence.to_owned(),
        // What froze it before is evidence of its own, and stays. The word of a first person about that alone, which may be
        // as old as the copy, does not open it.
        LaneState::Frozen { evidence: before, .. } => {
            let first = before.split(AND_THEN).next().unwrap_or_default();
            let both =
                if first == evidence { evidence.to_owned() } else { format!("{first}{AND_THEN}{evidence}") };
            if both == *before {
                change.wallets.extend(quiet(&wallet, change.cause.as_ref()));
                return Ok(change);
            }
            both
        }
        LaneState::Retired => return Ok(change),
    };
    let frozen = wallet.freeze(evidence)?;
    let later = quiet(frozen.after(), change.cause.as_ref());
    change.wallets.push(match later {
        Some(later) => frozen.then(|_| Ok(later))?,
        None => frozen,
    });
    Ok(change)
}

/// No journal tells what a desk handed out in the lost time, so it hands nothing out until all of that has expired, whoever opens
/// it meanwhile; said again only where what was said before no longer covers it.
fn quiet(wallet: &Wallet, cause: Option<&Cause>) -> Option<Moved<Wallet>> {
    let at = cause?.at;
    let covered = wallet.quiet_until.is_some_and(|until| until.since_ms(at) >= LIFE_MS_MAX);
    // What is no desk, or retired, hands nothing out anyway.
    if covered { None } else { wallet.clone().keep_quiet(at.plus_ms(QUIET_MS)).ok() }
}

fn cause(ports: &Ports) -> Cause {
    Cause { actor: Actor::System("journal"), reason: STORE_WENT_BACK.into(), at: ports.clock.now() }
}

/// Whether every change was applied. None of these is fenced: they stop, and what they write names what it expects.
async fn apply_all(ports: &Ports, changes: Vec<Change>) -> Result<bool, StageError> {
    if changes.is_empty() {
        return Ok(true);
    }
    let outcomes = ports.store.apply(None, changes).await?;
    for outcome in &outcomes {
        if let Outcome::Refused(rule) = outcome {
            tracing::error!(rule, "The store refused a change of a restored store");
        }
    }
    Ok(outcomes.iter().all(|outcome| *outcome == Outcome::Applied))
}
