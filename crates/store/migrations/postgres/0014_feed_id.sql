-- 0014: which life of the store the numbers of the feed belong to (M15, M17). A store that went back in time gives numbers
-- out again; then this changes, and a reader of the other feed is told. The same as ../sqlite/0014_feed_id.sql.
alter table meta add column feed_id text not null default 'fd_00000000000000000000000000';
