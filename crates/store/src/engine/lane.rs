//! A lane as its loop needs it, read in one piece.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::chain::Family;
use sluice_core::energy::mode::Mode;
use sluice_core::hand_out::HandOut;
use sluice_core::id::{TransferId, WalletId, WithdrawalId};
use sluice_core::lane::Holder;
use sluice_core::port::store::{LaneView, WithAttempts};
use sluice_core::sighting::Sighting;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_core::transfer::State;

use super::memo::{Memo, Stamp, unmoved};
use super::unread::{Found, keep};
use super::{LIST_MAX, load};
use super::{energy, facts, outlook, requests};
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};
use crate::{args, sql};

pub(super) async fn view(
    conn: &mut Conn<'_>,
    memo: &Memo,
    wallet: WalletId,
) -> Result<Found<Option<LaneView>>, SqlError> {
    let mut unread: Vec<Unread> = Vec::new();
    let id = wallet.to_string();
    let rows = conn.rows(sql!("select * from wallet where id = $1 limit 1"), args![&id]).await?;
    let Some(wallet) = keep(row::read(&rows, row::wallet::read), &mut unread).pop() else {
        return Ok((None, unread));
    };
    let partner = sql!("select * from partner where id = $1 limit 1");
    let rows = conn.rows(partner, args![wallet.partner.to_string()]).await?;
    let Some(partner) = keep(row::read(&rows, row::partner::read), &mut unread).pop() else {
        return Ok((None, unread));
    };
    let stops = keep(facts::stops(conn).await?, &mut unread);
    let heights = sql!(
        "select journal_seq, (select max(number) from block where chain = $1) as height,
                (select 1 from withdrawal where partner_id = $2 and chain = $1 and state in ('approved', 'queued')
                 limit 1) as queue
         from meta limit 1"
    );
    let heights = conn.row(heights, args![wallet.chain.to_string(), wallet.partner.to_string()]).await?;
    let height = heights.as_ref().map(|row| row.opt_int("height")).transpose()?.flatten();
    let queue = heights.as_ref().map(|row| row.opt_int("queue")).transpose()?.flatten().is_some();
    let journal_seq = facts::of_meta(heights.as_ref(), "journal_seq")?;
    let open = keep(open(conn, memo, wallet.id, journal_seq).await?, &mut unread);
    // A transfer that does not read is none, and its withdrawal may still be called off.
    let cancels = if open.is_empty() && unread.is_empty() {
        vec![]
    } else {
        keep(cancels(conn, &id).await?, &mut unread)
    };
    let height = height.and_then(|height| u64::try_from(height).ok()).unwrap_or_default();
    let holder = holder(conn, &id).await?;
    let sightings = keep(unexplained(conn, &id).await?, &mut unread);
    let (needs, loans, requests, mode) = match wallet.chain.family {
        Family::Evm => (vec![], vec![], vec![], Mode::Without),
        Family::Tron => {
            let requests = keep(requests::of_lane(conn, &id).await?, &mut unread);
            let asked: Vec<String> =
                requests.iter().filter_map(|it| it.asked_by()).map(|it| it.to_string()).collect();
            let awaited = open.iter().filter_map(|it| match &it.0.state {
                State::Fuelling(fuelling) => Some(fuelling.order.as_str()),
                _ => None,
            });
            let awaited = awaited.chain(asked.iter().map(String::as_str));
            let needs = keep(energy::needs_of(conn, &id, &awaited.collect()).await?, &mut unread);
            let loans = keep(energy::loans_of(conn, &id).await?, &mut unread);
            let mode = keep(outlook::mode_of(conn, &id).await?, &mut unread).pop();
            (needs, loans, requests, mode.unwrap_or(Mode::Without))
        }
    };
    let hand_outs = match wallet.is_desk() {
        true => keep(hand_outs(conn, &id).await?, &mut unread),
        false => vec![],
    };
    let view = LaneView {
        wallet,
        partner,
        open,
        queue,
        cancels,
        stops,
        sightings,
        needs,
        mode,
        loans,
        hand_outs,
        requests,
        height,
        holder,
        journal_seq,
    };
    Ok((Some(view), unread))
}

/// What is open, by slot and age: rows that have not moved since the last look are not read again.
async fn open(
    conn: &mut Conn<'_>,
    memo: &Memo,
    wallet: WalletId,
    journal_seq: u64,
) -> Result<Found<Vec<Arc<WithAttempts>>>, SqlError> {
    let text = sql!(
        "select id, version, changed_at from transfer where wallet_id = $1 and state not in ('final', 'dropped') limit $2"
    );
    let rows = conn.rows(text, args![wallet.to_string(), LIST_MAX]).await?;
    let mut unread = Vec::new();
    let there = keep(row::read(&rows, place), &mut unread);
    let known = memo.of(wallet, journal_seq);
    let found = |&(id, stamp): &(TransferId, Stamp)| (id, unmoved(&known, id, stamp));
    let mut of: BTreeMap<TransferId, Option<Arc<WithAttempts>>> = there.iter().map(found).collect();
    let moved: Vec<TransferId> = of.iter().filter(|(_, it)| it.is_none()).map(|(id, _)| *id).collect();
    for read in keep(load::transfers(conn, &moved).await?, &mut unread) {
        of.insert(read.0.id, Some(Arc::new(read)));
    }
    let mut open: Vec<_> = of.into_values().flatten().collect();
    // By slot, and last what has none: sorted here, for SQLite sorts rows that are none as if they were the first.
    open.sort_by_key(|it| {
        let nonce = it.0.slot().and_then(Slot::nonce);
        (nonce.is_none(), nonce, it.0.planned_at, it.0.id)
    });
    memo.keep(wallet, journal_seq, &open);
    Ok((open, unread))
}

fn place(row: &Row) -> Result<(TransferId, Stamp), Unread> {
    let cells = Cells::of("transfer", "id", row);
    Ok((cells.parsed("id", TransferId::parse)?, (cells.int("version")?, cells.int("changed_at")?)))
}

async fn holder(conn: &mut Conn<'_>, wallet: &str) -> Result<Option<Holder>, SqlError> {
    let text = sql!("select owner, epoch, until from lease where name = $1 limit 1");
    let Some(row) = conn.row(text, args![format!("lane:{wallet}")]).await? else { return Ok(None) };
    let until = Timestamp::from_micros(row.int("until")?);
    Ok(Some(Holder { owner: row.text("owner")?.to_owned(), epoch: row.int("epoch")?, until }))
}

/// Unexplained transactions of a wallet that are read at once.
const SIGHTINGS_MAX: i64 = 1_000;

/// What the wallet did that nothing explains: no adoption, no attempt, and nothing the signer's journal remembers
/// of a payment that has not ended without it. The oldest of many: a lane with one of them is as frozen as with all.
async fn unexplained(conn: &mut Conn<'_>, wallet: &str) -> Result<Found<Vec<Sighting>>, SqlError> {
    let text = sql!(
        "select s.* from sighting s where s.wallet_id = $1 and s.word <> 'denied'
           and not exists (select 1 from adoption a where a.chain = s.chain and a.txid = s.txid and a.wallet_id = s.wallet_id)
           and not exists (select 1 from lost_attempt l where l.chain = s.chain and l.txid = s.txid
               and not exists (select 1 from lost_ended e where e.id = l.id))
         order by s.block_number, s.txid limit $2"
    );
    let rows = conn.rows(text, args![wallet, SIGHTINGS_MAX]).await?;
    Ok(row::read(&rows, row::sighting::read))
}

/// Wishes, and what is in hand of transfers that have not ended.
async fn hand_outs(conn: &mut Conn<'_>, wallet: &str) -> Result<Found<Vec<HandOut>>, SqlError> {
    let text = sql!(
        "select h.* from hand_out h left join transfer t on t.id = h.transfer_id
         where h.wallet_id = $1 and (h.state = 'wished'
           or (h.state in ('made', 'told') and t.state not in ('final', 'dropped')))
         order by h.id limit $2"
    );
    let rows = conn.rows(text, args![wallet, LIST_MAX]).await?;
    Ok(row::read(&rows, row::hand_out::read))
}

async fn cancels(conn: &mut Conn<'_>, wallet: &str) -> Result<Found<Vec<WithdrawalId>>, SqlError> {
    let text = sql!(
        "select w.id from withdrawal w
         where w.wallet_id = $1 and w.state = 'assigned' and w.cancel_at is not null
           and exists (select 1 from transfer t
                       where t.id = w.transfer_id and t.wallet_id = $1 and t.state not in ('final', 'dropped'))
         order by w.id limit $2"
    );
    let rows = conn.rows(text, args![wallet, LIST_MAX]).await?;
    let id = |row: &Row| Cells::of("withdrawal", "id", row).parsed("id", WithdrawalId::parse);
    Ok(row::read(&rows, id))
}
