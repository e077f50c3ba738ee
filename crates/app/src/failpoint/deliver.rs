//! Handing over alerts: a failpoint.

use std::sync::Arc;

use sluice_core::alert::Alert;
use sluice_core::port::Fut;
use sluice_core::port::deliver::{Deliver, NotDelivered};

use super::Failpoint;

/// Every call of it.
pub const CALLS: [&str; 1] = ["deliver.alerts"];

pub(super) fn wrap(inner: Arc<dyn Deliver>, point: &Arc<Failpoint>) -> Arc<dyn Deliver> {
    Arc::new(Wrapped { inner, point: point.clone() })
}

struct Wrapped {
    inner: Arc<dyn Deliver>,
    point: Arc<Failpoint>,
}

type Answer<'a, T> = Fut<'a, Result<T, NotDelivered>>;

impl Deliver for Wrapped {
    fn alerts<'a>(&'a self, alerts: &'a [Alert]) -> Answer<'a, ()> {
        Box::pin(self.point.around("deliver.alerts", vec![], self.inner.alerts(alerts)))
    }
}
