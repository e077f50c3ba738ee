-- 0015: a lost payment is given up by the death of each of its slots, however it died, as a quorum reads it in that very
-- moment (M4, M17). The same tables and rules as ../sqlite/0015_lost_and_dead.sql. It still gets no slot.

-- The death of a slot that the signer's journal has of a lost payment.
create table lost_death (
    slot      text primary key,
    proof_id  text not null references proof (id)
);
create function sluice_lost_death() returns trigger language plpgsql as $$
begin
    if not exists (select 1 from proof where id = new.proof_id and verdict = 'dead') then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;
create trigger m4_lost_and_dead_by_proof before insert on lost_death for each row execute function sluice_lost_death();
create trigger lost_death_is_for_ever before update on lost_death for each row execute function sluice_refuse();
create trigger lost_death_is_kept before delete on lost_death for each row execute function sluice_refuse();

create index lost_attempt_of_slot on lost_attempt (slot);

create or replace function sluice_lost_withdrawal() returns trigger language plpgsql as $$
begin
    if exists (select 1 from lost_attempt l where l.payment_key = new.payment_key
               and not (new.state = 'failed' and exists (select 1 from lost_death d where d.slot = l.slot))) then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;

-- Lost attempts whose withdrawal has ended without their slot: should one of them still land, nothing explains it (M6).
create view lost_ended as
select l.id, w.id as withdrawal_id from lost_attempt l join withdrawal w on w.payment_key = l.payment_key
where w.state in ('rejected', 'cancelled', 'failed')
   or (w.state = 'paid' and not exists (
       select 1 from lost_attempt s join paid_log g on g.chain = s.chain and g.txid = s.txid
       where s.payment_key = l.payment_key and s.slot = l.slot and g.payee = w.id));
