-- 0033: sweeps of lanes. The same rules as ../sqlite/0033_sweeps.sql.

-- M1: one movement of a token to a wallet is ordered at a time, on whatever chain and whatever it leaves. It takes the place of the rule
-- that knew refills on TRON alone. No index holds it: an end can be taken back (M16) while the next one is open already, and what has
-- slots must be able to live again, or nothing behind that block is ever settled. Of two that are ordered at once the second waits for
-- the first one's commit.
drop index refill_open;
drop trigger m1_one_open_refill on withdrawal;
drop function sluice_one_open_refill();
create index movement_open on withdrawal (asset, address)
    where pinned_to is not null and ended_at is null and (asset like '%/trc20:%' or asset like '%/erc20:%');
create function sluice_one_open_movement() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(33, hashtext(new.asset || ' ' || new.address));
    if exists (select 1 from withdrawal where asset = new.asset and address = new.address and pinned_to is not null
        and ended_at is null and (asset like '%/trc20:%' or asset like '%/erc20:%')
        and (partner_id, external_id) is distinct from (new.partner_id, new.external_id)) then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;
create trigger m1_one_open_movement before insert on withdrawal for each row
when (new.pinned_to is not null and (new.asset like '%/trc20:%' or new.asset like '%/erc20:%'))
execute function sluice_one_open_movement();
