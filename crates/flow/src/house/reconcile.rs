//! In: every wallet in service. Out: books equal to the chain at a named block, or an alert with both figures.
//! More than the books say is a top-up and is booked as one; less is an alarm and is never booked away.

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::event::Cause;
use sluice_core::lane::Fence;
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::transfer::State;
use sluice_core::wallet::{Balance, Wallet};

use crate::StageError;

pub(super) async fn run(ports: &Ports, fence: &Fence) -> Result<(), StageError> {
    for wallet in ports.store.wallets(None).await? {
        // A chain that does not answer must not keep the others from being looked at.
        if let Err(error) = one(ports, fence, wallet).await {
            match error {
                StageError::Chain(error) => tracing::warn!(%error, "Reconciliation skipped a wallet"),
                other => return Err(other),
            }
        }
    }
    Ok(())
}

async fn one(ports: &Ports, fence: &Fence, wallet: Wallet) -> Result<(), StageError> {
    let Some(chain) = ports.chains.get(&wallet.chain) else { return Ok(()) };
    let Some(before) = ports.store.lane(wallet.id).await? else { return Ok(()) };
    // While bytes are out the chain and the books may rightly differ by what is under way.
    if before.transfers.iter().any(|(it, _)| matches!(it.state, State::Signed(_) | State::Seen(_))) {
        return Ok(());
    }
    let mut assets = ports.store.assets(Some(wallet.chain)).await?;
    let native = Asset::native(chain.profile());
    if !assets.iter().any(|asset| asset.id == native.id) {
        assets.push(native);
    }
    let (block, balances) = chain.balances(wallet.address, &assets).await?;
    let booked = ports.store.booked(wallet.id).await?;
    let Some(after) = ports.store.lane(wallet.id).await? else { return Ok(()) };
    let unchanged = before.transfers.len() == after.transfers.len()
        && before.transfers.iter().zip(&after.transfers).all(|((a, _), (b, _))| a.id == b.id && a.version == b.version);
    if !unchanged {
        return Ok(()); // Work began meanwhile; the next turn looks again.
    }
    let now = ports.clock.now();
    let cause = Cause { actor: Actor::System("house"), reason: format!("reconciled at {block:?}"), at: now };
    let mut change = Change { cause: Some(cause), ..Change::default() };
    let mut differences = Vec::new();
    for (asset, units) in assets.iter().zip(balances) {
        change.balances.push(Balance { wallet: wallet.id, asset: asset.id, units, block, at: now });
        match compare(asset, units, &booked) {
            Difference::None => {}
            Difference::More(atoms) => change.postings.extend(top_up(&wallet, asset.id, atoms)),
            Difference::Less { chain, books } => {
                differences.push(format!("{}: chain {chain}, books {books}", asset.symbol));
            }
        }
    }
    let subject = wallet.id.to_string();
    if differences.is_empty() {
        change.close.push((Code::ReconciliationDifference, subject));
    } else {
        change.raise.push(Raise {
            code: Code::ReconciliationDifference,
            subject,
            partner: Some(wallet.partner),
            detail: format!("at block {}: {}", block.number, differences.join("; ")),
        });
    }
    ports.store.apply(Some(fence.clone()), vec![change]).await?;
    Ok(())
}

enum Difference {
    None,
    More(i64),
    Less { chain: String, books: String },
}

/// Compares at the precision of the books. Gas is booked rounded up, so the books may say less by up to one atom for
/// every transaction; that is `More` here and is booked back, never hidden.
fn compare(asset: &Asset, units: Units, booked: &[(AssetId, i64)]) -> Difference {
    let books = booked.iter().find(|(id, _)| *id == asset.id).map_or(0, |(_, atoms)| *atoms);
    let chain = sluice_codec::scale::from_chain(units, asset).floor;
    match chain.atoms().cmp(&books) {
        std::cmp::Ordering::Equal => Difference::None,
        std::cmp::Ordering::Greater => Difference::More(chain.atoms().saturating_sub(books)),
        std::cmp::Ordering::Less => {
            Difference::Less { chain: chain.atoms().to_string(), books: books.to_string() }
        }
    }
}

fn top_up(wallet: &Wallet, asset: AssetId, atoms: i64) -> [Posting; 2] {
    let line = |account, atoms| Posting { partner: wallet.partner, wallet: wallet.id, asset, account, atoms };
    [line(Account::Available, atoms), line(Account::Adjustment, atoms.saturating_neg())]
}
