-- 0025: what one delegation explains, and when it ends. The same tables, indexes and rules as ../sqlite/0025_energy_comes_and_goes.sql.

-- One transaction that brought energy explains one order: while another is open, what an ended one was proven by is not proof
-- of that one too. Insert-only.
create table energy_arrival (
    txid      text not null primary key,
    order_id  text not null references energy_order (id)
);
insert into energy_arrival (txid, order_id)
select t.txid, o.id from energy_order o, jsonb_array_elements_text(o.evidence::jsonb #> '{arrival,txids}') as t(txid)
where o.state in ('delivered', 'short') order by o.id
on conflict (txid) do nothing;
create trigger energy_arrival_is_for_ever before update on energy_arrival for each row execute function sluice_refuse();
create trigger energy_arrival_is_kept before delete on energy_arrival for each row execute function sluice_refuse();

-- By then what an order brought is gone. A payment that may be included that late does not count on it.
alter table energy_order add column ends_at bigint;
update energy_order set ends_at = (evidence::jsonb #>> '{arrival,block_at}')::bigint + duration_s * 1000000 where state in ('delivered', 'short');
create index energy_order_ends on energy_order (wallet_id, ends_at) where ends_at is not null;
