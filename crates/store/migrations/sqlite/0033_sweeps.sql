-- 0033: sweeps of lanes. The same rules as ../postgres/0033_sweeps.sql.

-- M1: one movement of an asset to a wallet is open at most, on EVM chains too: see refill_open.
create unique index sweep_open on withdrawal (asset, address)
    where pinned_to is not null and ended_at is null and asset like '%/erc20:%';
create trigger m1_one_open_sweep before insert on withdrawal
when new.pinned_to is not null and new.asset like '%/erc20:%'
 and exists (select 1 from withdrawal where asset = new.asset and address = new.address and pinned_to is not null
     and ended_at is null and asset like '%/erc20:%' and (partner_id, external_id) is not (new.partner_id, new.external_id))
begin select raise(abort, 'm1_one_open_sweep'); end;
