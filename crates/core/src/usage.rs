//! Limits as counters: a claim is admitted or refused in the commit that accepts (M8).

use crate::amount::Amount;
use crate::id::PartnerId;

/// Whose counter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The partner as a whole.
    Partner,
    /// One of its users.
    User(String),
}

/// One counter: `(scope, subject, asset or reference, window)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey {
    /// Tenant.
    pub partner: PartnerId,
    /// Whose.
    pub scope: Scope,
    /// CAIP-19 id, or the reference currency.
    pub unit: String,
    /// `day:2026-11-21@Asia/Seoul`.
    pub window: String,
}

impl UsageKey {
    /// The text the counter is stored under.
    pub fn text(&self) -> String {
        let (scope, subject) = match &self.scope {
            Scope::Partner => ("partner", ""),
            Scope::User(user) => ("user", user.as_str()),
        };
        format!("{}|{scope}|{subject}|{}|{}", self.partner, self.unit, self.window)
    }
}

/// What a withdrawal wants to take from a counter, and how far the counter may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Counter.
    pub key: UsageKey,
    /// How much.
    pub amount: Amount,
    /// Highest total.
    pub cap: Amount,
    /// Stable reason code when it does not fit.
    pub code: &'static str,
}

/// Judges a claim against what is used already. Total: overflow is a refusal.
pub fn admit(used: Amount, claim: &Claim) -> Option<Amount> {
    used.checked_add(claim.amount).filter(|total| *total <= claim.cap)
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
            scope: Scope::Partner,
            unit: "eip155:137/slip44:966".into(),
            window: "day:2026-11-21@Asia/Seoul".into(),
        };
        let claim = Claim { key, amount: amount(40), cap: amount(100), code: "limit_daily" };
        assert_eq!(admit(amount(60), &claim), Some(amount(100)));
        assert_eq!(admit(amount(61), &claim), None);
        assert_eq!(admit(amount(i64::MAX), &claim), None);
    }

    #[test]
    fn counters_of_different_things_never_share_a_key() {
        let key = |scope, unit: &str, window: &str| {
            let partner = PartnerId::new(Ulid::new(Timestamp::default(), 1));
            UsageKey { partner, scope, unit: unit.into(), window: window.into() }.text()
        };
        let user = |text: &str| Scope::User(text.into());
        let keys = [
            key(Scope::Partner, "u", "w"),
            key(user(""), "u", "w"),
            key(user("a"), "u", "w"),
            key(user("a|u"), "u", "w"),
            key(user("a"), "u", "v"),
            key(user("a"), "v", "w"),
        ];
        for (place, one) in keys.iter().enumerate() {
            assert!(keys[place + 1..].iter().all(|other| other != one), "{one}");
        }
    }
}
