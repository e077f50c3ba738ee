//! A statement once for each row of a list, each column bound from the field of its name: nothing is written as text to
//! be read again.

use std::fmt;

use rusqlite::types::Null;
use rusqlite::{CachedStatement, Connection, Error, Statement};
use serde::ser::{self, Impossible, SerializeStruct, Serializer};
use serde::{Serialize, de};
use sluice_core::port::store::StoreError;

use super::{answered, changed, failed, named, number};
use crate::sql::{Row, SqlError, Value};

/// How many rows were changed by all of them together.
pub(in crate::sql) fn run<T: Serialize>(
    connection: &mut Connection,
    text: &str,
    rows: &[T],
    more: &[Value],
) -> Result<u64, SqlError> {
    let mut count = 0_u64;
    each(connection, text, rows, more, |statement| {
        count = count.saturating_add(u64::try_from(changed(statement)?).unwrap_or(u64::MAX));
        Ok(())
    })?;
    Ok(count)
}

/// The rows they answer, one after the other.
pub(in crate::sql) fn rows<T: Serialize>(
    connection: &mut Connection,
    text: &str,
    rows: &[T],
    more: &[Value],
) -> Result<Vec<Row>, SqlError> {
    let mut answers = Vec::new();
    each(connection, text, rows, more, |statement| answered(statement, &mut answers))?;
    Ok(answers)
}

fn each<T: Serialize>(
    connection: &mut Connection,
    text: &str,
    rows: &[T],
    more: &[Value],
    mut step: impl FnMut(&mut Statement<'_>) -> Result<(), Error>,
) -> Result<(), SqlError> {
    let done = bound(connection, text, more).and_then(|(mut statement, columns)| {
        // Where each field goes: found out once, for every row has the same fields.
        let mut places = Vec::new();
        for row in rows {
            let fields = Fields { statement: &mut statement, places: &mut places, next: 0, bound: 0 };
            if row.serialize(fields).map_err(|Failed(error)| error)? < columns {
                return Err(Error::InvalidParameterCount(places.len(), columns));
            }
            step(&mut statement)?;
        }
        Ok(())
    });
    done.map_err(|error| match error {
        Error::ToSqlConversionFailure(why) => StoreError::Statement(format!("{why}: {text}")).into(),
        error if error.sqlite_error_code().is_none() => failed(&error),
        error => named(connection, error),
    })
}

/// The statement with the values that are the same for every row, `$2` and on, and how many columns are left to bind.
fn bound<'c>(
    connection: &'c Connection,
    text: &str,
    more: &[Value],
) -> Result<(CachedStatement<'c>, usize), Error> {
    let mut statement = connection.prepare_cached(text)?;
    let mut columns = 0;
    for place in 1..=statement.parameter_count() {
        let missing = || Error::InvalidParameterCount(place, more.len());
        let name = statement.parameter_name(place).ok_or_else(missing)?;
        if name.starts_with(':') {
            columns += 1;
        } else {
            let value =
                number(name).and_then(|number| more.get(number.checked_sub(2)?)).ok_or_else(missing)?;
            statement.raw_bind_parameter(place, value)?;
        }
    }
    Ok((statement, columns))
}

/// Why a row could not be bound.
#[derive(Debug)]
struct Failed(Error);

impl Failed {
    fn kind(what: &str) -> Self {
        ser::Error::custom(format_args!("{what} is no column of ours"))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(to)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<M: fmt::Display>(why: M) -> Self {
        let why = <serde_json::Error as de::Error>::custom(why);
        Self(Error::ToSqlConversionFailure(Box::new(why)))
    }
}

/// Binds the fields of one row. A field that the statement does not name is left out, as PostgreSQL does.
struct Fields<'s, 'c> {
    statement: &'s mut Statement<'c>,
    places: &'s mut Vec<Option<usize>>,
    next: usize,
    bound: usize,
}

impl SerializeStruct for Fields<'_, '_> {
    /// How many columns were bound.
    type Ok = usize;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Failed> {
        if self.next == self.places.len() {
            self.places.push(self.statement.parameter_index(&format!(":{key}")).map_err(Failed)?);
        }
        let place = self.places.get(self.next).copied().flatten();
        self.next += 1;
        let Some(place) = place else { return Ok(()) };
        self.bound += 1;
        value.serialize(Cell { statement: self.statement, place })
    }

    fn skip_field(&mut self, _: &'static str) -> Result<(), Failed> {
        // The row before has left its own value in the statement.
        Err(Failed::kind("a field that is left out"))
    }

    fn end(self) -> Result<usize, Failed> {
        Ok(self.bound)
    }
}

/// Binds one value: integers, texts, and nothing.
struct Cell<'s, 'c> {
    statement: &'s mut Statement<'c>,
    place: usize,
}

impl Cell<'_, '_> {
    fn bind(self, value: impl rusqlite::ToSql) -> Result<(), Failed> {
        self.statement.raw_bind_parameter(self.place, value).map_err(Failed)
    }
}

/// The kinds that neither a row nor a column is.
macro_rules! refused {
    ($ok:ty; $($method:ident($($kind:ty),*) $what:literal)*) => {
        type Ok = $ok;
        type Error = Failed;
        type SerializeSeq = Impossible<$ok, Failed>;
        type SerializeTuple = Impossible<$ok, Failed>;
        type SerializeTupleStruct = Impossible<$ok, Failed>;
        type SerializeTupleVariant = Impossible<$ok, Failed>;
        type SerializeMap = Impossible<$ok, Failed>;
        type SerializeStructVariant = Impossible<$ok, Failed>;

        $(fn $method(self, $(_: $kind),*) -> Result<$ok, Failed> { Err(Failed::kind($what)) })*

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self, _: &'static str, _: u32, _: &'static str, _: &T,
        ) -> Result<$ok, Failed> { Err(Failed::kind("a variant with a value")) }

        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Failed> {
            Err(Failed::kind("a list"))
        }

        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Failed> {
            Err(Failed::kind("a tuple"))
        }

        fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Failed> {
            Err(Failed::kind("a tuple"))
        }

        fn serialize_tuple_variant(
            self, _: &'static str, _: u32, _: &'static str, _: usize,
        ) -> Result<Self::SerializeTupleVariant, Failed> { Err(Failed::kind("a variant with values")) }

        fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Failed> {
            Err(Failed::kind("a map"))
        }

        fn serialize_struct_variant(
            self, _: &'static str, _: u32, _: &'static str, _: usize,
        ) -> Result<Self::SerializeStructVariant, Failed> { Err(Failed::kind("a variant with fields")) }
    };
}

impl<'s, 'c> Serializer for Fields<'s, 'c> {
    type SerializeStruct = Fields<'s, 'c>;

    refused! { usize;
        serialize_bool(bool) "a flag" serialize_i8(i8) "a number" serialize_i16(i16) "a number"
        serialize_i32(i32) "a number" serialize_i64(i64) "a number" serialize_u8(u8) "a number"
        serialize_u16(u16) "a number" serialize_u32(u32) "a number" serialize_u64(u64) "a number"
        serialize_f32(f32) "a number" serialize_f64(f64) "a number" serialize_char(char) "a text"
        serialize_str(&str) "a text" serialize_bytes(&[u8]) "a blob" serialize_none() "nothing"
        serialize_unit() "nothing" serialize_unit_struct(&'static str) "nothing"
        serialize_unit_variant(&'static str, u32, &'static str) "a variant"
    }

    fn serialize_some<T: Serialize + ?Sized>(self, row: &T) -> Result<usize, Failed> {
        row.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        row: &T,
    ) -> Result<usize, Failed> {
        row.serialize(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Failed> {
        Ok(self)
    }
}

impl Serializer for Cell<'_, '_> {
    type SerializeStruct = Impossible<(), Failed>;

    refused! { ();
        serialize_bool(bool) "a flag" serialize_f32(f32) "a fraction" serialize_f64(f64) "a fraction"
        serialize_char(char) "a letter" serialize_bytes(&[u8]) "a blob"
        serialize_unit_struct(&'static str) "a struct"
    }

    fn serialize_i8(self, value: i8) -> Result<(), Failed> {
        self.bind(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), Failed> {
        self.bind(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Failed> {
        self.bind(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Failed> {
        self.bind(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Failed> {
        self.bind(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), Failed> {
        self.bind(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), Failed> {
        self.bind(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), Failed> {
        self.bind(i64::try_from(value).map_err(|_| Failed::kind("a number beyond 63 bits"))?)
    }

    fn serialize_str(self, value: &str) -> Result<(), Failed> {
        self.bind(value)
    }

    fn serialize_none(self) -> Result<(), Failed> {
        self.bind(Null)
    }

    fn serialize_unit(self) -> Result<(), Failed> {
        self.bind(Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), Failed> {
        self.bind(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Failed> {
        Err(Failed::kind("a struct"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    const INSERT: &str = "insert into item (id, name, size) values (:id, :name, :size + $2) returning id";

    #[derive(Serialize)]
    struct Item<S> {
        ignored: bool,
        size: S,
        name: Option<&'static str>,
        id: u32,
    }

    fn item<S>(id: u32, name: Option<&'static str>, size: S) -> Item<S> {
        Item { ignored: true, size, name, id }
    }

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("create table item (id integer primary key, name text, size integer)")
            .unwrap();
        connection
    }

    fn refused<S: Serialize>(text: &str, size: S) -> String {
        let mut connection = table();
        let error = run(&mut connection, text, &[item(1, None, size)], &[Value::Int(0)]).unwrap_err();
        let left: i64 = connection.query_row("select count(*) from item", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "nothing is stored of a row that cannot be bound");
        error.to_string()
    }

    #[test]
    fn each_row_is_bound_by_the_names_of_its_fields() {
        let mut connection = table();
        let items = [item(2, Some("two"), 20_i64), item(1, None, -1)];
        let answers = rows(&mut connection, INSERT, &items, &[Value::Int(100)]).unwrap();
        let ids: Vec<i64> = answers.iter().map(|row| row.int("id").unwrap()).collect();
        assert_eq!(ids, [2, 1], "in their order");
        let mut read = connection.prepare("select id, name, size from item order by id").unwrap();
        let stored: Vec<(i64, Option<String>, i64)> = read
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(stored, [(1, None, 99), (2, Some("two".to_owned()), 120)]);
    }

    #[test]
    fn the_value_of_one_row_does_not_stay_for_the_next() {
        let mut connection = table();
        let items = [item(1, Some("one"), None), item(2, None, Some(2_i64))];
        assert_eq!(run(&mut connection, INSERT, &items, &[Value::Int(0)]), Ok(2));
        let nulls: i64 = connection
            .query_row(
                "select count(*) from item where (id = 1) = (size is null) and (id = 2) = (name is null)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(nulls, 2);
    }

    #[test]
    fn what_is_no_column_is_an_error_and_not_a_null() {
        assert!(refused(INSERT, true).contains("a flag is no column of ours"));
        assert!(refused(INSERT, 'x').contains("a letter is no column of ours"));
        assert!(refused(INSERT, vec![1]).contains("a list is no column of ours"));
        assert!(refused(INSERT, u64::MAX).contains("a number beyond 63 bits is no column of ours"));
        let unnamed = "insert into item (id, name) values (:id, :nome)";
        assert!(!refused(unnamed, 1).is_empty(), "a column without its field");
    }

    #[test]
    fn a_broken_rule_is_named() {
        let mut connection = table();
        let twice = run(&mut connection, INSERT, &[item(1, None, 1), item(1, None, 2)], &[Value::Int(0)]);
        assert!(matches!(twice, Err(SqlError::Rule(_))), "{twice:?}");
    }
}
