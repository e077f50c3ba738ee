//! Schema versions: numbered, forward-only, each one file per database that says the same.

use crate::sql::{Conn, Sql, SqlError};
use crate::{args, sql};

/// Every migration, in order; its place in the list is its number.
const MIGRATIONS: &[Sql] = &[
    Sql::two(
        include_str!("../migrations/sqlite/0001_init.sql"),
        include_str!("../migrations/postgres/0001_init.sql"),
        "types, triggers and circular references are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0002_adoption.sql"),
        include_str!("../migrations/postgres/0002_adoption.sql"),
        "types are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0003_two_persons.sql"),
        include_str!("../migrations/postgres/0003_two_persons.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0004_who_and_when.sql"),
        include_str!("../migrations/postgres/0004_who_and_when.sql"),
        "types are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0005_lost_attempts.sql"),
        include_str!("../migrations/postgres/0005_lost_attempts.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0006_paid_once.sql"),
        include_str!("../migrations/postgres/0006_paid_once.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0007_since_when.sql"),
        include_str!("../migrations/postgres/0007_since_when.sql"),
        "types are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0008_paid_late.sql"),
        include_str!("../migrations/postgres/0008_paid_late.sql"),
        "triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0009_sightings.sql"),
        include_str!("../migrations/postgres/0009_sightings.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0010_whose_stop.sql"),
        include_str!("../migrations/postgres/0010_whose_stop.sql"),
        "SQLite changes no primary key, and types are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0011_paid_elsewhere.sql"),
        include_str!("../migrations/postgres/0011_paid_elsewhere.sql"),
        "JSON is read differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0012_marks.sql"),
        include_str!("../migrations/postgres/0012_marks.sql"),
        "types are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0013_voided_for_good.sql"),
        include_str!("../migrations/postgres/0013_voided_for_good.sql"),
        "triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0014_feed_id.sql"),
        include_str!("../migrations/postgres/0014_feed_id.sql"),
        "each names the other",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0015_lost_and_dead.sql"),
        include_str!("../migrations/postgres/0015_lost_and_dead.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0016_ends_as_paid.sql"),
        include_str!("../migrations/postgres/0016_ends_as_paid.sql"),
        "triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0017_went_back.sql"),
        include_str!("../migrations/postgres/0017_went_back.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0018_statements.sql"),
        include_str!("../migrations/postgres/0018_statements.sql"),
        "each names the other",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0019_what_a_lane_reads.sql"),
        include_str!("../migrations/postgres/0019_what_a_lane_reads.sql"),
        "each names the other",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0020_long_histories.sql"),
        include_str!("../migrations/postgres/0020_long_histories.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0021_lost_on_tron.sql"),
        include_str!("../migrations/postgres/0021_lost_on_tron.sql"),
        "triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0022_energy.sql"),
        include_str!("../migrations/postgres/0022_energy.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0023_errands.sql"),
        include_str!("../migrations/postgres/0023_errands.sql"),
        "SQLite changes no check, and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0024_tiers.sql"),
        include_str!("../migrations/postgres/0024_tiers.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0025_energy_comes_and_goes.sql"),
        include_str!("../migrations/postgres/0025_energy_comes_and_goes.sql"),
        "JSON is taken apart, and triggers are spelled, differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0026_energy_outlook.sql"),
        include_str!("../migrations/postgres/0026_energy_outlook.sql"),
        "types are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0027_energy_loan.sql"),
        include_str!("../migrations/postgres/0027_energy_loan.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0028_energy_top_ups.sql"),
        include_str!("../migrations/postgres/0028_energy_top_ups.sql"),
        "types are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0029_energy_credit.sql"),
        include_str!("../migrations/postgres/0029_energy_credit.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0030_hand_outs.sql"),
        include_str!("../migrations/postgres/0030_hand_outs.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0031_energy_requests.sql"),
        include_str!("../migrations/postgres/0031_energy_requests.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0032_energy_on_account.sql"),
        include_str!("../migrations/postgres/0032_energy_on_account.sql"),
        "types and triggers are spelled differently",
    ),
    Sql::two(
        include_str!("../migrations/sqlite/0033_sweeps.sql"),
        include_str!("../migrations/postgres/0033_sweeps.sql"),
        "triggers are spelled differently",
    ),
];

/// Highest version this program knows.
pub const KNOWN: i64 = MIGRATIONS.len() as i64;

/// The database is ahead of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newer {
    /// Version of the database.
    pub found: i64,
    /// Highest version this program knows.
    pub known: i64,
}

/// Brings the schema up to date, inside one transaction. Nothing is touched in a database of a newer version.
///
/// # Errors
/// [`SqlError`] when the database fails; the inner [`Newer`] when it is ahead.
pub async fn run(conn: &mut Conn<'_>) -> Result<Result<(), Newer>, SqlError> {
    if !conn.one_writer() {
        // Two processes that start at once; SQLite's `begin immediate` does the same.
        conn.script(sql!("select pg_advisory_xact_lock(7310579624)")).await?;
    }
    let found = version(conn).await?;
    if found > KNOWN {
        return Ok(Err(Newer { found, known: KNOWN }));
    }
    for (number, migration) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        conn.script(migration).await?;
        conn.run(sql!("update meta set schema_version = $1"), args![number]).await?;
    }
    Ok(Ok(()))
}

async fn version(conn: &mut Conn<'_>) -> Result<i64, SqlError> {
    let there = sql!(
        lite "select count(*) as n from sqlite_master where type = 'table' and name = 'meta' limit 1",
        pg "select count(*) as n from pg_tables where schemaname = current_schema() and tablename = 'meta' limit 1",
        because "each database keeps its own catalogue"
    );
    let there = conn.row(there, args![]).await?.map(|row| row.int("n")).transpose()?;
    if there.unwrap_or(0) == 0 {
        return Ok(0);
    }
    let row = conn.row(sql!("select schema_version from meta limit 1"), args![]).await?;
    Ok(row.map(|row| row.int("schema_version")).transpose()?.unwrap_or(0))
}
