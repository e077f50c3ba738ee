//! Writing many rows with one statement.

use crate::sql::EachRow;

/// Columns of a table that travel as JSON.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) texts: &'static [&'static str],
    pub(crate) ints: &'static [&'static str],
    /// Blobs, which travel as text in hexadecimal.
    pub(crate) blobs: &'static [&'static str],
}

impl Table {
    fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.texts.iter().chain(self.ints).chain(self.blobs).copied()
    }

    fn record(&self) -> String {
        let texts = self.texts.iter().chain(self.blobs).map(|name| format!("{name} text"));
        let ints = self.ints.iter().map(|name| format!("{name} bigint"));
        texts.chain(ints).collect::<Vec<_>>().join(", ")
    }

    fn lite(&self, name: &str) -> String {
        if self.blobs.contains(&name) { format!("unhex(:{name})") } else { format!(":{name}") }
    }

    fn pg(&self, name: &str) -> String {
        if self.blobs.contains(&name) { format!("decode(r.{name}, 'hex')") } else { format!("r.{name}") }
    }

    /// `insert` of many rows, with `tail` for a conflict clause or `returning`.
    pub(crate) fn insert(&self, tail: &str) -> EachRow {
        let names = self.columns().collect::<Vec<_>>().join(", ");
        let list = |of: &dyn Fn(&str) -> String| self.columns().map(of).collect::<Vec<_>>().join(", ");
        let (lite, pg) = (list(&|name| self.lite(name)), list(&|name| self.pg(name)));
        let (table, record) = (self.name, self.record());
        EachRow::new(
            format!("insert into {table} ({names}) values ({lite}) {tail}"),
            format!(
                "insert into {table} ({names}) select {pg} from json_to_recordset($1::json) as r({record}) {tail}"
            ),
        )
    }

    /// `update` from many rows: columns `set`, where the columns `key` are the same. A key `was` is the version
    /// expected.
    pub(crate) fn update(&self, set: &[&str], key: &[&str], tail: &str) -> EachRow {
        let table = self.name;
        let sets = |r: &dyn Fn(&str) -> String| {
            set.iter().map(|name| format!("{name} = {}", r(name))).collect::<Vec<_>>().join(", ")
        };
        let keys = |r: &dyn Fn(&str) -> String| {
            let column =
                |name: &&str| if **name == *"was" { "version".to_owned() } else { (*name).to_owned() };
            key.iter()
                .map(|name| format!("{table}.{} = {}", column(name), r(name)))
                .collect::<Vec<_>>()
                .join(" and ")
        };
        let lite = |name: &str| self.lite(name);
        let pg = |name: &str| self.pg(name);
        let was = if key.contains(&"was") { ", was bigint" } else { "" };
        let record = self.record();
        EachRow::new(
            format!("update {table} set {} where {} {tail}", sets(&lite), keys(&lite)),
            format!(
                "update {table} set {} from json_to_recordset($1::json) as r({record}{was}) where {} {tail}",
                sets(&pg),
                keys(&pg)
            ),
        )
    }
}
