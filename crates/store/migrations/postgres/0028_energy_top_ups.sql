-- 0028: what is paid in at vendors of energy after their accounts were opened. The same tables, indexes and rules as
-- ../sqlite/0028_energy_top_ups.sql.

alter table energy_credit add column reference text;       -- what the payment is known by; null for an opening balance
alter table energy_credit add column paid_at bigint;   -- when the account showed it; null for an opening balance
-- A payment is booked once.
create unique index energy_one_top_up on energy_credit (vendor, reference) where reference is not null;
