-- 0008: what an earlier slot has paid gets no other. The same rule as ../postgres/0008_paid_late.sql.

-- M1: a slot given up on a proof of death that a reorganisation took back may have paid after all (M16). Its item stays
-- dead, so m1_one_live_slot does not see it.
create trigger m1_no_slot_for_what_is_paid before insert on transfer_item
when exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
        join proof p on p.id = t.proof_id
        where i.withdrawal_id = new.withdrawal_id and t.state = 'final' and p.verdict = 'paid')
begin select raise(abort, 'm1_no_slot_for_what_is_paid'); end;
