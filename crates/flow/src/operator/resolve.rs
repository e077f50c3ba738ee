//! What a person may do with a withdrawal that needs one: redrive, give up, or show that it was paid outside.

use sluice_core::amount::Units;
use sluice_core::attempt::{Kind as AttemptKind, TronTerms};
use sluice_core::canonical::Canonical;
use sluice_core::chain::txid_text;
use sluice_core::command::{Kind, Order};
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, ProofId, TransferId, WithdrawalId};
use sluice_core::journal::LostFact;
use sluice_core::moved::{Moved, Refusal};
use sluice_core::port::Ports;
use sluice_core::port::chain::TransferLogs;
use sluice_core::port::store::{Change, WithAttempts};
use sluice_core::proof::{Death, Effect, Final, SlotReading};
use sluice_core::sighting::Word;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{Resolution, State, Withdrawal};

use crate::journal::is_known_from_a_copy;
use crate::watch::question;

use super::persons::{Given, Ordered, carry_out, warrant};
use super::together::together;
use super::{OrderError, TRIES_MAX, lost};

/// Sends it through the queue again: all gates of the lane run again, and a new slot is taken. Refused while a slot of
/// it is not proven dead, and unless a quorum reads the last one so in this very moment. Where that proof does not free
/// it by itself, two persons are needed (M4, M6): see [`doubtful`].
///
/// # Errors
/// [`OrderError`].
pub async fn redrive(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    given: impl Into<Given>,
) -> Result<Ordered<Withdrawal>, OrderError> {
    let says = Says { kind: Kind::WithdrawalRedrive, paid_by: None };
    change(ports, partner, id, given.into(), says, |withdrawal, cause| {
        Ok((withdrawal.resolve(Resolution::Redrive, cause.at)?, Change::default()))
    })
    .await
}

/// Ends it as `failed`. Refused while a slot of it is not proven dead, and unless a quorum reads the last one, and each
/// that the signer's journal has of it from before a restore, so in this very moment: whoever is told that it failed pays
/// again by other means. For that reason it takes two persons where a redrive does: see [`doubtful`].
///
/// # Errors
/// [`OrderError`].
pub async fn give_up(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    given: impl Into<Given>,
) -> Result<Ordered<Withdrawal>, OrderError> {
    let given = given.into();
    let says = Says { kind: Kind::WithdrawalGiveUp, paid_by: None };
    let withdrawal = find(ports, partner, id).await?;
    let lost = match &withdrawal.state {
        State::NeedsAttention(attention) if attention.paid_before_restore() => {
            ports.store.lost_payments(&[withdrawal.key]).await?.pop()
        }
        _ => None,
    };
    let Some(lost) = lost else {
        return change(ports, partner, id, given, says, |withdrawal, cause| {
            Ok((withdrawal.fail("gave_up", None, false, cause.at)?, Change::default()))
        })
        .await;
    };
    let deaths = lost::deaths(ports, &withdrawal, &lost, given.cause.at).await?;
    change(ports, partner, id, given, says, |withdrawal, cause| {
        let step = withdrawal.fail_lost("gave_up", &lost, &deaths, cause.at)?;
        let proofs = deaths.iter().map(|death| death.proof().clone()).collect();
        let lost = deaths.iter().map(|death| LostFact::Died(Box::new(death.clone()))).collect();
        Ok((step, Change { proofs, lost, ..Change::default() }))
    })
    .await
}

/// Completes it by a transaction made outside the engine, if recipient, asset and amount match on chain, by quorum and
/// finality. Two persons, and each of them is shown the chain's answer of that moment. A transaction of the engine is
/// taken only where it is an attempt of this withdrawal's own last transfer, which was held to be dead.
///
/// # Errors
/// [`OrderError::Evidence`] when the transaction is not final, or holds no such transfer.
pub async fn resolve_paid_by(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    txid: [u8; 32],
    given: impl Into<Given>,
) -> Result<Ordered<Withdrawal>, OrderError> {
    let given = given.into();
    let withdrawal = find(ports, partner, id).await?;
    let asset = &withdrawal.request.asset;
    let chain = ports
        .chains
        .get(&asset.id.chain)
        .ok_or_else(|| OrderError::NotConfigured(asset.id.chain.to_string()))?;
    let own = last_transfer(&withdrawal);
    let made = ports.store.attempts_by_txid(asset.id.chain, &[txid]).await?;
    if made.iter().any(|(_, transfer)| Some(*transfer) != own) {
        return Err(OrderError::Evidence(
            "the engine made that transaction, and not for the last transfer of this withdrawal".into(),
        ));
    }
    let lost = ports.store.lost_payments(&[withdrawal.key]).await?;
    let own = lost.iter().any(|payment| payment.may_be_made_by(&txid));
    if !own && !lost.is_empty() {
        return Err(OrderError::Evidence(
            "the signer's journal holds another transaction for it, from before the store was restored"
                .into(),
        ));
    }
    if !own && !ports.store.lost_txids(asset.id.chain, &[txid]).await?.is_empty() {
        return Err(OrderError::Evidence(
            "the engine made that transaction for another withdrawal, before the store was restored".into(),
        ));
    }
    let found = chain.transfers_of(asset.id, txid).await?;
    let found = found.ok_or_else(|| OrderError::Evidence("no final transaction with that hash".into()))?;
    let none = || OrderError::Evidence("no transfer of this asset and amount to this recipient in it".into());
    let exactly = sluice_codec::scale::to_chain(withdrawal.request.amount, asset).ok_or_else(none)?;
    let (_, logs) = found.reading();
    let matching: Vec<u64> =
        logs.iter().filter(|log| withdrawal.is_paid_by(log, exactly)).map(|log| log.log_index).collect();
    if matching.is_empty() {
        return Err(none());
    }
    // One transaction may pay several withdrawals that look alike, each by a log of its own; the store knows which are
    // taken.
    for log_index in matching {
        match by_log(ports, partner, id, txid, &found, (log_index, exactly), given.clone()).await {
            Err(OrderError::Evidence(rule)) if rule == ONE_LOG_PAYS_ONCE => {}
            other => return other,
        }
    }
    Err(OrderError::Evidence("that transfer has paid another withdrawal already".into()))
}

/// The store's rule that a log pays one withdrawal.
const ONE_LOG_PAYS_ONCE: &str = "m1_one_log_pays_once";

async fn by_log(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    txid: [u8; 32],
    found: &Final<TransferLogs>,
    log: (u64, Units),
    given: Given,
) -> Result<Ordered<Withdrawal>, OrderError> {
    let name = ProofId::new(ports.entropy.ulid(given.cause.at));
    let says = Says { kind: Kind::WithdrawalResolve, paid_by: Some(txid) };
    change(ports, partner, id, given, says, |withdrawal, cause| {
        let proof = withdrawal.paid_elsewhere(name, txid, found, log, cause.at)?;
        let step = withdrawal.resolve(Resolution::PaidElsewhere(&proof), cause.at)?;
        Ok((step, Change { proofs: vec![proof], ..Change::default() }))
    })
    .await
}

async fn find(ports: &Ports, partner: Option<PartnerId>, id: WithdrawalId) -> Result<Withdrawal, OrderError> {
    let found = ports.store.withdrawals(&[id]).await?.into_iter().next();
    found.filter(|it| partner.is_none_or(|partner| it.partner == partner)).ok_or(OrderError::NotFound)
}

/// What the order says, beside the withdrawal it is about.
struct Says {
    kind: Kind,
    paid_by: Option<[u8; 32]>,
}

impl Says {
    /// What two persons agree on: an order is about the transfer that was tried last, so it does not outlive another try.
    fn order(&self, withdrawal: &Withdrawal) -> Order {
        let says = Canonical::map([("paid_by", self.paid_by.map(|txid| Canonical::Text(txid_text(&txid))))]);
        let facts = Canonical::map([("last", last_transfer(withdrawal).map(Canonical::text))]);
        Order::new(self.kind, withdrawal.id, &says, &facts)
    }
}

/// The transfer that was tried last for a withdrawal that waits for a person.
fn last_transfer(withdrawal: &Withdrawal) -> Option<TransferId> {
    match &withdrawal.state {
        State::NeedsAttention(attention) => attention.last.map(|(transfer, _)| transfer),
        _ => None,
    }
}

/// Whether one person is not enough: the death of its last slot does not free it by itself (one node operator's word, or a
/// stranger's transaction), or what is known of it, or of its last slot, is from before the store went back in time (M17).
///
/// # Errors
/// [`OrderError::Store`].
pub async fn doubtful(ports: &Ports, withdrawal: &Withdrawal) -> Result<bool, OrderError> {
    let State::NeedsAttention(attention) = &withdrawal.state else { return Ok(false) };
    if attention.went_back() || attention.paid_before_restore() {
        return Ok(true);
    }
    let Some((transfer, _)) = attention.last else { return Ok(false) };
    if is_known_from_a_copy(ports, transfer).await? {
        return Ok(true);
    }
    Ok(ports.store.proof(transfer).await?.is_some_and(|proof| !proof.frees_the_withdrawal()))
}

async fn change(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    given: Given,
    says: Says,
    decide: impl Fn(Withdrawal, &Cause) -> Result<(Moved<Withdrawal>, Change), Refusal>,
) -> Result<Ordered<Withdrawal>, OrderError> {
    for _ in 0..TRIES_MAX {
        let withdrawal = find(ports, partner, id).await?;
        given.expects(withdrawal.version)?;
        let doubtful = doubtful(ports, &withdrawal).await?;
        let (order, owner) = (says.order(&withdrawal), withdrawal.partner);
        let (step, with_it) = decide(withdrawal.clone(), &given.cause)?;
        match says.kind {
            Kind::WithdrawalRedrive | Kind::WithdrawalGiveUp => {
                // What a lost life has sent for it is known once store and journal were compared.
                together(ports).await?;
                must_be_dead(ports, &withdrawal).await?;
                if matches!(says.kind, Kind::WithdrawalGiveUp) {
                    must_not_be_forgotten(ports, &withdrawal, given.cause.at).await?;
                }
            }
            _ => {} // A payment shown on chain is its own evidence.
        }
        let warrant = warrant(ports, &given, order, owner, doubtful).await?;
        let after = step.after().clone();
        let change = Change { withdrawals: vec![step], ..with_it };
        if let Some(ordered) = carry_out(ports, change, after, warrant, &given.cause).await? {
            return Ok(ordered);
        }
    }
    Err(OrderError::Moved)
}

/// The slot of its last transfer, and each that was given up and may pay it after all, as a quorum reads it now: a
/// proof that the chain took back since frees nobody (M4, M16).
async fn must_be_dead(ports: &Ports, withdrawal: &Withdrawal) -> Result<(), OrderError> {
    let Some(last) = last_transfer(withdrawal) else { return Ok(()) };
    let mut ids: Vec<TransferId> =
        ports.store.revived(withdrawal.id).await?.iter().map(|it| it.transfer).collect();
    ids.push(last);
    for id in ids {
        let Some(with_attempts) = ports.store.transfers(&[id]).await?.pop() else {
            return Err(OrderError::Evidence(format!("its transfer {id} cannot be read")));
        };
        slot_is_dead(ports, with_attempts).await?;
    }
    Ok(())
}

/// A desk may have forgotten what it handed out of it: as long as that can be included, and until whatever left the desk is
/// explained, it is not told to have failed (M17).
async fn must_not_be_forgotten(
    ports: &Ports,
    withdrawal: &Withdrawal,
    now: Timestamp,
) -> Result<(), OrderError> {
    let Some(pinned_to) = withdrawal.request.pinned_to else { return Ok(()) };
    let Some(view) = ports.store.lane(pinned_to).await?.filter(|view| view.wallet.is_desk()) else {
        return Ok(());
    };
    if let Some(until) = view.wallet.quiet_until.filter(|until| now < *until) {
        return Err(OrderError::Evidence(format!(
            "what was handed out of {pinned_to} before the store was restored may be included until {until}"
        )));
    }
    match view.sightings.iter().find(|sighting| sighting.word != Word::Denied) {
        Some(sighting) => Err(OrderError::Evidence(format!("{} may be it; explain it first", sighting.what))),
        None => Ok(()),
    }
}

async fn slot_is_dead(ports: &Ports, (transfer, attempts): WithAttempts) -> Result<(), OrderError> {
    let refused = |why: String| Err(OrderError::Evidence(why));
    // Without a slot, or without a signed attempt in it, there is nothing that could pay.
    let Some(asked) = question(&transfer, &attempts) else { return Ok(()) };
    if !asked.attempts.iter().any(|known| known.kind == AttemptKind::Pay) {
        return Ok(());
    }
    let chain = transfer.asset.id.chain;
    let port = ports.chains.get(&chain).ok_or_else(|| OrderError::NotConfigured(chain.to_string()))?;
    let slot = asked.slot.clone();
    let terms: Vec<_> = asked.attempts.iter().filter_map(|known| known.tron).collect();
    let read = port.settle(&[asked]).await?.pop();
    let Some(read) = read else { return refused(lost::unaccounted(&slot)) };
    match read.reading() {
        SlotReading::Foreign(_) => Ok(()),
        SlotReading::Ours(inclusion) => match inclusion.effect {
            // Of the last, two persons know by now: the proof that ended the slot frees nobody by itself.
            Effect::Voided | Effect::Reverted | Effect::OutOfEnergy | Effect::Mismatch => Ok(()),
            Effect::Paid { .. } => refused(lost::has_paid(&slot, &inclusion.txid)),
        },
        // What could be included no longer, and is not there, as deep as a new slot asks for.
        SlotReading::Absent(_) if expired(&terms, &read, port.profile().death_extra_blocks) => Ok(()),
        SlotReading::Open | SlotReading::Absent(_) => refused(lost::open(&slot)),
        SlotReading::Unaccounted => refused(lost::unaccounted(&slot)),
    }
}

/// Whether each of these attempts on TRON is past its expiration where it was read to be absent.
fn expired(terms: &[TronTerms], read: &Final<SlotReading>, extra_blocks: u64) -> bool {
    let dead =
        |terms: &TronTerms| Death::of_tron_expiry(read, terms.reference, terms.expires_at_ms, extra_blocks);
    !terms.is_empty() && terms.iter().all(|terms| dead(terms).is_ok())
}
