-- 0023: errands of the house are withdrawals that one wallet must do (ADR 0023), and what they stake and lend stands in accounts
-- of its own. The same rules as ../postgres/0023_errands.sql.
alter table withdrawal add column pinned_to text references wallet (id);   -- an errand: the wallet that does it, and no other
create index withdrawal_pinned on withdrawal (pinned_to, due_at, id) where pinned_to is not null and state in ('approved', 'queued');

-- SQLite changes no check: the ledger is written once more, as it stands.
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
        'staked', 'lent', 'unstaking', 'suspense'))
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
