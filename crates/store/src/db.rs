//! The database as the program holds it: three ways to run the same repositories.

mod lite;
#[cfg(feature = "postgres")]
mod pg;
mod shared;
mod template;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::FutureExt as _;
use sluice_core::intent::DeploymentId;
use sluice_core::partner::PLATFORM;
use sluice_core::port::Fut;
use sluice_core::port::meter::Meter;
use sluice_core::port::store::StoreError;
use sluice_core::port::world::{Clock, Entropy};

use crate::engine::Context;
use crate::engine::committer::Groups;
use crate::engine::memo::Memo;
use crate::migrate;
use crate::sql::{Conn, Row, Sql, SqlError};
use crate::{args, sql};

pub(crate) use shared::Shared;
pub use template::Template;

/// Why a store does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not an address of a database we know.
    #[error("{0:?} is no database address: sqlite:///path/to/file, sqlite::memory: or postgres://..")]
    Url(String),
    /// This build has no PostgreSQL.
    #[error("this build was made without PostgreSQL; build it with the feature `postgres`")]
    WithoutPostgres,
    /// Written by a newer Sluice.
    #[error(
        "the database has schema version {found} and this program knows {known}: it was written by a newer Sluice; \
         start that version, or restore a backup"
    )]
    Newer {
        /// Version of the database.
        found: i64,
        /// Highest version this program knows.
        known: i64,
    },
    /// It belongs to another installation.
    #[error("the database belongs to deployment {found:?}, not to {expected:?}")]
    Deployment {
        /// What the database says.
        found: String,
        /// What the configuration says.
        expected: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SqlError> for OpenError {
    fn from(error: SqlError) -> Self {
        Self::Store(error.into())
    }
}

/// Who is told of commits; set once, by whoever takes figures.
pub(crate) type Observer = Arc<OnceLock<Arc<dyn Meter>>>;

/// A database with its clock and its source of names.
///
/// The clock matters on SQLite, which has none of its own: leases are judged by it, so the simulator's time may be
/// virtual. On PostgreSQL leases are judged by the server's clock.
pub struct Db {
    backend: Backend,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) reported: Mutex<BTreeSet<(&'static str, String)>>,
    pub(crate) observer: Observer,
    pub(crate) memo: Memo,
    groups: Option<Groups>,
}

enum Backend {
    /// SQLite in a file: one writer thread, some readers.
    Lite(Arc<lite::Lite>),
    /// SQLite in memory, on the calling thread: tests and the simulator.
    Inline(Mutex<rusqlite::Connection>),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Pg(pg::Pg),
}

impl Db {
    /// Opens a database and brings its schema up to date. `sqlite:///path`, `sqlite::memory:`, `postgres://..`.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        url: &str,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, OpenError> {
        if url == "sqlite::memory:" {
            return Self::inline(clock, entropy);
        }
        let backend = if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            Backend::Lite(Arc::new(lite::Lite::open(path)?))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            #[cfg(feature = "postgres")]
            {
                Backend::Pg(pg::Pg::open(url).await?)
            }
            #[cfg(not(feature = "postgres"))]
            return Err(OpenError::WithoutPostgres);
        } else {
            return Err(OpenError::Url(url.to_owned()));
        };
        Ok(Self::over(backend, clock, entropy))
    }

    /// A fresh database in memory that runs on the calling thread.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn inline(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, OpenError> {
        Self::inline_from_template(&Template::new()?, clock, entropy)
    }

    /// Like [`Db::inline`], as a copy of a database that was migrated before: a small part of the time.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn inline_from_template(
        template: &Template,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, OpenError> {
        Ok(Self::over(Backend::Inline(Mutex::new(template.copy()?)), clock, entropy))
    }

    fn over(backend: Backend, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let observer = Observer::default();
        let shared = match &backend {
            // What shares it must not outlive it: the file is closed when the database is dropped.
            Backend::Lite(lite) => Some(Shared::Lite(Arc::downgrade(lite))),
            #[cfg(feature = "postgres")]
            Backend::Pg(pg) => Some(Shared::Pg(pg.clone())),
            // One caller at a time, and no runtime.
            Backend::Inline(_) => None,
        };
        let context = Context { clock: clock.clone(), entropy: entropy.clone() };
        let groups = shared.map(|shared| Groups::start(&shared, &context, &observer));
        Self { backend, clock, entropy, reported: Mutex::default(), observer, memo: Memo::default(), groups }
    }

    /// Tells of every commit from now on. The first who asks is told.
    #[must_use]
    pub fn observed(self, meter: Arc<dyn Meter>) -> Self {
        let _first = self.observer.set(meter);
        self
    }

    /// Ties the database to an installation, or checks that it is tied to this one (M1).
    ///
    /// # Errors
    /// [`OpenError::Deployment`] when it belongs to another.
    pub async fn belongs_to(&self, deployment: &DeploymentId) -> Result<(), OpenError> {
        let (expected, now) = (deployment.0.clone(), self.clock.now());
        let found = self
            .write(move |conn| {
                Box::pin(async move {
                    let claim = sql!("update meta set deployment_id = $1 where deployment_id is null");
                    conn.run(claim, args![&expected]).await?;
                    // The migration that makes the platform a partner knows no time.
                    let made = sql!("update partner set created_at = $1 where id = $2 and created_at = 0");
                    conn.run(made, args![now, PLATFORM.to_string()]).await?;
                    let row = conn.row(sql!("select deployment_id from meta limit 1"), args![]).await?;
                    Ok(row
                        .map(|row| row.text("deployment_id").map(str::to_owned))
                        .transpose()?
                        .unwrap_or_default())
                })
            })
            .await?;
        if found == deployment.0 {
            Ok(())
        } else {
            Err(OpenError::Deployment { found, expected: deployment.0.clone() })
        }
    }

    /// Answers a raw question without changing anything: the simulator's oracle and tests.
    ///
    /// # Errors
    /// [`StoreError::Statement`] when it is no question.
    pub async fn inspect(&self, question: &str) -> Result<Vec<Row>, StoreError> {
        let sql = Sql::built(question.to_owned(), question.to_owned());
        self.read(move |conn| {
            Box::pin(async move {
                match conn {
                    Conn::Lite(connection) => {
                        let reads = connection.prepare(sql.lite_text()).map(|statement| statement.readonly());
                        if !reads.map_err(|error| crate::sql::lite_failed(&error))? {
                            return Err(StoreError::Statement("it would change something".into()).into());
                        }
                    }
                    // The transaction itself is read only.
                    #[cfg(feature = "postgres")]
                    Conn::Pg(_) => {}
                }
                conn.rows(&sql, args![]).await
            })
        })
        .await
    }

    /// Runs any script, past every port. For tests that break things on purpose and for the simulator's mutants; nothing in
    /// the program calls it.
    ///
    /// # Errors
    /// What the database says; a broken rule is [`StoreError::Statement`] with its name.
    #[doc(hidden)]
    pub async fn tamper(&self, lite: &str, pg: &str) -> Result<(), StoreError> {
        let sql = Sql::built(lite.to_owned(), pg.to_owned());
        self.write(move |conn| Box::pin(async move { conn.script(&sql).await })).await?;
        self.memo.clear();
        Ok(())
    }

    /// Runs `work` in one transaction that sees one moment and changes nothing.
    pub(crate) async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>> + Send + 'static,
    {
        match &self.backend {
            Backend::Lite(lite) => lite.read(work).await,
            Backend::Inline(connection) => in_transaction(&mut locked(connection), "begin", work),
            #[cfg(feature = "postgres")]
            Backend::Pg(pg) => pg.read(work).await,
        }
    }

    /// Runs `work` in one transaction and answers after the commit.
    pub(crate) async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>> + Send + 'static,
    {
        match &self.backend {
            Backend::Lite(lite) => lite.write(work).await,
            Backend::Inline(connection) => in_transaction(&mut locked(connection), "begin immediate", work),
            #[cfg(feature = "postgres")]
            Backend::Pg(pg) => pg.write(work).await,
        }
    }

    /// What concurrent callers share, where the backend has several at a time.
    pub(crate) const fn groups(&self) -> Option<&Groups> {
        self.groups.as_ref()
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.backend {
            Backend::Lite(_) => "Db(SQLite)",
            Backend::Inline(_) => "Db(SQLite, inline)",
            #[cfg(feature = "postgres")]
            Backend::Pg(_) => "Db(PostgreSQL)",
        })
    }
}

// A panic inside a transaction leaves it open; the next `begin` fails by name rather than building on it.
fn locked(connection: &Mutex<rusqlite::Connection>) -> MutexGuard<'_, rusqlite::Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn in_transaction<T, W>(
    connection: &mut rusqlite::Connection,
    begin: &str,
    work: W,
) -> Result<T, StoreError>
where
    W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>>,
{
    script(connection, begin)?;
    let done = at_once(connection, work).and_then(|done| script(connection, "commit").map(|()| done));
    if done.is_err() && !connection.is_autocommit() {
        script(connection, "rollback")?;
    }
    done.map_err(StoreError::from)
}

/// Runs repository code over SQLite, which never waits: one poll is enough.
fn at_once<T, W>(connection: &mut rusqlite::Connection, work: W) -> Result<T, SqlError>
where
    W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>>,
{
    let mut conn = Conn::Lite(connection);
    let done = work(&mut conn).now_or_never();
    done.unwrap_or_else(|| {
        Err(StoreError::Statement("a repository waited for something that is no database".into()).into())
    })
}

fn script(connection: &rusqlite::Connection, text: &str) -> Result<(), SqlError> {
    crate::sql::lite_script(connection, text).map_err(|error| crate::sql::lite_failed(&error))
}

/// How every SQLite connection of ours is set up.
fn prepared(connection: &rusqlite::Connection) -> Result<(), SqlError> {
    connection.set_prepared_statement_cache_capacity(256);
    // Plans do not depend on bound values. Otherwise SQLite peeks at them for its partial indexes and prepares a cached
    // statement again at almost every execution: two fifths of the simulator's time.
    let stable_plans = rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
    connection.set_db_config(stable_plans, true).map_err(|error| crate::sql::lite_failed(&error))?;
    script(connection, "pragma foreign_keys = on; pragma busy_timeout = 5000; pragma temp_store = memory;")
}

fn migrated(connection: &mut rusqlite::Connection) -> Result<(), OpenError> {
    let outcome = in_transaction(connection, "begin immediate", |conn| Box::pin(migrate::run(conn)))?;
    outcome.map_err(|newer| OpenError::Newer { found: newer.found, known: newer.known })
}
