//! Nonces of signed requests: each is good once.

use sluice_core::id::KeyId;
use sluice_core::time::Timestamp;

use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// Nonces forgotten in one transaction: a large backlog must not keep others from writing.
pub(super) const SWEEP: u64 = 5_000;

/// One statement decides: of any number at once exactly one changes a row. A nonce that has ended counts as never used.
pub(super) async fn first_use(
    conn: &mut Conn<'_>,
    key: KeyId,
    nonce: &str,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, SqlError> {
    let text = sql!(
        "insert into api_nonce (key_id, nonce, until) values ($1, $2, $3)
         on conflict (key_id, nonce) do update set until = excluded.until where api_nonce.until < $4"
    );
    Ok(conn.run(text, args![key.to_string(), nonce, until, now]).await? == 1)
}

/// Forgets up to [`SWEEP`] of those that ended before `now`.
pub(super) async fn sweep(conn: &mut Conn<'_>, now: Timestamp) -> Result<u64, SqlError> {
    let text = sql!(
        "delete from api_nonce where (key_id, nonce) in
            (select key_id, nonce from api_nonce where until < $1 order by until limit $2)"
    );
    conn.run(text, args![now, i64::try_from(SWEEP).unwrap_or(i64::MAX)]).await
}
