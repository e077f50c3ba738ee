//! PostgreSQL: a pool, READ COMMITTED for writing, one snapshot for reading.

use std::time::Duration;

use sluice_core::port::Fut;
use sluice_core::port::store::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions, Postgres};
use sqlx::{Connection as _, PgPool};

use super::OpenError;
use crate::migrate;
use crate::sql::{Conn, SqlError, pg_failed};

/// Connections of one process.
const CONNECTIONS: u32 = 16;
/// A connection that nobody used for so long is asked whether it still lives before it is used.
const RESTED: Duration = Duration::from_secs(1);
/// Longest wait for one of them.
const ACQUIRE_MS: u64 = 5_000;

#[derive(Clone)]
pub(crate) struct Pg {
    pool: PgPool,
}

impl Pg {
    pub(super) async fn open(url: &str) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(|_| OpenError::Url(url.to_owned()))?;
        // Where, without who and with what word: a person must know which server is meant.
        let at = format!(
            "{}:{}/{}",
            options.get_host(),
            options.get_port(),
            options.get_database().unwrap_or_else(|| options.get_username())
        );
        // Nothing waits for ever (M14): not for a lock, and no forgotten transaction holds one. A process that is paused
        // in the middle of a transaction holds its row locks, leases among them, and another of its transactions may wait
        // behind that one. Both together end sooner than whoever takes over tires of waiting.
        let options = options.application_name("sluice").statement_cache_capacity(512).options([
            ("lock_timeout", "5s"),
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "2s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_millis(ACQUIRE_MS))
            // A busy connection needs no question whether it still lives.
            .test_before_acquire(false)
            .before_acquire(|connection, its| {
                Box::pin(async move {
                    if its.idle_for >= RESTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(|error| match pg_failed(&error) {
                SqlError::Store(StoreError::Down(why)) => {
                    SqlError::from(StoreError::Down(format!("{at}: {why}")))
                }
                other => other,
            })?;
        let pg = Self { pool };
        let outcome = pg.write(|conn| Box::pin(migrate::run(conn))).await?;
        outcome.map_err(|newer| OpenError::Newer { found: newer.found, known: newer.known })?;
        Ok(pg)
    }

    pub(crate) async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>>,
    {
        // Several questions of one read see one moment.
        self.transaction("begin isolation level repeatable read read only", work)
            .await
            .map_err(StoreError::from)
    }

    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>>,
    {
        self.try_write(work).await.map_err(StoreError::from)
    }

    /// Like `write`; the caller may try again after [`SqlError::Retry`].
    pub(crate) async fn try_write<T, W>(&self, work: W) -> Result<T, SqlError>
    where
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>>,
    {
        self.transaction("begin isolation level read committed", work).await
    }

    /// Runs `work` of one statement, which is a transaction by itself.
    pub(crate) async fn statement<T, W>(&self, work: W) -> Result<T, SqlError>
    where
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>>,
    {
        let mut connection = self.pool.acquire().await.map_err(|error| pg_failed(&error))?;
        work(&mut Conn::Pg(&mut connection)).await
    }

    async fn transaction<T, W>(&self, begin: &'static str, work: W) -> Result<T, SqlError>
    where
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>>,
    {
        let connection = self.pool.acquire().await.map_err(|error| pg_failed(&error))?;
        let mut lent = Lent { connection, back: false };
        let done = in_transaction(&mut lent.connection, begin, work).await;
        lent.back = true;
        done
    }
}

/// A connection that a transaction runs on. Whoever waits may give up at any moment, and a transaction that is given up
/// while it begins stays open on its connection without the pool knowing of it: the next statement there would be part of
/// it, and be lost with it. So the connection is used again only if the transaction came to its end.
struct Lent {
    connection: PoolConnection<Postgres>,
    back: bool,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.back {
            self.connection.close_on_drop();
        }
    }
}

async fn in_transaction<T, W>(
    connection: &mut PgConnection,
    begin: &'static str,
    work: W,
) -> Result<T, SqlError>
where
    W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>>,
{
    let mut transaction = connection.begin_with(begin).await.map_err(|error| pg_failed(&error))?;
    let done = work(&mut Conn::Pg(&mut transaction)).await;
    match done {
        Ok(value) => {
            // Sent and not answered: it may have been committed.
            transaction.commit().await.map_err(|error| StoreError::Unknown(error.to_string()))?;
            Ok(value)
        }
        Err(error) => {
            // If even this fails the connection is broken and the server rolls back by itself.
            drop(transaction.rollback().await);
            Err(error)
        }
    }
}
