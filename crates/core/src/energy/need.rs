//! What a lane asks for: so much energy for the payouts that it powers together, by a time. Where it comes from is the
//! broker's business; the lane reads on chain that it is there.
//!
//! ```text
//! open --> served      an order of it was delivered, on chain
//!      \-> burning     no source is cheaper, or none delivers in time
//!       \-> dropped    nothing waits for it any more
//! ```

use crate::address::TronAddress;
use crate::chain::ChainId;
use crate::id::{EnergyNeedId, PartnerId, WalletId};
use crate::moved::{Moved, Reached, Refusal};
use crate::time::Timestamp;

/// Why TRX may be burned for a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Burning {
    /// Burning costs no more than any vendor asks.
    Cheaper,
    /// No source delivers in time, within its caps.
    NoSource,
}

impl Burning {
    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cheaper => "cheaper",
            Self::NoSource => "no_source",
        }
    }

    /// Reads such a name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Cheaper, Self::NoSource].into_iter().find(|it| it.as_str() == text)
    }
}

/// Where a need stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeedState {
    /// The broker looks for a source, or waits for one.
    Open,
    /// Energy came for it, on chain.
    Served,
    /// The lane may burn TRX instead, within its caps.
    Burning(Burning),
    /// Nothing waits for it any more.
    Dropped,
}

impl NeedState {
    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Served => "served",
            Self::Burning(_) => "burning",
            Self::Dropped => "dropped",
        }
    }
}

/// A need of a lane.
pub type Need = Reached<NeedRecord>;

/// What is known of a need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedRecord {
    /// Name.
    pub id: EnergyNeedId,
    /// Whose payouts they are.
    pub partner: PartnerId,
    /// The lane.
    pub wallet: WalletId,
    /// Its chain.
    pub chain: ChainId,
    /// The lane's account.
    pub receiver: TronAddress,
    /// How much is missing.
    pub energy: u64,
    /// What burning TRX for it would cost at the price it was opened at, in sun.
    pub burning_sun: crate::amount::Cost,
    /// When the lane stops waiting for it.
    pub deadline: Timestamp,
    /// Where it stands.
    pub state: NeedState,
    /// When the lane asked.
    pub opened_at: Timestamp,
    /// When it came to stand there.
    pub changed_at: Timestamp,
    /// Changes with every stored change.
    pub version: i64,
}

/// What a lane asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Name.
    pub id: EnergyNeedId,
    /// Whose payouts they are.
    pub partner: PartnerId,
    /// The lane.
    pub wallet: WalletId,
    /// Its chain.
    pub chain: ChainId,
    /// The lane's account.
    pub receiver: TronAddress,
    /// How much is missing; at least one.
    pub energy: u64,
    /// What burning TRX for it would cost now, in sun.
    pub burning_sun: crate::amount::Cost,
    /// When the lane stops waiting for it.
    pub deadline: Timestamp,
}

impl Need {
    /// A lane asks.
    pub fn open(wanted: Wanted, at: Timestamp) -> Moved<Self> {
        let Wanted { id, partner, wallet, chain, receiver, energy, burning_sun, deadline } = wanted;
        Moved::born(Self(NeedRecord {
            id,
            partner,
            wallet,
            chain,
            receiver,
            energy: energy.max(1),
            burning_sun,
            deadline,
            state: NeedState::Open,
            opened_at: at,
            changed_at: at,
            version: 1,
        }))
    }

    /// Energy came for it.
    ///
    /// # Errors
    /// [`Refusal`] unless open.
    pub fn serve(self, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        self.ended("serve", NeedState::Served, at)
    }

    /// TRX may be burned for it.
    ///
    /// # Errors
    /// [`Refusal`] unless open.
    pub fn burn(self, why: Burning, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        self.ended("burn for", NeedState::Burning(why), at)
    }

    /// Nothing waits for it any more.
    ///
    /// # Errors
    /// [`Refusal`] unless open.
    pub fn drop_unwanted(self, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        self.ended("drop", NeedState::Dropped, at)
    }

    fn ended(
        self,
        transition: &'static str,
        state: NeedState,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        match self.state {
            NeedState::Open => {
                let mut after = self.clone();
                after.0.state = state;
                after.0.changed_at = at;
                after.0.version = self.version.saturating_add(1);
                Ok(Moved::new(self, after))
            }
            NeedState::Served | NeedState::Burning(_) | NeedState::Dropped => {
                Err(Refusal::NotFrom { thing: "need of energy", transition, state: self.state.as_str() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Cost;
    use crate::id::Ulid;

    fn need() -> Moved<Need> {
        let name = Ulid::new(Timestamp::from_micros(0), 1);
        Need::open(
            Wanted {
                id: EnergyNeedId::new(name),
                partner: PartnerId::new(name),
                wallet: WalletId::new(name),
                chain: ChainId::tron(31_337),
                receiver: TronAddress([1; 20]),
                energy: 130_285,
                burning_sun: Cost(13_028_500),
                deadline: Timestamp::from_micros(9),
            },
            Timestamp::from_micros(1),
        )
    }

    #[test]
    fn a_need_ends_once() {
        let at = Timestamp::from_micros(5);
        let open = need().into_after();
        let ends = [
            open.clone().serve(at).unwrap(),
            open.clone().burn(Burning::Cheaper, at).unwrap(),
            open.drop_unwanted(at).unwrap(),
        ];
        for end in ends {
            let end = end.into_after();
            assert_eq!((end.version, end.changed_at), (2, at));
            assert!(end.clone().serve(at).is_err());
            assert!(end.clone().burn(Burning::NoSource, at).is_err());
            assert!(end.drop_unwanted(at).is_err());
        }
    }

    #[test]
    fn every_reason_reads_as_it_is_written() {
        for why in [Burning::Cheaper, Burning::NoSource] {
            assert_eq!(Burning::parse(why.as_str()), Some(why));
        }
        assert_eq!(Burning::parse("x"), None);
    }
}
