//! In: wallets that have left service. Out: their keys barred at the signer. A process that retired a wallet bars its key
//! at once; what a crash or a silent signer left is done here. Each process asks once for each wallet, which is harmless.

use std::collections::BTreeSet;

use sluice_core::id::WalletId;
use sluice_core::port::Ports;

use crate::StageError;

/// Keys barred in one look.
const SLICE_MAX: usize = 64;
/// How the signer calls a wallet whose key it does not have.
const UNKNOWN: &str = "wallet_unknown";

pub(super) async fn run(ports: &Ports, barred: &mut BTreeSet<WalletId>) -> Result<(), StageError> {
    let retired = ports.store.retired().await?;
    for wallet in retired.into_iter().filter(|id| !barred.contains(id)).take(SLICE_MAX).collect::<Vec<_>>() {
        match ports.signer.bar(wallet, "retired").await? {
            Ok(_place) => {
                barred.insert(wallet);
            }
            // There is no key that could sign.
            Err(refusal) if refusal.code == UNKNOWN => {
                barred.insert(wallet);
            }
            Err(refusal) => {
                tracing::warn!(wallet = %wallet, %refusal, "The signer does not bar a retired key");
            }
        }
    }
    Ok(())
}
