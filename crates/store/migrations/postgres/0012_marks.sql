-- 0012: how many marks the store has made of its own commits (M17). The same column as ../sqlite/0012_marks.sql.

alter table meta add column mark bigint not null default 0;  -- the signer's journal is told of each one afterwards
