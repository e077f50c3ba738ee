-- Version 4: a stop belongs to who set it, the network cost of an hour is bounded, and so is how far ahead a nonce may be.

alter table stop rename to stop_of_version_1;
create table stop (
  scope   text not null,
  subject text not null,
  setter  text not null check (setter in ('engine', 'console')),   -- who alone lifts it
  reason  text not null,
  seq     integer not null unique references entry (seq),
  primary key (scope, subject, setter)
) strict, without rowid;
insert into stop (scope, subject, setter, reason, seq)
select scope, subject, 'console', reason, seq from stop_of_version_1;
drop table stop_of_version_1;

-- What the dearest attempt of a slot can cost, and how that adds up within an hour.
alter table slot add column cost_gwei integer not null default 0 check (cost_gwei >= 0);
create trigger slot_gets_no_cheaper before update on slot
when new.cost_gwei < old.cost_gwei
begin select raise(abort, 'M10: what was counted stays counted'); end;

create table burned (
  wallet text not null references wallet (id),
  minute integer not null,
  gwei   integer not null check (gwei > 0),
  primary key (wallet, minute)
) strict, without rowid;

-- How far a wallet has come: its highest nonce with a signature, and when it signed last.
create table reach (
  wallet    text primary key references wallet (id),
  nonce     integer not null,
  signed_at integer not null
) strict, without rowid;
-- The name of a slot ends with its nonce.
insert into reach (wallet, nonce, signed_at)
select wallet, max(cast(replace(id, rtrim(id, '0123456789'), '') as integer)), max(signed_at)
from slot where signed_at is not null group by wallet;

create trigger reach_never_shrinks before update on reach
when new.nonce < old.nonce or new.signed_at < old.signed_at or new.wallet <> old.wallet
begin select raise(abort, 'what was reached was reached'); end;
