-- 0013: a lost payment whose slots were all filled by our own voids, by proof, may be given up (M4, M17). The same rule as
-- ../postgres/0013_voided_for_good.sql. It still gets no slot: whoever wants it paid orders it anew.
drop trigger m17_no_end_for_a_lost_payment;
create trigger m17_no_end_for_a_lost_payment before update on withdrawal
when new.state in ('rejected', 'cancelled', 'failed') and new.state <> old.state
  and exists (select 1 from lost_attempt l where l.payment_key = new.payment_key
      and not (new.state = 'failed' and exists (
          select 1 from transfer t join proof p on p.id = t.proof_id
          where t.slot = l.slot and t.purpose = 'fill' and t.state = 'final' and p.verdict = 'dead'
            and p.evidence like '%"void_final"%')))
begin select raise(abort, 'm17_no_end_for_a_lost_payment'); end;
