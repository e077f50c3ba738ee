//! What a person may do with a withdrawal that needs one: redrive, give up, or show that it was paid outside.

use sluice_core::canonical::Canonical;
use sluice_core::command::{Kind, Order};
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, ProofId, WithdrawalId};
use sluice_core::moved::{Moved, Refusal};
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::proof::{Final, Proof, Verdict};
use sluice_core::withdrawal::{Resolution, State, Withdrawal};

use super::persons::{Given, Ordered, carry_out, warrant};
use super::{OrderError, TRIES_MAX};

/// Sends it through the queue again: all gates of the lane run again, and a new slot is taken. Refused while a slot of
/// it is not proven dead. Where that proof does not free it by itself, two persons are needed (M4, M6): see [`doubtful`].
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
        Ok((withdrawal.resolve(Resolution::Redrive, cause.at)?, None))
    })
    .await
}

/// Ends it as `failed`. Refused while a slot of it is not proven dead.
///
/// # Errors
/// [`OrderError`].
pub async fn give_up(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    given: impl Into<Given>,
) -> Result<Ordered<Withdrawal>, OrderError> {
    let says = Says { kind: Kind::WithdrawalGiveUp, paid_by: None };
    change(ports, partner, id, given.into(), says, |withdrawal, cause| {
        Ok((withdrawal.fail("gave_up", None, false, cause.at)?, None))
    })
    .await
}

/// Completes it by a transaction made outside the engine, if recipient, asset and amount match on chain, by quorum and
/// finality. Two persons, and each of them is shown the chain's answer of that moment.
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
    if !ports.store.attempts_by_txid(asset.id.chain, &[txid]).await?.is_empty() {
        return Err(OrderError::Evidence(
            "the engine made that transaction for a withdrawal of its own".into(),
        ));
    }
    let lost = ports.store.lost_payments(&[withdrawal.key]).await?;
    if lost.iter().any(|payment| !payment.txids.contains(&txid)) {
        return Err(OrderError::Evidence(
            "the signer's journal holds another transaction for it, from before the store was restored"
                .into(),
        ));
    }
    let found = chain.transfers_of(asset.id, txid).await?;
    let found = found.ok_or_else(|| OrderError::Evidence("no final transaction with that hash".into()))?;
    let wanted = sluice_codec::scale::to_chain(withdrawal.request.amount, asset);
    let (block, logs) = found.reading();
    let matching: Vec<u64> = logs
        .iter()
        .filter(|log| log.to == withdrawal.request.to && Some(log.units) == wanted)
        .map(|log| log.log_index)
        .collect();
    if matching.is_empty() {
        return Err(OrderError::Evidence(
            "no transfer of this asset and amount to this recipient in it".into(),
        ));
    }
    // One transaction may pay several withdrawals that look alike, each by a log of its own; the store knows which are
    // taken.
    for log_index in matching {
        let verdict = Verdict::PaidElsewhere { txid, block: *block, log_index };
        match by_log(ports, partner, id, txid, &found.map(|_| verdict), given.clone()).await {
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
    found: &Final<Verdict>,
    given: Given,
) -> Result<Ordered<Withdrawal>, OrderError> {
    let (head, operators, verdict) = (found.head(), found.operators().to_vec(), found.reading());
    let name = ProofId::new(ports.entropy.ulid(given.cause.at));
    let says = Says { kind: Kind::WithdrawalResolve, paid_by: Some(txid) };
    change(ports, partner, id, given, says, |withdrawal, cause| {
        let transfer = match &withdrawal.state {
            State::NeedsAttention(attention) => attention.last.map(|(transfer, _)| transfer),
            _ => None,
        };
        let proof = Proof {
            id: name,
            partner: withdrawal.partner,
            transfer,
            verdict: verdict.clone(),
            head: Some(head),
            operators: operators.clone(),
            at: cause.at,
        };
        let step = withdrawal.resolve(Resolution::PaidElsewhere(&proof), cause.at)?;
        Ok((step, Some(proof)))
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
        let last = match &withdrawal.state {
            State::NeedsAttention(attention) => attention.last.map(|(transfer, _)| transfer),
            _ => None,
        };
        let says = Canonical::map([("paid_by", self.paid_by.map(|txid| Canonical::Text(hex(txid))))]);
        let facts = Canonical::map([("last", last.map(Canonical::text))]);
        Order::new(self.kind, withdrawal.id, &says, &facts)
    }
}

/// As explorers print it.
pub(super) fn hex(txid: [u8; 32]) -> String {
    txid.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Whether the death of its last slot does not free it by itself: one node operator's word, or a stranger's transaction.
///
/// # Errors
/// [`OrderError::Store`].
pub async fn doubtful(ports: &Ports, withdrawal: &Withdrawal) -> Result<bool, OrderError> {
    let State::NeedsAttention(attention) = &withdrawal.state else { return Ok(false) };
    let Some((transfer, _)) = attention.last else { return Ok(false) };
    Ok(ports.store.proof(transfer).await?.is_some_and(|proof| !proof.frees_the_withdrawal()))
}

async fn change(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    given: Given,
    says: Says,
    decide: impl Fn(Withdrawal, &Cause) -> Result<(Moved<Withdrawal>, Option<Proof>), Refusal>,
) -> Result<Ordered<Withdrawal>, OrderError> {
    for _ in 0..TRIES_MAX {
        let withdrawal = find(ports, partner, id).await?;
        given.expects(withdrawal.version)?;
        let doubtful = doubtful(ports, &withdrawal).await?;
        let (order, owner) = (says.order(&withdrawal), withdrawal.partner);
        let (step, proof) = decide(withdrawal, &given.cause)?;
        let warrant = warrant(ports, &given, order, owner, doubtful).await?;
        let after = step.after().clone();
        let change =
            Change { withdrawals: vec![step], proofs: proof.into_iter().collect(), ..Change::default() };
        if let Some(ordered) = carry_out(ports, change, after, warrant, &given.cause).await? {
            return Ok(ordered);
        }
    }
    Err(OrderError::Moved)
}
