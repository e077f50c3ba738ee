//! Keys and partners.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sluice_api::key::{ApiKey as WireKey, KeyAlgorithm, Scope as WireScope};
use sluice_api::partner::{Mode, Partner as WirePartner, PartnerState};
use sluice_api::tag;
use sluice_core::partner::{ApiKey, Credential, Partner};
use sluice_core::stop::{Scope, Stop};

use super::{event, time};

/// A key without its secret.
pub(crate) fn key(key: &ApiKey) -> WireKey {
    let (algorithm, public_key) = match &key.credential {
        Credential::Hmac { .. } => (KeyAlgorithm::Hmac, None),
        Credential::Ed25519 { public } => (KeyAlgorithm::Ed25519, Some(STANDARD.encode(public))),
    };
    WireKey {
        id: key.id.to_string(),
        object: tag::ApiKey::Is,
        partner_id: key.partner.to_string(),
        name: key.label.clone(),
        algorithm,
        public_key,
        scopes: key.scopes.iter().filter_map(|scope| WireScope::parse(scope.as_str())).collect(),
        allowed_ips: key.networks.clone(),
        created_at: time(key.created_at),
        created_by: key.created_by.as_ref().map(|actor| event::actor(&actor.to_string())),
        expires_at: key.expires_at.map(time),
        last_used_at: key.last_used_at.map(time),
        revoked_at: key.revoked_at.map(time),
    }
}

/// A partner, as the stops in force leave it.
pub(crate) fn partner(partner: &Partner, stops: &[Stop]) -> WirePartner {
    let stopped = stops.iter().any(|stop| match stop.scope {
        Scope::All => true,
        Scope::Partner(id) => id == partner.id,
        Scope::Chain(_) | Scope::Asset(_) | Scope::Wallet(_) => false, // the rest of it goes on
    });
    WirePartner {
        id: partner.id.to_string(),
        object: tag::Partner::Is,
        name: partner.name.clone(),
        state: if stopped { PartnerState::Stopped } else { PartnerState::Active },
        mode: if partner.test_mode { Mode::Test } else { Mode::Live },
        timezone: partner.zone.clone(),
        created_at: time(partner.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::access::Scope;

    #[test]
    fn every_scope_of_the_engine_is_a_word_of_the_contract() {
        for scope in Scope::ALL {
            assert!(WireScope::parse(scope.as_str()).is_some(), "{scope}");
        }
    }
}
