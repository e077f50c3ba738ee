-- 0029: what partners pay ahead for energy of the pool. The same tables, indexes and rules as ../postgres/0029_energy_credit.sql.

-- A loan that is paid ahead is refused in its own commit where the credit does not cover it; those before were paid afterwards.
alter table energy_loan add column prepaid integer not null default 0 check (prepaid in (0, 1));
drop trigger energy_loan_is_for_ever;
create trigger energy_loan_is_for_ever before update on energy_loan
when (new.id, new.partner_id, new.wallet_id, new.chain, new.receiver, new.lender_id, new.errand_id, new.energy, new.stake_sun, new.price_sun, new.prepaid, new.stay_s, new.deadline_at, new.asked_at)
  is not (old.id, old.partner_id, old.wallet_id, old.chain, old.receiver, old.lender_id, old.errand_id, old.energy, old.stake_sun, old.price_sun, old.prepaid, old.stay_s, old.deadline_at, old.asked_at)
begin select raise(abort, 'energy_loan_is_for_ever'); end;

-- TRX that came to the pool's wallet, each transaction once for ever.
create table energy_topup (
    txid         text not null primary key,
    chain        text not null,
    wallet_id    text not null references wallet (id),       -- the pool's
    sender       text not null,
    partner_id   text references partner (id),               -- null until a person has said whose it is
    sun          integer not null check (sun > 0),
    block_number integer not null,
    block_hash   text not null,
    block_at     integer not null
) strict;
create index energy_topup_unknown on energy_topup (chain, block_number, txid) where partner_id is null;
create trigger energy_topup_is_for_ever before update on energy_topup
when old.partner_id is not null or new.partner_id is null
  or (new.txid, new.chain, new.wallet_id, new.sender, new.sun, new.block_number, new.block_hash, new.block_at)
  is not (old.txid, old.chain, old.wallet_id, old.sender, old.sun, old.block_number, old.block_hash, old.block_at)
begin select raise(abort, 'energy_topup_is_for_ever'); end;
create trigger energy_topup_is_kept before delete on energy_topup
begin select raise(abort, 'energy_topup_is_kept'); end;

-- How far blocks were read for top-ups of a pool's wallet.
create table energy_topup_cursor (
    wallet_id    text not null primary key references wallet (id),
    next_height  integer not null check (next_height >= 0)   -- the next look begins there
) strict, without rowid;
create trigger energy_topup_cursor_rises before update on energy_topup_cursor
when new.next_height <= old.next_height or new.wallet_id <> old.wallet_id
begin select raise(abort, 'energy_topup_cursor_rises'); end;
create trigger energy_topup_cursor_is_kept before delete on energy_topup_cursor
begin select raise(abort, 'energy_topup_cursor_is_kept'); end;

-- How a partner was told last that its credit stands; without a row it is enough.
create table energy_credit_level (
    wallet_id    text not null references wallet (id),
    partner_id   text not null references partner (id),
    low          integer not null check (low in (0, 1)),
    since        integer not null,
    primary key (wallet_id, partner_id)
) strict, without rowid;

-- What was paid ahead stands in an account of its own. SQLite changes no check: the ledger is written once more, as it stands.
drop trigger ledger_is_for_ever;
drop trigger ledger_is_kept;
create table ledger_anew (
    id           integer primary key autoincrement,
    group_id     text not null,                    -- transfer and version, or a name of its own for a correction
    partner_id   text not null references partner (id),
    wallet_id    text not null references wallet (id),
    asset        text not null,
    account      text not null,
    atoms        integer not null check (atoms <> 0),
    transfer_id  text references transfer (id),
    reason       text not null,
    at           integer not null,
    constraint ledger_account check (account in ('available', 'reserved', 'in_flight', 'paid_out', 'gas', 'adjustment',
        'staked', 'lent', 'unstaking', 'energy_credit', 'energy_charged', 'energy_paid', 'suspense'))
) strict;
insert into ledger_anew select * from ledger;
drop table ledger;
alter table ledger_anew rename to ledger;
create unique index ledger_one_posting on ledger (group_id, partner_id, wallet_id, asset, account);
create index ledger_of_wallet on ledger (wallet_id, id);
create index ledger_of_partner on ledger (partner_id, at);
-- What moved a partner's credit, as people read it, newest first.
create index ledger_of_credit on ledger (partner_id, wallet_id, id) where account = 'energy_credit';
create trigger ledger_is_for_ever before update on ledger
begin select raise(abort, 'ledger_is_for_ever'); end;
create trigger ledger_is_kept before delete on ledger
begin select raise(abort, 'ledger_is_kept'); end;
-- What partners have with pools: the broker reads it twice a second while something is open.
create index ledger_balance_of_credit on ledger_balance (wallet_id, partner_id) where account = 'energy_credit';
