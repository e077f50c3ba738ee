-- 0009: transactions of our wallets that nothing of ours explains, each recorded (M6). The same tables, indexes and rules
-- as ../sqlite/0009_sightings.sql.

-- What is not adopted, and not denied by a quorum, waits to be explained. Its word and its block may change, nothing else.
create table sighting (
    chain         text not null,
    txid          text not null,
    wallet_id     text not null references wallet (id),
    partner_id    text not null references partner (id),
    nonce         bigint,                        -- when the wallet sent it
    what          text not null,
    told_by       text not null,                  -- the node that showed it
    word          text not null check (word in ('claimed', 'confirmed', 'denied')),
    block_number  bigint not null,
    block_hash    text not null,
    seen_at       bigint not null,
    primary key (chain, txid, wallet_id)
);
create index sighting_of_wallet on sighting (wallet_id, block_number) where word <> 'denied';
create trigger sighting_is_for_ever before update on sighting for each row
when ((new.chain, new.txid, new.wallet_id, new.partner_id, new.nonce, new.seen_at)
  is distinct from (old.chain, old.txid, old.wallet_id, old.partner_id, old.nonce, old.seen_at))
execute function sluice_refuse();
create trigger sighting_is_kept before delete on sighting for each row execute function sluice_refuse();

-- An explanation that two persons gave is a record like the others.
create trigger adoption_is_for_ever before update on adoption for each row execute function sluice_refuse();
create trigger adoption_is_kept before delete on adoption for each row execute function sluice_refuse();
