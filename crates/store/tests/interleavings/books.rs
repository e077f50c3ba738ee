//! What a tenant's rows say, without names and times; and what they must never say.

use crate::world::World;
use sluice_core::port::store::Store as _;

/// A sorted list of facts.
pub type Left = Vec<String>;

/// One fact a row. `$` is the tenant.
const FACTS: &str = "
    select 'withdrawal ' || external_id || ' ' || state || ' ' || status || ' v' || version || ' '
        || coalesce(cancel_reason, '-') as fact from withdrawal where partner_id = '$'
    union all select 'transfer ' || state || ' ' || asked || ' ' || coalesce(nonce::text, '-') || ' v' || version
        from transfer where partner_id = '$'
    union all select 'item ' || w.external_id || ' ' || t.state || ' ' || (i.paid_by is not null) || ' '
        || (i.dead_by is not null) || ' ' || i.dropped
        from transfer_item i join withdrawal w on w.id = i.withdrawal_id join transfer t on t.id = i.transfer_id
        where w.partner_id = '$'
    union all select 'attempt ' || t.nonce || ' ' || a.serial || ' ' || a.kind || ' ' || (a.raw is not null)
        from attempt a join transfer t on t.id = a.transfer_id where t.partner_id = '$'
    union all select 'used ' || used from usage where key like '$%'
    union all select 'reserved ' || w.external_id || ' ' || r.amount || ' ' || coalesce(r.outcome, 'open')
        from reservation r join withdrawal w on w.id = r.withdrawal_id where w.partner_id = '$'
    union all select 'decided ' || w.external_id || ' ' || d.number || ' ' || d.outcome
        from decision d join withdrawal w on w.id = d.withdrawal_id where w.partner_id = '$'
    union all select 'proof ' || verdict || ' ' || count(*) from proof where partner_id = '$' group by verdict
    union all select 'paid log ' || log_index from paid_log
        where payee in (select id from withdrawal where partner_id = '$' union select id from transfer where partner_id = '$')
    union all select 'booked ' || account || ' ' || sum(atoms) from ledger_balance where partner_id = '$' group by account
    union all select 'wallet ' || state || ' ' || reason || ' ' || next_nonce || ' v' || version
        from wallet where partner_id = '$'
    union all select 'command ' || kind || ' ' || state || ' v' || version || ' ' || count(*)
        from command where partner_id = '$' group by kind, state, version
    union all select 'stop ' || kind || ' ' || reason from stop where holder = '$'
    union all select 'lease ' || split_part(name, ':', 1) || ' ' || owner || ' ' || epoch from lease where name like '%$'
    union all select 'alert ' || code || ' ' || count || ' ' || coalesce(acknowledged_by, '-') || ' '
        || (resolved_at is not null) from alert where partner_id = '$'
    union all select 'event ' || kind || ' ' || count(*) from event where partner_id = '$' group by kind
    union all select 'key ' || label || ' ' || (revoked_at is not null) from api_key where partner_id = '$'
    union all select 'nonce ' || n.nonce from api_nonce n join api_key k on k.id = n.key_id where k.partner_id = '$'
    union all select 'limit ' || daily || ' v' || version from partner_limit where partner_id = '$'
    union all select 'adopted ' || kind from adoption where partner_id = '$'
    union all select 'lost ' || l.kind || ' ' || (l.payment_key is not null)
        from lost_attempt l join wallet w on w.id = l.wallet_id where w.partner_id = '$'
    order by fact limit 1000";

/// One row for each thing that is wrong. `$` is the tenant.
const WRONGS: &str = "
    select 'a counter differs from what was taken of it: ' || key as wrong from usage where key like '$%' and used <>
        (select coalesce(sum(amount), 0) from reservation r where r.usage_key = key and coalesce(outcome, 'kept') = 'kept')
    union all select 'a reservation is open and its withdrawal is over, or the other way round: ' || w.external_id
        from reservation r join withdrawal w on w.id = r.withdrawal_id
        where w.partner_id = '$' and (r.outcome is null) = (w.ended_at is not null)
    union all select 'postings do not sum to zero: ' || group_id
        from ledger where partner_id = '$' group by group_id, asset having sum(atoms) <> 0
    union all select 'a running sum is not the sum: ' || b.account from ledger_balance b where b.partner_id = '$'
        and b.atoms <> (select coalesce(sum(l.atoms), 0) from ledger l where l.wallet_id = b.wallet_id
            and l.asset = b.asset and l.account = b.account and l.partner_id = b.partner_id)
    union all select 'two slots are alive: ' || w.external_id from transfer_item i join withdrawal w on w.id = i.withdrawal_id
        where w.partner_id = '$' and i.dead_by is null and i.dropped = 0 group by w.external_id having count(*) > 1
    union all select 'assigned without a slot: ' || external_id from withdrawal w where w.partner_id = '$'
        and state = 'assigned' and not exists (select from transfer_item i where i.withdrawal_id = w.id
            and i.transfer_id = w.transfer_id and i.dead_by is null and i.dropped = 0)
    union all select 'a slot is alive and nobody waits for it: ' || w.external_id
        from transfer_item i join withdrawal w on w.id = i.withdrawal_id
        where w.partner_id = '$' and i.dead_by is null and i.dropped = 0
            and w.state not in ('assigned', 'paid', 'needs_attention')
    union all select 'more or fewer logs than payments' where
        (select count(*) from withdrawal where partner_id = '$' and state = 'paid') <>
        (select count(*) from paid_log where payee in
            (select id from withdrawal where partner_id = '$' union select id from transfer where partner_id = '$'))
        and not exists (select from transfer where partner_id = '$' and state in ('signed', 'seen'))
    union all select 'an event is not in the feed: ' || kind from event where partner_id = '$' and number is null
    union all select 'the feed has holes' from event where partner_id = '$'
        having count(*) <> count(distinct number) or count(*) <> coalesce(max(number), 0)
    union all select 'the head of the feed is not its last event' from event_head h where h.partner_id = '$'
        and h.number || h.link is distinct from
            (select number || link from event where partner_id = '$' order by number desc limit 1)
    union all select 'alerts of one kind and subject are open: ' || code from alert
        where partner_id = '$' and resolved_at is null group by code, subject having count(*) > 1
    limit 100";

/// Seals the feed, and says what the tenant's rows say; or what is wrong with them.
pub async fn left(tenant: &World) -> Result<Left, String> {
    let house = format!("sealer:of {}", tenant.partner.id);
    let lease = tenant.db.lease(&house, "books").await.unwrap().unwrap();
    while tenant.db.seal(lease.fence(), 1_000).await.unwrap() > 0 {}
    tenant.db.release("books").await.unwrap();
    let texts = async |question: &str, column: &str| {
        let rows = tenant.db.inspect(&question.replace('$', &tenant.partner.id.to_string())).await.unwrap();
        rows.iter().map(|row| row.text(column).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let wrongs = texts(WRONGS, "wrong").await;
    if !wrongs.is_empty() {
        return Err(format!("{wrongs:#?}"));
    }
    let mut facts = texts(FACTS, "fact").await;
    facts.retain(|fact| !fact.starts_with("lease sealer "));
    Ok(facts)
}
