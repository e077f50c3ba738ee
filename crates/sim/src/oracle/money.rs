//! Money, from the model chain alone against the callers' own lists: each order is paid at most once, and nothing else
//! ever leaves a wallet.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_core::id::{PartnerId, WalletId, WithdrawalId};

use super::Violation;
use crate::model::block::{Block, Executed, Moved};
use crate::model::chain::Chain;

/// What a caller ordered, in the caller's own words.
#[derive(Clone, Debug)]
pub struct Order {
    /// Whose.
    pub partner: PartnerId,
    /// The caller's own id.
    pub external_id: String,
    /// Whom to pay.
    pub to: EvmAddress,
    /// How much, chain atoms.
    pub atoms: u128,
    /// Of the chain's coin, not of the token.
    pub coin: bool,
    /// What the engine called it, once it answered.
    pub answered: Option<WithdrawalId>,
}

/// Payment by payer's partner, recipient, amount, and whether it is the coin: what an outsider can tell apart on chain.
pub type Shape = (PartnerId, EvmAddress, u128, bool);

impl Order {
    /// What its payment looks like.
    pub const fn shape(&self) -> Shape {
        (self.partner, self.to, self.atoms, self.coin)
    }
}

const fn shape(partner: PartnerId, moved: Moved) -> Shape {
    (partner, moved.to, moved.atoms, moved.coin)
}

/// Payments on the canonical chain, by shape and by transaction.
#[derive(Clone, Debug, Default)]
pub struct Paid {
    /// How often each shape was paid.
    pub by_shape: BTreeMap<Shape, u64>,
    /// Every paying transaction.
    pub txids: Vec<[u8; 32]>,
    /// How often strangers with our keys paid each shape: what a person may show instead of a payment of ours.
    pub by_strangers: BTreeMap<Shape, u64>,
}

/// Everything that left managed wallets on the canonical chain. What `strangers` sent with our keys is not ours.
///
/// # Errors
/// A violation when anything but an ordered payment or a void left one.
pub fn paid(
    chain: &Chain,
    wallets: &BTreeMap<EvmAddress, PartnerId>,
    orders: &[Order],
    strangers: &BTreeMap<[u8; 32], WalletId>,
) -> Result<Paid, Violation> {
    let mut paid = Paid::default();
    for block in &chain.blocks {
        for done in &block.txs {
            let Some(partner) = wallets.get(&done.tx.from) else { continue };
            if strangers.contains_key(&done.tx.hash) {
                if let Some(moved) = done.moved() {
                    *paid.by_strangers.entry(shape(*partner, moved)).or_default() += 1;
                }
            } else {
                one(block, done, *partner, chain, &mut paid)?;
            }
        }
    }
    let mut ordered: BTreeMap<Shape, u64> = BTreeMap::new();
    for order in orders {
        *ordered.entry(order.shape()).or_default() += 1;
    }
    for (shape, count) in &paid.by_shape {
        let (partner, to, atoms, coin) = shape;
        let what = if *coin { "of the coin" } else { "of the token" };
        match ordered.get(shape) {
            None => {
                let detail = format!("{partner} paid {atoms} {what} to {to}, which nobody ordered");
                return Err(Violation::new("M6 nothing leaves unexplained", detail));
            }
            Some(wanted) if wanted < count => {
                let detail =
                    format!("{partner} paid {atoms} {what} to {to} {count} times for {wanted} orders");
                return Err(Violation::new("M1 paid at most once", detail));
            }
            Some(_) => {}
        }
    }
    Ok(paid)
}

fn one(
    block: &Arc<Block>,
    done: &Executed,
    partner: PartnerId,
    chain: &Chain,
    paid: &mut Paid,
) -> Result<(), Violation> {
    let tx = &done.tx;
    let void = tx.to == tx.from && tx.value_wei == 0 && tx.data.is_empty();
    if void || !done.success {
        return Ok(());
    }
    // A coin is paid where its transfer runs nobody's code.
    let plain = |coin: bool| match coin {
        true => chain.terms.shape == crate::model::chain::Shape::Expiry,
        false => tx.to == chain.terms.token && tx.value_wei == 0,
    };
    match done.moved() {
        Some(moved) if plain(moved.coin) => {
            *paid.by_shape.entry(shape(partner, moved)).or_default() += 1;
            paid.txids.push(tx.hash);
            Ok(())
        }
        _ => {
            let detail = format!(
                "0x{} in block {} is neither payment nor void",
                hex::encode(tx.hash),
                block.id.number
            );
            Err(Violation::new("M6 nothing leaves unexplained", detail))
        }
    }
}
