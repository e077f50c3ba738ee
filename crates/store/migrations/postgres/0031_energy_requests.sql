-- 0031: requests to get energy ahead. The same tables, indexes and rules as ../sqlite/0030_energy_requests.sql.

create table energy_request (
    id            text not null primary key,
    partner_id    text not null references partner (id),
    wallet_id     text not null references wallet (id),      -- the lane that is to have it
    chain         text not null,
    external_id   text not null,
    state         text not null,
    need_id       text references energy_need (id),          -- by which its lane asks for it, while that is open
    why           text,                                      -- why TRX may be burned
    got           bigint not null check (got >= 0),         -- what its needs asked for that were served
    not_before    bigint not null,
    expires_at    bigint not null,
    ended         bigint not null check (ended in (0, 1)),  -- nothing more is done for it
    requested_at  bigint not null,
    changed_at    bigint not null,
    version       bigint not null,
    constraint energy_request_state check (state in ('open', 'asked', 'served', 'burning', 'dropped', 'expired', 'cancelled')),
    constraint energy_request_asked check ((state = 'asked') = (need_id is not null)),
    constraint energy_request_says_why_it_burns check ((state = 'burning') = (why is not null)),
    constraint energy_request_ends check ((ended = 0) = (state in ('open', 'asked')))
);
create unique index energy_request_one_external_id on energy_request (partner_id, external_id);
-- A lane asks for one of them at a time.
create unique index energy_one_request_asked on energy_request (wallet_id) where state = 'asked';
create index energy_request_open on energy_request (chain, id) where ended = 0;
create index energy_request_of_wallet on energy_request (wallet_id, id) where ended = 0;
create index energy_request_served on energy_request (wallet_id, changed_at) where state = 'served';
create index energy_request_of_partner on energy_request (partner_id, id);
create trigger energy_request_ends_once before update on energy_request for each row
when (old.ended = 1 or new.got < old.got
  or (new.id, new.partner_id, new.wallet_id, new.chain, new.external_id, new.not_before, new.expires_at, new.requested_at)
  is distinct from (old.id, old.partner_id, old.wallet_id, old.chain, old.external_id, old.not_before, old.expires_at, old.requested_at))
execute function sluice_refuse();
create trigger energy_request_is_kept before delete on energy_request for each row execute function sluice_refuse();

create table energy_request_item (
    request_id    text not null references energy_request (id),
    withdrawal_id text not null references withdrawal (id),
    energy        bigint not null check (energy > 0),
    open          bigint not null check (open in (0, 1)),   -- until its request has ended
    primary key (request_id, withdrawal_id)
);
-- Energy for a withdrawal is got ahead once at a time.
create unique index energy_one_open_request on energy_request_item (withdrawal_id) where open = 1;
create trigger energy_request_item_is_for_ever before update on energy_request_item for each row
when (new.open > old.open or (new.request_id, new.withdrawal_id, new.energy) is distinct from (old.request_id, old.withdrawal_id, old.energy))
execute function sluice_refuse();
create trigger energy_request_item_is_kept before delete on energy_request_item for each row execute function sluice_refuse();
