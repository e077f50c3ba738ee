-- 0029: what partners pay ahead for energy of the pool. The same tables, indexes and rules as ../sqlite/0029_energy_credit.sql.

-- A loan that is paid ahead is refused in its own commit where the credit does not cover it; those before were paid afterwards.
alter table energy_loan add column prepaid bigint not null default 0 check (prepaid in (0, 1));
drop trigger energy_loan_is_for_ever on energy_loan;
create trigger energy_loan_is_for_ever before update on energy_loan for each row
when ((new.id, new.partner_id, new.wallet_id, new.chain, new.receiver, new.lender_id, new.errand_id, new.energy, new.stake_sun, new.price_sun, new.prepaid, new.stay_s, new.deadline_at, new.asked_at)
  is distinct from (old.id, old.partner_id, old.wallet_id, old.chain, old.receiver, old.lender_id, old.errand_id, old.energy, old.stake_sun, old.price_sun, old.prepaid, old.stay_s, old.deadline_at, old.asked_at))
execute function sluice_refuse();

-- TRX that came to the pool's wallet, each transaction once for ever.
create table energy_topup (
    txid         text not null primary key,
    chain        text not null,
    wallet_id    text not null references wallet (id),       -- the pool's
    sender       text not null,
    partner_id   text references partner (id),               -- null until a person has said whose it is
    sun          bigint not null check (sun > 0),
    block_number bigint not null,
    block_hash   text not null,
    block_at     bigint not null
);
create index energy_topup_unknown on energy_topup (chain, block_number, txid) where partner_id is null;
create trigger energy_topup_is_for_ever before update on energy_topup for each row
when (old.partner_id is not null or new.partner_id is null
  or (new.txid, new.chain, new.wallet_id, new.sender, new.sun, new.block_number, new.block_hash, new.block_at)
  is distinct from (old.txid, old.chain, old.wallet_id, old.sender, old.sun, old.block_number, old.block_hash, old.block_at))
execute function sluice_refuse();
create trigger energy_topup_is_kept before delete on energy_topup for each row execute function sluice_refuse();

-- How far blocks were read for top-ups of a pool's wallet.
create table energy_topup_cursor (
    wallet_id    text not null primary key references wallet (id),
    next_height  bigint not null check (next_height >= 0)   -- the next look begins there
);
create trigger energy_topup_cursor_rises before update on energy_topup_cursor for each row
when (new.next_height <= old.next_height or new.wallet_id <> old.wallet_id) execute function sluice_refuse();
create trigger energy_topup_cursor_is_kept before delete on energy_topup_cursor for each row execute function sluice_refuse();

-- How a partner was told last that its credit stands; without a row it is enough.
create table energy_credit_level (
    wallet_id    text not null references wallet (id),
    partner_id   text not null references partner (id),
    low          bigint not null check (low in (0, 1)),
    since        bigint not null,
    primary key (wallet_id, partner_id)
);

-- What was paid ahead stands in an account of its own.
alter table ledger drop constraint ledger_account;
alter table ledger add constraint ledger_account check (account in ('available', 'reserved', 'in_flight', 'paid_out', 'gas', 'adjustment',
    'staked', 'lent', 'unstaking', 'energy_credit', 'energy_charged', 'energy_paid', 'suspense'));
-- What moved a partner's credit, as people read it, newest first.
create index ledger_of_credit on ledger (partner_id, wallet_id, id) where account = 'energy_credit';
-- What partners have with pools: the broker reads it twice a second while something is open.
create index ledger_balance_of_credit on ledger_balance (wallet_id, partner_id) where account = 'energy_credit';
