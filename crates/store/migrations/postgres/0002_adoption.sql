-- Transactions of our wallets that no stored attempt explains, explained by people (M6). Insert only.
create table adoption (
    chain          text not null,
    txid           text not null,
    wallet_id      text not null references wallet (id),
    partner_id     text not null references partner (id),
    kind           text not null check (kind in ('internal_move', 'manual_payment', 'network_cost', 'permission', 'theft')),
    evidence       text not null,                  -- engine::apply::adoptions
    block_number   bigint not null,
    block_hash     text not null,
    at             bigint not null,
    constraint m6_explained_once primary key (chain, txid, wallet_id)
);
create index adoption_by_wallet on adoption (wallet_id, at);
create index adoption_by_partner on adoption (partner_id);
