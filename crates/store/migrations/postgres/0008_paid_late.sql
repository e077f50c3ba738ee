-- 0008: what an earlier slot has paid gets no other. The same rule as ../sqlite/0008_paid_late.sql.

-- M1: a slot given up on a proof of death that a reorganisation took back may have paid after all (M16). Its item stays
-- dead, so m1_one_live_slot does not see it.
create function sluice_no_slot_for_paid() returns trigger language plpgsql as $$
begin
    if exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
            join proof p on p.id = t.proof_id
            where i.withdrawal_id = new.withdrawal_id and t.state = 'final' and p.verdict = 'paid')
    then
        raise exception using errcode = '23000', constraint = 'm1_no_slot_for_what_is_paid',
            message = 'm1_no_slot_for_what_is_paid';
    end if;
    return new;
end $$;
create trigger m1_no_slot_for_what_is_paid before insert on transfer_item for each row
execute function sluice_no_slot_for_paid();
