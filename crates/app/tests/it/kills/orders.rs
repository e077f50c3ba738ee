//! What is ordered, written down before anybody is asked.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use sluice_api::client::ClientError;
use sluice_api::withdrawal::Withdrawal;

use super::drill::Drill;
use crate::harness::Order;

/// What was asked for.
#[derive(Default)]
pub struct Ledger {
    /// Everything.
    pub all: Vec<Order>,
    /// What nobody has answered yet.
    pub unheard: Vec<Order>,
}

impl Drill {
    /// Orders more; what nobody answered comes first.
    pub(super) async fn tops_up(&self, count: u64) {
        let _fresh = self.write_down(count);
        // A copy: this may be dropped at any await, and what is not answered by then is asked for again.
        let unheard = self.ledger().unheard.clone();
        for order in &unheard {
            while self.asks(order).await.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Asks once. `None`: nobody has answered, so it may or may not have been taken.
    pub async fn asks(&self, order: &Order) -> Option<Withdrawal> {
        match self.people.first.ask(order).await {
            Ok(made) => {
                self.ledger().unheard.retain(|it| it != order);
                Some(made)
            }
            Err(ClientError::Problem(problem)) if problem.status < 500 && problem.status != 429 => {
                panic!("refused: {problem:?}")
            }
            Err(_) => None,
        }
    }

    /// Fresh orders, in the books of whoever asks before anybody is asked.
    pub fn write_down(&self, count: u64) -> Vec<Order> {
        let orders = Order::fresh(&self.tag, count);
        let mut ledger = self.ledger();
        ledger.all.extend(orders.iter().cloned());
        ledger.unheard.extend(orders.iter().cloned());
        orders
    }

    /// This order may be cancelled.
    pub fn wish(&self, order: &Order) {
        self.wished().push(order.clone());
    }

    /// The orders that may be cancelled.
    pub fn wished(&self) -> MutexGuard<'_, Vec<Order>> {
        self.wished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that was never given out by this drill.
    pub fn unique(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}
