//! Requests to get energy ahead.

use sluice_api::energy::{EnergyBurnReason, EnergyRequest, EnergyRequestItem, EnergyRequestStatus};
use sluice_api::tag;
use sluice_core::energy::{Burning, Request, RequestState};

use crate::wire::{count, time};

/// A request.
pub(crate) fn request(of: &Request) -> EnergyRequest {
    let why = match of.state {
        RequestState::Burning(Burning::Cheaper) => Some(EnergyBurnReason::Cheaper),
        RequestState::Burning(Burning::NoSource) => Some(EnergyBurnReason::NoSource),
        _ => None,
    };
    EnergyRequest {
        object: tag::EnergyRequest::Is,
        id: of.id.to_string(),
        partner_id: of.partner.to_string(),
        chain: of.chain.to_string(),
        wallet: of.wallet.to_string(),
        external_id: of.external_id.clone(),
        status: match of.state {
            RequestState::Open => EnergyRequestStatus::Open,
            RequestState::Asked { .. } => EnergyRequestStatus::Asked,
            RequestState::Served => EnergyRequestStatus::Served,
            RequestState::Burning(_) => EnergyRequestStatus::Burning,
            RequestState::Dropped => EnergyRequestStatus::Dropped,
            RequestState::Expired => EnergyRequestStatus::Expired,
            RequestState::Cancelled => EnergyRequestStatus::Cancelled,
        },
        why,
        need: of.asked_by().map(|need| need.to_string()),
        withdrawals: of
            .items
            .iter()
            .map(|item| EnergyRequestItem { id: item.withdrawal.to_string(), energy: item.energy })
            .collect(),
        energy: of.energy(),
        got: of.got,
        not_before: time(of.not_before),
        expires_at: time(of.expires_at),
        requested_at: time(of.requested_at),
        changed_at: time(of.changed_at),
        version: count(of.version),
    }
}
