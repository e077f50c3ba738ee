//! SQLite in a file: one thread owns the connection that writes, a few others read.
//!
//! SQLite has one writer at a time whatever a program does, so a queue in front of one thread costs nothing and lets
//! waiting jobs share a commit: `synchronous = full` makes a commit wait for the disk, and under load one such wait
//! serves every job that came meanwhile. A job runs in a savepoint of its own; a caller is answered only after the
//! commit.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use sluice_core::port::Fut;
use sluice_core::port::store::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::{OpenError, at_once, in_transaction, migrated, prepared, script};
use crate::sql::{Conn, SqlError, lite_failed};

/// Jobs that may wait; more callers wait for a place (M14).
const QUEUE: usize = 1_024;
/// Jobs that share a commit.
const GROUP: usize = 256;
/// Threads that read.
const READERS: usize = 3;

/// Answers the caller, once it is known whether the commit went well.
type Finish = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Work on a connection inside a transaction, or why there is none; whether it went well.
type Job = Box<dyn FnOnce(Result<&mut Connection, StoreError>) -> (bool, Finish) + Send>;

pub(crate) struct Lite {
    writes: Option<mpsc::Sender<Job>>,
    reads: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    readers: Vec<JoinHandle<()>>,
}

impl Lite {
    pub(super) fn open(path: &str) -> Result<Self, OpenError> {
        let mut writer = connect(path)?;
        script(
            &writer,
            "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000;",
        )?;
        migrated(&mut writer)?;
        set_aside(&writer, path)?;
        let (writes, mut jobs) = mpsc::channel::<Job>(QUEUE);
        let writer = named("sluice-store-write".into(), move || {
            while let Some(first) = jobs.blocking_recv() {
                write_group(&mut writer, first, &mut jobs);
            }
        })?;
        let mut readers = Vec::with_capacity(READERS);
        let (reads, questions) = mpsc::channel::<Job>(QUEUE);
        let questions = Arc::new(Mutex::new(questions));
        for number in 0..READERS {
            let mut reader = connect(path)?;
            script(&reader, "pragma query_only = on;")?;
            let questions = questions.clone();
            readers.push(named(format!("sluice-store-read-{number}"), move || {
                loop {
                    // Whoever holds the lock waits for the next question; the others wait for the lock.
                    let next = questions.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
                    let Some(job) = next else { return };
                    let (_, finish) = job(Ok(&mut reader));
                    finish(Ok(()));
                }
            })?);
        }
        Ok(Self { writes: Some(writes), reads: Some(reads), writer: Some(writer), readers })
    }

    pub(super) async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>> + Send + 'static,
    {
        ask(self.reads.as_ref(), |connection| Ok(in_transaction(connection, "begin", work)?)).await
    }

    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<T, SqlError>> + Send + 'static,
    {
        ask(self.writes.as_ref(), |connection| at_once(connection, work)).await
    }
}

impl Drop for Lite {
    fn drop(&mut self) {
        // Closed queues end the threads once what was accepted is done. The writer closes the file last and alone, which puts what
        // stands in the journal beside it into it: of two that close at once, each may leave that to the other.
        drop(self.reads.take());
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
        drop(self.writes.take());
        drop(self.writer.take().map(JoinHandle::join));
    }
}

async fn ask<T, W>(queue: Option<&mpsc::Sender<Job>>, work: W) -> Result<T, StoreError>
where
    T: Send + 'static,
    W: FnOnce(&mut Connection) -> Result<T, SqlError> + Send + 'static,
{
    let gone = || StoreError::Down("the database thread has ended".into());
    let (reply, answer) = oneshot::channel();
    let job: Job = Box::new(move |connection| {
        let done = connection.map_err(SqlError::Store).and_then(work);
        let well = done.is_ok();
        let finish: Finish = Box::new(move |committed| {
            let answer = done.map_err(StoreError::from).and_then(|value| committed.map(|()| value));
            // A caller that went away has stopped waiting, not undone anything.
            drop(reply.send(answer));
        });
        (well, finish)
    });
    let queue = queue.ok_or_else(gone)?;
    queue.send(job).await.map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}

fn write_group(connection: &mut Connection, first: Job, jobs: &mut mpsc::Receiver<Job>) {
    let mut done = Vec::new();
    let mut state = script(connection, "begin immediate").map_err(StoreError::from);
    let mut next = Some(first);
    while let Some(job) = next {
        done.push(in_savepoint(connection, &mut state, job));
        next = if done.len() < GROUP { jobs.try_recv().ok() } else { None };
    }
    if state.is_ok() {
        // A commit that failed may still be on the disk: the file decides at the next start.
        state = script(connection, "commit").map_err(|error| StoreError::Unknown(error.to_string()));
    }
    if !connection.is_autocommit() {
        drop(script(connection, "rollback"));
    }
    for finish in done {
        finish(state.clone());
    }
}

/// Runs a job in a savepoint. When the transaction itself has broken, this and every later job of the group is told so.
fn in_savepoint(connection: &mut Connection, state: &mut Result<(), StoreError>, job: Job) -> Finish {
    if state.is_ok() {
        *state = script(connection, "savepoint job").map_err(StoreError::from);
    }
    if let Err(why) = state {
        return job(Err(why.clone())).1;
    }
    let (well, finish) = job(Ok(connection));
    let end = if well { "release job" } else { "rollback to job; release job" };
    *state = script(connection, end).map_err(StoreError::from);
    finish
}

/// Lets what savepoints set aside go to a file beside the database. In memory SQLite walks a list of all of it after each
/// statement: a seventh of the engine's time while a slice of payments is written.
fn set_aside(writer: &Connection, path: &str) -> Result<(), OpenError> {
    let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).to_string_lossy();
    // Where SQLite does not take the folder, all of it stays in memory. It is the whole program's, and one of several is as
    // good as another; a folder that is gone is passed over for those of the system.
    if writer.pragma_update(None, "temp_store_directory", folder).is_ok() {
        script(writer, "pragma temp_store = file;")?;
    }
    Ok(())
}

fn connect(path: &str) -> Result<Connection, OpenError> {
    // Made readable for its user alone; SQLite gives its other files the same mode. What fails here fails below, with why.
    let _there = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let connection = Connection::open(Path::new(path)).map_err(|error| lite_failed(&error))?;
    prepared(&connection)?;
    Ok(connection)
}

fn named(name: String, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let started = std::thread::Builder::new().name(name).spawn(body);
    started.map_err(|error| {
        OpenError::Store(StoreError::Down(format!("a database thread does not start: {error}")))
    })
}
