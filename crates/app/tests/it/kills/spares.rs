//! Who gives orders, and wallets beside the lanes, so that they have something to give orders about.

use sluice_api::wallet::AdoptWallet;

use super::deeds::because;
use crate::harness::{Caller, Engine, SignerProcess, World, until};
use crate::wallets::{adopting, fund, signer_key};

/// Who takes part.
pub struct People {
    /// Of the demo partner.
    pub first: Caller,
    /// Another one.
    pub second: Caller,
    /// Of the platform.
    pub platform: Caller,
    /// Another one.
    pub second_platform: Caller,
}

/// Wallets beside the lanes, for orders of people.
pub struct Spares {
    /// One that the signer holds and nobody adopts.
    pub adopting: AdoptWallet,
    /// One in service that is drained and not empty: it cannot be retired.
    pub drained: String,
}

impl Spares {
    /// A wallet that is retired, so that its key is barred at every start, and the spares.
    pub async fn of(world: &World, signer: &SignerProcess, engine: &Engine, people: &People) -> Self {
        let client = &people.first.client;
        let make = || signer_key(&signer.config, &engine.dev.partner_id, &["create"]);
        let taken = async |address: &str| {
            until("every rule is met", async || {
                client.check_wallet(&adopting(address)).await.is_ok_and(|check| check.ready)
            })
            .await;
            let wallet = client.adopt_wallet(&adopting(address)).await.expect("adopted");
            client.drain_lane(&wallet.id, &because()).await.expect("draining");
            wallet.id
        };
        let (_, empty) = make();
        let empty = taken(&empty).await;
        for person in [&people.first, &people.second] {
            until("it is retired", async || person.client.retire_wallet(&empty, &because()).await.is_ok())
                .await;
        }
        let (_, full) = make();
        fund(world, &full).await;
        let drained = taken(&full).await;
        let (_, never) = make();
        Self { adopting: adopting(&never), drained }
    }
}
