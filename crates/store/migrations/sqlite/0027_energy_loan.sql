-- 0027: loans of the platform's own energy to lanes. The same table, indexes and rules as ../postgres/0027_energy_loan.sql.

create table energy_loan (
    id           text not null primary key references energy_need (id),   -- a need is lent to once
    partner_id   text not null references partner (id),
    wallet_id    text not null references wallet (id),       -- the lane that has it
    chain        text not null,
    receiver     text not null,
    lender_id    text not null references wallet (id),       -- whose stake it is
    errand_id    text not null references withdrawal (id),   -- what lends it
    return_id    text references withdrawal (id),            -- what takes it back, while that is open
    energy       integer not null check (energy > 0),
    stake_sun    integer not null check (stake_sun > 0),
    price_sun    integer not null check (price_sun >= 0),
    stay_s       integer not null,
    deadline_at  integer not null,                           -- the need goes elsewhere from then on
    state        text not null,
    evidence     text not null,                              -- JSON with its version: row::energy::loan
    ended        integer not null check (ended in (0, 1)),   -- neither lent nor about to be
    asked_at     integer not null,
    changed_at   integer not null,
    version      integer not null,
    constraint energy_loan_state check (state in ('asked', 'late', 'absent', 'lent', 'ending', 'free', 'returning', 'returned')),
    constraint energy_loan_returns check ((state = 'returning') = (return_id is not null)),
    constraint energy_loan_ends check ((ended = 1) = (state in ('absent', 'returned')))
) strict;
create index energy_loan_open on energy_loan (chain, id) where ended = 0;
create index energy_loan_of_wallet on energy_loan (wallet_id, id) where ended = 0;
create trigger energy_loan_is_for_ever before update on energy_loan
when (new.id, new.partner_id, new.wallet_id, new.chain, new.receiver, new.lender_id, new.errand_id, new.energy, new.stake_sun, new.price_sun, new.stay_s, new.deadline_at, new.asked_at)
  is not (old.id, old.partner_id, old.wallet_id, old.chain, old.receiver, old.lender_id, old.errand_id, old.energy, old.stake_sun, old.price_sun, old.stay_s, old.deadline_at, old.asked_at)
begin select raise(abort, 'energy_loan_is_for_ever'); end;
-- It is taken back only once nothing counts on it, and what has ended stays so.
create trigger energy_loan_goes_its_way before update on energy_loan
when old.ended = 1 or (new.state = 'returning' and old.state <> 'free') or (new.state = 'free' and old.state not in ('ending', 'returning'))
begin select raise(abort, 'energy_loan_goes_its_way'); end;
create trigger energy_loan_is_kept before delete on energy_loan
begin select raise(abort, 'energy_loan_is_kept'); end;

-- What a partner paid ahead for energy of the pool, and what it was charged, stand in accounts of their own. SQLite changes no
-- check: the ledger is written once more, as it stands.
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
        'staked', 'lent', 'unstaking', 'energy_credit', 'energy_charged', 'suspense'))
) strict;
insert into ledger_anew select * from ledger;
drop table ledger;
alter table ledger_anew rename to ledger;
create unique index ledger_one_posting on ledger (group_id, partner_id, wallet_id, asset, account);
create index ledger_of_wallet on ledger (wallet_id, id);
create index ledger_of_partner on ledger (partner_id, at);
create trigger ledger_is_for_ever before update on ledger
begin select raise(abort, 'ledger_is_for_ever'); end;
create trigger ledger_is_kept before delete on ledger
begin select raise(abort, 'ledger_is_kept'); end;
