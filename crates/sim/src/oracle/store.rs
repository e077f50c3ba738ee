//! What must always be true of the store, asked by SQL that shares nothing with the engine's. Each question answers the
//! rows that break the rule, one text column `what`.

use futures_util::FutureExt as _;
use sluice_store::Db;

use super::Violation;

/// A rule and the question that finds what breaks it.
type Rule = (&'static str, &'static str);

/// True after every commit.
const ALWAYS: &[Rule] = &[
    (
        "M1 one live slot",
        "select withdrawal_id || ' is live in ' || count(*) || ' transfers' as what from transfer_item
         where dead_by is null and dropped = 0 group by withdrawal_id having count(*) > 1 limit 5",
    ),
    (
        "M1 no slot twice",
        "select slot || ' belongs to ' || count(*) || ' transfers' as what from transfer
         where slot is not null group by slot having count(*) > 1 limit 5",
    ),
    (
        "M1 one payment key",
        "select payment_key || ' names ' || count(*) || ' withdrawals' as what from withdrawal
         group by payment_key having count(*) > 1 limit 5",
    ),
    (
        "M3 same slot, same payment",
        "select a.id || ' of ' || t.id || ' carries another payment' as what
         from attempt a join transfer t on t.id = a.transfer_id
         where (a.kind = 'pay' and a.payment_hash <> t.payment_hash) or a.slot is not t.slot limit 5",
    ),
    (
        "M3 a void is one-way",
        "select p.id || ' was signed after the void ' || v.id as what
         from attempt p join attempt v on v.transfer_id = p.transfer_id
         where p.kind = 'pay' and v.kind = 'void' and p.journal_seq > v.journal_seq limit 5",
    ),
    (
        "M4 dead by a proof of death",
        "select i.withdrawal_id || ' in ' || i.transfer_id as what from transfer_item i
         left join proof p on p.id = i.dead_by and p.transfer_id = i.transfer_id
         where i.dead_by is not null and (p.id is null or p.verdict <> 'dead') limit 5",
    ),
    (
        "M4 no new slot on one operator's word",
        "select i.withdrawal_id || ' in ' || i.transfer_id as what
         from transfer_item i join proof p on p.id = i.dead_by join transfer t on t.id = i.transfer_id
         where p.single_source = 1 and exists (select 1 from transfer_item n join transfer u on u.id = n.transfer_id
             where n.withdrawal_id = i.withdrawal_id and u.slot is not null and u.planned_at > t.planned_at) limit 5",
    ),
    (
        "M4 nobody gives up alone on a doubtful death",
        "select w.id as what from withdrawal w
         where w.state = 'failed' and w.evidence like '%\"gave_up\"%'
           and exists (select 1 from transfer_item i join proof p on p.id = i.dead_by
               where i.withdrawal_id = w.id and (p.single_source = 1 or p.evidence like '%\"foreign\"%' or p.evidence like '%\"mismatched\"%')
                 and not exists (select 1 from transfer_item n where n.withdrawal_id = w.id and n.dropped = 0
                     and n.transfer_id > i.transfer_id))
           and not exists (select 1 from command c
               where c.kind = 'withdrawal.give_up' and c.subject = w.id and c.state = 'done') limit 5",
    ),
    (
        "M8 counters are their reservations",
        "select u.key || ' says ' || u.used as what from usage u
         where u.used <> (select coalesce(sum(r.amount), 0) from reservation r
                          where r.usage_key = u.key and (r.outcome is null or r.outcome = 'kept')) limit 5",
    ),
    (
        "M8 no reservation outlives its end",
        "select w.id || ' is ' || w.state as what from withdrawal w join reservation r on r.withdrawal_id = w.id
         where w.ended_at is not null and r.released_at is null limit 5",
    ),
    (
        "M8 limits hold",
        "select r.usage_key || ' took ' || sum(r.amount) as what
         from reservation r join withdrawal w on w.id = r.withdrawal_id
         join partner_limit l on l.partner_id = w.partner_id and l.asset = w.asset
         join decision d on d.withdrawal_id = w.id and d.number = 1
         where (r.outcome is null or r.outcome = 'kept')
           and d.detail not in ('paid_before_restore', 'store_went_back')
         group by r.usage_key, l.daily having sum(r.amount) > l.daily limit 5",
    ),
    // What a lost life has paid, or may have, is taken whether it fits or not; what is stored after it fits beside it. A decision
    // is of the time that it was begun at.
    (
        "M8 what is accepted is within the day",
        "with taken as (
             select w.partner_id, w.asset, w.amount,
                 (select min(e.rowseq) from event e where e.withdrawal_id = w.id) as place,
                 d.detail in ('paid_before_restore', 'store_went_back') as unjudged
             from withdrawal w join decision d on d.withdrawal_id = w.id and d.number = 1
             where w.state not in ('rejected', 'cancelled', 'failed'))
         select t.partner_id || ' took ' || sum(t.amount) || ' of ' || t.asset as what
         from taken t join partner_limit l on l.partner_id = t.partner_id and l.asset = t.asset
         where t.unjudged = 0 or t.place < (
             select max(j.place) from taken j
             where j.partner_id = t.partner_id and j.asset = t.asset and j.unjudged = 0)
         group by t.partner_id, t.asset, l.daily having sum(t.amount) > l.daily limit 5",
    ),
    (
        "M13 what is booked as paid is the amount, to the atom",
        "select w.id || ' of ' || w.amount || ' is booked as ' || coalesce(sum(l.atoms), 0) as what
         from withdrawal w join proof p on p.id = w.proof_id
         left join ledger l on l.transfer_id = p.transfer_id and l.account = 'paid_out' and l.asset = w.asset
         where w.state = 'paid' and p.verdict = 'paid'
         group by w.id, w.amount having coalesce(sum(l.atoms), 0) <> w.amount limit 5",
    ),
    (
        "M15 posting groups sum to zero",
        "select group_id || ' of ' || asset || ' sums to ' || sum(atoms) as what from ledger
         group by group_id, asset having sum(atoms) <> 0 limit 5",
    ),
    (
        "M15 running sums are the postings",
        "select b.wallet_id || ' ' || b.account || ' ' || b.atoms as what from ledger_balance b
         where b.atoms <> (select coalesce(sum(l.atoms), 0) from ledger l where l.wallet_id = b.wallet_id
             and l.asset = b.asset and l.account = b.account and l.partner_id = b.partner_id) limit 5",
    ),
    (
        "M15 events are dense",
        "select partner_id || ' has ' || count(*) || ' numbers up to ' || max(number) as what from event
         where number is not null group by partner_id having max(number) <> count(*) or min(number) <> 1 limit 5",
    ),
    (
        "M16 completed by a proof of payment",
        "select w.id as what from withdrawal w left join proof p on p.id = w.proof_id
         where w.state = 'paid' and (p.id is null or p.verdict = 'dead') limit 5",
    ),
    (
        "status follows state",
        "select id || ' is ' || state || ' and shows ' || status as what from withdrawal
         where (state = 'paid') <> (status = 'completed')
            or (state in ('rejected', 'cancelled', 'failed', 'needs_attention', 'held') and state <> status)
            or (state = 'assigned' and status not in ('queued', 'wallet_funded', 'energy_requested', 'energy_received',
                'processing', 'signing', 'broadcast', 'confirming')) limit 5",
    ),
    (
        "status follows the transfer",
        "select w.id || ' shows ' || w.status || ' and its transfer is ' || t.state as what
         from withdrawal w join transfer t on t.id = w.transfer_id
         where w.state = 'assigned' and w.status <> case t.state
             when 'planned' then 'queued' when 'dropped' then 'queued' when 'funded' then 'wallet_funded'
             when 'fuelling' then 'energy_requested'
             when 'fuelled' then case when t.chain like 'eip155:%' then 'wallet_funded' else 'energy_received' end
             when 'built' then case t.asked when 1 then 'signing' else 'processing' end
             when 'signed' then 'broadcast' else 'confirming' end limit 5",
    ),
];

/// True once everything has come to rest.
const AT_REST: &[Rule] = &[
    (
        "statistics are their withdrawals",
        "select partner_id || ' of ' || start || ' has ' || sum(n) || ' too many ' || status as what
         from (select partner_id, span, start, status, type, asset, count as n, high, low from withdrawal_tally
               union all
               select w.partner_id, s.span, w.accepted_at - w.accepted_at % s.span, w.status, w.type, w.asset,
                   -1, -(w.amount / 1000000000), -(w.amount % 1000000000)
               from withdrawal w join (select 3600000000 as span union all select 86400000000) s
               where w.ended_at is not null)
         group by partner_id, span, start, status, type, asset
         having sum(n) <> 0 or sum(high) <> 0 or sum(low) <> 0 limit 5",
    ),
    (
        "liveness: everything is sealed",
        "select count(*) || ' events have no number' as what from event where number is null having count(*) > 0",
    ),
    (
        "M4 ended unpaid means dead",
        "select w.id || ' is ' || w.state || ' and live in ' || i.transfer_id as what
         from withdrawal w join transfer_item i on i.withdrawal_id = w.id
         where w.state in ('rejected', 'cancelled', 'failed') and i.dead_by is null and i.dropped = 0 limit 5",
    ),
    (
        "M16 paid by exactly one transfer, or by one transaction that a person showed",
        "select w.id || ' was paid by ' || count(i.paid_by) as what
         from withdrawal w left join transfer_item i on i.withdrawal_id = w.id left join proof p on p.id = w.proof_id
         group by w.id, w.state, p.verdict having count(i.paid_by) <> (w.state = 'paid' and p.verdict = 'paid') limit 5",
    ),
    (
        "M8 nothing stays promised",
        "select wallet_id || ' has ' || atoms || ' ' || account || ' of ' || asset as what from ledger_balance
         where account in ('reserved', 'in_flight') and atoms <> 0
           and not exists (select 1 from transfer t where t.wallet_id = ledger_balance.wallet_id
                           and t.state not in ('final', 'dropped')) limit 5",
    ),
];

/// Asks the database one question; every row is a text `what`.
pub fn ask(db: &Db, question: &str) -> Result<Vec<String>, String> {
    let rows = db.inspect(question).now_or_never().ok_or("the inline store waited")?;
    let rows = rows.map_err(|error| format!("{error} in {question}"))?;
    rows.iter().map(|row| row.text("what").map(str::to_owned).map_err(|error| error.to_string())).collect()
}

fn check(db: &Db, rules: &[Rule]) -> Option<Violation> {
    rules.iter().find_map(|(name, question)| match ask(db, question) {
        Ok(broken) if broken.is_empty() => None,
        Ok(broken) => Some(Violation::new(name, broken.join("; "))),
        Err(error) => Some(Violation::new("the oracle can ask", error)),
    })
}

/// The first rule that is broken now.
pub fn always(db: &Db) -> Option<Violation> {
    check(db, ALWAYS)
}

/// The first rule that is broken at the end.
pub fn at_rest(db: &Db) -> Option<Violation> {
    check(db, AT_REST)
}
