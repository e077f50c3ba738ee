-- 0024: wallets that are no lanes: what they are for, who holds their key, what TRON gives them, and what each comparison of
-- a wallet's books with the chain found. The same columns, tables and rules as ../sqlite/0024_tiers.sql.

-- Whatever an older program adopts is a lane.
alter table wallet add column tier text not null default 'hot' check (tier in ('hot', 'warm', 'cold', 'safe'));
alter table wallet add column custody text not null default 'managed';
alter table wallet add constraint wallet_custody
    check (custody in ('managed', 'external') and (tier <> 'safe' or custody = 'external'));
alter table wallet add column trusted_from bigint;     -- from when on money may be sent to it; null: since it was adopted

create trigger wallet_stays_what_it_is before update on wallet for each row
when ((new.tier, new.custody, new.trusted_from) is distinct from (old.tier, old.custody, old.trusted_from))
execute function sluice_refuse();

-- A managed hot wallet alone is a lane. Whoever asks: nothing else gets a transfer, and so no slot.
create function sluice_only_lanes() returns trigger language plpgsql as $$
begin
    if not exists (select 1 from wallet where id = new.wallet_id and tier = 'hot' and custody = 'managed') then
        raise exception using errcode = '23000', constraint = tg_name, message = tg_name;
    end if;
    return new;
end $$;
create trigger only_a_lane_holds_transfers before insert on transfer for each row execute function sluice_only_lanes();

-- Energy and bandwidth of a wallet on TRON, with the block they were read at.
create table wallet_resource (
    wallet_id       text primary key references wallet (id),
    energy          bigint not null check (energy >= 0),            -- staked and lent, less what is used
    bandwidth       bigint not null check (bandwidth >= 0),         -- bytes, staked and lent, less what is used
    free_bandwidth  bigint not null check (free_bandwidth >= 0),    -- bytes left of the daily free ones
    block_number    bigint not null,
    block_hash      text not null,
    at              bigint not null
);

-- What a comparison of a wallet's books with the chain found. Insert-only.
create table reconciliation (
    id            text primary key,
    partner_id    text not null references partner (id),
    wallet_id     text not null references wallet (id),
    outcome       text not null check (outcome in ('equal', 'came_in', 'missing')),
    asked_by      text not null,                   -- actor: the house, or whoever asked for it
    block_number  bigint not null,                 -- final block that the chain was read at
    block_hash    text not null,
    evidence      text not null,                   -- row::reconciliation: one line for each asset
    at            bigint not null
);
create index reconciliation_of_partner on reconciliation (partner_id, id);
create index reconciliation_of_wallet on reconciliation (wallet_id, id);
create trigger reconciliation_is_for_ever before update on reconciliation for each row execute function sluice_refuse();
create trigger reconciliation_is_kept before delete on reconciliation for each row execute function sluice_refuse();
