//! What people and partners are told of needs, orders and loans.

use super::{Credit, Loan, LoanState, Need, NeedState, Order, Origin, POOL, Request, RequestState};
use crate::canonical::Canonical;
use crate::event::Event;
use crate::moved::Moved;
use crate::partner::PLATFORM;

/// The event of a need's step, in its partner's feed.
pub fn of_need(step: &Moved<Need>) -> Event {
    let need = step.after();
    let why = match need.state {
        NeedState::Burning(why) => Some(Canonical::text(why.as_str())),
        NeedState::Open | NeedState::Served | NeedState::Dropped => None,
    };
    Event {
        kind: format!("energy.{}", need.state.as_str()),
        partner: need.partner,
        withdrawal: None,
        transfer: None,
        wallet: Some(need.wallet),
        data: Canonical::map([
            ("burning_sun", Some(Canonical::text(need.burning_sun.0))),
            ("energy", Some(Canonical::text(need.energy))),
            ("need", Some(Canonical::text(need.id))),
            ("receiver", Some(Canonical::text(need.receiver))),
            ("wallet", Some(Canonical::text(need.wallet))),
            ("why", why),
        ]),
    }
}

/// The event of an order's step, in the platform's feed: whoever runs Sluice pays the vendors.
pub fn of_order(step: &Moved<Order>) -> Option<Event> {
    let (before, order) = (step.before(), step.after());
    if before.is_some_and(|before| before.state == order.state) {
        return None;
    }
    let bought = order.state.bought();
    Some(Event {
        kind: format!("energy.order_{}", order.state.as_str()),
        partner: PLATFORM,
        withdrawal: None,
        transfer: None,
        wallet: Some(order.wallet),
        data: Canonical::map([
            ("charged_sun", bought.and_then(|it| it.charged_sun).map(|sun| Canonical::text(sun.0))),
            ("energy", Some(Canonical::text(order.energy))),
            ("max_total_sun", Some(Canonical::text(order.max_total_sun.0))),
            ("need", Some(Canonical::text(order.need))),
            ("order", Some(Canonical::text(order.id))),
            ("provider_id", bought.and_then(|it| it.provider_id.as_ref()).map(Canonical::text)),
            ("vendor", Some(Canonical::text(&order.vendor))),
            ("wallet", Some(Canonical::text(order.wallet))),
        ]),
    })
}

/// The event of what was paid in at a vendor, in the platform's feed.
pub fn of_credit(credit: &Credit) -> Event {
    let (kind, reference, paid_at) = match &credit.origin {
        Origin::Opening => ("energy.account_opened", None, None),
        Origin::TopUp { reference, paid_at } => {
            ("energy.account_topped_up", Some(Canonical::text(reference)), Some(Canonical::text(paid_at)))
        }
    };
    Event {
        kind: kind.into(),
        partner: PLATFORM,
        withdrawal: None,
        transfer: None,
        wallet: None,
        data: Canonical::map([
            ("paid_at", paid_at),
            ("reference", reference),
            ("sun", Some(Canonical::text(credit.sun.0))),
            ("vendor", Some(Canonical::text(&credit.vendor))),
        ]),
    }
}

/// The event of a loan's step, in its partner's feed: the pool is a source of its need.
pub fn of_loan(step: &Moved<Loan>) -> Event {
    let loan = step.after();
    let until = match &loan.state {
        LoanState::Lent { until, .. } => Some(Canonical::text(until)),
        LoanState::Asked
        | LoanState::Late
        | LoanState::Absent
        | LoanState::Ending { .. }
        | LoanState::Free { .. }
        | LoanState::Returning { .. }
        | LoanState::Returned => None,
    };
    Event {
        kind: format!("energy.loan_{}", loan.state.as_str()),
        partner: loan.partner,
        withdrawal: None,
        transfer: None,
        wallet: Some(loan.wallet),
        data: Canonical::map([
            ("energy", Some(Canonical::text(loan.energy))),
            ("need", Some(Canonical::text(loan.need))),
            ("price_sun", Some(Canonical::text(loan.price_sun.0))),
            ("receiver", Some(Canonical::text(loan.receiver))),
            ("source", Some(Canonical::text(POOL))),
            ("until", until),
            ("wallet", Some(Canonical::text(loan.wallet))),
        ]),
    }
}

/// The event of a request's step, in its partner's feed.
pub fn of_request(step: &Moved<Request>) -> Event {
    let request = step.after();
    let (need, why) = match request.state {
        RequestState::Asked { need } => (Some(Canonical::text(need)), None),
        RequestState::Burning(why) => (None, Some(Canonical::text(why.as_str()))),
        RequestState::Open
        | RequestState::Served
        | RequestState::Dropped
        | RequestState::Expired
        | RequestState::Cancelled => (None, None),
    };
    Event {
        kind: format!("energy.request_{}", request.state.as_str()),
        partner: request.partner,
        withdrawal: None,
        transfer: None,
        wallet: Some(request.wallet),
        data: Canonical::map([
            ("energy", Some(Canonical::text(request.energy()))),
            ("external_id", Some(Canonical::text(&request.external_id))),
            ("got", Some(Canonical::text(request.got))),
            ("need", need),
            ("request", Some(Canonical::text(request.id))),
            ("wallet", Some(Canonical::text(request.wallet))),
            ("why", why),
        ]),
    }
}
