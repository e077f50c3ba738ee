-- 0010: a stop belongs to who set it, the platform or a partner. The same columns as ../sqlite/0010_whose_stop.sql.

alter table stop add column holder text;           -- who alone lifts it: a partner, or the platform
update stop set holder = coalesce((select k.partner_id from api_key k where k.id = stop.actor), 'pt_00000000000000000000000000');
alter table stop alter column holder set not null, drop constraint stop_pkey, add primary key (kind, subject, holder);
