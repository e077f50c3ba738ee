//! Limits as counters: a draw is admitted or refused in the commit that accepts (M8).

use crate::amount::Amount;
use crate::id::PartnerId;

/// One counter of a partner as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey {
    /// Tenant.
    pub partner: PartnerId,
    /// CAIP-19 id, or the reference currency.
    pub unit: String,
    /// `day:2026-11-21@Asia/Seoul`.
    pub window: String,
}

impl UsageKey {
    /// The text the counter is stored under: partner, scope, subject within it, unit, window.
    pub fn text(&self) -> String {
        format!("{}|partner||{}|{}", self.partner, self.unit, self.window)
    }
}

/// What a withdrawal wants to take from a counter, and how far the counter may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Counter.
    pub key: UsageKey,
    /// How much.
    pub amount: Amount,
    /// Highest total.
    pub cap: Amount,
    /// Stable reason code when it does not fit.
    pub code: &'static str,
}

/// Judges a draw against what is used already. Total: overflow is a refusal.
pub fn admit(used: Amount, draw: &Draw) -> Option<Amount> {
    used.checked_add(draw.amount).filter(|total| *total <= draw.cap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Ulid;
    use crate::time::Timestamp;

    #[test]
    fn a_claim_fits_up_to_the_cap_and_not_past_it() {
        let amount = |atoms| Amount::from_atoms(atoms).unwrap();
        let key = UsageKey {
            partner: PartnerId::new(Ulid::new(Timestamp::default(), 1)),
            unit: "eip155:137/slip44:966".into(),
            window: "day:2026-11-21@Asia/Seoul".into(),
        };
        let draw = Draw { key, amount: amount(40), cap: amount(100), code: "limit_daily" };
        assert_eq!(admit(amount(60), &draw), Some(amount(100)));
        assert_eq!(admit(amount(61), &draw), None);
        assert_eq!(admit(amount(i64::MAX), &draw), None);
    }

    #[test]
    fn counters_of_different_things_never_share_a_key() {
        let key = |partner, unit: &str, window: &str| {
            let partner = PartnerId::new(Ulid::new(Timestamp::default(), partner));
            UsageKey { partner, unit: unit.into(), window: window.into() }.text()
        };
        let keys = [key(1, "u", "w"), key(2, "u", "w"), key(1, "v", "w"), key(1, "u", "v")];
        for (place, one) in keys.iter().enumerate() {
            assert!(keys[place + 1..].iter().all(|other| other != one), "{one}");
        }
    }
}
