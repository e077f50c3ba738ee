//! Explaining a transaction of our wallet that no attempt of ours explains (`adopt`, M6): what it did is read by quorum
//! once it is final, recorded with its type and reason, and booked, so that books and chain agree again.
//!
//! Only what left is booked here. What came in by the same transaction is a top-up, which reconciliation books.

use sluice_core::chain::{ChainId, txid_text};
use std::collections::BTreeSet;

use sluice_core::adoption::{Adopted, Kind};
use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::canonical::Canonical;
use sluice_core::command::{self, Order};
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::Ports;
use sluice_core::port::chain::Foreign;
use sluice_core::port::store::Change;
use sluice_core::proof::Final;
use sluice_core::transfer::{State, Transfer};
use sluice_core::wallet::Wallet;

use super::persons::{Given, Ordered, carry_out, warrant};
use super::together::together_whole;
use super::{OrderError, TRIES_MAX};

/// Why a transaction is not adopted. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// The engine made it.
    #[error("the engine made that transaction itself")]
    Ours,
    /// No final block holds it, as far as a quorum can see.
    #[error("no final transaction with that hash")]
    NotFinal,
    /// It neither came from this wallet nor took anything from it.
    #[error("that transaction did nothing to this wallet")]
    OtherWallet,
    /// What is said of it is not what it did.
    #[error("that transaction is no {}: value left the wallet: {value_left}", kind.as_str())]
    Misfit {
        /// What was said.
        kind: Kind,
        /// Whether more than a fee left.
        value_left: bool,
    },
    /// It was explained before.
    #[error("that transaction is explained already")]
    Explained,
    /// Everything else.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// Records what a foreign transaction was and books it, once two persons say the same of it. The lane's state stays.
///
/// # Errors
/// [`ExplainError`].
pub async fn explain(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WalletId,
    txid: [u8; 32],
    kind: Kind,
    given: impl Into<Given>,
) -> Result<Ordered<Wallet>, ExplainError> {
    let given = given.into();
    // What a lost life has made, or what was signed and not recorded, would be booked by its transfer again.
    together_whole(ports).await?;
    for _ in 0..TRIES_MAX {
        let view = ports.store.lane(id).await.map_err(OrderError::from)?;
        let view = view.filter(|it| partner.is_none_or(|partner| it.wallet.partner == partner));
        let wallet = view.ok_or(OrderError::NotFound)?.wallet;
        given.expects(wallet.version)?;
        let (found, final_nonce, assets) = look(ports, &wallet, txid, kind).await?;
        let step = wallet.clone().explain(final_nonce).map_err(OrderError::from)?;
        if ports.store.is_adopted(id, txid).await.map_err(OrderError::from)? {
            return Err(ExplainError::Explained);
        }
        let warrant = warrant(ports, &given, order(id, txid, kind), wallet.partner, false).await?;
        let after = step.after().clone();
        let change = Change {
            wallets: vec![step],
            postings: postings(&wallet, found.reading(), &assets),
            adopted: vec![record(&wallet, &found, &assets, txid, kind)],
            ..Change::default()
        };
        match carry_out(ports, change, after, warrant, &given.cause).await {
            Ok(Some(ordered)) => return Ok(ordered),
            Ok(None) => {}
            Err(OrderError::Evidence(_)) => return Err(ExplainError::Explained),
            Err(other) => return Err(other.into()),
        }
    }
    Err(OrderError::Moved.into())
}

/// What two persons agree on. Each transaction of a wallet waits for its second person by itself.
fn order(wallet: WalletId, txid: [u8; 32], kind: Kind) -> Order {
    let txid = txid_text(&txid);
    let says = Canonical::map([
        ("txid", Some(Canonical::text(&txid))),
        ("type", Some(Canonical::text(kind.as_str()))),
    ]);
    Order::new(command::Kind::LaneAdopt, format!("{wallet}/{txid}"), &says, &Canonical::map([]))
}

/// What it did by quorum, the wallet's nonce at the final block, and the assets that are booked here.
async fn look(
    ports: &Ports,
    wallet: &Wallet,
    txid: [u8; 32],
    kind: Kind,
) -> Result<(Final<Foreign>, u64, Vec<Asset>), ExplainError> {
    let chain =
        ports.chains.get(&wallet.chain).ok_or_else(|| OrderError::NotConfigured(wallet.chain.to_string()))?;
    let ours = ports.store.attempts_by_txid(wallet.chain, &[txid]).await.map_err(OrderError::from)?;
    let ours: BTreeSet<_> = ours.into_iter().map(|(_, transfer)| transfer).collect();
    let ours: Vec<_> = ours.into_iter().collect();
    let read = ports.store.transfers(&ours).await.map_err(OrderError::from)?;
    if read.len() < ours.len() || read.iter().any(|(transfer, _)| !overtook(transfer, txid)) {
        return Err(ExplainError::Ours);
    }
    let found = chain.foreign(wallet.address, txid).await.map_err(OrderError::from)?;
    let did = found.reading().clone().ok_or(ExplainError::NotFinal)?;
    let found = found.map(|_| did);
    if !found.reading().concerns() {
        return Err(ExplainError::OtherWallet);
    }
    let value_left = found.reading().value_left();
    if !kind.fits(value_left) {
        return Err(ExplainError::Misfit { kind, value_left });
    }
    let standing = chain.standing(wallet.address, &[]).await.map_err(OrderError::from)?;
    let assets = ports.store.assets(Some(wallet.chain)).await.map_err(OrderError::from)?;
    let assets = Asset::with_coin(assets, chain.profile());
    Ok((found, standing.reading().nonce, assets))
}

/// Whether this attempt landed although its transfer ended by something else: then nothing has booked it.
fn overtook(transfer: &Transfer, txid: [u8; 32]) -> bool {
    match &transfer.state {
        State::Final(ended) => ended.end.inclusion().is_none_or(|inclusion| inclusion.txid != txid),
        State::Planned
        | State::Funded(_)
        | State::Fuelling(_)
        | State::Fuelled(_)
        | State::Built(_)
        | State::Signed(_)
        | State::Seen(_)
        | State::Dropped { .. } => false,
    }
}

/// Whether a transfer of ours ended by this transaction after all: then its proof is what there is to say of it. It may have
/// been read otherwise in a block that a reorganisation took back.
pub(super) async fn is_an_end_of_ours(
    ports: &Ports,
    chain: ChainId,
    txid: [u8; 32],
) -> Result<bool, OrderError> {
    let ours = ports.store.attempts_by_txid(chain, &[txid]).await?;
    let ours: BTreeSet<_> = ours.into_iter().map(|(_, transfer)| transfer).collect();
    let ours: Vec<_> = ours.into_iter().collect();
    let read = ports.store.transfers(&ours).await?;
    let ends = |transfer: &Transfer| matches!(transfer.state, State::Final(_)) && !overtook(transfer, txid);
    Ok(!ours.is_empty() && read.len() == ours.len() && read.iter().all(|(transfer, _)| ends(transfer)))
}

/// Units of an asset that left, fees apart.
fn left(foreign: &Foreign, asset: &Asset) -> Units {
    match asset.contract() {
        None => foreign.coin_left,
        Some(contract) => {
            let logs = foreign.tokens_left.iter().filter(|(token, _)| *token == contract);
            logs.fold(Units::ZERO, |sum, (_, units)| sum.saturating_add(*units))
        }
    }
}

fn postings(wallet: &Wallet, foreign: &Foreign, assets: &[Asset]) -> Vec<Posting> {
    let mut postings = Vec::new();
    for asset in assets {
        let mut book = |account, atoms: i64| {
            if atoms > 0 {
                let line = |account, atoms| Posting {
                    partner: wallet.partner,
                    wallet: wallet.id,
                    asset: asset.id,
                    account,
                    atoms,
                };
                postings.push(line(Account::Available, atoms.saturating_neg()));
                postings.push(line(account, atoms));
            }
        };
        let scaled = sluice_codec::scale::from_chain(left(foreign, asset), asset);
        // Rounded up, as fees are: the books never say that more is there than the chain has.
        let dust = i64::from(!scaled.dust.is_zero());
        book(Account::Adjustment, scaled.floor.atoms().saturating_add(dust));
        if asset.contract().is_none() {
            let cost = foreign.cost.book(asset.decimals, asset.precision).unwrap_or_default();
            book(Account::Gas, cost.atoms());
        }
    }
    postings
}

fn record(wallet: &Wallet, found: &Final<Foreign>, assets: &[Asset], txid: [u8; 32], kind: Kind) -> Adopted {
    let foreign = found.reading();
    let moved = assets.iter().map(|asset| (asset.id, left(foreign, asset)));
    Adopted {
        wallet: wallet.id,
        partner: wallet.partner,
        chain: wallet.chain,
        txid,
        kind,
        block: foreign.block,
        nonce: foreign.nonce,
        cost: foreign.cost,
        moved: moved.filter(|(_, units)| !units.is_zero()).collect(),
        head: found.head(),
        operators: found.operators().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::address::EvmAddress;
    use sluice_core::amount::Cost;
    use sluice_core::asset::AssetId;
    use sluice_core::chain::{BlockRef, ChainId, ChainProfile};
    use sluice_core::id::Ulid;
    use sluice_core::time::Timestamp;

    const TOKEN: EvmAddress = EvmAddress([0xcc; 20]);

    fn wallet() -> Wallet {
        let at = Timestamp::from_micros(0);
        let (id, partner) = (WalletId::new(Ulid::new(at, 1)), PartnerId::new(Ulid::new(at, 2)));
        let chain = ChainId::evm(31_337);
        Wallet::adopt(id, partner, chain, EvmAddress([1; 20]).into(), "hot".into(), 3, "r".into(), at)
            .into_after()
    }

    #[test]
    fn what_left_is_booked_rounded_up_and_every_group_sums_to_zero() {
        let token = AssetId::erc20(ChainId::evm(31_337), TOKEN);
        let token = Asset { id: token, symbol: "USDC".into(), precision: 6, decimals: 6, freezable: true };
        let coin = Asset::native(&ChainProfile::devnet());
        let foreign = Foreign {
            block: BlockRef { number: 1, hash: [1; 32] },
            nonce: Some(3),
            cost: Cost(1),
            coin_left: Units::from(1u64),
            tokens_left: vec![
                (TOKEN.into(), Units::from(5u64)),
                (TOKEN.into(), Units::from(6u64)),
                (EvmAddress([9; 20]).into(), Units::from(7u64)),
            ],
            permits: false,
        };
        let booked = postings(&wallet(), &foreign, &[token.clone(), coin.clone()]);
        for asset in [&token, &coin] {
            let sum: i64 = booked.iter().filter(|it| it.asset == asset.id).map(|it| it.atoms).sum();
            assert_eq!(sum, 0, "{}", asset.symbol);
        }
        let of = |asset: &Asset, account| {
            let lines = booked.iter().filter(|it| it.asset == asset.id && it.account == account);
            lines.map(|it| it.atoms).sum::<i64>()
        };
        assert_eq!(of(&token, Account::Available), -11, "another token is not in the books");
        assert_eq!((of(&coin, Account::Adjustment), of(&coin, Account::Gas)), (1, 1), "a wei is an atom");
        let nothing = Foreign { coin_left: Units::ZERO, tokens_left: vec![], cost: Cost(0), ..foreign };
        assert_eq!(postings(&wallet(), &nothing, &[token, coin]), vec![]);
    }
}
