//! In: wallets that have left service. Out: their keys barred at the signer. A process that retired a wallet bars its key
//! at once; what a crash or a silent signer left is done here. Each process asks once for each wallet, which is harmless.

use std::collections::BTreeSet;

use sluice_core::id::WalletId;
use sluice_core::port::Ports;
use sluice_core::time::Timestamp;

use super::due;
use crate::StageError;

/// Time between two looks, milliseconds.
const LOOK_MS: i64 = 10_000;

/// Keys barred in one look.
const SLICE_MAX: usize = 64;
/// How the signer calls a wallet whose key it does not have.
const UNKNOWN: &str = "wallet_unknown";

/// What is remembered of barred keys. Losing it costs a question for each.
#[derive(Default)]
pub(super) struct Barred {
    wallets: BTreeSet<WalletId>,
    at: Option<Timestamp>,
}

impl Barred {
    /// Bars what is not barred yet, where a look is due.
    pub(super) async fn keep(&mut self, ports: &Ports, now: Timestamp) -> Result<(), StageError> {
        if !due(self.at, LOOK_MS, now) {
            return Ok(());
        }
        self.at = Some(now);
        match self.look(ports).await {
            // The lanes say that the signer is down; the next look tries again.
            Err(StageError::Signer(error)) => {
                tracing::warn!(%error, "Retired keys are barred later");
                Ok(())
            }
            looked => looked,
        }
    }

    async fn look(&mut self, ports: &Ports) -> Result<(), StageError> {
        let retired = ports.store.retired().await?;
        let open: Vec<_> =
            retired.into_iter().filter(|id| !self.wallets.contains(id)).take(SLICE_MAX).collect();
        for wallet in open {
            match ports.signer.bar(wallet, "retired").await? {
                Ok(_place) => {
                    self.wallets.insert(wallet);
                }
                // There is no key that could sign.
                Err(refusal) if refusal.code == UNKNOWN => {
                    self.wallets.insert(wallet);
                }
                Err(refusal) => {
                    tracing::warn!(wallet = %wallet, %refusal, "The signer does not bar a retired key");
                }
            }
        }
        Ok(())
    }
}
