-- 0001: everything the spine keeps. The same tables, columns, indexes and rules as ../postgres/0001_init.sql.
--
-- Times are UTC microseconds, money is integer atoms, flags are 0 or 1, hashes are lower-case hex, chain and asset ids
-- are CAIP-2 and CAIP-19. `evidence` is JSON text with a version `v` in which amounts, wei and bytes are strings; what
-- is filtered, joined, summed or unique is a column, and only a column. Rules carry names: a refusal says which it was.
-- Length: the first migration is the whole schema at once, and half of one is of no use to a reader or to a database.

-- One row about this store.
create table meta (
    only_one        integer primary key check (only_one = 1),
    schema_version  integer not null,              -- highest migration that ran
    deployment_id   text,                          -- part of every payment key (M1); also kept with the signer
    journal_seq     integer not null default 0     -- highest place seen in the signer's journal (M17)
) strict;
insert into meta (only_one, schema_version) values (1, 1);

-- A tenant.
create table partner (
    id          text primary key,
    name        text not null,
    zone        text not null,                     -- IANA zone its days are counted in
    test_mode   integer not null check (test_mode in (0, 1)),
    created_at  integer not null
) strict, without rowid;

-- What can be paid. Decimals and precision never change.
create table asset (
    id         text primary key,                   -- CAIP-19
    chain      text not null,                      -- CAIP-2
    symbol     text not null,
    precision  integer not null check (precision between 0 and 9),    -- digits after the point in our books
    decimals   integer not null check (decimals between 0 and 77),    -- digits after the point on chain
    freezable  integer not null check (freezable in (0, 1))
) strict, without rowid;
create index asset_of_chain on asset (chain);

-- What a partner may spend of an asset.
create table partner_limit (
    partner_id       text not null references partner (id),
    asset            text not null references asset (id),
    per_transaction  integer not null check (per_transaction >= 0),
    daily            integer not null check (daily >= 0),
    version          integer not null,
    primary key (partner_id, asset)
) strict, without rowid;

-- An API key. HMAC secrets are kept encrypted, of Ed25519 keys only the public half.
create table api_key (
    id             text primary key,
    partner_id     text not null references partner (id),
    label          text not null,
    kind           text not null check (kind in ('hmac', 'ed25519')),
    sealed_secret  blob,
    public_key     text,
    scopes         text not null,                  -- JSON list
    networks       text not null,                  -- JSON list of CIDR; empty means any
    expires_at     integer,
    revoked_at     integer,
    created_at     integer not null,
    constraint api_key_credential check ((kind = 'hmac') = (sealed_secret is not null)
        and (kind = 'ed25519') = (public_key is not null))
) strict, without rowid;
create index api_key_of_partner on api_key (partner_id, created_at);

-- Nonces of signed requests, remembered until they would be refused for their age.
create table api_nonce (
    key_id  text not null references api_key (id),
    nonce   text not null,
    until   integer not null,
    primary key (key_id, nonce)
) strict, without rowid;
create index api_nonce_until on api_nonce (until);

-- A managed wallet; a hot one is a lane.
create table wallet (
    id              text primary key,
    partner_id      text not null references partner (id),
    chain           text not null,
    address         text not null,                 -- lower case
    label           text not null,
    state           text not null,
    reason          text not null,                 -- of who put it into this state
    evidence        text not null,                 -- row::wallet
    next_nonce      integer not null check (next_nonce >= 0),
    cap_wei         text,                          -- fee cap raised by an operator ..
    cap_until       integer,                       -- .. until then
    obstacle        text,                          -- what keeps it from sending ..
    obstacle_since  integer,                       -- .. since then
    reverts         integer not null check (reverts >= 0),
    adopted_at      integer not null,
    version         integer not null,
    constraint wallet_cap check ((cap_wei is null) = (cap_until is null)),
    constraint wallet_obstacle check ((obstacle is null) = (obstacle_since is null))
) strict, without rowid;
-- Managed addresses are unique across the installation: nobody adopts what another partner holds.
create unique index wallet_one_address on wallet (chain, address);
create index wallet_of_partner on wallet (partner_id, chain);

-- What the chain said a wallet holds, with the block it was read at (M8).
create table wallet_balance (
    wallet_id     text not null references wallet (id),
    asset         text not null,
    units         text not null,                   -- exact, decimal
    block_number  integer not null,
    block_hash    text not null,
    at            integer not null,
    primary key (wallet_id, asset)
) strict, without rowid;

-- Who works what, by the clock of the database (M7). An owner of '' holds nothing.
create table lease (
    name   text primary key,
    owner  text not null,
    epoch  integer not null check (epoch > 0),     -- rises with every change of holder
    until  integer not null
) strict, without rowid;

-- What ended a transfer, or an item of one. Insert-only.
create table proof (
    id             text primary key,
    partner_id     text not null references partner (id),
    transfer_id    text references transfer (id),  -- absent when what never had a transfer was paid outside
    verdict        text not null check (verdict in ('paid', 'dead', 'paid_elsewhere')),
    evidence       text not null,                  -- row::proof
    head_number    integer,                        -- final block it was read under; absent for a tombstone
    head_hash      text,
    single_source  integer not null check (single_source in (0, 1)),
    at             integer not null
) strict;
create unique index proof_of_transfer on proof (id, transfer_id);   -- target of transfer_item
create index proof_by_transfer on proof (transfer_id);

-- One customer request. What was asked for never changes; only the columns from `state` on do.
create table withdrawal (
    id               text primary key,
    partner_id       text not null references partner (id),
    external_id      text not null,                -- the partner's own id, unique for ever (M1)
    idempotency_key  text,
    content_hash     text not null,                -- of the parsed values: replay or conflict
    payment_key      text not null,                -- identity of the payment (M1)
    user_id          text not null,
    asset            text not null references asset (id),
    chain            text not null,
    amount           integer not null check (amount > 0),
    fee              integer not null check (fee >= 0),
    address          text not null,                -- lower case
    type             text not null check (type in ('immediate', 'regular', 'scheduled')),
    memo             text,
    metadata         text not null,                -- JSON map of texts
    scheduled_for    integer,
    accepted_at      integer not null,
    due_at           integer not null,             -- rank in the queue, fixed at acceptance
    deadline_at      integer not null,
    state            text not null check (state in ('requested', 'held', 'approved', 'queued', 'assigned', 'paid',
                         'needs_attention', 'rejected', 'cancelled', 'failed')),
    status           text not null check (status in ('pending', 'held', 'approved', 'queued', 'wallet_funded',
                         'energy_requested', 'energy_received', 'processing', 'signing', 'broadcast', 'confirming',
                         'completed', 'needs_attention', 'rejected', 'cancelled', 'failed')),   -- public projection
    evidence         text not null,                -- row::withdrawal
    transfer_id      text references transfer (id),
    wallet_id        text references wallet (id),
    proof_id         text references proof (id),
    attempt_no       integer not null check (attempt_no >= 0),
    retries          integer not null check (retries >= 0),
    not_before       integer,                      -- backoff of `queued`
    expires_at       integer,                      -- end of `held`
    ended_at         integer,
    cancel_by        text,
    cancel_reason    text,
    cancel_at        integer,
    updated_at       integer not null,
    version          integer not null,
    constraint withdrawal_ended check ((ended_at is not null) = (state in ('paid', 'rejected', 'cancelled', 'failed'))),
    constraint withdrawal_paid_by_proof check (state <> 'paid' or proof_id is not null),
    constraint withdrawal_assigned check (state <> 'assigned' or (transfer_id is not null and wallet_id is not null)),
    constraint withdrawal_held check ((expires_at is not null) = (state = 'held')),
    constraint withdrawal_queued check ((not_before is not null) = (state = 'queued')),
    constraint withdrawal_cancel check ((cancel_at is null) = (cancel_by is null) and (cancel_at is null) = (cancel_reason is null))
) strict, without rowid;
create unique index m1_one_external_id on withdrawal (partner_id, external_id);
create unique index withdrawal_one_idempotency_key on withdrawal (partner_id, idempotency_key);
create unique index m1_one_payment_key on withdrawal (payment_key);
create index withdrawal_queue on withdrawal (partner_id, chain, due_at, id) where state in ('approved', 'queued');
create index withdrawal_list on withdrawal (partner_id, accepted_at, id);
create index withdrawal_list_all on withdrawal (accepted_at, id);
-- What is open is little and moves, what has ended is much and stands still: each has an index of its own. The open one
-- does not hold `status`, which follows every step of a transfer.
create index withdrawal_list_open on withdrawal (partner_id, accepted_at, id) where ended_at is null;
create index withdrawal_list_ended on withdrawal (partner_id, state, accepted_at, id) where ended_at is not null;
create index withdrawal_list_unpaid on withdrawal (state, accepted_at, id) where state in ('rejected', 'cancelled', 'failed');
create index withdrawal_holds on withdrawal (expires_at) where state = 'held';
create index withdrawal_deadlines on withdrawal (deadline_at) where state in ('requested', 'approved', 'queued', 'assigned');
create index withdrawal_attention on withdrawal (partner_id, accepted_at, id) where state = 'needs_attention';
create index withdrawal_of_transfer on withdrawal (transfer_id) where transfer_id is not null;
create index withdrawal_of_user on withdrawal (partner_id, user_id, accepted_at);
create index withdrawal_to_address on withdrawal (partner_id, address, accepted_at);

-- Why a withdrawal was let pass or refused. Insert-only.
create table decision (
    withdrawal_id  text not null references withdrawal (id),
    number         integer not null,
    outcome        text not null check (outcome in ('pass', 'reject')),
    detail         text not null,                  -- rule ids and versions, or the stable code of the refusal
    at             integer not null,
    primary key (withdrawal_id, number)
) strict, without rowid;

-- Counters of limits. Bumped and judged in the commit that accepts (M8).
create table usage (
    key   text primary key,                        -- core::usage::UsageKey
    used  integer not null,
    constraint usage_not_negative check (used >= 0)
) strict, without rowid;

-- What a withdrawal took from a counter; released once, into exactly that one (M8).
create table reservation (
    withdrawal_id  text not null references withdrawal (id),
    usage_key      text not null references usage (key),
    amount         integer not null check (amount >= 0),
    released_at    integer,
    outcome        text check (outcome in ('kept', 'given_back')),
    constraint reservation_released check ((released_at is null) = (outcome is null)),
    primary key (withdrawal_id, usage_key)
) strict, without rowid;

-- One intended on-chain effect.
create table transfer (
    id            text primary key,
    partner_id    text not null references partner (id),
    wallet_id     text not null references wallet (id),
    chain         text not null,
    asset         text not null references asset (id),
    purpose       text not null,
    payment_hash  text not null,                   -- what every paying attempt of its slot carries (M3)
    carrier_id    text references transfer (id),   -- R2, R3: the transaction that carries this payment slot
    state         text not null,
    asked         integer not null check (asked in (0, 1)),   -- `built`, and the signer was asked
    slot          text,                            -- core::slot, all four kinds; once and for ever
    nonce         integer,                         -- of the slot, where it has one; orders a lane
    block_number  integer,                         -- inclusion, while seen or final
    block_hash    text,
    proof_id      text references proof (id),
    evidence      text not null,                   -- row::transfer
    planned_at    integer not null,
    changed_at    integer not null,
    version       integer not null,
    constraint transfer_state check (state in ('planned', 'funded', 'fuelling', 'fuelled', 'built', 'signed', 'seen', 'final', 'dropped')),
    constraint transfer_slot_from_built_on check ((slot is not null) = (state in ('built', 'signed', 'seen', 'final'))),
    constraint transfer_included check ((block_number is not null) = (state in ('seen', 'final'))
        and (block_number is null) = (block_hash is null)),
    constraint transfer_final_by_proof check ((proof_id is not null) = (state = 'final')),
    constraint transfer_not_its_own_carrier check (carrier_id is null or carrier_id <> id)
) strict;
create unique index m1_one_transfer_per_slot on transfer (slot);
create unique index transfer_payment on transfer (id, payment_hash);   -- target of attempt: M3, same payment
create unique index transfer_slot on transfer (id, slot);              -- target of attempt: M3, same slot
create index transfer_open on transfer (wallet_id, nonce, planned_at) where state not in ('final', 'dropped');
create index transfer_included_in on transfer (chain, block_number) where block_number is not null;
create index transfer_seen on transfer (chain, block_number, id) where state = 'seen';
create index transfer_irrevocable on transfer (planned_at, id) where state in ('signed', 'seen');
create index transfer_carried on transfer (carrier_id) where carrier_id is not null;

-- One withdrawal inside a transfer.
create table transfer_item (
    transfer_id    text not null references transfer (id),
    withdrawal_id  text not null references withdrawal (id),
    position       integer not null,
    approved       text not null,                  -- JSON: the payment and who let it pass, as it was planned
    paid_by        text references proof (id),
    dead_by        text,
    dropped        integer not null default 0 check (dropped in (0, 1)),   -- its transfer never had a slot and was given back
    primary key (transfer_id, withdrawal_id),
    foreign key (dead_by, transfer_id) references proof (id, transfer_id),
    constraint item_one_fate check ((paid_by is not null) + (dead_by is not null) + dropped <= 1)
) strict, without rowid;
-- M1 and M4: a second slot for a withdrawal needs a stored proof that the first is dead, or that there never was one.
-- A paid item stays live for ever. `dropped` stands beside `dead_by` because a slotless transfer has nothing to prove.
create unique index m1_one_live_slot on transfer_item (withdrawal_id) where dead_by is null and dropped = 0;
create index item_of_withdrawal on transfer_item (withdrawal_id);

-- One byte string for a slot. The bytes never change; a signature is added once.
create table attempt (
    id            text primary key,
    transfer_id   text not null references transfer (id),
    serial        integer not null check (serial >= 0),
    chain         text not null,
    slot          text not null,
    kind          text not null check (kind in ('pay', 'void')),
    payment_hash  text,
    evidence      text not null,                   -- row::attempt: fees
    bytes         blob not null,                   -- unsigned transaction
    digest        text not null,                   -- what is signed
    built_at      integer not null,
    raw           blob,                            -- what a node takes
    txid          text,
    journal_seq   integer,                         -- place in the signer's journal
    signed_at     integer,
    constraint m3_void_pays_nothing check ((kind = 'pay') = (payment_hash is not null)),
    constraint attempt_signed check ((raw is null) = (txid is null) and (raw is null) = (signed_at is null)
        and (raw is null) = (journal_seq is null)),
    constraint m3_same_payment foreign key (transfer_id, payment_hash) references transfer (id, payment_hash),
    constraint m3_same_slot foreign key (transfer_id, slot) references transfer (id, slot)
) strict;
create unique index attempt_serial on attempt (transfer_id, serial);
create unique index attempt_txid on attempt (chain, txid);

-- What nodes said of an attempt. Never evidence; the oldest are forgotten.
create table note (
    id          integer primary key autoincrement,
    attempt_id  text not null references attempt (id),
    text        text not null,
    at          integer not null
) strict;
create index note_of_attempt on note (attempt_id, id);

-- Blocks the watcher has followed, one per height.
create table block (
    chain   text not null,
    number  integer not null,
    hash    text not null,
    parent  text not null,
    primary key (chain, number)
) strict, without rowid;

-- How far a chain was followed.
create table chain_head (
    chain             text primary key,
    finalized_number  integer,
    finalized_hash    text,
    settle_after      integer,                     -- settlement waits until this height is final (M16)
    moved_at          integer not null,
    constraint chain_head_finalized check ((finalized_number is null) = (finalized_hash is null))
) strict, without rowid;

-- Postings. Each group sums to zero per asset. Insert-only.
create table ledger (
    id           integer primary key autoincrement,
    group_id     text not null,                    -- transfer and version, or a name of its own for a correction
    partner_id   text not null references partner (id),
    wallet_id    text not null references wallet (id),
    asset        text not null,
    account      text not null,
    atoms        integer not null check (atoms <> 0),
    transfer_id  text references transfer (id),
    reason       text not null,
    at           integer not null,
    constraint ledger_account check (account in ('available', 'reserved', 'in_flight', 'paid_out', 'gas', 'adjustment', 'suspense'))
) strict;
-- A step posts once.
create unique index ledger_one_posting on ledger (group_id, partner_id, wallet_id, asset, account);
create index ledger_of_wallet on ledger (wallet_id, id);

-- Running sums, moved in the same commit. `available` may fall below zero (reconciliation shows it); what is promised
-- may not.
create table ledger_balance (
    partner_id  text not null references partner (id),
    wallet_id   text not null references wallet (id),
    asset       text not null,
    account     text not null,
    atoms       integer not null,
    constraint ledger_promise_not_negative check (account not in ('reserved', 'in_flight') or atoms >= 0),
    primary key (wallet_id, asset, account, partner_id)
) strict, without rowid;

-- What happened. Insert-only, except that the sealer gives each row its number and link once (M15).
create table event (
    rowseq         integer primary key autoincrement,   -- order of insertion; not of the feed
    id             text not null,
    partner_id     text not null,                  -- or the platform's own id
    kind           text not null,
    withdrawal_id  text,
    transfer_id    text,
    wallet_id      text,
    actor          text not null,
    reason         text not null,
    at             integer not null,
    data           text not null,                  -- canonical JSON
    number         integer,                        -- dense per partner, from 1, given by the sealer
    link           text,                           -- core::trail::link
    constraint event_sealed check ((number is null) = (link is null))
) strict;
create unique index event_id on event (id);
create unique index event_number on event (partner_id, number);
create index event_unsealed on event (rowseq) where number is null;
create index event_of_withdrawal on event (withdrawal_id, number) where withdrawal_id is not null;

-- End of each partner's chain of events.
create table event_head (
    partner_id  text primary key,
    number      integer not null,
    link        text not null,
    sealed_at   integer not null
) strict, without rowid;

-- What a person should look at.
create table alert (
    id               text primary key,
    code             text not null,
    subject          text not null,
    partner_id       text,
    detail           text not null,
    since            integer not null,
    last_seen        integer not null,
    count            integer not null,
    acknowledged_by  text,
    resolved_at      integer,
    delivered_at     integer,
    undelivered      integer not null check (undelivered in (0, 1))   -- raised or closed since a sink took it
) strict, without rowid;
create unique index alert_one_open on alert (code, subject) where resolved_at is null;
create index alert_by_subject on alert (code, subject);
create index alert_undelivered on alert (id) where undelivered = 1;
create index alert_list on alert (since, id);
create index alert_open on alert (since, id) where resolved_at is null;
create index alert_of_partner on alert (partner_id, since, id);

-- Stops in force (M12).
create table stop (
    kind     text not null,
    subject  text not null,
    actor    text not null,
    reason   text not null,
    at       integer not null,
    primary key (kind, subject)
) strict, without rowid;

-- Rules that a check cannot say --------------------------------------------------------------------------------------

-- What was asked for never changes, and nothing pays an ended withdrawal again. The one edge out is `reopen`: the
-- proof's block left the chain (M16); it leads back to the same transfer.
create trigger withdrawal_request_is_for_ever before update on withdrawal
when (new.id, new.partner_id, new.external_id, new.idempotency_key, new.content_hash, new.payment_key, new.user_id,
      new.asset, new.chain, new.amount, new.fee, new.address, new.type, new.memo, new.metadata, new.scheduled_for,
      new.accepted_at, new.due_at, new.deadline_at)
  is not (old.id, old.partner_id, old.external_id, old.idempotency_key, old.content_hash, old.payment_key, old.user_id,
      old.asset, old.chain, old.amount, old.fee, old.address, old.type, old.memo, old.metadata, old.scheduled_for,
      old.accepted_at, old.due_at, old.deadline_at)
begin select raise(abort, 'withdrawal_request_is_for_ever'); end;
create trigger withdrawal_end_is_final before update on withdrawal
when old.state in ('paid', 'rejected', 'cancelled', 'failed')
  and not (old.state = 'paid' and new.state = 'assigned' and new.transfer_id = old.transfer_id)
begin select raise(abort, 'withdrawal_end_is_final'); end;
create trigger withdrawal_is_kept before delete on withdrawal
begin select raise(abort, 'withdrawal_is_kept'); end;

-- A slot is given once and for ever, and the payment of a transfer never changes (M3).
create trigger transfer_slot_is_for_ever before update on transfer
when (old.slot is not null and new.slot is not old.slot) or new.payment_hash <> old.payment_hash
  or new.wallet_id <> old.wallet_id or new.partner_id <> old.partner_id or new.asset <> old.asset
begin select raise(abort, 'transfer_slot_is_for_ever'); end;
create trigger transfer_is_kept before delete on transfer
begin select raise(abort, 'transfer_is_kept'); end;

-- M4: only a proof of death frees a withdrawal, and only a slotless transfer may drop it.
create trigger m4_dead_by_a_death before update on transfer_item
when new.dead_by is not null and not exists (select 1 from proof where id = new.dead_by and verdict = 'dead')
begin select raise(abort, 'm4_dead_by_a_death'); end;
create trigger m4_born_live before insert on transfer_item
when new.dead_by is not null or new.paid_by is not null or new.dropped = 1
begin select raise(abort, 'm4_born_live'); end;
create trigger m4_drop_only_slotless before update on transfer_item
when new.dropped = 1 and not exists (select 1 from transfer where id = new.transfer_id and slot is null)
begin select raise(abort, 'm4_drop_only_slotless'); end;
create trigger transfer_item_is_for_ever before update on transfer_item
when new.withdrawal_id <> old.withdrawal_id or new.transfer_id <> old.transfer_id or new.approved <> old.approved
  or (old.dropped = 1 and new.dropped = 0)
begin select raise(abort, 'transfer_item_is_for_ever'); end;
create trigger transfer_item_is_kept before delete on transfer_item
begin select raise(abort, 'transfer_item_is_kept'); end;

-- M2: bytes and signatures, once durable, stay what they are.
create trigger m2_bytes_are_for_ever before update on attempt
when old.raw is not null
  or (new.id, new.transfer_id, new.serial, new.chain, new.slot, new.kind, new.payment_hash, new.evidence, new.bytes, new.digest, new.built_at)
  is not (old.id, old.transfer_id, old.serial, old.chain, old.slot, old.kind, old.payment_hash, old.evidence, old.bytes, old.digest, old.built_at)
begin select raise(abort, 'm2_bytes_are_for_ever'); end;
create trigger attempt_is_kept before delete on attempt
begin select raise(abort, 'attempt_is_kept'); end;

-- Every amount in the books counts on the scale it was written with.
create trigger asset_scale_is_for_ever before update on asset
when new.id <> old.id or new.precision <> old.precision or new.decimals <> old.decimals
begin select raise(abort, 'asset_scale_is_for_ever'); end;

-- M15: history is insert-only.
create trigger proof_is_for_ever before update on proof
begin select raise(abort, 'proof_is_for_ever'); end;
create trigger proof_is_kept before delete on proof
begin select raise(abort, 'proof_is_kept'); end;
create trigger decision_is_for_ever before update on decision
begin select raise(abort, 'decision_is_for_ever'); end;
create trigger decision_is_kept before delete on decision
begin select raise(abort, 'decision_is_kept'); end;
create trigger ledger_is_for_ever before update on ledger
begin select raise(abort, 'ledger_is_for_ever'); end;
create trigger ledger_is_kept before delete on ledger
begin select raise(abort, 'ledger_is_kept'); end;
create trigger event_is_for_ever before update on event
when old.number is not null or new.number is null
  or (new.rowseq, new.id, new.partner_id, new.kind, new.withdrawal_id, new.transfer_id, new.wallet_id, new.actor, new.reason, new.at, new.data)
  is not (old.rowseq, old.id, old.partner_id, old.kind, old.withdrawal_id, old.transfer_id, old.wallet_id, old.actor, old.reason, old.at, old.data)
begin select raise(abort, 'event_is_for_ever'); end;
create trigger event_is_kept before delete on event
begin select raise(abort, 'event_is_kept'); end;
