//! Rows this version cannot read: left out of the answer, and said aloud once.

use sluice_core::alert::{Code, Raise};
use sluice_core::port::Fut;
use sluice_core::port::store::StoreError;

use super::apply::alerts::raise;
use crate::db::Db;
use crate::row::{Readable, Unread};
use crate::sql::{Conn, SqlError};

/// Rows that were reported by this process; past it the alert itself has said enough.
const REPORTED_MAX: usize = 1_024;

/// A value, and the rows that had to be left out of it.
pub(crate) type Found<T> = (T, Vec<Unread>);

impl Db {
    /// Like `read`; rows that did not read raise `unknown_state`.
    pub(crate) async fn reading<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<Found<T>, SqlError>> + Send + 'static,
    {
        let (value, unread) = self.read(work).await?;
        self.report(unread).await?;
        Ok(value)
    }

    /// Raises `unknown_state` for rows that did not read, once per row and process.
    pub(crate) async fn report(&self, unread: Vec<Unread>) -> Result<(), StoreError> {
        let fresh = self.unreported(unread);
        if fresh.is_empty() {
            return Ok(());
        }
        let context = self.context();
        let rows: Vec<_> = fresh.iter().map(|unread| (unread.table, unread.row.clone())).collect();
        let raising = self.write(move |conn| {
            Box::pin(async move {
                let at = context.clock.now();
                for unread in &fresh {
                    let said = Raise {
                        code: Code::UnknownState,
                        subject: format!("{} {}", unread.table, unread.row),
                        partner: None,
                        detail: format!("left alone: {}", unread.why),
                    };
                    raise(conn, &context, &said, at).await?;
                }
                Ok(())
            })
        });
        let raised = raising.await;
        if raised.is_err() {
            // What may not have been said is said again by the next read.
            let mut reported = self.reported.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            reported.retain(|row| !rows.contains(row));
        }
        raised
    }

    fn unreported(&self, unread: Vec<Unread>) -> Vec<Unread> {
        let mut reported = self.reported.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let fresh = |unread: &Unread| {
            reported.len() < REPORTED_MAX && reported.insert((unread.table, unread.row.clone()))
        };
        unread
            .into_iter()
            .filter({
                let mut fresh = fresh;
                move |unread| fresh(unread)
            })
            .collect()
    }
}

/// Joins what was left out of several reads.
pub(crate) fn keep<T>((values, mut left_out): Readable<T>, unread: &mut Vec<Unread>) -> Vec<T> {
    unread.append(&mut left_out);
    values
}
