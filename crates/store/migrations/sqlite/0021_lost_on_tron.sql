-- 0021: a lost attempt on TRON keeps its terms: where the scan that proves its death begins and ends (M4, M17). The same
-- rules as ../postgres/0021_lost_on_tron.sql.
alter table lost_attempt add column evidence text   -- row::attempt; null where a nonce tells what became of it
    constraint lost_on_tron_has_its_terms check ((chain like 'tron:%') = (evidence is not null));
drop trigger lost_attempt_is_for_ever;
create trigger lost_attempt_is_for_ever before update on lost_attempt
when old.raw is not null
  or (new.id, new.wallet_id, new.chain, new.slot, new.kind, new.payment_key, new.journal_seq, new.evidence)
  is not (old.id, old.wallet_id, old.chain, old.slot, old.kind, old.payment_key, old.journal_seq, old.evidence)
begin select raise(abort, 'lost_attempt_is_for_ever'); end;
