//! In: a caller's request. Out: a stored withdrawal, approved or rejected, or the one that was stored before.
//! A crash leaves nothing, or all of it: withdrawal, keys, counters, decision, event are one commit.

use std::collections::BTreeMap;

use sluice_core::address::{Address, AddressError};
use sluice_core::amount::{Amount, AmountError};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WithdrawalId};
use sluice_core::intent::DeploymentId;
use sluice_core::policy::{Facts, evaluate};
use sluice_core::port::Ports;
use sluice_core::port::reader::WithdrawalView;
use sluice_core::port::store::{Accepted, Intake, StoreError};
use sluice_core::port::world::Topic;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{NewRequest, Request, RequestError, Type, Withdrawal};

/// A request as a caller words it. Text that has a meaning is still text here: the checks are one place.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The partner's own id.
    pub external_id: String,
    /// Who is paid, in the partner's words.
    pub user_id: String,
    /// CAIP-19 id.
    pub asset: String,
    /// Decimal text.
    pub amount: String,
    /// Recipient.
    pub address: String,
    /// How soon.
    pub kind: Type,
    /// Text for the recipient.
    pub memo: Option<String>,
    /// Not before.
    pub scheduled_for: Option<Timestamp>,
    /// The partner's own notes.
    pub metadata: BTreeMap<String, String>,
    /// The caller's key for this request.
    pub idempotency_key: Option<String>,
}

/// Why nothing was stored. None of these burns an external id or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// The asset id is malformed or not configured.
    #[error("the asset is not known")]
    AssetUnknown,
    /// The amount.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Another field.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The external id belongs to a request with other content (M1).
    #[error("external_id belongs to another request: {0}")]
    ExternalIdConflict(WithdrawalId),
    /// The idempotency key belongs to a request with other content.
    #[error("the idempotency key belongs to another request: {0}")]
    IdempotencyKeyConflict(WithdrawalId),
    /// The partner does not exist (any more).
    #[error("the partner is not known")]
    PartnerUnknown,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was stored, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// By this call: with all there is to see of it.
    New(Box<WithdrawalView>),
    /// By an earlier call: as it stands.
    Replay(Box<Withdrawal>),
}

/// Takes a request.
///
/// # Errors
/// [`IntakeError`]: the first thing that is wrong. Nothing was stored then.
pub async fn take(
    ports: &Ports,
    deployment: &DeploymentId,
    partner: PartnerId,
    wanted: Wanted,
    cause: Cause,
) -> Result<Taken, IntakeError> {
    let asset = AssetId::parse(&wanted.asset).map_err(|_| IntakeError::AssetUnknown)?;
    let facts = ports.store.intake_facts(partner, asset).await?.ok_or(IntakeError::PartnerUnknown)?;
    // A coin may be configured because it pays for gas, and for nothing else.
    let asset = facts.asset.filter(Asset::pays_out).ok_or(IntakeError::AssetUnknown)?;
    let new = NewRequest {
        external_id: wanted.external_id,
        user_id: wanted.user_id,
        amount: asset.amount(&wanted.amount)?,
        to: Address::parse(asset.id.chain.family, &wanted.address)?,
        asset,
        kind: wanted.kind,
        memo: wanted.memo,
        scheduled_for: wanted.scheduled_for,
        metadata: wanted.metadata,
    };
    let request = Request::check(new, Amount::ZERO, &facts.own_wallets, cause.at)?;
    let decision = evaluate(Facts {
        partner: &facts.partner,
        request: &request,
        limit: facts.limit.as_ref(),
        now: cause.at,
    });
    let at = cause.at;
    let id = WithdrawalId::new(ports.entropy.ulid(at));
    let withdrawal = Withdrawal::request(id, partner, deployment, request, false, at);
    let intake = Intake { withdrawal, idempotency_key: wanted.idempotency_key, decision, cause };
    match ports.store.accept(intake).await? {
        Accepted::New(withdrawal) => {
            // A rejected one concerns no lane.
            for lane in facts.lanes.iter().filter(|_| !withdrawal.state.terminal()) {
                ports.wake.signal(Topic::Lane(lane.id));
            }
            ports.wake.signal(Topic::Events);
            let view = WithdrawalView::of_new(*withdrawal, at, facts.lanes, facts.stop);
            Ok(Taken::New(Box::new(view)))
        }
        Accepted::Replay(withdrawal) => Ok(Taken::Replay(withdrawal)),
        Accepted::ExternalIdConflict(id) => Err(IntakeError::ExternalIdConflict(id)),
        Accepted::IdempotencyKeyConflict(id) => Err(IntakeError::IdempotencyKeyConflict(id)),
    }
}
