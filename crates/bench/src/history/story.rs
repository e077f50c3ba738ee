//! One withdrawal that the engine really carried to its end, with every row it left, as a mould: what names it or dates it
//! is cut out, and each copy puts its own in there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::copy::{Copy, Part, Trail};
use super::rows::{Row, TABLES, Value, rows};
use crate::database::Database;

/// From here on a number is a time in microseconds (2001), and below it none is.
const TIMES_FROM: i64 = 1_000_000_000_000_000;
/// Digits of such a time.
const TIME_DIGITS: usize = 16;
/// How far from its acceptance a time of a withdrawal may be.
const NEAR_US: i64 = 30 * 86_400_000_000;

/// A cell of a mould.
pub(super) enum Cell {
    /// As it is in every copy.
    Same(Value),
    /// So long after the acceptance, microseconds.
    Time(i64),
    /// A text with parts that differ.
    Text(Vec<Part>),
    /// The height of the block that holds its transaction.
    Height,
    /// The nonce of its slot of this place.
    Nonce(u64),
    /// Whom the withdrawal is for.
    User,
    /// Place and link in the partner's trail.
    Number,
    Link,
}

/// A mould.
pub(super) struct Story {
    /// Table and cells, in an order in which nothing leans on what comes later.
    pub(super) rows: Vec<(usize, Vec<Cell>)>,
    /// Slots that a copy takes.
    pub(super) slots: u64,
    /// What a copy posts, by wallet, asset, account and partner.
    pub(super) posted: BTreeMap<[String; 4], i64>,
    /// What its payment is hashed from; nothing where it has no transfer.
    payment: Option<Vec<Part>>,
}

impl Story {
    /// Cuts it out of the withdrawal of this external id.
    pub(super) fn read(database: &Database<'_>, external_id: &str) -> Result<Self, String> {
        let ask = format!("select id from withdrawal where external_id = '{external_id}'");
        let id =
            database.texts(&ask)?.pop().ok_or_else(|| format!("there is no withdrawal {external_id}"))?;
        let all = rows(database, &id)?;
        let mould = Mould::of(&all)?;
        let payment = mould.payment(&all)?;
        let mut posted = BTreeMap::new();
        for (_, row) in all.iter().filter(|(table, _)| TABLES[*table].name == "ledger") {
            let key = ["wallet_id", "asset", "account", "partner_id"].map(|name| row.text(name).to_owned());
            *posted.entry(key).or_default() += row.int("atoms");
        }
        let rows = all.iter().map(|(table, row)| (*table, mould.cells(TABLES[*table].name, row))).collect();
        Ok(Self { rows, slots: mould.slots, posted, payment })
    }

    /// The hash of what a copy pays.
    pub(super) fn payment_hash(&self, copy: &Copy) -> String {
        self.payment.as_ref().map(|parts| payment_hash(&copy.text(parts, ""))).unwrap_or_default()
    }
}

/// What of a withdrawal's texts differs in a copy.
struct Mould {
    accepted_at: i64,
    slots: u64,
    /// Texts and what stands for them, the longest first.
    needles: Vec<(String, Vec<Part>)>,
    height: Option<i64>,
}

impl Mould {
    fn of(all: &[(usize, Row)]) -> Result<Self, String> {
        let of = |table: &str| {
            let table = table.to_owned();
            all.iter().filter(move |(place, _)| TABLES[*place].name == table).map(|(_, row)| row)
        };
        let withdrawal = of("withdrawal").next().ok_or("a story has a withdrawal")?;
        let mut mould =
            Self { accepted_at: withdrawal.int("accepted_at"), slots: 0, needles: vec![], height: None };
        let ids: BTreeSet<&str> = ["withdrawal", "transfer", "proof", "attempt", "event"]
            .iter()
            .flat_map(|table| of(table).map(|row| row.text("id")).collect::<Vec<_>>())
            .collect();
        for (place, id) in ids.into_iter().enumerate() {
            let (prefix, _) = id.split_once('_').ok_or("an id without a prefix")?;
            mould.differs(
                id,
                Part::Id(format!("{prefix}_"), u8::try_from(place).map_err(|error| error.to_string())?),
            );
        }
        mould.differs(withdrawal.text("external_id"), Part::External);
        mould.differs(withdrawal.text("payment_key"), Part::Hash(0));
        mould.differs(withdrawal.text("address"), Part::Address);
        for (place, attempt) in of("attempt").enumerate() {
            if !attempt.text("txid").is_empty() {
                mould.differs(
                    attempt.text("txid"),
                    Part::Hash(u8::try_from(place + 1).map_err(|error| error.to_string())?),
                );
            }
        }
        for transfer in of("transfer") {
            mould.differs(transfer.text("payment_hash"), Part::PaymentHash);
            if transfer.text("slot").is_empty() {
                continue;
            }
            let (before, _) = transfer.text("slot").rsplit_once('/').ok_or("a slot without a nonce")?;
            let parts = vec![Part::Same(format!("{before}/")), Part::Nonce(mould.slots)];
            mould.needles.push((transfer.text("slot").to_owned(), parts));
            mould.slots += 1;
            if !transfer.text("block_hash").is_empty() {
                let (number, hash) = (transfer.int("block_number"), transfer.text("block_hash"));
                let block = vec![
                    Part::Same("\"number\":".to_owned()),
                    Part::Height,
                    Part::Same(",\"hash\":\"".to_owned()),
                    Part::BlockHash,
                ];
                mould.needles.push((format!("\"number\":{number},\"hash\":\"{hash}"), block));
                mould.differs(hash, Part::BlockHash);
                mould.height = Some(number);
            }
        }
        mould.needles.sort_by_key(|(needle, _)| std::cmp::Reverse(needle.len()));
        Ok(mould)
    }

    fn differs(&mut self, text: &str, part: Part) {
        if !self.needles.iter().any(|(needle, _)| needle == text) {
            self.needles.push((text.to_owned(), vec![part]));
        }
    }

    fn cells(&self, table: &str, row: &Row) -> Vec<Cell> {
        let cell = |(name, value): (&String, &Value)| match (table, name.as_str(), value) {
            ("event", "number", _) => Cell::Number,
            ("event", "link", _) => Cell::Link,
            ("withdrawal", "user_id", _) => Cell::User,
            ("transfer", "nonce", Value::Int(_)) => Cell::Nonce(0),
            ("transfer", "block_number", Value::Int(height)) if self.height == Some(*height) => Cell::Height,
            (_, _, Value::Int(at)) if *at >= TIMES_FROM => Cell::Time(at - self.accepted_at),
            (_, _, Value::Text(text)) => match self.cut(text) {
                parts if parts.iter().any(|part| !matches!(part, Part::Same(_))) => Cell::Text(parts),
                _ => Cell::Same(value.clone()),
            },
            _ => Cell::Same(value.clone()),
        };
        row.columns().map(cell).collect()
    }

    fn cut(&self, text: &str) -> Vec<Part> {
        let found = self
            .needles
            .iter()
            .filter_map(|(needle, parts)| Some((text.find(needle.as_str())?, needle, parts)));
        let Some((at, needle, parts)) =
            found.min_by_key(|(at, needle, _)| (*at, std::cmp::Reverse(needle.len())))
        else {
            return self.times(text);
        };
        let (before, after) =
            (text.get(..at).unwrap_or_default(), text.get(at + needle.len()..).unwrap_or_default());
        let mut all = self.times(before);
        all.extend(parts.iter().cloned());
        if !after.is_empty() {
            all.extend(self.cut(after));
        }
        all
    }

    /// Times inside of a text: evidence holds some.
    fn times(&self, text: &str) -> Vec<Part> {
        let (mut parts, mut same) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(begin) = rest.find(|letter: char| letter.is_ascii_digit()) {
            let (before, digits) = rest.split_at(begin);
            let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
            let (digits, after) = digits.split_at(end);
            same.push_str(before);
            rest = after;
            let at = (digits.len() == TIME_DIGITS).then(|| digits.parse::<i64>().ok()).flatten();
            match at.map(|at| at - self.accepted_at).filter(|since| since.abs() < NEAR_US) {
                Some(since) => {
                    parts.push(Part::Same(std::mem::take(&mut same)));
                    parts.push(Part::Time(since));
                }
                None => same.push_str(digits),
            }
        }
        same.push_str(rest);
        parts.push(Part::Same(same));
        parts
    }

    /// What the payment of a copy is hashed from, after the original's hash came out of it as the engine wrote it.
    fn payment(&self, all: &[(usize, Row)]) -> Result<Option<Vec<Part>>, String> {
        let find =
            |table: &str| all.iter().find(|(place, _)| TABLES[*place].name == table).map(|(_, row)| row);
        let (Some(item), Some(transfer)) = (find("transfer_item"), find("transfer")) else { return Ok(None) };
        let approved: serde_json::Value =
            serde_json::from_str(item.text("approved")).map_err(|error| error.to_string())?;
        let payment = &approved["payment"];
        let text = |name: &str| payment[name].as_str().unwrap_or_default().to_owned();
        let atoms: u64 = text("atoms").parse().map_err(|_| "an amount that is no number")?;
        let scale = 10_u64.pow(u32::try_from(payment["precision"].as_u64().unwrap_or(0)).unwrap_or(0));
        let width = scale.to_string().len() - 1;
        let fraction = format!("{:0width$}", atoms % scale);
        let amount = format!("{}.{}", atoms / scale, fraction.trim_end_matches('0'));
        let amount = amount.trim_end_matches('.');
        let canonical = json!({
            "amount": amount, "asset": text("asset"), "key": text("key"), "partner": text("partner"),
            "to": text("to"), "v": "1", "withdrawal": text("withdrawal"),
        })
        .to_string();
        if payment_hash(&canonical) != transfer.text("payment_hash") {
            return Err("the hash of a payment is not what the engine says it is".into());
        }
        Ok(Some(self.cut(&canonical)))
    }
}

/// SHA-256 over a list of one: of the hash of the payment.
fn payment_hash(canonical: &str) -> String {
    let one = hex::encode(Sha256::digest(format!("sluice/payment/v1\0{canonical}")));
    hex::encode(Sha256::digest(format!("sluice/payments/v1\0[\"{one}\"]")))
}

/// That our reading of the trail gives the link the engine gave to each event that follows another of this story.
pub(super) fn trail_agrees(database: &Database<'_>, external_id: &str) -> Result<(), String> {
    let id = format!("select id from withdrawal where external_id = '{external_id}'");
    let id = database.texts(&id)?.pop().ok_or("there is no such withdrawal")?;
    let all = rows(database, &id)?;
    let events: BTreeMap<i64, &Row> = all
        .iter()
        .filter(|(table, _)| TABLES[*table].name == "event")
        .map(|(_, row)| (row.int("number"), row))
        .collect();
    let mut checked = 0;
    for (number, row) in &events {
        let Some(before) = events.get(&(number - 1)) else { continue };
        let mut trail = Trail::after(number - 1, before.text("link"))?;
        trail.next(|name| row.get(name).cloned().unwrap_or(Value::Null));
        if trail.link_text() != row.text("link") {
            return Err("the trail is not what the engine makes of it".into());
        }
        checked += 1;
    }
    if checked == 0 { Err("no two events of a withdrawal follow each other".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_it_names_or_dates_the_withdrawal() {
        let mould = Mould {
            accepted_at: 1_700_000_000_000_000,
            slots: 0,
            needles: vec![("wd_1".into(), vec![Part::Id("wd_".into(), 3)])],
            height: None,
        };
        let parts = mould.cut(r#"{"id":"wd_1","at":1700000000000007,"n":42}"#);
        let expected = [
            Part::Same(r#"{"id":""#.into()),
            Part::Id("wd_".into(), 3),
            Part::Same(r#"","at":"#.into()),
            Part::Time(7),
            Part::Same(r#","n":42}"#.into()),
        ];
        assert_eq!(parts, expected);
    }
}
