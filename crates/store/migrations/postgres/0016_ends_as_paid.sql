-- 0016: what an earlier slot has paid ends as paid. The same rules as ../sqlite/0016_ends_as_paid.sql; that what was paid
-- outside stays so, withdrawal_end_is_final says here since 0001.

-- M1: a slot given up on a proof of death that a reorganisation took back may have paid after all (M16). Whoever is told
-- that its withdrawal was cancelled, or has failed, pays again by other means.
create function sluice_ends_as_paid() returns trigger language plpgsql as $$
begin
    if exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
            join proof p on p.id = t.proof_id
            where i.withdrawal_id = new.id and t.state = 'final' and p.verdict = 'paid')
    then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;
create trigger m1_what_is_paid_ends_as_paid before update on withdrawal for each row
when (new.state <> old.state and new.state in ('cancelled', 'failed'))
execute function sluice_ends_as_paid();
