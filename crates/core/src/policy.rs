//! Deciding: pure and total. An error in here never approves.
//!
//! The spine knows two rules, the limit per transaction and the daily limit, and no verification floor. The order of
//! gates, the record of every one of them and the types that force it are already those of the full engine (DESIGN 7).

use crate::amount::Amount;
use crate::partner::{Limit, Partner};
use crate::time::Timestamp;
use crate::usage::{Claim, Scope, UsageKey};
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
    /// Passes if every claim is admitted in the commit that accepts.
    Pass {
        /// Counters to bump and judge, in key order.
        claims: Vec<Claim>,
        /// What to hand to `approve` then.
        passed: Passed,
    },
    /// Refused, with a stable code.
    Reject {
        /// Code.
        code: &'static str,
    },
}

/// Longest a hold lasts when nothing else is said: 72 hours.
pub const HOLD_MS: i64 = 72 * 3_600_000;

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
        scope: Scope::Partner,
        unit: facts.request.asset.id.to_string(),
        window: format!("day:{day}@{}", facts.partner.zone),
    };
    let claim = Claim { key, amount: total, cap: limit.daily, code: "limit_daily" };
    let decision = format!(
        "spine limit v{}: per_transaction {} <= {}, daily counted on {day}, floor none",
        limit.version,
        show(total, facts.request),
        show(limit.per_transaction, facts.request),
    );
    Decision::Pass { claims: vec![claim], passed: Passed { decision, _floor: FloorMet(()) } }
}

fn show(amount: Amount, request: &Request) -> String {
    amount.text(request.asset.precision)
}
