-- 0033: sweeps of lanes. The same rules as ../postgres/0033_sweeps.sql.

-- M1: one movement of a token to a wallet is ordered at a time, on whatever chain and whatever it leaves. It takes the place of the rule
-- that knew refills on TRON alone. No index holds it: an end can be taken back (M16) while the next one is open already, and what has
-- slots must be able to live again, or nothing behind that block is ever settled.
drop index refill_open;
drop trigger m1_one_open_refill;
create index movement_open on withdrawal (asset, address)
    where pinned_to is not null and ended_at is null and (asset like '%/trc20:%' or asset like '%/erc20:%');
create trigger m1_one_open_movement before insert on withdrawal
when new.pinned_to is not null and (new.asset like '%/trc20:%' or new.asset like '%/erc20:%')
 and exists (select 1 from withdrawal where asset = new.asset and address = new.address and pinned_to is not null
     and ended_at is null and (asset like '%/trc20:%' or asset like '%/erc20:%')
     and (partner_id, external_id) is not (new.partner_id, new.external_id))
begin select raise(abort, 'm1_one_open_movement'); end;
