-- 0010: a stop belongs to who set it, the platform or a partner. The same columns as ../postgres/0010_whose_stop.sql.

alter table stop rename to stop_before;
create table stop (
    kind     text not null,
    subject  text not null,
    holder   text not null,                        -- who alone lifts it: a partner, or the platform
    actor    text not null,
    reason   text not null,
    at       integer not null,
    primary key (kind, subject, holder)
) strict, without rowid;
insert into stop (kind, subject, holder, actor, reason, at)
select kind, subject, coalesce((select k.partner_id from api_key k where k.id = actor), 'pt_00000000000000000000000000'), actor, reason, at
from stop_before;
drop table stop_before;
