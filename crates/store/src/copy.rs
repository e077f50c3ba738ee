//! Copies of a whole database: taken while an engine works, checked without being touched, and put where no store is.
//!
//! A copy holds one moment. What it holds is counted in that very moment ([`Facts`]), so that it can be compared later. A
//! copy that was put in place says of itself that it is one, in the commit that puts it there: an engine that opens it
//! shuts everything before it asks anybody (M17).

mod check;
mod facts;
mod lite;
#[cfg(feature = "postgres")]
mod pg;

use std::path::{Path, PathBuf};

use sluice_core::port::store::StoreError;
use sluice_core::time::Timestamp;

use crate::db::OpenError;
use crate::migrate::KNOWN;
use crate::sql::SqlError;

pub use facts::{Facts, Head};

/// Why a copy was not taken, does not hold what it should, or was not put in place.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database, or the copy, cannot be opened or read.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// A file cannot be read or written.
    #[error("{path}: {why}")]
    File {
        /// File.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A program of PostgreSQL failed, or is not there.
    #[error("{program} failed: {why}")]
    Program {
        /// Its name.
        program: String,
        /// What it said last.
        why: String,
    },
    /// The schema is not the one of this program.
    #[error("schema version {found}, and this program knows {KNOWN}")]
    Schema {
        /// Version found.
        found: i64,
    },
    /// Something is already where the copy should go.
    #[error("{0} is not empty")]
    NotEmpty(String),
    /// Both ends must be the same kind of database.
    #[error("{0:?} is no address of the database that this is a copy of")]
    OtherKind(String),
}

impl From<StoreError> for CopyError {
    fn from(error: StoreError) -> Self {
        Self::Database(error.into())
    }
}

impl From<SqlError> for CopyError {
    fn from(error: SqlError) -> Self {
        Self::Database(error.into())
    }
}

/// Which database a copy is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One file of SQLite.
    Sqlite,
    /// A dump of PostgreSQL in its custom format.
    Postgres,
}

impl Kind {
    /// The kind of database at an address.
    ///
    /// # Errors
    /// [`OpenError::Url`].
    pub fn of(url: &str) -> Result<Self, OpenError> {
        if file_of(url).is_some() {
            Ok(Self::Sqlite)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres)
        } else {
            Err(OpenError::Url(url.to_owned()))
        }
    }

    /// Name of the file that holds a copy.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Sqlite => "sluice.db",
            Self::Postgres => "sluice.dump",
        }
    }
}

/// The programs of PostgreSQL, in a folder or on the path.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    /// The folder; none looks on the path.
    pub folder: Option<PathBuf>,
}

impl Programs {
    /// A program by name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.as_ref().map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
    }
}

/// What a store says of itself once a copy is in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// One sentence, for people.
    pub evidence: String,
    /// When the copy was made.
    pub copied_at: Timestamp,
    /// When it is put in place.
    pub at: Timestamp,
}

/// Copies the database at `url` into a new file, while others work in it. A SQLite file carries the mark from its birth, so
/// that it is shut also where somebody copies it into place by hand. The file is durable when this returns.
///
/// # Errors
/// [`CopyError`].
pub async fn take(url: &str, to: &Path, mark: &Mark, programs: &Programs) -> Result<Facts, CopyError> {
    match Kind::of(url)? {
        Kind::Sqlite => lite::take(file_of(url).unwrap_or_default(), to, mark),
        #[cfg(feature = "postgres")]
        Kind::Postgres => pg::take(url, to, programs).await,
        #[cfg(not(feature = "postgres"))]
        Kind::Postgres => without_postgres(programs),
    }
}

/// What a copy holds, and every rule that it breaks, in sentences for people. Nothing is touched: a file is opened read
/// only; a dump is restored into a database of its own on `server`, which is dropped again.
///
/// # Errors
/// [`CopyError`]: it could not be looked into at all.
pub async fn look(
    kind: Kind,
    copy: &Path,
    server: Option<&str>,
    programs: &Programs,
) -> Result<(Facts, Vec<String>), CopyError> {
    match kind {
        Kind::Sqlite => lite::look(copy),
        #[cfg(feature = "postgres")]
        Kind::Postgres => {
            let server = server.ok_or_else(|| CopyError::OtherKind(String::new()))?;
            pg::look(copy, server, programs).await
        }
        #[cfg(not(feature = "postgres"))]
        Kind::Postgres => without_postgres((server, programs)),
    }
}

/// Puts a copy where no store is: into a file that is not there, or a database without a table. All of it with its mark, or
/// nothing.
///
/// # Errors
/// [`CopyError::NotEmpty`] where something is, and whatever keeps it from being done.
pub async fn put(
    kind: Kind,
    copy: &Path,
    url: &str,
    mark: &Mark,
    programs: &Programs,
) -> Result<(), CopyError> {
    if Kind::of(url)? != kind {
        return Err(CopyError::OtherKind(url.to_owned()));
    }
    match kind {
        Kind::Sqlite => lite::put(copy, Path::new(file_of(url).unwrap_or_default()), mark),
        #[cfg(feature = "postgres")]
        Kind::Postgres => pg::put(copy, url, Some(mark), programs).await,
        #[cfg(not(feature = "postgres"))]
        Kind::Postgres => without_postgres(programs),
    }
}

/// What the database at an address holds, and every rule that it breaks, in sentences for people. Nobody may be at work in
/// a SQLite file.
///
/// # Errors
/// [`CopyError`]: it could not be looked into at all.
pub async fn held(url: &str) -> Result<(Facts, Vec<String>), CopyError> {
    match Kind::of(url)? {
        Kind::Sqlite => lite::look(Path::new(file_of(url).unwrap_or_default())),
        #[cfg(feature = "postgres")]
        Kind::Postgres => pg::look_into(url).await,
        #[cfg(not(feature = "postgres"))]
        Kind::Postgres => without_postgres(()),
    }
}

/// This build cannot do it, whatever it was given.
#[cfg(not(feature = "postgres"))]
fn without_postgres<T>(_given: impl Sized) -> Result<T, CopyError> {
    Err(OpenError::WithoutPostgres.into())
}

/// The file of a SQLite address.
fn file_of(url: &str) -> Option<&str> {
    url.strip_prefix("sqlite://").filter(|path| !path.is_empty())
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> CopyError {
    move |error| CopyError::File { path: path.to_owned(), why: error.to_string() }
}
