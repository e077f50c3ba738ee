//! Reading the columns of a row into words of `core`.

use serde::de::DeserializeOwned;
use sluice_core::amount::Amount;
use sluice_core::chain::BlockRef;
use sluice_core::port::store::StoreError;
use sluice_core::time::Timestamp;

use super::Unread;
use crate::sql::Row;

/// A row of a table, with the key it is reported under.
pub struct Cells<'r> {
    table: &'static str,
    key: String,
    row: &'r Row,
}

impl<'r> Cells<'r> {
    /// `key` is the column that names the row.
    pub fn of(table: &'static str, key: &str, row: &'r Row) -> Self {
        let key = match row.opt_text(key) {
            Ok(Some(text)) => text.to_owned(),
            Ok(None) | Err(_) => {
                row.opt_int(key).ok().flatten().map_or_else(String::new, |int| int.to_string())
            }
        };
        Self { table, key, row }
    }

    /// This row does not read.
    pub fn unread(&self, why: impl ToString) -> Unread {
        Unread { table: self.table, row: self.key.clone(), why: why.to_string() }
    }

    fn or<T>(&self, read: Result<T, StoreError>) -> Result<T, Unread> {
        read.map_err(|error| self.unread(error))
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<&'r str, Unread> {
        self.or(self.row.text(name))
    }

    /// A text or nothing.
    pub fn opt_text(&self, name: &str) -> Result<Option<&'r str>, Unread> {
        self.or(self.row.opt_text(name))
    }

    /// An integer.
    pub fn int(&self, name: &str) -> Result<i64, Unread> {
        self.or(self.row.int(name))
    }

    /// An integer or nothing.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>, Unread> {
        self.or(self.row.opt_int(name))
    }

    /// Bytes.
    pub fn bytes(&self, name: &str) -> Result<&'r [u8], Unread> {
        self.or(self.row.bytes(name))
    }

    /// Bytes or nothing.
    pub fn opt_bytes(&self, name: &str) -> Result<Option<&'r [u8]>, Unread> {
        self.or(self.row.opt_bytes(name))
    }

    /// An integer of a narrower type.
    pub fn number<T: TryFrom<i64>>(&self, name: &str) -> Result<T, Unread> {
        T::try_from(self.int(name)?).map_err(|_| self.unread(format!("column {name} is out of range")))
    }

    /// An integer of a narrower type, or nothing.
    pub fn opt_number<T: TryFrom<i64>>(&self, name: &str) -> Result<Option<T>, Unread> {
        self.opt_int(name)?.map(|_| self.number(name)).transpose()
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> Result<bool, Unread> {
        Ok(self.int(name)? != 0)
    }

    /// An instant.
    pub fn at(&self, name: &str) -> Result<Timestamp, Unread> {
        self.int(name).map(Timestamp::from_micros)
    }

    /// An instant or nothing.
    pub fn opt_at(&self, name: &str) -> Result<Option<Timestamp>, Unread> {
        Ok(self.opt_int(name)?.map(Timestamp::from_micros))
    }

    /// An amount.
    pub fn amount(&self, name: &str) -> Result<Amount, Unread> {
        Amount::from_atoms(self.int(name)?).ok_or_else(|| self.unread(format!("column {name} is negative")))
    }

    /// Anything with a parser: ids, addresses, names.
    pub fn parsed<T, E>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, Unread> {
        let text = self.text(name)?;
        parse(text).map_err(|_| self.unread(format!("column {name} holds {text:?}")))
    }

    /// Anything with a parser, or nothing.
    pub fn opt_parsed<T, E>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Unread> {
        self.opt_text(name)?.map(|_| self.parsed(name, parse)).transpose()
    }

    /// 32 bytes in hex.
    pub fn hash(&self, name: &str) -> Result<[u8; 32], Unread> {
        self.parsed(name, hash)
    }

    /// A block in two columns.
    pub fn block(&self, number: &str, hash: &str) -> Result<BlockRef, Unread> {
        Ok(BlockRef { number: self.number(number)?, hash: self.hash(hash)? })
    }

    /// A block in two columns, or nothing.
    pub fn opt_block(&self, number: &str, hash: &str) -> Result<Option<BlockRef>, Unread> {
        self.opt_int(number)?.map(|_| self.block(number, hash)).transpose()
    }

    /// JSON of a known shape.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Unread> {
        serde_json::from_str(self.text(name)?).map_err(|error| self.unread(format!("column {name}: {error}")))
    }
}

/// Reads 32 bytes in hex.
pub fn hash(text: &str) -> Result<[u8; 32], hex::FromHexError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)?;
    Ok(bytes)
}

/// Heights, nonces and journal places as a column holds them. None of them comes near the end of the range.
pub fn big(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
