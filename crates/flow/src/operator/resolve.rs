//! What a person may do with a withdrawal that needs one: redrive, give up, or show that it was paid outside.

use sluice_core::alert::Code;
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, ProofId, WithdrawalId};
use sluice_core::moved::{Moved, Refusal};
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::proof::{Proof, Verdict};
use sluice_core::withdrawal::{Resolution, State, Withdrawal};

use super::{OrderError, TRIES_MAX, commit};

/// Sends it through the queue again: all gates of the lane run again, and a new slot is taken. Refused while a slot of
/// it is not proven dead.
///
/// # Errors
/// [`OrderError`].
pub async fn redrive(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    cause: Cause,
) -> Result<Withdrawal, OrderError> {
    change(ports, partner, id, cause, |withdrawal, cause| {
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
    cause: Cause,
) -> Result<Withdrawal, OrderError> {
    change(ports, partner, id, cause, |withdrawal, cause| {
        Ok((withdrawal.fail("gave_up", None, false, cause.at)?, None))
    })
    .await
}

/// Completes it by a transaction made outside the engine, if recipient, asset and amount match on chain, by quorum and
/// finality.
///
/// # Errors
/// [`OrderError::Evidence`] when the transaction is not final, or holds no such transfer.
pub async fn resolve_paid_by(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    txid: [u8; 32],
    cause: Cause,
) -> Result<Withdrawal, OrderError> {
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
    let found = chain.transfers_of(asset.id, txid).await?;
    let found = found.ok_or_else(|| OrderError::Evidence("no final transaction with that hash".into()))?;
    let wanted = sluice_codec::scale::to_chain(withdrawal.request.amount, asset);
    let (block, logs) = found.reading();
    let log =
        logs.iter().find(|log| log.to == withdrawal.request.to && Some(log.units) == wanted).ok_or_else(
            || OrderError::Evidence("no transfer of this asset and amount to this recipient in it".into()),
        )?;
    let verdict = Verdict::PaidElsewhere { txid, block: *block, log_index: log.log_index };
    let (head, operators) = (found.head(), found.operators().to_vec());
    let name = ProofId::new(ports.entropy.ulid(cause.at));
    change(ports, partner, id, cause, |withdrawal, cause| {
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

async fn change(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WithdrawalId,
    cause: Cause,
    decide: impl Fn(Withdrawal, &Cause) -> Result<(Moved<Withdrawal>, Option<Proof>), Refusal>,
) -> Result<Withdrawal, OrderError> {
    for _ in 0..TRIES_MAX {
        let withdrawal = find(ports, partner, id).await?;
        let (step, proof) = decide(withdrawal, &cause)?;
        let after = step.after().clone();
        let change = Change {
            withdrawals: vec![step],
            proofs: proof.into_iter().collect(),
            close: vec![(Code::NeedsAttention, id.to_string())],
            ..Change::default()
        };
        if commit(ports, change, cause.clone()).await? {
            return Ok(after);
        }
    }
    Err(OrderError::Moved)
}
