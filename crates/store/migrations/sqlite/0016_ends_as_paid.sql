-- 0016: what an earlier slot has paid ends as paid, and what was paid outside stays so. The same rules as
-- ../postgres/0016_ends_as_paid.sql.

-- M1: a slot given up on a proof of death that a reorganisation took back may have paid after all (M16). Whoever is told
-- that its withdrawal was cancelled, or has failed, pays again by other means.
create trigger m1_what_is_paid_ends_as_paid before update on withdrawal
when new.state <> old.state and new.state in ('cancelled', 'failed')
  and exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
        join proof p on p.id = t.proof_id
        where i.withdrawal_id = new.id and t.state = 'final' and p.verdict = 'paid')
begin select raise(abort, 'm1_what_is_paid_ends_as_paid'); end;

-- What has no transfer of ours (paid by hand, and shown by a person) has none to go back to: `null = null` is no yes.
drop trigger withdrawal_end_is_final;
create trigger withdrawal_end_is_final before update on withdrawal
when old.state in ('paid', 'rejected', 'cancelled', 'failed')
  and (old.state = 'paid' and new.state = 'assigned' and new.transfer_id = old.transfer_id) is not true
begin select raise(abort, 'withdrawal_end_is_final'); end;
