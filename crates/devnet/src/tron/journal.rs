//! The file a chain is kept in: what it was begun with, then every block and every order to finality and time, in the
//! order they came. Nothing in it is ever changed; what a branch replaced stays before what replaced it.
//!
//! # Invariants
//! - A block is in the file before anybody can see it. So what was answered as final outlives a `kill -9`.
//! - A last record that is not whole was never seen by anybody, and is cut off. Any other damage ends the opening, and
//!   the file stays as it is.
//! - One process at a time has the file.
//! - A write that failed is the last one: the chain answers nothing any more.

mod deed;
mod error;
mod frame;
mod record;
mod terms;
#[cfg(test)]
mod tests;

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use tokio::sync::watch;

pub use error::StateError;
use frame::{Next, Reader, Seal};
pub(super) use record::{Entries, Made, Orders, Record};
pub(super) use terms::Terms;

/// The first bytes of every such file, and its form after them.
const MAGIC: &[u8; 16] = b"sluice tron-sim\n";
/// Rises with the form of the file, and with any rule of the simulator that lets old blocks end otherwise.
const VERSION: u32 = 1;
const HEAD_BYTES: usize = MAGIC.len() + 4;
/// The most a file may grow to.
const FILE_MAX_BYTES: u64 = 64 << 30;

/// Why nothing can be written any more, once that is so.
pub(super) type Failing = watch::Receiver<Option<String>>;

/// A file that is open, locked and whole.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    size_bytes: u64,
    seal: Seal,
    failed: watch::Sender<Option<String>>,
}

/// A file that was looked into, before its blocks are played.
#[derive(Debug)]
pub(super) struct Found {
    path: PathBuf,
    file: File,
    /// What it was begun with, unless it is new.
    begun: Option<(Terms, Reader<BufReader<File>>)>,
    cut_bytes: u64,
}

/// What a chain went on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// Blocks that were played, those of replaced branches among them.
    pub blocks: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Bytes at the end that were no whole record, and were cut off: 0 unless the last process was killed at a write.
    pub cut_bytes: u64,
}

impl Found {
    /// Opens a file, or makes an empty one, and reads what it was begun with.
    ///
    /// # Errors
    /// [`StateError`]: one sentence. The file is as it was.
    pub(super) fn at(path: &Path) -> Result<Self, StateError> {
        let unusable = |source| StateError::Unusable { path: path.to_owned(), source };
        // Never truncated here: what is in it is looked at first.
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = open.map_err(unusable)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StateError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => unusable(source),
        })?;
        let size_bytes = file.metadata().map_err(unusable)?.len();
        let mut reader = Reader::new(BufReader::new(file.try_clone().map_err(unusable)?), size_bytes);
        let mut found = Self { path: path.to_owned(), file, begun: None, cut_bytes: 0 };
        let head = reader.plain(HEAD_BYTES).map_err(unusable)?;
        let expected = head_bytes();
        let shared = head.len().min(MAGIC.len());
        if head.get(..shared) != expected.get(..shared) {
            return Err(StateError::NotOurs { path: found.path });
        }
        let version: Option<[u8; 4]> = head.get(MAGIC.len()..).and_then(|bytes| bytes.try_into().ok());
        if let Some(version) = version.map(u32::from_be_bytes).filter(|version| *version != VERSION) {
            return Err(StateError::OtherVersion { path: found.path, version, known: VERSION });
        }
        match reader.next(path)? {
            Next::Record(payload) => {
                let damaged = || StateError::Damaged { path: path.to_owned(), at_bytes: 0 };
                let terms = Terms::read(&payload).ok_or_else(damaged)?;
                found.begun = Some((terms, reader));
            }
            // Its beginning was never whole, so nobody ever saw this chain.
            Next::End | Next::Torn => found.cut_bytes = size_bytes,
        }
        Ok(found)
    }

    /// What the file was begun with; `None` if it is new.
    pub(super) fn terms(&self) -> Option<&Terms> {
        self.begun.as_ref().map(|(terms, _)| terms)
    }

    /// Plays what is in the file, or begins it with these terms, and makes it ready for more.
    ///
    /// # Errors
    /// [`StateError`]: one sentence. But for a torn last record the file is as it was.
    pub(super) fn play(
        self,
        terms: &Terms,
        mut each: impl FnMut(Record) -> Result<(), Diverged>,
    ) -> Result<(Journal, Resumed), StateError> {
        let Self { path, mut file, begun, mut cut_bytes } = self;
        let mut resumed = Resumed { blocks: 0, transactions: 0, cut_bytes };
        let (mut size_bytes, seal) = match begun {
            None => (0, None),
            Some((_, mut reader)) => {
                loop {
                    let at_bytes = reader.at_bytes();
                    match reader.next(&path)? {
                        Next::Record(payload) => {
                            let damaged = || StateError::Damaged { path: path.clone(), at_bytes };
                            let record = Record::read(&payload).ok_or_else(damaged)?;
                            if let Record::Made(made) = &record {
                                resumed.blocks = resumed.blocks.saturating_add(1);
                                let more = u64::try_from(made.transactions()).unwrap_or(u64::MAX);
                                resumed.transactions = resumed.transactions.saturating_add(more);
                            }
                            each(record).map_err(|Diverged { block }| StateError::Diverged {
                                path: path.clone(),
                                block,
                            })?;
                        }
                        Next::End => break,
                        Next::Torn => {
                            cut_bytes = reader.left_bytes();
                            break;
                        }
                    }
                }
                (reader.at_bytes(), Some(reader.seal()))
            }
        };
        resumed.cut_bytes = cut_bytes;
        let unusable = |source| StateError::Unusable { path: path.clone(), source };
        if cut_bytes > 0 {
            file.set_len(size_bytes).map_err(unusable)?;
        }
        file.seek(SeekFrom::Start(size_bytes)).map_err(unusable)?;
        let seal = match seal {
            Some(seal) => seal,
            None => {
                let mut seal = Seal::default();
                let mut bytes = head_bytes();
                bytes.extend(seal.frame(&terms.wire()));
                file.write_all(&bytes).map_err(unusable)?;
                size_bytes = u64::try_from(bytes.len()).unwrap_or(0);
                seal
            }
        };
        let failed = watch::Sender::new(None);
        Ok((Journal { path, file, size_bytes, seal, failed }, resumed))
    }
}

/// A record does not lead where it led when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Diverged {
    pub(super) block: u64,
}

/// Nothing can be written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unwritten;

impl Journal {
    /// Adds a record: once this returns, it outlives the process.
    pub(super) fn add(&mut self, payload: &[u8]) -> Result<(), Unwritten> {
        if self.has_failed() {
            return Err(Unwritten);
        }
        let bytes = self.seal.frame(payload);
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let size_bytes = self.size_bytes.saturating_add(more);
        let written = if size_bytes > FILE_MAX_BYTES || payload.len() > frame::RECORD_MAX_BYTES {
            Err(format!("it would be longer than {FILE_MAX_BYTES} bytes"))
        } else {
            self.file.write_all(&bytes).map_err(|error| error.to_string())
        };
        match written {
            Ok(()) => {
                self.size_bytes = size_bytes;
                Ok(())
            }
            Err(why) => {
                let path = self.path.display();
                self.failed.send_replace(Some(format!("{path} cannot be written any more: {why}")));
                Err(Unwritten)
            }
        }
    }

    /// A write has failed, and there will be no other.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.borrow().is_some()
    }

    /// Says so once nothing can be written any more.
    pub(super) fn failing(&self) -> Failing {
        self.failed.subscribe()
    }
}

fn head_bytes() -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend(VERSION.to_be_bytes());
    head
}
