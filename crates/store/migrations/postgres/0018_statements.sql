-- 0018: what a partner's wallets did since a time (M15). The same index as ../sqlite/0018_statements.sql.
create index ledger_of_partner on ledger (partner_id, at);
