//! Registering a wallet whose key somebody else holds: the engine looks at it, reconciles it, and may name it as a place
//! that money is moved to. So it takes two persons, and a wait in which somebody can object before anything names it.
//!
//! What it holds is booked at a final block, as a quorum reads it. It may be a contract, such as a Safe.

use sluice_core::address::Address;
use sluice_core::canonical::Canonical;
use sluice_core::chain::ChainId;
use sluice_core::command::{Kind, Order};
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::wallet::{Custody, Registration, Tier, Unfit, Wallet};

use super::adopt::{AdoptError, Rule, examine};
use super::persons::{Given, Ordered, carry_out, warrant};
use super::{OrderError, TRIES_MAX};

/// What is to be registered.
#[derive(Clone, Debug)]
pub struct Register {
    /// Owner.
    pub partner: PartnerId,
    /// Chain.
    pub chain: ChainId,
    /// Account.
    pub address: Address,
    /// What it is for.
    pub tier: Tier,
    /// For people.
    pub label: String,
    /// How long nothing is sent to it after the second person's word, milliseconds.
    pub wait_ms: i64,
}

impl Register {
    /// What two persons agree on. The account is named as CAIP-10 does: the wallet has no id before it is registered.
    fn order(&self) -> Order {
        let says = Canonical::map([
            ("address", Some(Canonical::text(self.address))),
            ("chain", Some(Canonical::text(self.chain))),
            ("label", Some(Canonical::text(&self.label))),
            ("partner", Some(Canonical::text(self.partner))),
            ("tier", Some(Canonical::text(self.tier.as_str()))),
        ]);
        let account = format!("{}:{}", self.chain, self.address);
        Order::new(Kind::WalletRegister, account, &says, &Canonical::map([]))
    }
}

/// Registers it, once it has the persons it takes; the wallet then.
///
/// # Errors
/// [`AdoptError`]: the address is managed already, what it holds is moving, or not by this person.
pub async fn register(
    ports: &Ports,
    wanted: &Register,
    given: impl Into<Given>,
) -> Result<Ordered<Wallet>, AdoptError> {
    // Apart from its caller: changes of several tries are a lot to carry along.
    Box::pin(carried(ports, wanted, given.into())).await
}

async fn carried(ports: &Ports, wanted: &Register, given: Given) -> Result<Ordered<Wallet>, AdoptError> {
    Unfit::check(wanted.tier, Custody::External)?;
    for _ in 0..TRIES_MAX {
        let found = examine(ports, wanted.chain, wanted.address).await?;
        if let Some(unmet) = found.unmet_of(&[Rule::Free, Rule::BalanceSettled]) {
            return Err(unmet.clone());
        }
        let cause = &given.cause;
        let registration = Registration {
            id: WalletId::new(ports.entropy.ulid(cause.at)),
            partner: wanted.partner,
            chain: wanted.chain,
            address: wanted.address,
            label: wanted.label.clone(),
            tier: wanted.tier,
            custody: Custody::External,
            nonce: found.nonce(),
            trusted_from: cause.at.plus_ms(wanted.wait_ms),
        };
        let step = Wallet::register(registration, cause.reason.clone(), cause.at)?;
        let wallet = step.after().clone();
        let mut change = Change { wallets: vec![step], ..Change::default() };
        found.open(&wallet, cause, &mut change);
        let warrant = warrant(ports, &given, wanted.order(), wanted.partner, false).await?;
        match carry_out(ports, change, wallet, warrant, cause).await {
            Ok(Some(ordered)) => return Ok(ordered),
            Ok(None) => {}
            // Only one rule of the schema is left to break: somebody else was faster with this address.
            Err(OrderError::Evidence(_)) => return Err(AdoptError::Managed),
            Err(other) => return Err(other.into()),
        }
    }
    Err(OrderError::Moved.into())
}
