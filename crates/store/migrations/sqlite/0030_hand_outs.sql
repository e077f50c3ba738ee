-- 0030: desks: external wallets whose key was shown, and what is handed out to whoever signs for them (ADR 0027). The same
-- columns, table, indexes and rules as ../postgres/0030_hand_outs.sql.

alter table wallet add column key_shown_at integer     -- an external wallet: since when it is a desk
    constraint only_an_external_wallet_is_a_desk
        check (key_shown_at is null or (custody = 'external' and tier <> 'safe' and chain like 'tron:%'));
alter table wallet add column quiet_until integer;     -- a desk hands nothing out before: the store went back in time (M17)
create trigger a_desk_stays_one before update on wallet
when (old.key_shown_at is not null and new.key_shown_at is not old.key_shown_at)
  or (old.quiet_until is not null and (new.quiet_until is null or new.quiet_until < old.quiet_until))
begin select raise(abort, 'a_desk_stays_one'); end;

-- Lanes and desks alone get transfers, and so slots.
drop trigger only_a_lane_holds_transfers;
create trigger only_a_lane_holds_transfers before insert on transfer
when not exists (select 1 from wallet where id = new.wallet_id
    and ((tier = 'hot' and custody = 'managed') or key_shown_at is not null))
begin select raise(abort, 'only_a_lane_holds_transfers'); end;

-- A desk refills wallets of its own partner, as it was asked to, and pays nobody else.
create trigger a_desk_refills_alone before insert on transfer_item
when exists (select 1 from transfer t join wallet w on w.id = t.wallet_id where t.id = new.transfer_id and w.custody = 'external')
 and not exists (select 1 from transfer t join withdrawal d on d.id = new.withdrawal_id
     join wallet r on r.chain = d.chain and r.address = d.address and r.partner_id = d.partner_id
     where t.id = new.transfer_id and d.pinned_to = t.wallet_id and d.asset like '%/trc20:%' and r.state <> 'retired')
begin select raise(abort, 'a_desk_refills_alone'); end;

-- M1: a wallet has one refill of an asset open at most, wherever it comes from. The index holds against two that are ordered at
-- once; the rule says so by its name where one is there already.
create unique index refill_open on withdrawal (asset, address)
    where pinned_to is not null and ended_at is null and asset like '%/trc20:%';
create trigger m1_one_open_refill before insert on withdrawal
when new.pinned_to is not null and new.asset like '%/trc20:%'
 and exists (select 1 from withdrawal where asset = new.asset and address = new.address and pinned_to is not null
     and ended_at is null and asset like '%/trc20:%' and (partner_id, external_id) is not (new.partner_id, new.external_id))
begin select raise(abort, 'm1_one_open_refill'); end;

-- What is handed out. What was built is for ever; whoever has it in hand may change.
create table hand_out (
    id             text not null primary key,
    withdrawal_id  text not null references withdrawal (id),
    partner_id     text not null references partner (id),
    wallet_id      text not null references wallet (id),
    holder         text not null,                   -- actor: who wants it, or has it in hand
    life_ms        integer not null check (life_ms between 600000 and 3600000),
    wished_at      integer not null,
    wish_until     integer not null,
    state          text not null check (state in ('wished', 'made', 'told', 'lapsed')),
    transfer_id    text references transfer (id),
    attempt_id     text references attempt (id),
    chain          text not null,
    txid           text,                            -- in flight from then on, whether a signature comes back or not
    expires_at_ms  integer,                         -- by the chain's clock
    made_at        integer,
    lease_until    integer,                         -- the holder has it alone until then
    code           text,                            -- why it came to nothing
    version        integer not null,
    constraint hand_out_made check ((transfer_id is not null) = (state in ('made', 'told'))
        and (transfer_id is null) = (attempt_id is null) and (transfer_id is null) = (txid is null)
        and (transfer_id is null) = (expires_at_ms is null) and (transfer_id is null) = (made_at is null)
        and (transfer_id is null) = (lease_until is null)),
    constraint hand_out_lapsed check ((code is not null) = (state = 'lapsed'))
) strict;
create unique index m1_one_wish on hand_out (withdrawal_id) where state = 'wished';
create unique index m1_one_hand_out_of_a_transfer on hand_out (transfer_id) where transfer_id is not null;
create index hand_out_of_txid on hand_out (chain, txid) where txid is not null;
create index hand_out_of_wallet on hand_out (wallet_id, id);
create index hand_out_of_withdrawal on hand_out (withdrawal_id, id);
create index refill_by_time on withdrawal (partner_id, accepted_at, id) where pinned_to is not null and asset like '%/trc20:%';
create trigger hand_out_is_for_ever before update on hand_out
when (new.id, new.withdrawal_id, new.partner_id, new.wallet_id, new.life_ms, new.wished_at, new.wish_until, new.chain)
  is not (old.id, old.withdrawal_id, old.partner_id, old.wallet_id, old.life_ms, old.wished_at, old.wish_until, old.chain)
  or (old.transfer_id is not null and (new.transfer_id, new.attempt_id, new.txid, new.expires_at_ms, new.made_at)
      is not (old.transfer_id, old.attempt_id, old.txid, old.expires_at_ms, old.made_at))
  or old.state = 'lapsed' or (old.state = 'told' and new.state <> 'told')
begin select raise(abort, 'hand_out_is_for_ever'); end;
create trigger hand_out_is_kept before delete on hand_out
begin select raise(abort, 'hand_out_is_kept'); end;
