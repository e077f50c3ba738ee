-- 0032: partners that pay for each loan of the pool afterwards. The same column and rule as ../sqlite/0032_energy_on_account.sql.

-- A loan on account is refused in its own commit where its partner would owe more than this; null where it is paid ahead (`prepaid`),
-- and where nothing bounds what is owed.
alter table energy_loan add column owed_max_sun bigint check (owed_max_sun is null or (owed_max_sun > 0 and prepaid = 0));
drop trigger energy_loan_is_for_ever on energy_loan;
create trigger energy_loan_is_for_ever before update on energy_loan for each row
when ((new.id, new.partner_id, new.wallet_id, new.chain, new.receiver, new.lender_id, new.errand_id, new.energy, new.stake_sun, new.price_sun, new.prepaid, new.owed_max_sun, new.stay_s, new.deadline_at, new.asked_at)
  is distinct from (old.id, old.partner_id, old.wallet_id, old.chain, old.receiver, old.lender_id, old.errand_id, old.energy, old.stake_sun, old.price_sun, old.prepaid, old.owed_max_sun, old.stay_s, old.deadline_at, old.asked_at))
execute function sluice_refuse();
