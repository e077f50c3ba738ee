//! A list that came out of a spreadsheet: a line of column names, then a line for each withdrawal. Fields may be quoted as
//! RFC 4180 says; a field does not run over the end of its line.

use super::record::Row;

/// Which column is what.
#[derive(Clone, Debug)]
pub(super) struct Columns(Vec<String>);

const KNOWN: [&str; 7] = ["external_id", "asset", "address", "recipient", "amount", "status", "txid"];

impl Columns {
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let names: Vec<String> = fields(line)?.into_iter().map(|name| name.trim().to_lowercase()).collect();
        for needed in ["external_id", "asset", "amount"] {
            if !names.iter().any(|name| name == needed) {
                return Err(format!(
                    "there is no column `{needed}`; the first line names the columns: {}",
                    KNOWN.join(", ")
                ));
            }
        }
        if let Some(twice) =
            names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|it| it == *name))
        {
            return Err(format!("the column `{}` is there twice", twice.1));
        }
        Ok(Self(names))
    }

    pub(super) fn row(&self, line: &str) -> Result<Row, String> {
        let fields = fields(line)?;
        if fields.len() != self.0.len() {
            return Err(format!("{} fields where {} columns are named", fields.len(), self.0.len()));
        }
        let mut row = Row::default();
        for (name, field) in self.0.iter().zip(fields) {
            let field = Some(field).filter(|field| !field.is_empty());
            match name.as_str() {
                "external_id" => row.external_id = field,
                "asset" => row.asset = field,
                "address" | "recipient" => row.address = field,
                "amount" => row.amount = field,
                "status" => row.status = field,
                "txid" => row.txid = field,
                // A caller's own columns are its own business.
                _ => {}
            }
        }
        Ok(row)
    }
}

fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars().peekable();
    let (mut quoted, mut fresh) = (false, true);
    while let Some(next) = chars.next() {
        let Some(field) = fields.last_mut() else { break };
        match next {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if fresh => quoted = true,
            '"' => return Err("a quotation mark inside a field that is not quoted".into()),
            ',' if !quoted => {
                fields.push(String::new());
                fresh = true;
                continue;
            }
            other => field.push(other),
        }
        fresh = false;
    }
    if quoted { Err("a quoted field has no end on its line".into()) } else { Ok(fields) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_as_the_standard_says() {
        assert_eq!(fields(r#"a,"b,c","d ""e""",,"#).unwrap(), ["a", "b,c", r#"d "e""#, "", ""]);
        assert!(fields(r#"a,"b"#).is_err());
        assert!(fields(r#"a,b"c"#).is_err());
    }
}
