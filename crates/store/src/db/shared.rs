//! A database that several callers use at a time, for the tasks that answer groups of them.

use std::sync::{Arc, Weak};

use sluice_core::port::Fut;
use sluice_core::port::store::StoreError;

use super::lite::Lite;
#[cfg(feature = "postgres")]
use super::pg::Pg;
use crate::sql::{Conn, SqlError};

/// The way to it.
#[derive(Clone)]
pub(crate) enum Shared {
    /// SQLite in a file, as long as it is open.
    Lite(Weak<Lite>),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Pg(Pg),
}

impl Shared {
    /// Runs `work` in one transaction that sees one moment and changes nothing.
    pub(crate) async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>> + Send + 'static,
    {
        match self {
            Self::Lite(lite) => open(lite)?.read(work).await,
            #[cfg(feature = "postgres")]
            Self::Pg(pg) => pg.read(work).await,
        }
    }

    /// Runs `work` in one transaction and answers after the commit. The caller may try again after [`SqlError::Retry`].
    pub(crate) async fn try_write<T, W>(&self, work: W) -> Result<T, SqlError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>> + Send + 'static,
    {
        match self {
            Self::Lite(lite) => Ok(open(lite)?.write(work).await?),
            #[cfg(feature = "postgres")]
            Self::Pg(pg) => pg.try_write(work).await,
        }
    }

    /// Runs `work` of one statement, which is a transaction by itself.
    pub(crate) async fn statement<T, W>(&self, work: W) -> Result<T, SqlError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>> + Send + 'static,
    {
        match self {
            Self::Lite(lite) => Ok(open(lite)?.write(work).await?),
            #[cfg(feature = "postgres")]
            Self::Pg(pg) => pg.statement(work).await,
        }
    }
}

fn open(lite: &Weak<Lite>) -> Result<Arc<Lite>, StoreError> {
    lite.upgrade().ok_or_else(|| StoreError::Down("the database was closed".into()))
}
