-- 0004: what one on-chain log paid, and no new slot while an earlier one may pay again. The same tables, indexes and rules
-- as ../sqlite/0004_paid_once.sql.

-- One log pays one withdrawal, whoever made the transaction. The payee is the transfer that paid by it, or the withdrawal
-- that a person showed to be paid by it outside the engine. Insert-only, but for a payment proven a second time after its
-- block had left the chain.
create table paid_log (
    chain      text not null,
    txid       text not null,
    log_index  bigint not null,                    -- in its block
    payee      text not null,
    primary key (chain, txid, log_index)
);

-- A lane asks for what waits of each asset alone: a long queue of one asset holds up no other.
create index withdrawal_queue_of_asset on withdrawal (partner_id, asset, due_at, id) where state in ('approved', 'queued');

-- M4, when a final block left the chain (M16): a slot whose proof of death is no longer on it may pay again. While its
-- transfer is open, its withdrawal gets no other slot, ends unpaid by no decision, and is not shown to be paid elsewhere.
-- A tombstone has no block and stands.
create function sluice_alive_again(id text) returns boolean language sql stable as $$
    select exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
        join proof p on p.id = i.dead_by
        where i.withdrawal_id = $1 and t.state in ('built', 'signed', 'seen') and p.head_number is not null)
$$;
create function sluice_no_slot_beside() returns trigger language plpgsql as $$
begin
    if sluice_alive_again(new.withdrawal_id) then
        raise exception using errcode = '23000', constraint = 'm4_no_slot_beside_a_live_one',
            message = 'm4_no_slot_beside_a_live_one';
    end if;
    return new;
end $$;
create trigger m4_no_slot_beside_a_live_one before insert on transfer_item for each row
execute function sluice_no_slot_beside();
create function sluice_ends_dead() returns trigger language plpgsql as $$
begin
    if (new.state in ('cancelled', 'failed')
            or exists (select 1 from proof where id = new.proof_id and verdict = 'paid_elsewhere'))
        and sluice_alive_again(new.id)
    then
        raise exception using errcode = '23000', constraint = 'm4_ends_with_every_slot_dead',
            message = 'm4_ends_with_every_slot_dead';
    end if;
    return new;
end $$;
create trigger m4_ends_with_every_slot_dead before update on withdrawal for each row
when (new.state <> old.state and new.state in ('cancelled', 'failed', 'paid'))
execute function sluice_ends_dead();
