//! Copies of a SQLite file: its pages of one moment, read beside whoever writes.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use sluice_core::port::store::StoreError;

use super::{CopyError, Facts, Mark, check, facts, io};
use crate::args;
use crate::db::in_transaction;
use crate::migrate::KNOWN;
use crate::sql;
use crate::sql::{SqlError, lite_failed};

/// Bytes copied at once.
const CHUNK: usize = 1 << 20;

pub(super) fn take(from: &str, to: &Path, mark: &Mark) -> Result<Facts, CopyError> {
    if !Path::new(from).exists() {
        return Err(CopyError::File { path: from.into(), why: "there is no such database".into() });
    }
    // Read and write, and never written: without the second a reader cannot share the file with its writer.
    let source = open(from.as_ref(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(io(to))?;
    let mut copy = open(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // All pages in one step: one moment, and a writer meanwhile starts nothing anew.
    let step = Backup::new(&source, &mut copy).and_then(|backup| backup.step(-1)).map_err(failed)?;
    if !matches!(step, StepResult::Done) {
        return Err(StoreError::Down("the database is busy; try again".into()).into());
    }
    // One file, and nothing beside it.
    copy.execute_batch("pragma journal_mode = delete; pragma synchronous = full;").map_err(failed)?;
    let found = version(&copy)?;
    if found != KNOWN {
        return Err(CopyError::Schema { found });
    }
    let mark = mark.clone();
    let facts = in_transaction(&mut copy, "begin immediate", move |conn| {
        Box::pin(async move {
            let text = sql!(
                "insert into went_back (evidence, copied_at, noticed_at) values ($1, $2, $3) on conflict do nothing"
            );
            conn.run(text, args![&mark.evidence, mark.copied_at, mark.at]).await?;
            facts::read(conn).await
        })
    })?;
    drop(copy);
    File::open(to).and_then(|file| file.sync_all()).map_err(io(to))?;
    Ok(facts)
}

pub(super) fn look(copy: &Path) -> Result<(Facts, Vec<String>), CopyError> {
    // Immutable: no lock, no journal, nothing beside it. Nobody writes a copy.
    let uri = format!("file:{}?immutable=1", encoded(copy));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let mut connection = Connection::open_with_flags(uri, flags).map_err(failed)?;
    let found = version(&connection)?;
    if found > KNOWN {
        return Err(CopyError::Schema { found });
    }
    let looked = in_transaction(&mut connection, "begin", |conn| {
        Box::pin(async move {
            let facts = facts::read(conn).await?;
            let mut broken = check::run(conn, &facts).await?;
            let marked = sql!("select id from went_back where pending = 1 limit 1");
            if conn.row(marked, args![]).await?.is_none() {
                broken.push("it does not say of itself that it is a copy".into());
            }
            Ok((facts, broken))
        })
    })?;
    Ok(looked)
}

pub(super) fn put(copy: &Path, to: &Path, mark: &Mark) -> Result<(), CopyError> {
    // Another database's log beside this file would be played into it.
    for taken in [to.to_owned(), beside(to, "-wal"), beside(to, "-shm"), beside(to, "-journal")] {
        if taken.symlink_metadata().is_ok() {
            return Err(CopyError::NotEmpty(taken.display().to_string()));
        }
    }
    let partial = beside(to, ".partial");
    duplicate(copy, &partial)?;
    let done = marked(&partial, mark).and_then(|()| {
        // Unlike a rename, a link never takes the place of a file that came meanwhile.
        fs::hard_link(&partial, to).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => CopyError::NotEmpty(to.display().to_string()),
            _ => io(to)(error),
        })
    });
    fs::remove_file(&partial).map_err(io(&partial))?;
    done?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io(folder))
}

fn duplicate(from: &Path, to: &Path) -> Result<(), CopyError> {
    let mut source = File::open(from).map_err(io(from))?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(io(to))?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = source.read(&mut chunk).map_err(io(from))?;
        if count == 0 {
            return target.sync_all().map_err(io(to));
        }
        target.write_all(chunk.get(..count).unwrap_or_default()).map_err(io(to))?;
    }
}

/// Says when it was put in place; that it is a copy it says already.
fn marked(partial: &Path, mark: &Mark) -> Result<(), CopyError> {
    let mut copy = open(partial, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mark = mark.clone();
    let marked = in_transaction(&mut copy, "begin immediate", move |conn| {
        Box::pin(async move {
            let text =
                sql!("update went_back set evidence = $1, noticed_at = $2, shut_at = null where pending = 1");
            let marked = conn.run(text, args![&mark.evidence, mark.at]).await?;
            if marked == 1 { Ok(()) } else { Err(SqlError::Rule("went_back_one_pending".into())) }
        })
    });
    drop(copy);
    marked?;
    File::open(partial).and_then(|file| file.sync_all()).map_err(io(partial))
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, CopyError> {
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.execute_batch("pragma foreign_keys = on; pragma busy_timeout = 5000;").map_err(failed)?;
    Ok(connection)
}

fn version(connection: &Connection) -> Result<i64, CopyError> {
    let question = "select schema_version from meta limit 1";
    connection.query_row(question, [], |row| row.get(0)).map_err(failed)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// A path as a URI takes it.
fn encoded(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                text.push(char::from(*byte))
            }
            other => text.push_str(&format!("%{other:02x}")),
        }
    }
    text
}

fn failed(error: rusqlite::Error) -> CopyError {
    lite_failed(&error).into()
}
