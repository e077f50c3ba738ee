-- 0003: commands that take two persons, and the platform as a partner of its own. The same tables, columns, indexes and
-- rules as ../postgres/0003_two_persons.sql.

-- The platform, `hq`: core::partner::PLATFORM. Its keys act for every tenant.
insert into partner (id, name, zone, test_mode, created_at)
    values ('pt_00000000000000000000000000', 'Platform', 'Asia/Seoul', 0, 0);

-- Who made a key: an actor. It decides who counts as another person. Keys of before are told by the event of their
-- making.
alter table api_key add column created_by text;
update api_key set created_by = (select e.actor from event e
    where e.kind = 'key.created' and e.data like '%"key":"' || api_key.id || '"%' order by e.rowseq limit 1);

-- Only the platform's keys may manage partners. Nobody else's were ever meant to.
update api_key set scopes = replace(replace(replace(scopes, ',"partners:manage"', ''), '"partners:manage",', ''),
    '"partners:manage"', '')
    where partner_id <> 'pt_00000000000000000000000000' and scopes like '%"partners:manage"%';
create trigger api_key_of_the_platform before insert on api_key
when new.partner_id <> 'pt_00000000000000000000000000' and new.scopes like '%"partners:manage"%'
begin select raise(abort, 'api_key_of_the_platform'); end;
create trigger api_key_maker_is_for_ever before update on api_key
when (new.id, new.partner_id, new.created_by, new.created_at, new.scopes)
  is not (old.id, old.partner_id, old.created_by, old.created_at, old.scopes)
begin select raise(abort, 'api_key_maker_is_for_ever'); end;

-- A command that takes two persons (M4, M6, M12): the first word waits here for the second. The second word is stored by
-- the commit that carries the command out.
create table command (
    id            text primary key,
    partner_id    text not null references partner (id),   -- owner of the thing it is about
    kind          text not null,                   -- core::command::Kind
    subject       text not null,
    says          text not null,                   -- what else it says: canonical JSON
    facts         text not null,                   -- what it rests on: canonical JSON
    asked_by      text not null references api_key (id),
    reason        text not null,
    asked_at      integer not null,
    expires_at    integer not null,
    state         text not null check (state in ('pending', 'done', 'withdrawn', 'expired')),
    ended_by      text,                            -- the second person, or who took it back
    ended_reason  text,
    ended_at      integer,
    version       integer not null,
    constraint command_ended check ((state = 'pending') = (ended_at is null) and (ended_at is null) = (ended_by is null)
        and (ended_at is null) = (ended_reason is null)),
    constraint command_two_persons check (state <> 'done' or ended_by <> asked_by)
) strict, without rowid;
create unique index command_one_open on command (kind, subject) where state = 'pending';
create index command_open on command (expires_at) where state = 'pending';
create index command_list on command (partner_id, id);
create index command_list_state on command (state, id);
create trigger command_ends_once before update on command
when old.state <> 'pending'
  or (new.id, new.partner_id, new.kind, new.subject, new.says, new.facts, new.asked_by, new.reason, new.asked_at,
      new.expires_at)
  is not (old.id, old.partner_id, old.kind, old.subject, old.says, old.facts, old.asked_by, old.reason, old.asked_at,
      old.expires_at)
begin select raise(abort, 'command_ends_once'); end;
create trigger command_is_born_open before insert on command
when new.state <> 'pending'
begin select raise(abort, 'command_is_born_open'); end;
create trigger command_is_kept before delete on command
begin select raise(abort, 'command_is_kept'); end;
