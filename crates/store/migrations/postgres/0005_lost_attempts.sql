-- 0005: what a restored store learns of its lost life from the signer's journal (M17).

-- An attempt that the journal holds and that no transfer carries, because what it was for was lost with the store. It
-- explains its transaction to the watcher, and its payment is never made by the engine again.
create table lost_attempt (
    id           text primary key,
    wallet_id    text not null,                    -- may be lost too
    chain        text not null,
    slot         text not null,
    kind         text not null check (kind in ('pay', 'void')),
    payment_key  text,
    raw          bytea,                            -- what a node takes
    txid         text,
    journal_seq  bigint not null,                  -- place in the signer's journal
    imported_at  bigint not null,
    constraint m3_lost_void_pays_nothing check ((kind = 'pay') = (payment_key is not null)),
    constraint lost_attempt_signed check ((raw is null) = (txid is null))
);
create index lost_attempt_of_payment on lost_attempt (payment_key) where payment_key is not null;
create index lost_attempt_txid on lost_attempt (chain, txid) where txid is not null;

-- M17: a payment with lost attempts gets no slot, and is never said to have failed.
create function sluice_lost_item() returns trigger language plpgsql as $$
begin
    if exists (select 1 from lost_attempt l join withdrawal w on w.payment_key = l.payment_key
               where w.id = new.withdrawal_id) then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;
create trigger m17_no_slot_for_a_lost_payment before insert on transfer_item
for each row execute function sluice_lost_item();
create function sluice_lost_withdrawal() returns trigger language plpgsql as $$
begin
    if exists (select 1 from lost_attempt where payment_key = new.payment_key) then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;
create trigger m17_no_end_for_a_lost_payment before update on withdrawal for each row
when (new.state in ('rejected', 'cancelled', 'failed') and new.state <> old.state)
execute function sluice_lost_withdrawal();
create trigger lost_attempt_is_for_ever before update on lost_attempt for each row
when (old.raw is not null or (new.id, new.wallet_id, new.chain, new.slot, new.kind, new.payment_key, new.journal_seq)
  is distinct from (old.id, old.wallet_id, old.chain, old.slot, old.kind, old.payment_key, old.journal_seq))
execute function sluice_refuse();
create trigger lost_attempt_is_kept before delete on lost_attempt for each row execute function sluice_refuse();

-- The place seen in the signer's journal only rises.
create trigger m17_journal_seq_rises before update on meta for each row
when (new.journal_seq < old.journal_seq) execute function sluice_refuse();
