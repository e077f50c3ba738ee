-- The signer's journal. `entry` is the truth; every other table is what the entries say, kept by the same commit and
-- rebuilt by `verify`. The constraints repeat the rules of the guard: a mistake there fails here.

create table entry (
  seq  integer primary key,
  at   integer not null,                                   -- UTC microseconds
  body text    not null,                                   -- JSON of one Fact
  prev blob    not null check (length(prev) = 32),         -- hash of the entry before
  hash blob    not null check (length(hash) = 32)
) strict;

create trigger entry_is_dense before insert on entry
when new.seq <> 1 + coalesce((select max(seq) from entry), 0)
begin select raise(abort, 'journal: seq must be dense'); end;

create trigger entry_is_chained before insert on entry
when new.prev <> coalesce((select hash from entry where seq = new.seq - 1), zeroblob(32))
begin select raise(abort, 'journal: prev must be the hash before'); end;

create trigger entry_never_changes before update on entry
begin select raise(abort, 'journal: append only'); end;

create trigger entry_never_goes before delete on entry
begin select raise(abort, 'journal: append only'); end;

create table deployment (
  one  integer primary key check (one = 1),
  name text not null
) strict;

create table wallet (
  id      text primary key,
  partner text not null,
  chain   text not null,
  address text not null,
  epoch   integer not null default 0,
  seq     integer not null unique references entry (seq),
  unique (chain, address)
) strict, without rowid;

create trigger wallet_never_changes before update on wallet
when new.epoch <= old.epoch or new.id <> old.id or new.partner <> old.partner
  or new.chain <> old.chain or new.address <> old.address
begin select raise(abort, 'M7: an epoch only rises, and a wallet stays what it is'); end;

-- A payment counts once, however many attempts and slots it takes.
create table ticket (
  payment_key blob primary key check (length(payment_key) = 32),
  terms       blob not null check (length(terms) = 32),    -- hash of what is paid to whom, without the expiry
  partner     text not null,
  asset       text not null,
  atoms       integer not null check (atoms > 0),
  seq         integer not null unique references entry (seq)
) strict, without rowid;

-- Sums per minute: an hour is 61 rows, never a scan of payments.
create table spent (
  partner text not null,
  asset   text not null,
  minute  integer not null,
  atoms   integer not null check (atoms > 0),
  primary key (partner, asset, minute)
) strict, without rowid;

create table opened (
  wallet text not null references wallet (id),
  minute integer not null,
  slots  integer not null check (slots > 0),
  primary key (wallet, minute)
) strict, without rowid;

create table slot (
  id           text primary key,
  wallet       text not null references wallet (id),
  payment_key  blob references ticket (payment_key),       -- what it pays; null for a slot that never paid
  payment_hash blob,
  signed_at    integer,                                    -- last signature
  voided_by    integer references entry (seq),
  closed_by    integer references entry (seq),
  released_by  integer references entry (seq),             -- a later slot of the same payment
  check ((payment_key is null) = (payment_hash is null)),
  check (closed_by is null or released_by is null)
) strict, without rowid;

create unique index m1_one_live_slot on slot (payment_key)
where payment_key is not null and closed_by is null and released_by is null;

create index slot_of_payment on slot (payment_key) where payment_key is not null;

create trigger m3_a_slot_keeps_its_payment before update on slot
when old.payment_hash is not new.payment_hash or old.payment_key is not new.payment_key or old.wallet <> new.wallet
  or (old.voided_by is not null and old.voided_by is not new.voided_by)
  or (old.closed_by is not null and old.closed_by is not new.closed_by)
  or (old.released_by is not null and old.released_by is not new.released_by)
begin select raise(abort, 'M3: a slot keeps its payment, its void and its tombstone'); end;

create trigger slot_never_goes before delete on slot
begin select raise(abort, 'M3: a slot is for ever'); end;

create table attempt (
  id          text primary key,
  slot        text not null references slot (id),
  kind        text not null check (kind in ('pay', 'void')),
  digest      blob not null check (length(digest) = 32),
  reserved_by integer not null unique references entry (seq),
  signed_by   integer unique references entry (seq),
  raw         blob,
  txid        blob,
  r           blob,
  check ((signed_by is null) = (raw is null)),
  check ((signed_by is null) = (txid is null)),
  check ((signed_by is null) = (r is null))
) strict, without rowid;

create index attempt_of_slot on attempt (slot);
create index attempt_by_r on attempt (r) where r is not null;

create trigger m3_no_payment_in_a_dead_slot before insert on attempt
when new.kind = 'pay' and exists (
  select 1 from slot where id = new.slot
  and (voided_by is not null or closed_by is not null or released_by is not null or payment_key is null)
)
begin select raise(abort, 'M3: no payment in a voided, closed or released slot'); end;

create trigger m3_no_signature_in_a_dead_slot before update on attempt
when old.kind = 'pay' and old.signed_by is null and exists (
  select 1 from slot where id = old.slot
  and (voided_by is not null or closed_by is not null or released_by is not null)
)
begin select raise(abort, 'M3: no signature in a voided, closed or released slot'); end;

create trigger attempt_never_changes before update on attempt
when old.signed_by is not null or new.id <> old.id or new.slot <> old.slot or new.kind <> old.kind
  or new.digest <> old.digest
begin select raise(abort, 'an attempt is signed once'); end;

create table stop (
  scope   text not null,
  subject text not null,
  reason  text not null,
  seq     integer not null unique references entry (seq),
  primary key (scope, subject)
) strict, without rowid;
