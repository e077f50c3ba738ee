//! Nonces of signed requests: each is good once.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::id::KeyId;
use sluice_core::time::Timestamp;

use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError};
use crate::{args, sql};

/// Nonces forgotten in one transaction: a large backlog must not keep others from writing.
pub(super) const SWEEP: u64 = 5_000;

const NONCES: Table = Table { name: "api_nonce", texts: &["key_id", "nonce"], ints: &["until"], blobs: &[] };
static USE: LazyLock<EachRow> = LazyLock::new(|| {
    NONCES.insert(
        "on conflict (key_id, nonce) do update set until = excluded.until where api_nonce.until < $2
         returning key_id, nonce",
    )
});

/// A nonce that somebody wants to use.
#[derive(Clone, Debug)]
pub(crate) struct Nonce {
    pub key: KeyId,
    pub nonce: String,
    /// How long it is remembered.
    pub until: Timestamp,
    pub now: Timestamp,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct NonceRow<'a> {
    key_id: String,
    nonce: &'a str,
    until: i64,
}

/// Which of them are used for the first time. One statement decides: of any number at once exactly one changes a row. A
/// nonce that has ended counts as never used.
pub(crate) async fn first_uses(conn: &mut Conn<'_>, nonces: &[Nonce]) -> Result<Vec<bool>, SqlError> {
    let name = |one: &Nonce| (one.key.to_string(), one.nonce.clone());
    let mut seen = BTreeSet::new();
    // Twice in one group: the first is good, the second is not.
    let firsts: Vec<bool> = nonces.iter().map(|one| seen.insert(name(one))).collect();
    let mut rows: Vec<NonceRow<'_>> = nonces
        .iter()
        .zip(&firsts)
        .filter(|(_, first)| **first)
        .map(|(one, _)| NonceRow {
            key_id: one.key.to_string(),
            nonce: &one.nonce,
            until: one.until.micros(),
        })
        .collect();
    // In key order, so that two processes wait for each other in one direction only.
    rows.sort();
    let now = nonces.iter().map(|one| one.now).min().unwrap_or_default();
    let mut used = BTreeSet::new();
    for row in conn.rows_each(&USE, &rows, args![now]).await? {
        used.insert((row.text("key_id")?.to_owned(), row.text("nonce")?.to_owned()));
    }
    Ok(nonces.iter().zip(firsts).map(|(one, first)| first && used.contains(&name(one))).collect())
}

/// Forgets up to [`SWEEP`] of those that ended before `now`.
pub(super) async fn sweep(conn: &mut Conn<'_>, now: Timestamp) -> Result<u64, SqlError> {
    let text = sql!(
        "delete from api_nonce where (key_id, nonce) in
            (select key_id, nonce from api_nonce where until < $1 order by until limit $2)"
    );
    conn.run(text, args![now, i64::try_from(SWEEP).unwrap_or(i64::MAX)]).await
}
