//! Deciding: pure and total. An error in here never approves.
//!
//! The spine knows two rules, the limit per transaction and the daily limit, and no verification floor. The order of
//! gates, the record of every one of them and the types that force it are already those of the full engine (DESIGN 7).

use crate::amount::Amount;
use crate::partner::{Limit, Partner};
use crate::time::Timestamp;
use crate::usage::{Draw, UsageKey};
use crate::withdrawal::Request;

/// What a decision is made from. There is no urgency in it: `immediate`, VIP and emergency change order and deadlines,
/// never gates (M11).
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Tenant.
    pub partner: &'a Partner,
    /// What is asked for.
    pub request: &'a Request,
    /// The limit of its asset; an asset without one cannot be paid.
    pub limit: Option<&'a Limit>,
    /// Now.
    pub now: Timestamp,
}

/// Proof that the verification an amount asks for was given (M11). The spine's floor is empty for every amount, and says
/// so in the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorMet(());

/// Proof that every gate was passed. `approve` accepts nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    decision: String,
    _floor: FloorMet,
}

impl Passed {
    /// Text of the decision: rule ids and versions.
    pub fn into_decision(self) -> String {
        self.decision
    }
}

/// What was decided before the counters are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Passes if every draw is admitted in the commit that accepts.
    Pass {
        /// Counters to bump and judge, in key order.
        draws: Vec<Draw>,
        /// What to hand to `approve` then.
        passed: Passed,
    },
    /// Refused, with a stable code.
    Reject {
        /// Code.
        code: &'static str,
    },
}

/// Decides. Bounds are inclusive: an amount equal to a limit passes.
pub fn evaluate(facts: Facts<'_>) -> Decision {
    let Some(limit) = facts.limit else { return Decision::Reject { code: "limit_per_transaction" } };
    let total = facts.request.total_debit();
    if total > limit.per_transaction {
        return Decision::Reject { code: "limit_per_transaction" };
    }
    let counted_at = facts.request.scheduled_for.unwrap_or(facts.now);
    let Some(day) = counted_at.day_in(&facts.partner.zone) else {
        return Decision::Reject { code: "limit_daily" };
    };
    let key = UsageKey {
        partner: facts.partner.id,
        unit: facts.request.asset.id.to_string(),
        window: format!("day:{day}@{}", facts.partner.zone),
    };
    let draw = Draw { key, amount: total, cap: limit.daily, code: "limit_daily" };
    let decision = format!(
        "spine limit v{}: per_transaction {} <= {}, daily counted on {day}, floor none",
        limit.version,
        show(total, facts.request),
        show(limit.per_transaction, facts.request),
    );
    Decision::Pass { draws: vec![draw], passed: Passed { decision, _floor: FloorMet(()) } }
}

/// How the decision about an errand of the house begins.
const OF_THE_HOUSE: &str = "errand ";

/// Whether this is a decision by [`of_the_house`].
pub fn is_of_the_house(decision: &str) -> bool {
    decision.starts_with(OF_THE_HOUSE)
}

/// Lets an errand of the house pass: nobody's limit counts it, for it pays nobody. What bounds it is what the signer allows of
/// its asset. `None` for what a partner asked for.
pub fn of_the_house(request: &Request) -> Option<Decision> {
    let kind = request.errand_kind().filter(|_| request.pinned_to.is_some())?;
    let decision = format!("{OF_THE_HOUSE}{kind}: no limit, floor none");
    Some(Decision::Pass { draws: vec![], passed: Passed { decision, _floor: FloorMet(()) } })
}

fn show(amount: Amount, request: &Request) -> String {
    amount.text(request.asset.precision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, limit, new_request, tenant};
    use crate::withdrawal::{NewRequest, Type};

    fn request(change: impl FnOnce(&mut NewRequest)) -> Request {
        let mut new = new_request();
        change(&mut new);
        Request::check(new, Amount::from_atoms(500_000).unwrap(), &[], at(0)).unwrap()
    }

    fn decide(request: &Request, limit: Option<&Limit>, zone: &str) -> Result<Vec<Draw>, &'static str> {
        let partner = Partner { zone: zone.into(), ..tenant() };
        match evaluate(Facts { partner: &partner, request, limit, now: at(0) }) {
            Decision::Pass { draws, .. } => Ok(draws),
            Decision::Reject { code } => Err(code),
        }
    }

    #[test]
    fn what_a_partner_asked_for_is_no_errand() {
        assert_eq!(of_the_house(&request(|_| {})), None);
    }

    #[test]
    fn what_cannot_be_judged_is_never_approved() {
        let request = request(|_| {});
        assert_eq!(
            decide(&request, None, "Asia/Seoul"),
            Err("limit_per_transaction"),
            "no limit is configured"
        );
        assert_eq!(decide(&request, Some(&limit()), "Asia/Atlantis"), Err("limit_daily"), "no such zone");
    }

    #[test]
    fn the_limit_counts_the_fee_and_an_amount_equal_to_it_passes() {
        let of = |atoms| {
            let request = request(|new| new.amount = Amount::from_atoms(atoms).unwrap());
            decide(&request, Some(&limit()), "Asia/Seoul").map(|draws| draws[0].amount.atoms())
        };
        assert_eq!(of(19_500_000), Ok(20_000_000));
        assert_eq!(of(19_500_001), Err("limit_per_transaction"));
    }

    #[test]
    fn urgency_changes_no_gate() {
        let draws = |kind| decide(&request(|new| new.kind = kind), Some(&limit()), "Asia/Seoul");
        assert_eq!(draws(Type::Immediate), draws(Type::Regular));
    }

    #[test]
    fn a_scheduled_withdrawal_is_counted_on_the_day_it_is_paid() {
        let window = |request: &Request| {
            let draws = decide(request, Some(&limit()), "Asia/Seoul").unwrap();
            assert_eq!((draws[0].cap, draws[0].code), (limit().daily, "limit_daily"));
            draws[0].key.window.clone()
        };
        let (today, day_ms) = (at(0).day_in("Asia/Seoul").unwrap(), 86_400_000);
        assert_eq!(window(&request(|_| {})), format!("day:{today}@Asia/Seoul"));
        let later = request(|new| {
            new.kind = Type::Scheduled;
            new.scheduled_for = Some(at(day_ms));
        });
        let tomorrow = at(day_ms).day_in("Asia/Seoul").unwrap();
        assert_eq!(window(&later), format!("day:{tomorrow}@Asia/Seoul"));
        assert_ne!(today, tomorrow);
    }
}
