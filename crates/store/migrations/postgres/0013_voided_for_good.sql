-- 0013: a lost payment whose slots were all filled by our own voids, by proof, may be given up (M4, M17). The same rule as
-- ../sqlite/0013_voided_for_good.sql. It still gets no slot: whoever wants it paid orders it anew.
create or replace function sluice_lost_withdrawal() returns trigger language plpgsql as $$
begin
    if exists (select 1 from lost_attempt l where l.payment_key = new.payment_key
               and not (new.state = 'failed' and exists (
                   select 1 from transfer t join proof p on p.id = t.proof_id
                   where t.slot = l.slot and t.purpose = 'fill' and t.state = 'final' and p.verdict = 'dead'
                     and p.evidence like '%"void_final"%'))) then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;
