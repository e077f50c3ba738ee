-- 0017: a store that went back in time is shut until it was compared with the signer's journal (M17). The same tables,
-- indexes and rules as ../postgres/0017_went_back.sql.

-- The entry of the signer's journal that the store was last compared up to: another one there is another journal.
alter table meta add column journal_place integer not null default 0;
alter table meta add column journal_hash text;

-- Times that the store went back: a copy was put in its place, or the journal showed it. While one is pending, every lane
-- is shut and nothing passes without two persons.
create table went_back (
    id            integer primary key autoincrement,
    evidence      text not null,                  -- one sentence, for people
    copied_at     integer,                        -- when the copy was made, where one was put in place
    noticed_at    integer not null,
    shut_at       integer,                        -- when every lane was shut for it
    journal_from  integer,                        -- what of the journal was imported: from behind this place ..
    journal_to    integer,                        -- .. up to this one
    imported_at   integer,
    pending       integer not null default 1 check (pending in (0, 1)),
    constraint went_back_imported check ((pending = 0) = (imported_at is not null)
        and (imported_at is null) = (journal_from is null) and (imported_at is null) = (journal_to is null)),
    constraint went_back_shut_first check (imported_at is null or shut_at is not null)
) strict;
create unique index went_back_one_pending on went_back (pending) where pending = 1;
create trigger went_back_is_kept before delete on went_back
begin select raise(abort, 'went_back_is_kept'); end;
create trigger went_back_imported_is_final before update on went_back when old.pending = 0
begin select raise(abort, 'went_back_imported_is_final'); end;

-- An attempt that the journal holds, that the store had lost, and that a transfer carries again.
create table carried_attempt (
    id           text primary key references attempt (id),
    imported_at  integer not null
) strict, without rowid;
create trigger carried_attempt_is_for_ever before update on carried_attempt
begin select raise(abort, 'carried_attempt_is_for_ever'); end;
create trigger carried_attempt_is_kept before delete on carried_attempt
begin select raise(abort, 'carried_attempt_is_kept'); end;

-- While it is pending no lane opens and nothing is planned, whoever asks.
create trigger m17_no_lane_opens_before_the_import before update on wallet
when old.state = 'frozen' and new.state not in ('frozen', 'retired') and exists (select 1 from went_back where pending = 1)
begin select raise(abort, 'm17_no_lane_opens_before_the_import'); end;
create trigger m17_nothing_is_planned_before_the_import before insert on transfer
when new.state = 'planned' and exists (select 1 from went_back where pending = 1)
begin select raise(abort, 'm17_nothing_is_planned_before_the_import'); end;

-- What the engine did because of it.
create index event_went_back on event (rowseq) where reason = 'store_went_back';
