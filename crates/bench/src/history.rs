//! A long history: withdrawals that the engine really carried to their ends, multiplied with everything they left, over
//! the year before today. Each copy has ids, slots, transactions and hashes of its own, its events stand in the partner's
//! trail and its money in the books: what the engine finds is what it would have written. Only the nonces are not those that
//! come next: the signer lets no lane jump over a million of them, so the copies have theirs far above what a lane gives
//! out here.
//!
//! Triggers and foreign keys sleep meanwhile, for they refuse what is born in its end; checks and unique indexes do not.

mod copy;
mod rows;
mod sink;
mod story;

use std::collections::BTreeMap;

use crate::clock::now;
use crate::database::{Database, Kind};

use copy::{Copy, Trail, mixed};
use rows::{TABLES, Value};
use sink::Sink;
use story::{Cell, Story};

/// Copies that share a commit.
const BATCH: u64 = 5_000;
/// Copies between two lines of progress.
const TOLD_EVERY: u64 = 100_000;
/// The nonce of the first copy: no lane of a bench comes there.
const NONCES_FROM: u64 = 1_000_000_000;
/// How far the history goes back, microseconds.
const YEAR_US: i64 = 365 * 86_400_000_000;
/// Ends before now, microseconds: what is younger is the engine's own.
const REST_US: i64 = 3_600_000_000;

/// Its moulds, and how far it has come.
pub struct History {
    stories: Vec<(u64, Story)>,
    partner: String,
    copies: u64,
    nonce: u64,
}

/// What the engine counts as it ends a withdrawal, counted at once: the same as its migration says.
const COUNTED: [&str; 2] = [
    "delete from withdrawal_tally",
    "insert into withdrawal_tally (partner_id, span, start, status, type, asset, count, high, low)
     select w.partner_id, s.span, w.accepted_at - w.accepted_at % s.span, w.status, w.type, w.asset, count(*),
         cast(sum(w.amount / 1000000000) as bigint), cast(sum(w.amount % 1000000000) as bigint)
     from withdrawal w cross join (select 3600000000 as span union all select 86400000000) s
     where w.ended_at is not null group by 1, 2, 3, 4, 5, 6",
];

impl History {
    /// Of these withdrawals, by external id, each with its part of a hundred.
    pub fn of(database: &Database<'_>, shares: &[(&str, u64)]) -> Result<Self, String> {
        let read = |(name, share): &(&str, u64)| Ok((*share, Story::read(database, name)?));
        let stories = shares.iter().map(read).collect::<Result<_, String>>()?;
        let (first, _) = shares.first().ok_or("a history of nothing")?;
        story::trail_agrees(database, first)?;
        let ask = format!("select partner_id from withdrawal where external_id = '{first}'");
        let partner = database.texts(&ask)?.pop().ok_or_else(|| format!("{first} has no partner"))?;
        Ok(Self { stories, partner, copies: 0, nonce: NONCES_FROM })
    }

    /// Brings it to so many withdrawals, while no engine runs. `heights` is how many blocks lie behind the chain's final
    /// one.
    pub fn grow(&mut self, database: &Database<'_>, size: u64, heights: u64) -> Result<(), String> {
        let begun = now();
        let number = |ask: &str| database.numbers(ask)?.pop().ok_or_else(|| format!("{ask}: nothing"));
        let head = format!("from event_head where partner_id = '{}'", self.partner);
        let link = database.texts(&format!("select link {head}"))?.pop().ok_or("the partner has no trail")?;
        let mut trail = Trail::after(number(&format!("select number {head}"))?, &link)?;
        let until =
            i64::try_from(crate::clock::milliseconds()).map_err(|error| error.to_string())? * 1_000 - REST_US;
        let (from, count) = (self.copies, size.saturating_sub(self.copies));
        let mut sink = Sink::open(database)?;
        let mut posted: BTreeMap<[String; 4], i64> = BTreeMap::new();
        for number in from..size {
            let since = i128::from(YEAR_US) * i128::from(number - from + 1) / i128::from(count);
            let accepted_at = until - YEAR_US + i64::try_from(since).map_err(|error| error.to_string())?;
            let copy =
                Copy { number, accepted_at, nonce: self.nonce, height: 1 + mixed(number) % heights.max(1) };
            let story = self.story(number)?;
            for (key, atoms) in &story.posted {
                *posted.entry(key.clone()).or_default() += atoms;
            }
            write(&mut sink, story, &copy, &mut trail)?;
            self.nonce += story.slots;
            if (number + 1) % BATCH == 0 || number + 1 == size {
                sink.commit()?;
            }
            if (number + 1) % TOLD_EVERY == 0 {
                eprintln!(
                    "bench: {}: {} copies, {} s",
                    database.kind.name(),
                    number + 1,
                    begun.elapsed().as_secs()
                );
            }
        }
        self.copies = size;
        sink.run(&self.books(&posted, until - YEAR_US))?;
        sink.run(&COUNTED.map(str::to_owned))?;
        sink.run(&[format!(
            "update event_head set number = {}, link = '{}' where partner_id = '{}'",
            trail.number,
            trail.link_text(),
            self.partner
        )])?;
        sink.close(database)
    }

    fn story(&self, number: u64) -> Result<&Story, String> {
        let mut place = mixed(number) % 100;
        for (share, story) in &self.stories {
            match place.checked_sub(*share) {
                Some(rest) => place = rest,
                None => return Ok(story),
            }
        }
        Err("the shares of a history sum to a hundred".into())
    }

    /// Running sums of what was posted; what left the wallet for it had come in before, as a top-up.
    fn books(&self, posted: &BTreeMap<[String; 4], i64>, at: i64) -> Vec<String> {
        let mut statements = Vec::new();
        let mut moved = |[wallet, asset, account, partner]: [&str; 4], atoms: i64| {
            statements.push(format!(
                "insert into ledger_balance (partner_id, wallet_id, asset, account, atoms)
                 values ('{partner}', '{wallet}', '{asset}', '{account}', 0) on conflict do nothing"
            ));
            statements.push(format!(
                "update ledger_balance set atoms = atoms + {atoms} where partner_id = '{partner}'
                 and wallet_id = '{wallet}' and asset = '{asset}' and account = '{account}'"
            ));
        };
        let mut top_ups = Vec::new();
        for ([wallet, asset, account, partner], atoms) in posted.iter().filter(|(_, atoms)| **atoms != 0) {
            moved([wallet, asset, account, partner], *atoms);
            if account != "available" {
                continue;
            }
            for (account, atoms) in [("available", -atoms), ("adjustment", *atoms)] {
                moved([wallet, asset, account, partner], atoms);
                top_ups.push(format!(
                    "insert into ledger (group_id, partner_id, wallet_id, asset, account, atoms, reason, at)
                     values ('history-{}-{asset}', '{partner}', '{wallet}', '{asset}', '{account}', {atoms},
                     'top_up', {at})",
                    self.copies
                ));
            }
        }
        statements.extend(top_ups);
        statements
    }
}

fn write(sink: &mut Sink, story: &Story, copy: &Copy, trail: &mut Trail) -> Result<(), String> {
    let payment_hash = story.payment_hash(copy);
    let height = i64::try_from(copy.height).map_err(|error| error.to_string())?;
    let first_nonce = i64::try_from(copy.nonce).map_err(|error| error.to_string())?;
    for (table, cells) in &story.rows {
        let value = |cell: &Cell| match cell {
            Cell::Same(value) => value.clone(),
            Cell::Time(since) => Value::Int(copy.accepted_at + since),
            Cell::Text(parts) => Value::Text(copy.text(parts, &payment_hash)),
            Cell::Height => Value::Int(height),
            Cell::Nonce(place) => {
                Value::Int(first_nonce.saturating_add(i64::try_from(*place).unwrap_or(i64::MAX)))
            }
            Cell::User => Value::Text(copy.user()),
            Cell::Number | Cell::Link => Value::Null,
        };
        let mut values: Vec<Value> = cells.iter().map(value).collect();
        if TABLES[*table].name == "event" {
            let names = sink.columns(*table);
            trail.next(|name| {
                let place = names.iter().position(|column| column == name);
                place.and_then(|place| values.get(place)).cloned().unwrap_or(Value::Null)
            });
            for (cell, value) in cells.iter().zip(&mut values) {
                match cell {
                    Cell::Number => *value = Value::Int(trail.number),
                    Cell::Link => *value = Value::Text(trail.link_text()),
                    _ => {}
                }
            }
        }
        sink.write(*table, &values)?;
    }
    Ok(())
}

/// That the copies lean on what is there, where the database can say so by itself.
pub fn leans_on_what_is_there(database: &Database<'_>) -> Result<(), String> {
    if database.kind == Kind::Postgres {
        return Ok(());
    }
    let broken =
        database.texts("select \"table\" || ' -> ' || parent from pragma_foreign_key_check limit 5")?;
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("copies that lean on nothing: {}", broken.join(", ")))
    }
}
