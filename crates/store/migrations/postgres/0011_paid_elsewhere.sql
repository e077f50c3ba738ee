-- 0011: what a person showed to be paid before one log paid one withdrawal. The same rows as
-- ../sqlite/0011_paid_elsewhere.sql.

-- Where two were shown to be paid by one log, the first keeps it.
insert into paid_log (chain, txid, log_index, payee)
select w.chain, p.evidence::jsonb #>> '{found,txid}', (p.evidence::jsonb #>> '{found,log_index}')::bigint, w.id
from withdrawal w join proof p on p.id = w.proof_id
where p.verdict = 'paid_elsewhere' and w.state = 'paid'
order by w.ended_at, w.id
on conflict (chain, txid, log_index) do nothing;
