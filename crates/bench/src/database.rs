//! The databases under measurement, and what is read from and written to them without the engine.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection as _, Executor as _};
use tokio::runtime::Runtime;

use crate::program::Folder;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file beside the engine.
    Sqlite,
    /// A server.
    Postgres,
}

impl Kind {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Where databases are made.
pub struct Server<'a> {
    /// For the questions that must not block.
    pub runtime: &'a Runtime,
    /// The server, where there is one.
    pub postgres: Option<String>,
}

impl<'a> Server<'a> {
    /// Both kinds, or SQLite alone.
    pub fn kinds(&self) -> Vec<Kind> {
        if self.postgres.is_none() {
            eprintln!("bench: PostgreSQL is left out: run it under scripts/with-postgres.sh");
        }
        [Kind::Sqlite].into_iter().chain(self.postgres.as_ref().map(|_| Kind::Postgres)).collect()
    }

    /// A database that nobody else uses. The engine makes its tables.
    pub fn create(&self, kind: Kind, folder: &Folder) -> Result<Database<'a>, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let Kind::Postgres = kind else {
            let url = format!("sqlite://{}", folder.file(&format!("bench-{number}.db")).display());
            return Ok(Database { kind, url, server: None, runtime: self.runtime });
        };
        let server = self.postgres.clone().ok_or("there is no PostgreSQL")?;
        let name = format!("bench_{}_{number}", std::process::id());
        let (base, _) = server.rsplit_once('/').ok_or("the server's URL names no database")?;
        let url = format!("{base}/{name}");
        self.runtime.block_on(at_server(&server, &format!("create database {name}")))?;
        Ok(Database { kind, url, server: Some((server, name)), runtime: self.runtime })
    }
}

async fn at_server(server: &str, statement: &str) -> Result<(), String> {
    let mut connection = PgConnection::connect(server).await.map_err(|error| error.to_string())?;
    let done = connection.execute(sqlx::AssertSqlSafe(statement)).await;
    done.map(|_| ()).map_err(|error| format!("{statement}: {error}"))
}

/// A database, dropped at the end.
pub struct Database<'a> {
    /// Which of the two.
    pub kind: Kind,
    /// As the engine is told.
    pub url: String,
    server: Option<(String, String)>,
    runtime: &'a Runtime,
}

impl Database<'_> {
    /// The same for questions that must not block.
    pub fn runtime(&self) -> &Runtime {
        self.runtime
    }

    /// SQLite's file, opened by us.
    pub fn lite(&self) -> Result<rusqlite::Connection, String> {
        let path = self.url.strip_prefix("sqlite://").ok_or("not SQLite")?;
        let lite = rusqlite::Connection::open(Path::new(path)).map_err(|error| error.to_string())?;
        let set = lite.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 10000; pragma cache_size = -65536",
        );
        set.map(|()| lite).map_err(|error| error.to_string())
    }

    /// So many connections to PostgreSQL.
    pub fn pool(&self, connections: u32) -> Result<PgPool, String> {
        let options: PgConnectOptions = self.url.parse().map_err(|error: sqlx::Error| error.to_string())?;
        let pool = PgPoolOptions::new().max_connections(connections).min_connections(connections);
        self.runtime.block_on(pool.connect_with(options)).map_err(|error| error.to_string())
    }

    /// The columns of a table, in order.
    pub fn columns(&self, table: &str) -> Result<Vec<String>, String> {
        match self.kind {
            Kind::Sqlite => self.texts(&format!("select name from pragma_table_info('{table}')")),
            Kind::Postgres => self.texts(&format!(
                "select column_name::text from information_schema.columns
                 where table_name = '{table}' and table_schema = 'public' order by ordinal_position"
            )),
        }
    }

    /// Rows of one text each.
    pub fn texts(&self, question: &str) -> Result<Vec<String>, String> {
        match self.kind {
            Kind::Sqlite => {
                let lite = self.lite()?;
                let mut statement = lite.prepare(question).map_err(|error| error.to_string())?;
                let rows = statement.query_map([], |row| row.get(0)).map_err(|error| error.to_string())?;
                rows.collect::<Result<_, _>>().map_err(|error| error.to_string())
            }
            Kind::Postgres => {
                let pool = self.pool(1)?;
                let asked = sqlx::query_scalar(sqlx::AssertSqlSafe(question.to_owned())).fetch_all(&pool);
                let rows = self.runtime.block_on(asked);
                self.runtime.block_on(pool.close());
                rows.map_err(|error| format!("{question}: {error}"))
            }
        }
    }

    /// Rows of one number each.
    pub fn numbers(&self, question: &str) -> Result<Vec<i64>, String> {
        match self.kind {
            Kind::Sqlite => {
                let lite = self.lite()?;
                let mut statement = lite.prepare(question).map_err(|error| error.to_string())?;
                let rows = statement.query_map([], |row| row.get(0)).map_err(|error| error.to_string())?;
                rows.collect::<Result<_, _>>().map_err(|error| error.to_string())
            }
            Kind::Postgres => {
                let pool = self.pool(1)?;
                let asked = sqlx::query_scalar(sqlx::AssertSqlSafe(question.to_owned())).fetch_all(&pool);
                let rows = self.runtime.block_on(asked);
                self.runtime.block_on(pool.close());
                rows.map_err(|error| format!("{question}: {error}"))
            }
        }
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let Some((server, name)) = &self.server else { return };
        let drop = format!("drop database if exists {name} with (force)");
        if let Err(why) = self.runtime.block_on(at_server(server, &drop)) {
            eprintln!("bench: {why}");
        }
    }
}

/// Asks again and again how many orders are completed, on a connection that stays.
pub struct Counter<'a> {
    lite: Option<rusqlite::Connection>,
    pool: Option<PgPool>,
    runtime: &'a Runtime,
}

impl<'a> Database<'a> {
    /// One that asks here.
    pub fn counter(&self) -> Result<Counter<'a>, String> {
        let (lite, pool) = match self.kind {
            Kind::Sqlite => (Some(self.lite()?), None),
            Kind::Postgres => (None, Some(self.pool(1)?)),
        };
        Ok(Counter { lite, pool, runtime: self.runtime })
    }
}

impl Counter<'_> {
    /// How many are paid.
    pub fn completed(&self) -> Result<usize, String> {
        const ASK: &str = "select count(*) from withdrawal where state = 'paid'";
        let count: i64 = match (&self.lite, &self.pool) {
            (Some(lite), _) => {
                lite.query_row(ASK, [], |row| row.get(0)).map_err(|error| error.to_string())?
            }
            (None, Some(pool)) => self
                .runtime
                .block_on(sqlx::query_scalar(ASK).fetch_one(pool))
                .map_err(|error| error.to_string())?,
            (None, None) => 0,
        };
        usize::try_from(count).map_err(|error| error.to_string())
    }
}
