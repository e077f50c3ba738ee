//! Records one after another: four bytes of length, four that vouch for it, the record, eight that vouch for it and for
//! everything before it.
//!
//! The length is vouched for by itself, so that damage to it is not taken for an end that a kill tore off.

use std::{io::Read, path::Path};

use sha2::{Digest, Sha256};

use super::StateError;

/// The longest record: a block of the longest that can be configured, and as many orders as may wait.
pub(super) const RECORD_MAX_BYTES: usize = 1_500_000_000;
const LENGTH_BYTES: usize = 8;
const CHECK_BYTES: usize = 8;

/// The hash over all records so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seal([u8; 32]);

impl Seal {
    /// The bytes of a record, which is the newest from now on.
    pub(super) fn frame(&mut self, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = Vec::with_capacity(payload.len().saturating_add(LENGTH_BYTES + CHECK_BYTES));
        bytes.extend(length);
        bytes.extend(self.of_length(length));
        bytes.extend(payload);
        bytes.extend(self.advance(payload));
        bytes
    }

    fn of_length(&self, length: [u8; 4]) -> [u8; 4] {
        let hash: [u8; 32] = Sha256::new().chain_update(self.0).chain_update(length).finalize().into();
        let [first, second, third, fourth, ..] = hash;
        [first, second, third, fourth]
    }

    fn advance(&mut self, payload: &[u8]) -> [u8; CHECK_BYTES] {
        self.0 = Sha256::new().chain_update(self.0).chain_update(payload).finalize().into();
        let mut check = [0; CHECK_BYTES];
        check.copy_from_slice(self.0.get(..CHECK_BYTES).unwrap_or(&[0; CHECK_BYTES]));
        check
    }
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Record(Vec<u8>),
    /// The file ends with a whole record.
    End,
    /// The file ends within a record.
    Torn,
}

/// Reads a file record by record.
#[derive(Debug)]
pub(super) struct Reader<R> {
    from: R,
    size_bytes: u64,
    at_bytes: u64,
    seal: Seal,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(from: R, size_bytes: u64) -> Self {
        Self { from, size_bytes, at_bytes: 0, seal: Seal::default() }
    }

    /// Where the next record begins.
    pub(super) fn at_bytes(&self) -> u64 {
        self.at_bytes
    }

    /// Bytes from there to the end.
    pub(super) fn left_bytes(&self) -> u64 {
        self.size_bytes.saturating_sub(self.at_bytes)
    }

    pub(super) fn seal(&self) -> Seal {
        self.seal
    }

    /// Bytes that are no record, or as many as there are.
    pub(super) fn plain(&mut self, wanted: usize) -> std::io::Result<Vec<u8>> {
        let wanted = wanted.min(usize::try_from(self.left_bytes()).unwrap_or(usize::MAX));
        let mut bytes = vec![0; wanted];
        self.from.read_exact(&mut bytes)?;
        self.at_bytes = self.at_bytes.saturating_add(u64::try_from(wanted).unwrap_or(0));
        Ok(bytes)
    }

    /// The next record. After anything but a record, [`Reader::at_bytes`] stays where the last whole one ended.
    pub(super) fn next(&mut self, path: &Path) -> Result<Next, StateError> {
        let unusable = |source| StateError::Unusable { path: path.to_owned(), source };
        let damaged = StateError::Damaged { path: path.to_owned(), at_bytes: self.at_bytes };
        let begin = self.at_bytes;
        if self.left_bytes() == 0 {
            return Ok(Next::End);
        }
        let head = self.plain(LENGTH_BYTES).map_err(unusable)?;
        let &[a, b, c, d, ref vouched @ ..] = head.as_slice() else { return Ok(self.torn(begin)) };
        if vouched.len() < LENGTH_BYTES - 4 {
            return Ok(self.torn(begin));
        }
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if vouched != self.seal.of_length([a, b, c, d]) || length > RECORD_MAX_BYTES {
            return Err(damaged);
        }
        let payload = self.plain(length).map_err(unusable)?;
        let check = self.plain(CHECK_BYTES).map_err(unusable)?;
        if payload.len() < length || check.len() < CHECK_BYTES {
            return Ok(self.torn(begin));
        }
        if self.seal.advance(&payload).as_slice() != check.as_slice() {
            return Err(damaged);
        }
        Ok(Next::Record(payload))
    }

    fn torn(&mut self, begin: u64) -> Next {
        self.at_bytes = begin;
        Next::Torn
    }
}
