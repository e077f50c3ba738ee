//! A transaction of a managed wallet that no stored attempt explains, explained by people (M6).

use crate::amount::{Cost, Units};
use crate::asset::AssetId;
use crate::canonical::Canonical;
use crate::chain::{BlockRef, ChainId, txid_text};
use crate::event::Event;
use crate::id::{PartnerId, WalletId};

/// What it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Moved by hand between the owner's own wallets.
    InternalMove,
    /// A payment made by hand outside the engine.
    ManualPayment,
    /// Coin spent on fees, or on a nonce that was used up by hand. Nothing else left.
    NetworkCost,
    /// A permission, allowance or delegation set on purpose. Nothing else left.
    Permission,
    /// Taken by somebody else.
    Theft,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::InternalMove, Self::ManualPayment, Self::NetworkCost, Self::Permission, Self::Theft];

    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InternalMove => "internal_move",
            Self::ManualPayment => "manual_payment",
            Self::NetworkCost => "network_cost",
            Self::Permission => "permission",
            Self::Theft => "theft",
        }
    }

    /// Whether this may be said of a transaction that moved value out of the wallet, or of one that did not.
    pub const fn fits(self, value_left: bool) -> bool {
        match self {
            Self::InternalMove | Self::ManualPayment => value_left,
            Self::NetworkCost | Self::Permission => !value_left,
            // A thief's approval takes nothing yet.
            Self::Theft => true,
        }
    }
}

/// The explanation, with the evidence it rests on. A transaction is explained once for each wallet, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// Wallet.
    pub wallet: WalletId,
    /// Its owner.
    pub partner: PartnerId,
    /// Its chain.
    pub chain: ChainId,
    /// The transaction.
    pub txid: [u8; 32],
    /// What it was.
    pub kind: Kind,
    /// Where it is.
    pub block: BlockRef,
    /// Nonce it used up, when the wallet sent it.
    pub nonce: Option<u64>,
    /// What the wallet paid for its inclusion.
    pub cost: Cost,
    /// What left the wallet by it: assets of this installation, exact units.
    pub moved: Vec<(AssetId, Units)>,
    /// Final block it was read under.
    pub head: BlockRef,
    /// Operators that agree on it.
    pub operators: Vec<String>,
}

impl Adopted {
    /// The event. People read it, so it says everything.
    pub fn event(&self) -> Event {
        let moved = self.moved.iter().map(|(asset, units)| {
            Canonical::map([("asset", Some(Canonical::text(asset))), ("units", Some(Canonical::text(units)))])
        });
        Event {
            kind: "lane.transaction_adopted".into(),
            partner: self.partner,
            withdrawal: None,
            transfer: None,
            wallet: Some(self.wallet),
            data: Canonical::map([
                ("block", Some(Canonical::text(self.block.number))),
                ("chain", Some(Canonical::text(self.chain))),
                ("cost_wei", Some(Canonical::text(self.cost))),
                ("moved", Some(Canonical::List(moved.collect()))),
                ("nonce", self.nonce.map(Canonical::text)),
                ("operators", Some(Canonical::List(self.operators.iter().map(Canonical::text).collect()))),
                ("txid", Some(Canonical::Text(txid_text(&self.txid)))),
                ("type", Some(Canonical::text(self.kind.as_str()))),
                ("wallet", Some(Canonical::text(self.wallet))),
            ]),
        }
    }
}
