//! Stop means stop (M12): while a stop is in force no payment is signed, bumped or sent for the first time.

use sha2::{Digest as _, Sha256};

use crate::access::Actor;
use crate::asset::AssetId;
use crate::chain::ChainId;
use crate::id::{PartnerId, StopId, Ulid, WalletId};
use crate::time::Timestamp;

/// How much is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything of everybody.
    All,
    /// One partner.
    Partner(PartnerId),
    /// One chain.
    Chain(ChainId),
    /// One asset.
    Asset(AssetId),
    /// One wallet.
    Wallet(WalletId),
}

impl Scope {
    /// Kind and subject, as stored and shown.
    pub fn parts(&self) -> (&'static str, String) {
        match self {
            Self::All => ("all", String::new()),
            Self::Partner(id) => ("partner", id.to_string()),
            Self::Chain(id) => ("chain", id.to_string()),
            Self::Asset(id) => ("asset", id.to_string()),
            Self::Wallet(id) => ("wallet", id.to_string()),
        }
    }

    /// Reads kind and subject.
    pub fn from_parts(kind: &str, subject: &str) -> Option<Self> {
        match kind {
            "all" => subject.is_empty().then_some(Self::All),
            "partner" => PartnerId::parse(subject).ok().map(Self::Partner),
            "chain" => ChainId::parse(subject).ok().map(Self::Chain),
            "asset" => AssetId::parse(subject).ok().map(Self::Asset),
            "wallet" => WalletId::parse(subject).ok().map(Self::Wallet),
            _ => None,
        }
    }

    /// Whether a payment of this partner, asset and wallet falls under the stop.
    pub fn covers(&self, partner: PartnerId, asset: AssetId, wallet: Option<WalletId>) -> bool {
        match self {
            Self::All => true,
            Self::Partner(id) => *id == partner,
            Self::Chain(id) => *id == asset.chain,
            Self::Asset(id) => *id == asset,
            Self::Wallet(id) => Some(*id) == wallet,
        }
    }
}

/// A stop in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// How much.
    pub scope: Scope,
    /// Whose it is: the platform's, or the partner's whose people set it. One scope may be stopped by both, and neither
    /// lifts the other's.
    pub holder: PartnerId,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: String,
    /// Since.
    pub at: Timestamp,
}

impl Stop {
    /// Its name: from when it was set, by whom and on what, so that the same stop set anew is another one.
    pub fn id(&self) -> StopId {
        id_of(&self.scope, self.holder, self.at)
    }
}

/// The name of the stop that a holder set on a scope at this time.
pub fn id_of(scope: &Scope, holder: PartnerId, at: Timestamp) -> StopId {
    let (kind, subject) = scope.parts();
    let hash = Sha256::digest(format!("sluice/stop/v1\0{kind}\n{subject}\n{holder}\n{}", at.micros()));
    let mut bits = [0; 16];
    bits.copy_from_slice(&hash[..16]);
    StopId::new(Ulid::new(at, u128::from_be_bytes(bits)))
}

/// Whether any stop covers the payment.
pub fn stopped(stops: &[Stop], partner: PartnerId, asset: AssetId, wallet: Option<WalletId>) -> bool {
    stops.iter().any(|stop| stop.scope.covers(partner, asset, wallet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Asset;
    use crate::chain::ChainProfile;
    use crate::partner::PLATFORM;
    use crate::samples::{at, chain, partner, token, ulid, wallet};

    fn scopes() -> [Scope; 5] {
        let asset = token().id;
        [
            Scope::All,
            Scope::Partner(partner()),
            Scope::Chain(chain()),
            Scope::Asset(asset),
            Scope::Wallet(wallet()),
        ]
    }

    #[test]
    fn a_stop_covers_its_scope_and_nothing_beside_it() {
        let (mine, others) = (partner(), PartnerId::new(ulid(99)));
        let (coin, abroad) =
            (AssetId::native(&ChainProfile::devnet()), Asset::native(&ChainProfile::polygon()).id);
        let (here, elsewhere) = (Some(wallet()), Some(WalletId::new(ulid(99))));
        let payments = [
            (mine, token().id, here),
            (others, token().id, elsewhere),
            (mine, coin, elsewhere),
            (mine, abroad, elsewhere),
            (mine, token().id, None),
        ];
        let covered = [
            [true, true, true, true, true],
            [true, false, true, true, true],
            [true, true, true, false, true],
            [true, true, false, false, true],
            [true, false, false, false, false],
        ];
        for (scope, expected) in scopes().into_iter().zip(covered) {
            let stop =
                Stop { scope, holder: PLATFORM, actor: Actor::Console, reason: "test".into(), at: at(0) };
            let found = payments
                .map(|(partner, asset, wallet)| stopped(std::slice::from_ref(&stop), partner, asset, wallet));
            assert_eq!(found, expected, "{scope:?}");
        }
        assert!(!stopped(&[], mine, token().id, here));
    }

    #[test]
    fn no_two_stops_share_an_id_and_one_that_is_set_again_has_another() {
        let others = PartnerId::new(ulid(99));
        let mut ids: Vec<StopId> = scopes().iter().map(|scope| id_of(scope, PLATFORM, at(0))).collect();
        ids.extend([id_of(&Scope::All, others, at(0)), id_of(&Scope::All, PLATFORM, at(1))]);
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert_eq!(StopId::parse(&ids[0].to_string()), Ok(ids[0]));
    }

    #[test]
    fn a_scope_reads_back_and_nothing_else_is_one() {
        for scope in scopes() {
            let (kind, subject) = scope.parts();
            assert_eq!(Scope::from_parts(kind, &subject), Some(scope));
        }
        for (kind, subject) in
            [("all", "x"), ("partner", ""), ("wallet", "pt_0"), ("chain", "137"), ("user", "")]
        {
            assert_eq!(Scope::from_parts(kind, subject), None, "{kind} {subject}");
        }
    }
}
