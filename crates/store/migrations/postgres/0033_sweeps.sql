-- 0033: sweeps of lanes. The same rules as ../sqlite/0033_sweeps.sql.

-- M1: one movement of a token to a wallet is open at most, on whatever chain and whatever it leaves. It takes the place of the rule
-- that knew refills on TRON alone. The index holds against two that are ordered at once; the rule says so by its name.
drop index refill_open;
drop trigger m1_one_open_refill on withdrawal;
drop function sluice_one_open_refill();
create unique index movement_open on withdrawal (asset, address)
    where pinned_to is not null and ended_at is null and (asset like '%/trc20:%' or asset like '%/erc20:%');
create function sluice_one_open_movement() returns trigger language plpgsql as $$
begin
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
