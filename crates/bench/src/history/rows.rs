//! The tables that a withdrawal leaves rows in, and those rows, of either database.

use rusqlite::types::ValueRef;

use crate::database::{Database, Kind};

/// A table.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Which of its rows a withdrawal `{w}` has left.
    of: &'static str,
    /// Columns that the database gives out by itself.
    pub(super) own: &'static str,
}

const fn table(name: &'static str, of: &'static str, own: &'static str) -> Table {
    Table { name, of, own }
}

const TRANSFERS: &str = "select transfer_id from transfer_item where withdrawal_id = '{w}'";

/// All of them, in an order in which nothing leans on what comes later but a transfer and its proof on each other.
pub(super) const TABLES: [Table; 11] = [
    table("withdrawal", "id = '{w}'", ""),
    table("decision", "withdrawal_id = '{w}'", ""),
    table("reservation", "withdrawal_id = '{w}'", ""),
    table("transfer", "id in ({t})", ""),
    table("proof", "transfer_id in ({t})", ""),
    table("transfer_item", "withdrawal_id = '{w}'", ""),
    table("attempt", "transfer_id in ({t})", ""),
    table("note", "attempt_id in (select id from attempt where transfer_id in ({t}))", "id"),
    table("paid_log", "payee in ({t})", ""),
    table("ledger", "transfer_id in ({t})", "id"),
    table("event", "withdrawal_id = '{w}' or transfer_id in ({t})", "rowseq"),
];

/// A value of either database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Int(i64),
    Text(String),
    /// SQLite alone: PostgreSQL tells bytes as a text and takes them so.
    Bytes(Vec<u8>),
}

/// A row, with the names of its columns.
pub(super) struct Row(Vec<(String, Value)>);

impl Row {
    /// Names and values in the order of the table.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The value of a column.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value)
    }

    /// A text, or none.
    pub(super) fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// A number, or 0.
    pub(super) fn int(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }
}

/// The columns that are written, in order.
pub(super) fn columns(database: &Database<'_>, table: &Table) -> Result<Vec<String>, String> {
    let mut names = database.columns(table.name)?;
    names.retain(|name| name != table.own);
    Ok(names)
}

/// Everything that a withdrawal left, with the place of its table in [`TABLES`]; events in the order of their numbers.
pub(super) fn rows(database: &Database<'_>, withdrawal: &str) -> Result<Vec<(usize, Row)>, String> {
    let mut all = Vec::new();
    for (place, table) in TABLES.iter().enumerate() {
        let names = columns(database, table)?;
        let of = table.of.replace("{t}", TRANSFERS).replace("{w}", withdrawal);
        let order = if table.name == "event" { "number" } else { "1" };
        let ask = format!("select {} from {} where {of} order by {order}", names.join(", "), table.name);
        all.extend(asked(database, &ask, &names)?.into_iter().map(|row| (place, row)));
    }
    Ok(all)
}

fn asked(database: &Database<'_>, ask: &str, names: &[String]) -> Result<Vec<Row>, String> {
    match database.kind {
        Kind::Sqlite => {
            let lite = database.lite()?;
            let read = |row: &rusqlite::Row<'_>| {
                let value = |(place, name): (usize, &String)| {
                    Ok((
                        name.clone(),
                        match row.get_ref(place)? {
                            ValueRef::Integer(number) => Value::Int(number),
                            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
                            ValueRef::Null | ValueRef::Real(_) => Value::Null,
                        },
                    ))
                };
                names.iter().enumerate().map(value).collect::<Result<_, rusqlite::Error>>().map(Row)
            };
            let mut statement = lite.prepare(ask).map_err(|error| error.to_string())?;
            let rows = statement.query_map([], read).map_err(|error| error.to_string())?;
            rows.collect::<Result<_, _>>().map_err(|error| error.to_string())
        }
        Kind::Postgres => {
            let told = database.texts(&format!("select to_jsonb(r)::text from ({ask}) r"))?;
            let read = |text: String| {
                let row: serde_json::Value =
                    serde_json::from_str(&text).map_err(|error| error.to_string())?;
                let value = |name: &String| {
                    let value = match &row[name.as_str()] {
                        serde_json::Value::Null => Value::Null,
                        serde_json::Value::String(text) => Value::Text(text.clone()),
                        other => Value::Int(other.as_i64().ok_or_else(|| format!("{name}: {other}"))?),
                    };
                    Ok((name.clone(), value))
                };
                names.iter().map(value).collect::<Result<_, String>>().map(Row)
            };
            told.into_iter().map(read).collect()
        }
    }
}
