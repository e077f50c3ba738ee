-- 0027: loans of the platform's own energy to lanes. The same table, indexes and rules as ../sqlite/0027_energy_loan.sql.

create table energy_loan (
    id           text not null primary key references energy_need (id),   -- a need is lent to once
    partner_id   text not null references partner (id),
    wallet_id    text not null references wallet (id),       -- the lane that has it
    chain        text not null,
    receiver     text not null,
    lender_id    text not null references wallet (id),       -- whose stake it is
    errand_id    text not null references withdrawal (id),   -- what lends it
    return_id    text references withdrawal (id),            -- what takes it back, while that is open
    energy       bigint not null check (energy > 0),
    stake_sun    bigint not null check (stake_sun > 0),
    price_sun    bigint not null check (price_sun >= 0),
    stay_s       bigint not null,
    deadline_at  bigint not null,                           -- the need goes elsewhere from then on
    state        text not null,
    evidence     text not null,                              -- JSON with its version: row::energy::loan
    ended        bigint not null check (ended in (0, 1)),   -- neither lent nor about to be
    asked_at     bigint not null,
    changed_at   bigint not null,
    version      bigint not null,
    constraint energy_loan_state check (state in ('asked', 'late', 'absent', 'lent', 'ending', 'free', 'returning', 'returned')),
    constraint energy_loan_returns check ((state = 'returning') = (return_id is not null)),
    constraint energy_loan_ends check ((ended = 1) = (state in ('absent', 'returned')))
);
create index energy_loan_open on energy_loan (chain, id) where ended = 0;
create index energy_loan_of_wallet on energy_loan (wallet_id, id) where ended = 0;
create trigger energy_loan_is_for_ever before update on energy_loan for each row
when ((new.id, new.partner_id, new.wallet_id, new.chain, new.receiver, new.lender_id, new.errand_id, new.energy, new.stake_sun, new.price_sun, new.stay_s, new.deadline_at, new.asked_at)
  is distinct from (old.id, old.partner_id, old.wallet_id, old.chain, old.receiver, old.lender_id, old.errand_id, old.energy, old.stake_sun, old.price_sun, old.stay_s, old.deadline_at, old.asked_at))
execute function sluice_refuse();
-- It is taken back only once nothing counts on it, and what has ended stays so.
create trigger energy_loan_goes_its_way before update on energy_loan for each row
when (old.ended = 1 or (new.state = 'returning' and old.state <> 'free') or (new.state = 'free' and old.state not in ('ending', 'returning')))
execute function sluice_refuse();
create trigger energy_loan_is_kept before delete on energy_loan for each row execute function sluice_refuse();

-- What a partner paid ahead for energy of the pool, and what it was charged, stand in accounts of their own.
alter table ledger drop constraint ledger_account;
alter table ledger add constraint ledger_account check (account in ('available', 'reserved', 'in_flight', 'paid_out', 'gas', 'adjustment',
    'staked', 'lent', 'unstaking', 'energy_credit', 'energy_charged', 'suspense'));
