//! Why a chain cannot go on from its file.

use std::path::PathBuf;

/// Why a chain cannot go on from its file. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be opened, read or written.
    #[error("{} cannot be used", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process has it.
    #[error("{} belongs to another tron-sim that is running; end that one, or name another file", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It begins otherwise.
    #[error("{} is no state of tron-sim; name another file", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Its form is not known here.
    #[error("{} has form {version}, and this program reads form {known}; name another file, or run the program that wrote it", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its form.
        version: u32,
        /// The form this program reads.
        known: u32,
    },
    /// It is the chain of another genesis block.
    #[error("{} was begun with {what} {there}, not {asked}; start with that, or name another file", path.display())]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What the file says.
        there: String,
        /// What was asked for.
        asked: String,
    },
    /// It was changed by somebody else, or the disk lost some of it.
    #[error("{} is damaged at byte {at_bytes}; take a copy that is whole, or name another file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins that is not what was written.
        at_bytes: u64,
    },
    /// This program's rules lead elsewhere.
    #[error("block {block} of {} ends otherwise here than when it was written; run the program that wrote it, or name another file", path.display())]
    Diverged {
        /// The file.
        path: PathBuf,
        /// The block.
        block: u64,
    },
}
