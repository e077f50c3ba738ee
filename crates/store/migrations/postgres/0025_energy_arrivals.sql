-- 0025: what one delegation explains. The same table and rules as ../sqlite/0025_energy_arrivals.sql.

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
