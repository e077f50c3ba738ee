-- 0025: what one delegation explains. The same table and rules as ../postgres/0025_energy_arrivals.sql.

-- One transaction that brought energy explains one order: while another is open, what an ended one was proven by is not proof
-- of that one too. Insert-only.
create table energy_arrival (
    txid      text not null primary key,
    order_id  text not null references energy_order (id)
) strict, without rowid;
insert into energy_arrival (txid, order_id)
select t.value, o.id from energy_order o, json_each(o.evidence, '$.arrival.txids') t
where o.state in ('delivered', 'short') order by o.id
on conflict (txid) do nothing;
create trigger energy_arrival_is_for_ever before update on energy_arrival
begin select raise(abort, 'energy_arrival_is_for_ever'); end;
create trigger energy_arrival_is_kept before delete on energy_arrival
begin select raise(abort, 'energy_arrival_is_kept'); end;
