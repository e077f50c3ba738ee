//! A file, line by line: bounded, and noticed when it was cut off.

use std::io::{BufRead as _, BufReader, Read};

use sha2::{Digest as _, Sha256};

use super::record::{Mark, Record, Row};
use super::{ListError, csv};

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// The most lines of one file. Each costs some hundred bytes of memory while it is judged.
pub const LINES_MAX: u64 = 10_000_000;

/// Hands each record of a file on. What `take` objects to is told with its line.
pub(super) fn each(
    name: &str,
    from: impl Read,
    take: &mut dyn FnMut(Record) -> Result<(), String>,
) -> Result<(), ListError> {
    let wrong = |line: u64, what: String| ListError { file: name.to_owned(), line, what };
    let mut from = BufReader::new(from);
    let (mut number, mut reader) = (0_u64, Reader::default());
    loop {
        let mut line = Vec::new();
        let read = (&mut from).take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if read.map_err(|error| wrong(number, format!("cannot be read: {error}")))? == 0 {
            break;
        }
        number += 1;
        let whole = line.last() == Some(&b'\n');
        if !whole && line.len() as u64 == LINE_BYTES_MAX {
            return Err(wrong(number, format!("is longer than {LINE_BYTES_MAX} bytes; it is no such list")));
        }
        if number > LINES_MAX {
            return Err(wrong(
                number,
                format!("there are more than {LINES_MAX} lines; split the list by time"),
            ));
        }
        let record = reader.line(&line, number == 1).map_err(|what| wrong(number, what))?;
        if let Some(record) = record {
            take(record).map_err(|what| wrong(number, what))?;
        }
    }
    reader.end().map_err(|what| wrong(0, what))
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    columns: Option<csv::Columns>,
    /// The file says that it ends with a line that says so.
    exported: bool,
    ended: bool,
    records: u64,
    hash: Sha256,
}

impl Reader {
    fn line(&mut self, bytes: &[u8], first: bool) -> Result<Option<Record>, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())?;
        let text = if first { text.trim_start_matches('\u{feff}') } else { text };
        let text = text.trim_end_matches(['\n', '\r']);
        if self.ended {
            return Err(
                "something follows the last record; two files were put together. Give each by itself".into(),
            );
        }
        if first && !text.trim_start().starts_with('{') {
            self.columns = Some(csv::Columns::read(text)?);
            return Ok(None);
        }
        if text.trim().is_empty() && !self.exported {
            return Ok(None);
        }
        let row = match &self.columns {
            Some(columns) => columns.row(text)?,
            None => Row::read(text)?,
        };
        match row.read_record()? {
            Mark::Record(record) => {
                self.hash.update(bytes);
                self.records += 1;
                Ok(Some(record))
            }
            Mark::Begin if first => {
                self.hash.update(bytes);
                self.exported = true;
                Ok(None)
            }
            Mark::Begin => Err("an export begins in the middle of the file. Give each file by itself".into()),
            Mark::End { count, sha256 } => self.close(count, &sha256).map(|()| None),
        }
    }

    fn close(&mut self, count: u64, sha256: &str) -> Result<(), String> {
        let found = hex::encode(self.hash.clone().finalize());
        if count != self.records {
            return Err(format!(
                "the file holds {} records, and says that it had {count}; export it again",
                self.records
            ));
        }
        if !found.eq_ignore_ascii_case(sha256) {
            return Err("the file is not as it was exported: its hash is another. Export it again".into());
        }
        self.ended = true;
        Ok(())
    }

    fn end(self) -> Result<(), String> {
        if self.exported && !self.ended {
            return Err("the file is cut off: its last record is missing. Export it again".into());
        }
        Ok(())
    }
}
