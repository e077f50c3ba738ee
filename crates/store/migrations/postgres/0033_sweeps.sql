-- 0033: sweeps of lanes. The same rules as ../sqlite/0033_sweeps.sql.

-- M1: one movement of an asset to a wallet is open at most, on EVM chains too: see refill_open.
create unique index sweep_open on withdrawal (asset, address)
    where pinned_to is not null and ended_at is null and asset like '%/erc20:%';
create function sluice_one_open_sweep() returns trigger language plpgsql as $$
begin
    if exists (select 1 from withdrawal where asset = new.asset and address = new.address and pinned_to is not null
        and ended_at is null and asset like '%/erc20:%'
        and (partner_id, external_id) is distinct from (new.partner_id, new.external_id)) then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;
create trigger m1_one_open_sweep before insert on withdrawal for each row
when (new.pinned_to is not null and new.asset like '%/erc20:%') execute function sluice_one_open_sweep();
