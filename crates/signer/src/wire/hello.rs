//! What a signer says of itself, on the wire.

use sluice_core::amount::Cost;
use sluice_core::chain::ChainId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::signer::{self, Hello, Setter};
use sluice_core::stop::Scope;

use super::{FeeCap, Malformed, Reply, Standing};

impl From<Hello> for Reply {
    fn from(hello: Hello) -> Self {
        Self::Hello {
            deployment: hello.deployment.0,
            journal_seq: hello.journal_seq,
            epoch: hello.epoch,
            stops: hello.stops.into_iter().map(Into::into).collect(),
            fee_caps: hello
                .fee_caps
                .iter()
                .map(|cap| FeeCap {
                    chain: cap.chain.to_string(),
                    max_fee_wei: cap.max_fee_wei.to_string(),
                    cost_max_wei: cap.cost_max.0.to_string(),
                })
                .collect(),
        }
    }
}

impl From<signer::Standing> for Standing {
    fn from(stop: signer::Standing) -> Self {
        let (scope, subject) = stop.scope.parts();
        Self {
            scope: scope.to_owned(),
            subject,
            setter: stop.setter.as_str().to_owned(),
            reason: stop.reason,
            journal_seq: stop.journal_seq,
        }
    }
}

/// Reads a stop back. A scope this program cannot read stops everything there, and is shown so; a setter it does not know
/// is none whose stops it lifts.
pub(crate) fn standing(stop: Standing) -> signer::Standing {
    signer::Standing {
        scope: Scope::from_parts(&stop.scope, &stop.subject).unwrap_or(Scope::All),
        setter: Setter::parse(&stop.setter).unwrap_or(Setter::Console),
        reason: stop.reason,
        journal_seq: stop.journal_seq,
    }
}

/// Reads it back; `None` for another answer.
pub(crate) fn read(reply: Reply) -> Result<Option<Hello>, Malformed> {
    let Reply::Hello { deployment, journal_seq, epoch, stops, fee_caps } = reply else { return Ok(None) };
    let cap = |cap: FeeCap| {
        Ok(signer::FeeCap {
            chain: ChainId::parse(&cap.chain).map_err(|_| Malformed("chain"))?,
            max_fee_wei: cap.max_fee_wei.parse().map_err(|_| Malformed("fee cap"))?,
            cost_max: Cost(cap.cost_max_wei.parse().map_err(|_| Malformed("cost cap"))?),
        })
    };
    Ok(Some(Hello {
        deployment: DeploymentId(deployment),
        journal_seq,
        epoch,
        stops: stops.into_iter().map(standing).collect(),
        fee_caps: fee_caps.into_iter().map(cap).collect::<Result<_, Malformed>>()?,
    }))
}
