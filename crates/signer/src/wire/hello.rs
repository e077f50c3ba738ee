//! What a signer says of itself, on the wire.

use sluice_core::chain::ChainId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::signer::{self, Hello};
use sluice_core::stop::Scope;

use super::{FeeCap, Malformed, Reply};

impl From<Hello> for Reply {
    fn from(hello: Hello) -> Self {
        Self::Hello {
            deployment: hello.deployment.0,
            journal_seq: hello.journal_seq,
            epoch: hello.epoch,
            stops: hello
                .stops
                .into_iter()
                .map(|(scope, reason)| {
                    let (kind, subject) = scope.parts();
                    (kind.to_owned(), subject, reason)
                })
                .collect(),
            fee_caps: hello
                .fee_caps
                .iter()
                .map(|cap| FeeCap {
                    chain: cap.chain.to_string(),
                    max_fee_wei: cap.max_fee_wei.to_string(),
                    cost_max_wei: cap.cost_max_wei.to_string(),
                })
                .collect(),
        }
    }
}

/// Reads it back; `None` for another answer.
pub(crate) fn read(reply: Reply) -> Result<Option<Hello>, Malformed> {
    let Reply::Hello { deployment, journal_seq, epoch, stops, fee_caps } = reply else { return Ok(None) };
    let cap = |cap: FeeCap| {
        Ok(signer::FeeCap {
            chain: ChainId::parse(&cap.chain).map_err(|_| Malformed("chain"))?,
            max_fee_wei: cap.max_fee_wei.parse().map_err(|_| Malformed("fee cap"))?,
            cost_max_wei: cap.cost_max_wei.parse().map_err(|_| Malformed("cost cap"))?,
        })
    };
    // A scope this program cannot read stops everything there, and is shown so.
    let stop = |(kind, subject, reason): (String, String, String)| {
        (Scope::from_parts(&kind, &subject).unwrap_or(Scope::All), reason)
    };
    Ok(Some(Hello {
        deployment: DeploymentId(deployment),
        journal_seq,
        epoch,
        stops: stops.into_iter().map(stop).collect(),
        fee_caps: fee_caps.into_iter().map(cap).collect::<Result<_, Malformed>>()?,
    }))
}
