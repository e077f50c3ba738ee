-- 0026: how wallets stand with their energy, what the network gives all stakes, and what vendors asked. The same columns, tables
-- and rules as ../postgres/0026_energy_outlook.sql.

-- Until the next reading nothing is known of these: a most of nothing is a wallet without energy of its own.
alter table wallet_resource add column energy_most integer not null default 0 check (energy_most >= 0);
alter table wallet_resource add column bandwidth_most integer not null default 0 check (bandwidth_most >= 0);
alter table wallet_resource add column network_energy integer not null default 0 check (network_energy >= 0);
alter table wallet_resource add column network_stake_trx integer not null default 0 check (network_stake_trx >= 0);

-- The rung a wallet stands on; without a row it stands on none.
create table energy_mode (
    wallet_id  text primary key references wallet (id),
    mode       text not null check (mode in ('without', 'optimal', 'normal', 'warning', 'critical')),
    energy     integer not null check (energy >= 0),    -- what was there when it came to stand on it
    most       integer not null check (most >= 0),      -- of its own, in a day
    since      integer not null
) strict, without rowid;

-- What a vendor asked within five minutes, for each energy in millionths of a sun. Kept for 90 days.
create table energy_price (
    chain           text not null,
    vendor          text not null,
    span_at         integer not null,                   -- when the five minutes begin
    low_micro_sun   integer not null,
    high_micro_sun  integer not null,
    last_micro_sun  integer not null,
    energy          integer not null check (energy > 0),
    duration_s      integer not null,
    quotes          integer not null check (quotes > 0),
    last_at         integer not null,
    primary key (chain, span_at, vendor),
    check (low_micro_sun <= last_micro_sun and last_micro_sun <= high_micro_sun)
) strict, without rowid;

-- What of a wallet's energy is rented still.
create index energy_order_lasts on energy_order (wallet_id, (deadline_at + duration_s * 1000000));
-- Orders of a wallet as people read them, newest first.
create index energy_order_of_wallet on energy_order (wallet_id, id);
