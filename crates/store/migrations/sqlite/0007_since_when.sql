-- 0007: since when a wallet is in its state, and what put it there. The same columns as ../postgres/0007_since_when.sql.

alter table wallet add column state_since integer not null default 0;  -- when it entered its state
alter table wallet add column state_cause text not null default '';    -- reason of the change that did: a person's words, or the engine's stable one
update wallet set
    state_since = coalesce((select e.at from event e where e.wallet_id = wallet.id
        and e.kind in ('wallet.adopted', 'lane.open', 'lane.paused', 'lane.draining', 'lane.frozen', 'lane.retired')
        order by e.rowseq desc limit 1), adopted_at),
    state_cause = coalesce((select e.reason from event e where e.wallet_id = wallet.id
        and e.kind in ('wallet.adopted', 'lane.open', 'lane.paused', 'lane.draining', 'lane.frozen', 'lane.retired')
        order by e.rowseq desc limit 1), '');
