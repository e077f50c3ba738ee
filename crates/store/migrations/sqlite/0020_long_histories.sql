-- 0020: what keeps lists and stats as fast with a long history as with a short one. The same table, indexes and rules as
-- ../postgres/0020_long_histories.sql.

-- A type or an asset that is rare is found without walking past everything else.
create index withdrawal_of_type on withdrawal (partner_id, type, accepted_at, id);
create index withdrawal_of_asset on withdrawal (partner_id, asset, accepted_at, id);

-- What has ended, counted: stats cost what is open and the edges of their range. Kept by the commit that ends a withdrawal, or
-- opens it again. No program before the first release counts, and none of them is to run beside one that does.
create table withdrawal_tally (
    partner_id  text not null references partner (id),
    span        integer not null check (span in (3600000000, 86400000000)),   -- an hour or a day, microseconds
    start       integer not null check (start % span = 0),   -- of the span in which they were accepted, UTC
    status      text not null,
    type        text not null,
    asset       text not null,
    count       integer not null,                  -- no check: one that is taken off is added as -1
    high        integer not null,                  -- sum of amounts over 10^9 ..
    low         integer not null,                  -- .. and of what that leaves: one sum may be more than an integer holds
    primary key (partner_id, span, start, status, type, asset)
) strict, without rowid;

insert into withdrawal_tally (partner_id, span, start, status, type, asset, count, high, low)
select w.partner_id, s.span, w.accepted_at - w.accepted_at % s.span, w.status, w.type, w.asset,
    count(*), sum(w.amount / 1000000000), sum(w.amount % 1000000000)
from withdrawal w cross join (select 3600000000 as span union all select 86400000000) s
where w.ended_at is not null
group by 1, 2, 3, 4, 5, 6;
