//! Leases and the arithmetic of a lane: room in the window, funds that are free.

use crate::amount::Units;
use crate::chain::ChainProfile;
use crate::time::Timestamp;
use crate::transfer::{State, Transfer};

/// How long a lease lasts without renewal.
pub const LEASE_MS: i64 = 2_000;
/// How often a holder renews.
pub const RENEW_MS: i64 = 500;
/// A holder stops by itself this long before its lease ends: clocks differ and a call takes time (M7).
pub const LEASE_MARGIN_MS: i64 = 500;

const _: () = assert!(RENEW_MS < LEASE_MS - LEASE_MARGIN_MS, "it renews while it may still work");

/// Proof of holding a lease, checked by every write of its holder. It comes with a [`Lease`] and from nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    name: String,
    epoch: i64,
}

impl Fence {
    /// Name of the lease: `lane:<wallet>`, `chain:<caip2>`, `decide`, `house`, `deliver:<n>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Rises with every change of holder.
    pub const fn epoch(&self) -> i64 {
        self.epoch
    }
}

/// A lease and when it ends, by the clock of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    fence: Fence,
    until: Timestamp,
}

impl Lease {
    /// Called by `store` alone, in the commit that grants it.
    pub const fn granted(name: String, epoch: i64, until: Timestamp) -> Self {
        Self { fence: Fence { name, epoch }, until }
    }

    /// Goes with every write.
    pub const fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Gives up all but the fence.
    pub fn into_fence(self) -> Fence {
        self.fence
    }

    /// End, unless renewed.
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

/// Who holds a lease, or held it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process, by the name it took for this start.
    pub owner: String,
    /// Rises with every change of holder.
    pub epoch: i64,
    /// End, unless renewed, by the clock of the database.
    pub until: Timestamp,
}

/// How many new slots a lane may allocate: its window counts slots allocated and not yet included; unsettled ones have
/// a bound of their own.
pub fn room<'a>(
    profile: &ChainProfile,
    transfers: impl IntoIterator<Item = &'a Transfer, IntoIter: Clone>,
) -> usize {
    let transfers = transfers.into_iter();
    let count =
        |wanted: fn(&State) -> bool| transfers.clone().filter(|transfer| wanted(&transfer.state)).count();
    let open = count(|state| matches!(state, State::Built(_) | State::Signed(_)));
    let unsettled = count(|state| matches!(state, State::Built(_) | State::Signed(_) | State::Seen(_)));
    let unsettled_max = usize::try_from(profile.unsettled_max).unwrap_or(usize::MAX);
    usize::from(profile.window).saturating_sub(open).min(unsettled_max.saturating_sub(unsettled))
}

/// Whether it is the bound on unsettled transfers that leaves no room.
pub fn unsettled_full<'a>(profile: &ChainProfile, transfers: impl IntoIterator<Item = &'a Transfer>) -> bool {
    let unsettled = |state: &State| matches!(state, State::Built(_) | State::Signed(_) | State::Seen(_));
    let count = transfers.into_iter().filter(|transfer| unsettled(&transfer.state)).count();
    count >= usize::try_from(profile.unsettled_max).unwrap_or(usize::MAX)
}

/// `balance at block B - what transfers not included at or before B will take` (M8). Exact units on both sides; zero
/// when more is promised than there is.
pub fn available(balance: Units, promised: impl IntoIterator<Item = Units>) -> Units {
    promised.into_iter().fold(balance, |left, units| left.saturating_sub(units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{built, planned, seen, sent};

    #[test]
    fn the_window_counts_slots_that_are_not_included_and_another_bound_what_is_not_settled() {
        let profile =
            |window, unsettled_max| ChainProfile { window, unsettled_max, ..ChainProfile::devnet() };
        let lane = [planned(), built(), sent(), seen(), seen()];
        assert_eq!(room(&profile(16, 512), &lane), 14, "planned has no slot, seen is included");
        assert_eq!(room(&profile(2, 512), &lane), 0);
        assert_eq!(room(&profile(1, 512), &lane), 0, "a smaller window than what is out already");
        assert_eq!(room(&profile(16, 5), &lane), 1, "four of five are unsettled");
        assert_eq!(room(&profile(16, 4), &lane), 0);
        assert!(unsettled_full(&profile(16, 4), &lane) && !unsettled_full(&profile(16, 5), &lane));
        assert!(!unsettled_full(&profile(1, 512), &lane), "a full window is no full bound");
    }

    #[test]
    fn what_is_promised_is_not_free_and_nothing_is_below_zero() {
        let units = |number: u64| Units::from(number);
        assert_eq!(available(units(10), [units(3), units(4)]), units(3));
        assert_eq!(available(units(10), [units(3), units(8)]), Units::ZERO);
        assert_eq!(available(units(10), []), units(10));
    }
}
