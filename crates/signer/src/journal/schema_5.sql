-- TRON: a slot is one transaction, which may be included until it expires. UTC microseconds; null where slots are nonces.
alter table slot add column expires_at integer;
