-- 0004: what one on-chain log paid, and no new slot while an earlier one may pay again. The same tables, indexes and rules
-- as ../postgres/0004_paid_once.sql.

-- One log pays one withdrawal, whoever made the transaction. The payee is the transfer that paid by it, or the withdrawal
-- that a person showed to be paid by it outside the engine. Insert-only, but for a payment proven a second time after its
-- block had left the chain.
create table paid_log (
    chain      text not null,
    txid       text not null,
    log_index  integer not null,                    -- in its block
    payee      text not null,
    primary key (chain, txid, log_index)
) strict, without rowid;

-- A lane asks for what waits of each asset alone: a long queue of one asset holds up no other.
create index withdrawal_queue_of_asset on withdrawal (partner_id, asset, due_at, id) where state in ('approved', 'queued');

-- M4, when a final block left the chain (M16): a slot whose proof of death is no longer on it may pay again. While its
-- transfer is open, its withdrawal gets no other slot, ends unpaid by no decision, and is not shown to be paid elsewhere.
-- A tombstone has no block and stands.
create trigger m4_no_slot_beside_a_live_one before insert on transfer_item
when exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
        join proof p on p.id = i.dead_by
        where i.withdrawal_id = new.withdrawal_id and t.state in ('built', 'signed', 'seen') and p.head_number is not null)
begin select raise(abort, 'm4_no_slot_beside_a_live_one'); end;
create trigger m4_ends_with_every_slot_dead before update on withdrawal
when new.state <> old.state
  and (new.state in ('cancelled', 'failed') or (new.state = 'paid' and exists (
        select 1 from proof where id = new.proof_id and verdict = 'paid_elsewhere')))
  and exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
        join proof p on p.id = i.dead_by
        where i.withdrawal_id = new.id and t.state in ('built', 'signed', 'seen') and p.head_number is not null)
begin select raise(abort, 'm4_ends_with_every_slot_dead'); end;
