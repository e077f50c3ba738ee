//! Statements put together from fixed fragments. Values are always parameters; only what was asked for is in the text,
//! and none can be asked without a limit.

use sluice_core::id::PartnerId;

use crate::sql::{Conn, Row, Sql, SqlError, Value, slice};

/// A statement in the making, for both databases at once.
#[derive(Debug, Default)]
pub(crate) struct Query {
    lite: String,
    pg: String,
    args: Vec<Value>,
}

impl Query {
    /// Begins with a text that holds no value.
    pub fn new(text: &'static str) -> Self {
        Self::default().and(text)
    }

    /// Begins with `select <columns> from <tables>`.
    pub fn select(columns: &'static str, tables: &'static str) -> Self {
        Self::new("select ").and(columns).and(" from ").and(tables)
    }

    /// Adds a fragment; each `?` in it stands for one of `values`, in order.
    #[must_use]
    pub fn with<const N: usize>(mut self, fragment: &'static str, values: [Value; N]) -> Self {
        let mut values = values.into_iter();
        for (place, part) in fragment.split('?').enumerate() {
            if place > 0 {
                self.args.extend(values.next());
                let number = format!("${}", self.args.len());
                self.both(&number);
            }
            self.both(part);
        }
        self
    }

    /// Adds a fragment without a value.
    #[must_use]
    pub fn and(self, fragment: &'static str) -> Self {
        self.with(fragment, [])
    }

    /// Adds a fragment with one `?` when there is a value for it.
    #[must_use]
    pub fn maybe(self, fragment: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(fragment, [value.into()]),
            None => self,
        }
    }

    /// Narrows to a tenant; the platform sees all. `fragment` is ` and <column> = ?`.
    #[must_use]
    pub fn tenant(self, fragment: &'static str, partner: Option<PartnerId>) -> Self {
        self.maybe(fragment, partner.map(|id| id.to_string()))
    }

    /// Adds ` <fragment> in (<the list>)`. The list is one parameter, whatever its length.
    #[must_use]
    pub fn among(mut self, fragment: &'static str, ids: impl IntoIterator<Item = impl ToString>) -> Self {
        self.args.push(slice(ids).into());
        let number = self.args.len();
        self.both(fragment);
        self.lite.push_str(&format!(" in (select value from json_each(${number}))"));
        self.pg.push_str(&format!(" in (select jsonb_array_elements_text(${number}::jsonb))"));
        self
    }

    /// Asks for so many rows.
    pub async fn rows(self, conn: &mut Conn<'_>, limit: i64) -> Result<Vec<Row>, SqlError> {
        let Self { lite, pg, args } = self.with(" limit ?", [limit.into()]);
        conn.rows(&Sql::built(lite, pg), &args).await
    }

    /// Asks SQLite how it would answer instead.
    #[cfg(test)]
    pub fn explained(mut self) -> Self {
        self.lite.insert_str(0, "explain query plan ");
        self
    }

    fn both(&mut self, text: &str) {
        self.lite.push_str(text);
        self.pg.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_never_enter_the_text() {
        let query = Query::select("1", "x where true")
            .with(" and a = ?", ["x' or 1=1".into()])
            .maybe(" and b = ?", None::<i64>)
            .with(" and (c, d) < (?, ?)", [1i64.into(), "2".into()])
            .among(" and e", ["1", "2"])
            .and(" order by a");
        assert_eq!(
            query.lite,
            "select 1 from x where true and a = $1 and (c, d) < ($2, $3) and e in (select value from json_each($4)) order by a"
        );
        assert_eq!(query.pg.matches("$4::jsonb").count(), 1);
        assert_eq!(
            query.args,
            [
                Value::Text("x' or 1=1".into()),
                Value::Int(1),
                Value::Text("2".into()),
                Value::Text(r#"["1","2"]"#.into()),
            ]
        );
    }
}
