-- Version 2: proofs of holding a key, and keys that are barred.

create table shown (
  wallet    text not null references wallet (id),
  challenge blob not null check (length(challenge) = 32),
  digest    blob not null check (length(digest) = 32),
  minute    integer not null,
  r         blob,                                          -- null until the signature was made
  seq       integer not null unique references entry (seq),
  primary key (wallet, challenge)
) strict, without rowid;

create index shown_by_minute on shown (wallet, minute);
create index shown_by_r on shown (r) where r is not null;

create trigger shown_never_changes before update on shown
when old.r is not null or new.wallet <> old.wallet or new.challenge <> old.challenge or new.digest <> old.digest
begin select raise(abort, 'a proof is made once'); end;

create table bar (
  wallet text primary key references wallet (id),
  reason text not null,
  seq    integer not null unique references entry (seq)
) strict, without rowid;

create trigger bar_never_goes before delete on bar
begin select raise(abort, 'a barred key stays barred'); end;

create trigger bar_never_changes before update on bar
begin select raise(abort, 'a barred key stays barred'); end;

create trigger no_attempt_by_a_barred_key before insert on attempt
when exists (select 1 from bar join slot on slot.wallet = bar.wallet where slot.id = new.slot)
begin select raise(abort, 'a barred key signs nothing'); end;

create trigger no_proof_by_a_barred_key before insert on shown
when exists (select 1 from bar where wallet = new.wallet)
begin select raise(abort, 'a barred key signs nothing'); end;
