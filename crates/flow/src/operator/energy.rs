//! What people say of accounts at vendors of energy: what was paid in there, and what was kept for an order that account and
//! chain do not explain. Both change what the broker believes of an account, and so when a vendor is asked again (M2): two
//! persons of the platform, who have read the vendor's own statement.

use sluice_core::amount::Cost;
use sluice_core::canonical::Canonical;
use sluice_core::command::{Kind, Order as Says};
use sluice_core::energy::{Order, TopUp, Unbookable};
use sluice_core::id::EnergyOrderId;
use sluice_core::moved::Refusal;
use sluice_core::partner::PLATFORM;
use sluice_core::port::Ports;
use sluice_core::port::reader::Reader;
use sluice_core::port::store::{Change, StoreError};
use sluice_core::port::world::Topic;
use sluice_core::time::Timestamp;

use super::persons::{Given, Ordered, carry_out, warrant};
use super::{OrderError, TRIES_MAX};

/// A booking never changes: it stands or it does not.
pub const TOP_UP_VERSION: i64 = 1;

/// Why an account stays as it is. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnergyError {
    /// It is no payment that could be booked.
    #[error(transparent)]
    Unbookable(#[from] Unbookable),
    /// Another payment was booked under this reference.
    #[error("another payment was booked under this reference")]
    Booked,
    /// The order may still be taken and delivered.
    #[error("the order may still be delivered until {until}")]
    Unsettled {
        /// Until when.
        until: Timestamp,
    },
    /// Everything else.
    #[error(transparent)]
    Order(#[from] OrderError),
}

impl From<StoreError> for EnergyError {
    fn from(error: StoreError) -> Self {
        Self::Order(error.into())
    }
}

/// Books what was paid in at a vendor, once two persons say the same of it. What was booked before is said to be done, and not
/// booked again.
///
/// # Errors
/// [`EnergyError`].
pub async fn book_top_up(
    ports: &Ports,
    reader: &dyn Reader,
    top_up: &TopUp,
    given: impl Into<Given>,
) -> Result<Ordered<()>, EnergyError> {
    let given = given.into();
    for _ in 0..TRIES_MAX {
        if let Some(booked) = reader.top_up(&top_up.vendor, &top_up.reference).await? {
            let same = booked == *top_up;
            return if same { Ok(Ordered::Done((), None)) } else { Err(EnergyError::Booked) };
        }
        let books = reader.vendor_books().await?;
        let opened_at = books.iter().find(|it| it.booked.vendor == top_up.vendor).map(|it| it.opened_at);
        let credit = top_up.book(opened_at, given.cause.at)?;
        // Each payment waits for its second person by itself.
        let subject = format!("{}/{}", top_up.vendor, top_up.reference);
        let says = Says::new(Kind::EnergyBook, subject, &top_up.says(), &Canonical::map([]));
        let warrant = warrant(ports, &given, says, PLATFORM, false).await?;
        let acts = warrant.acts();
        let change = Change { credits: vec![credit], ..Change::default() };
        match carry_out(ports, change, (), warrant, &given.cause).await {
            Ok(Some(ordered)) => return Ok(woken(ports, acts, ordered)),
            Ok(None) => {}
            // Somebody else booked one under this reference: what, is looked at again.
            Err(OrderError::Evidence(rule)) if rule == ONE_TOP_UP => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OrderError::Moved.into())
}

/// The store's rule that a reference is booked once.
const ONE_TOP_UP: &str = "energy_one_top_up";

/// Says what a vendor has kept for an order, once two persons say the same of it: see [`Order::resolve`]. What is written
/// already is said to be done.
///
/// # Errors
/// [`EnergyError`]: the order is under way, or may still be delivered.
pub async fn resolve_energy(
    ports: &Ports,
    reader: &dyn Reader,
    id: EnergyOrderId,
    kept_sun: Cost,
    given: impl Into<Given>,
) -> Result<Ordered<Order>, EnergyError> {
    let given = given.into();
    for _ in 0..TRIES_MAX {
        let order = reader.energy_order(id).await?.ok_or(OrderError::NotFound)?;
        given.expects(order.version)?;
        let says = says(&order, kept_sun);
        let settles_at = order.settles_at();
        let step = match order.clone().resolve(kept_sun, given.cause.at) {
            Ok(Some(step)) => step,
            Ok(None) => return Ok(Ordered::Done(order, None)),
            Err(refusal) => {
                return Err(match (refusal, settles_at) {
                    (Refusal::Evidence { .. }, Some(until)) => EnergyError::Unsettled { until },
                    (refusal, _) => OrderError::from(refusal).into(),
                });
            }
        };
        let warrant = warrant(ports, &given, says, PLATFORM, false).await?;
        let (acts, after) = (warrant.acts(), step.after().clone());
        let change = Change { orders: vec![step], ..Change::default() };
        if let Some(ordered) = carry_out(ports, change, after, warrant, &given.cause).await? {
            return Ok(woken(ports, acts, ordered));
        }
    }
    Err(OrderError::Moved.into())
}

/// What two persons agree on, and what they have seen: an order that has moved on is looked at anew.
fn says(order: &Order, kept_sun: Cost) -> Says {
    let says = Canonical::map([("kept_sun", Some(Canonical::text(kept_sun.0)))]);
    let charged = order.state.bought().and_then(|bought| bought.charged_sun);
    let facts = Canonical::map([
        ("charged_sun", charged.map(|sun| Canonical::text(sun.0))),
        ("state", Some(Canonical::text(order.state.as_str()))),
    ]);
    Says::new(Kind::EnergyResolve, order.id, &says, &facts)
}

/// The broker looks at its accounts again.
fn woken<T>(ports: &Ports, acts: bool, ordered: T) -> T {
    if acts {
        ports.wake.signal(Topic::Energy);
    }
    ordered
}
