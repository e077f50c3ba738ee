-- 0020: what keeps lists and stats as fast with a long history as with a short one. The same table, indexes and rules as
-- ../sqlite/0020_long_histories.sql.

-- A type or an asset that is rare is found without walking past everything else.
create index withdrawal_of_type on withdrawal (partner_id, type, accepted_at, id);
create index withdrawal_of_asset on withdrawal (partner_id, asset, accepted_at, id);

-- What has ended, counted: stats cost what is open and the edges of their range. Kept by the commit that ends a withdrawal, or
-- opens it again. No program before the first release counts, and none of them is to run beside one that does.
create table withdrawal_tally (
    partner_id  text not null references partner (id),
    span        bigint not null check (span in (3600000000, 86400000000)),   -- an hour or a day, microseconds
    start       bigint not null check (start % span = 0),    -- of the span in which they were accepted, UTC
    status      text not null,
    type        text not null,
    asset       text not null,
    count       bigint not null,                   -- no check: one that is taken off is added as -1
    high        bigint not null,                   -- sum of amounts over 10^9 ..
    low         bigint not null,                   -- .. and of what that leaves: one sum may be more than a bigint holds
    primary key (partner_id, span, start, status, type, asset)
);

insert into withdrawal_tally (partner_id, span, start, status, type, asset, count, high, low)
select w.partner_id, s.span, w.accepted_at - w.accepted_at % s.span, w.status, w.type, w.asset,
    count(*), sum(w.amount / 1000000000)::bigint, sum(w.amount % 1000000000)::bigint
from withdrawal w cross join (values (3600000000), (86400000000)) as s (span)
where w.ended_at is not null
group by 1, 2, 3, 4, 5, 6;

-- The status of a withdrawal follows each step of its transfer and stands in no index: with room in its page a step writes none.
alter table withdrawal set (fillfactor = 60);
