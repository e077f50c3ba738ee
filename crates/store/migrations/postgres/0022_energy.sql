-- 0022: energy of TRON: what lanes need, what was ordered for it, and what was paid in at vendors. The same tables, indexes
-- and rules as ../sqlite/0022_energy.sql.

create table energy_need (
    id           text not null primary key,
    partner_id   text not null references partner (id),
    wallet_id    text not null references wallet (id),
    chain        text not null,
    receiver     text not null,
    energy       bigint not null check (energy > 0),
    burning_sun  bigint not null,                  -- what burning would have cost when the lane asked
    deadline_at  bigint not null,
    state        text not null check (state in ('open', 'served', 'burning', 'dropped')),
    why          text,                              -- why TRX may be burned
    opened_at    bigint not null,
    changed_at   bigint not null,
    version      bigint not null,
    constraint need_says_why_it_burns check ((state = 'burning') = (why is not null))
);
-- A lane asks for one thing at a time.
create unique index energy_one_open_need on energy_need (wallet_id) where state = 'open';
create index energy_need_of_wallet on energy_need (wallet_id, id);
create index energy_open_needs on energy_need (chain, id) where state = 'open';
create trigger energy_need_ends_once before update on energy_need for each row
when (old.state <> 'open'
  or (new.id, new.partner_id, new.wallet_id, new.chain, new.receiver, new.energy, new.burning_sun, new.deadline_at, new.opened_at)
  is distinct from (old.id, old.partner_id, old.wallet_id, old.chain, old.receiver, old.energy, old.burning_sun, old.deadline_at, old.opened_at))
execute function sluice_refuse();
create trigger energy_need_is_kept before delete on energy_need for each row execute function sluice_refuse();

create table energy_order (
    id             text not null primary key,       -- also the id a vendor may know it by
    need_id        text not null references energy_need (id),
    wallet_id      text not null references wallet (id),
    vendor         text not null,
    recovery       text not null check (recovery in ('repeat', 'none')),
    receiver       text not null,
    energy         bigint not null check (energy > 0),
    duration_s     bigint not null,
    max_total_sun  bigint not null,
    deadline_at    bigint not null,
    state          text not null,
    asked_at       bigint,                         -- the last time: a byte may have left from then on
    times          bigint,
    provider_id    text,                            -- the vendor's name for it
    charged_sun    bigint,
    evidence       text not null,                   -- JSON with its version: row::energy
    cost_sun       bigint,                         -- what it cost; null while that is not known
    holds          bigint not null check (holds in (0, 1)),   -- the vendor takes nothing more for this wallet
    ended          bigint not null check (ended in (0, 1)),   -- neither energy nor money is open
    planned_at     bigint not null,
    version        bigint not null,
    constraint energy_order_state check (state in ('planned', 'dropped', 'asked', 'refused', 'unknown', 'accepted', 'delivered',
        'short', 'failed', 'refunded', 'unresolved', 'absent', 'lost')),
    constraint energy_order_asked check ((asked_at is null) = (state in ('planned', 'dropped'))),
    constraint energy_order_times check ((asked_at is null) = (times is null))
);
-- The loss is bounded by one order: while one is open at a vendor, that one sells nothing more to the wallet.
create unique index energy_one_order_holds on energy_order (wallet_id, vendor) where holds = 1;
create index energy_order_of_need on energy_order (need_id);
create index energy_open_orders on energy_order (vendor) where ended = 0;
create index energy_order_asked_at on energy_order (asked_at) where asked_at is not null;
create trigger energy_order_is_for_ever before update on energy_order for each row
when ((new.id, new.need_id, new.wallet_id, new.vendor, new.recovery, new.receiver, new.energy, new.duration_s, new.max_total_sun, new.deadline_at, new.planned_at)
  is distinct from (old.id, old.need_id, old.wallet_id, old.vendor, old.recovery, old.receiver, old.energy, old.duration_s, old.max_total_sun, old.deadline_at, old.planned_at))
execute function sluice_refuse();
create trigger energy_order_is_kept before delete on energy_order for each row execute function sluice_refuse();

-- What was paid in at a vendor, by our books; the first entry is what its account held when it was first asked.
create table energy_credit (
    id       text not null primary key,
    vendor   text not null,
    sun      bigint not null,
    opening  bigint not null check (opening in (0, 1)),
    actor    text not null,
    reason   text not null,
    at       bigint not null
);
create unique index energy_one_opening on energy_credit (vendor) where opening = 1;
create index energy_credit_of_vendor on energy_credit (vendor);
create trigger energy_credit_is_for_ever before update on energy_credit for each row execute function sluice_refuse();
create trigger energy_credit_is_kept before delete on energy_credit for each row execute function sluice_refuse();
