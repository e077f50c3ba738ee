-- 0023: errands of the house are withdrawals that one wallet must do (ADR 0023), and what they stake and lend stands in accounts
-- of its own. The same rules as ../sqlite/0023_errands.sql.
alter table withdrawal add column pinned_to text references wallet (id);   -- an errand: the wallet that does it, and no other
create index withdrawal_pinned on withdrawal (pinned_to, due_at, id) where pinned_to is not null and state in ('approved', 'queued');

alter table ledger drop constraint ledger_account;
alter table ledger add constraint ledger_account check (account in ('available', 'reserved', 'in_flight', 'paid_out', 'gas', 'adjustment',
    'staked', 'lent', 'unstaking', 'suspense'));
