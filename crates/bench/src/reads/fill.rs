//! A long history: one order that was really paid, copied with everything that hangs on it. What must differ differs; the
//! schema's rules stay on, so that what they would refuse is refused here too.

use crate::database::{Database, Kind};

/// Copies in one transaction.
const CHUNK: usize = 50_000;

/// A table, the rows of the template in it, and the columns that differ in a copy, in the words of both databases: `{n}` is
/// the number of the copy, `{id:x}` an id of kind x with it, `{hex}` 64 digits with it.
struct Part {
    table: &'static str,
    of: &'static str,
    differs: &'static [(&'static str, &'static str)],
}

const TEMPLATE: &str = "(select id from withdrawal where external_id = 'template-0')";
const TRANSFER: &str = "(select transfer_id from withdrawal where external_id = 'template-0')";

const PARTS: [Part; 8] = [
    Part {
        table: "transfer",
        of: "t.id = {transfer}",
        differs: &[
            ("id", "{id:t.id}"),
            ("slot", "t.slot || '-' || {n}"),
            ("nonce", "null"),
            // In the order in which one leans on the other: the proof is told of below.
            ("state", "'signed'"),
            ("proof_id", "null"),
            ("block_number", "null"),
            ("block_hash", "null"),
        ],
    },
    Part {
        table: "proof",
        of: "t.transfer_id = {transfer}",
        differs: &[("id", "{id:t.id}"), ("transfer_id", "{id:t.transfer_id}")],
    },
    Part {
        table: "withdrawal",
        of: "t.id = {template}",
        differs: &[
            ("id", "{id:t.id}"),
            ("external_id", "'bench-fill-' || {n}"),
            ("payment_key", "substr(t.payment_key, 1, length(t.payment_key) - 10) || {ten}"),
            ("transfer_id", "{id:t.transfer_id}"),
            ("proof_id", "{id:t.proof_id}"),
            ("accepted_at", "t.accepted_at - 1000 * {n}"),
        ],
    },
    Part {
        table: "transfer_item",
        of: "t.transfer_id = {transfer}",
        differs: &[
            ("transfer_id", "{id:t.transfer_id}"),
            ("withdrawal_id", "{id:t.withdrawal_id}"),
            ("paid_by", "null"),
        ],
    },
    Part {
        table: "attempt",
        of: "t.transfer_id = {transfer}",
        differs: &[
            ("id", "{id:t.id}"),
            ("transfer_id", "{id:t.transfer_id}"),
            ("slot", "t.slot || '-' || {n}"),
            ("txid", "substr(t.txid, 1, length(t.txid) - 10) || {ten}"),
        ],
    },
    Part {
        table: "decision",
        of: "t.withdrawal_id = {template}",
        differs: &[("withdrawal_id", "{id:t.withdrawal_id}")],
    },
    Part {
        table: "ledger",
        of: "t.transfer_id = {transfer}",
        differs: &[
            ("id", "{place:t.id}"),
            ("group_id", "t.group_id || '-' || {n}"),
            ("transfer_id", "{id:t.transfer_id}"),
        ],
    },
    Part {
        table: "event",
        of: "t.withdrawal_id = {template} or t.transfer_id = {transfer}",
        differs: &[
            ("rowseq", "{place:t.rowseq}"),
            ("id", "{id:t.id}"),
            ("withdrawal_id", "{id:t.withdrawal_id}"),
            ("transfer_id", "{id:t.transfer_id}"),
            // Numbers before the first, so that the feed goes on where it was.
            ("number", "-(t.number + 100 * {n})"),
        ],
    },
];

/// What a copied transfer becomes once its proof is there, as the engine does it in one commit.
const SETTLED: &str = "update transfer set state = 'final', proof_id = {id:o.proof_id}, block_number = o.block_number,
    block_hash = o.block_hash from transfer o, {series} where o.id = {transfer} and transfer.id = {id:o.id};\n";

/// Brings the history from `have` copies to `want`.
pub(super) fn fill(database: &Database<'_>, have: usize, want: usize) -> Result<(), String> {
    let mut from = have;
    while from < want {
        let to = want.min(from + CHUNK);
        let mut script = String::from("begin;\n");
        for part in &PARTS {
            script += &copies(database, part, from, to)?;
        }
        script += &words(database.kind, SETTLED).replace("{series}", &series(database.kind, from, to));
        script += "commit;\n";
        database.execute(&script)?;
        from = to;
    }
    if database.kind == Kind::Postgres {
        database.execute("analyze")?;
    }
    Ok(())
}

fn copies(database: &Database<'_>, part: &Part, from: usize, to: usize) -> Result<String, String> {
    let columns = database.columns(part.table)?;
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let differs = part.differs.iter().find(|(name, _)| name == column);
            differs.map_or_else(|| format!("t.{column}"), |(_, text)| words(database.kind, text))
        })
        .collect();
    let overriding = if database.kind == Kind::Postgres { "overriding system value" } else { "" };
    Ok(format!(
        "insert into {} ({}) {overriding} select {} from {} t, {} where {};\n",
        part.table,
        columns.join(", "),
        values.join(", "),
        part.table,
        series(database.kind, from, to),
        words(database.kind, part.of),
    ))
}

fn series(kind: Kind, from: usize, to: usize) -> String {
    match kind {
        Kind::Postgres => format!("generate_series({from}, {}) as s (n)", to - 1),
        Kind::Sqlite => format!(
            "(with recursive s (n) as (select {from} union all select n + 1 from s where n + 1 < {to}) select n from s) as s"
        ),
    }
}

/// Puts the words of a database in place.
fn words(kind: Kind, text: &str) -> String {
    let ten = match kind {
        Kind::Postgres => "lpad(s.n::text, 10, '0')",
        Kind::Sqlite => "printf('%010d', s.n)",
    };
    let n = match kind {
        Kind::Postgres => "s.n::text",
        Kind::Sqlite => "cast(s.n as text)",
    };
    let mut text = text.replace("{transfer}", TRANSFER).replace("{template}", TEMPLATE).replace("{ten}", ten);
    // Sums count with the number, texts are made of it.
    text = text.replace("1000 * {n}", "1000 * s.n").replace("100 * {n}", "100 * s.n").replace("{n}", n);
    while let Some((before, rest)) = text.split_once("{id:") {
        let (column, after) = rest.split_once('}').unwrap_or_default();
        text = format!("{before}substr({column}, 1, length({column}) - 10) || {ten}{after}");
    }
    while let Some((before, rest)) = text.split_once("{place:") {
        let (column, after) = rest.split_once('}').unwrap_or_default();
        text = format!("{before}{column} + 1000000000 + 100 * s.n{after}");
    }
    text
}
