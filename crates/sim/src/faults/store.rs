//! The store as a process sees it: with faults, and with a witness on what is committed.

use std::fmt::Debug;
use std::sync::Arc;

use sluice_core::id::WalletId;
use sluice_core::lane::{Fence, Lease};
use sluice_core::port::around::store::{Answer, Around};
use sluice_core::port::store::{Change, LaneView, Outcome, Store, StoreError};
use sluice_core::stop::Stop;

use super::Chaos;

impl Around for Chaos {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(self.site.ask(call, make, StoreError::Down, StoreError::Unknown))
    }

    fn lease<'a>(&'a self, inner: &'a dyn Store, name: &'a str, owner: &'a str) -> Answer<'a, Option<Lease>> {
        let make = move || -> Answer<'a, _> {
            Box::pin(async move {
                let lease = inner.lease(name, owner).await;
                if let Ok(Some(lease)) = &lease {
                    self.witness.leased(self.site.process, lease);
                }
                lease
            })
        };
        self.around("store.lease", make)
    }

    fn apply<'a>(
        &'a self,
        inner: &'a dyn Store,
        fence: Option<Fence>,
        changes: Vec<Change>,
    ) -> Answer<'a, Vec<Outcome>> {
        let changes = Arc::new(changes);
        let make = move || -> Answer<'a, _> {
            let (fence, changes) = (fence.clone(), Arc::clone(&changes));
            Box::pin(async move {
                let outcomes = inner.apply(fence.clone(), changes.to_vec()).await;
                if let Ok(outcomes) = &outcomes {
                    self.witness.applied(self.site.process, fence.as_ref(), &changes, outcomes);
                }
                outcomes
            })
        };
        self.around("store.apply", make)
    }

    fn lane<'a>(&'a self, inner: &'a dyn Store, wallet: WalletId) -> Answer<'a, Option<LaneView>> {
        let make = move || -> Answer<'a, _> {
            Box::pin(async move {
                let lane = inner.lane(wallet).await;
                self.witness.read_stops();
                lane
            })
        };
        self.around("store.lane", make)
    }

    fn stops<'a>(&'a self, inner: &'a dyn Store) -> Answer<'a, Vec<Stop>> {
        let make = move || -> Answer<'a, _> {
            Box::pin(async move {
                let stops = inner.stops().await;
                self.witness.read_stops();
                stops
            })
        };
        self.around("store.stops", make)
    }
}
