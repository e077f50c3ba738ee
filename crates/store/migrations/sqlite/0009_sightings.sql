-- 0009: transactions of our wallets that nothing of ours explains, each recorded (M6). The same tables, indexes and rules
-- as ../postgres/0009_sightings.sql.

-- What is not adopted, and not denied by a quorum, waits to be explained. Its word and its block may change, nothing else.
create table sighting (
    chain         text not null,
    txid          text not null,
    wallet_id     text not null references wallet (id),
    partner_id    text not null references partner (id),
    nonce         integer,                        -- when the wallet sent it
    what          text not null,
    told_by       text not null,                  -- the node that showed it
    word          text not null check (word in ('claimed', 'confirmed', 'denied')),
    block_number  integer not null,
    block_hash    text not null,
    seen_at       integer not null,
    primary key (chain, txid, wallet_id)
) strict;
create index sighting_of_wallet on sighting (wallet_id, block_number) where word <> 'denied';
create trigger sighting_is_for_ever before update on sighting
when (new.chain, new.txid, new.wallet_id, new.partner_id, new.nonce, new.seen_at)
  is not (old.chain, old.txid, old.wallet_id, old.partner_id, old.nonce, old.seen_at)
begin select raise(abort, 'sighting_is_for_ever'); end;
create trigger sighting_is_kept before delete on sighting
begin select raise(abort, 'sighting_is_kept'); end;

-- An explanation that two persons gave is a record like the others.
create trigger adoption_is_for_ever before update on adoption
begin select raise(abort, 'adoption_is_for_ever'); end;
create trigger adoption_is_kept before delete on adoption
begin select raise(abort, 'adoption_is_kept'); end;
