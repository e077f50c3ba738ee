-- Version 3: what a ticket still covers. A payment counts in the hour of each slot it gets, and an admission that was
-- not used within its hour is counted again: tickets cannot be hoarded.

alter table ticket add column slots integer not null default 1 check (slots > 0);   -- slots it was counted for
alter table ticket add column minute integer not null default 0;                    -- of the latest count
update ticket set minute = (select at / 60000000 from entry where entry.seq = ticket.seq);

create trigger ticket_never_shrinks before update on ticket
when new.slots < old.slots or new.minute < old.minute or new.payment_key <> old.payment_key or new.terms <> old.terms
  or new.partner <> old.partner or new.asset <> old.asset or new.atoms <> old.atoms or new.seq <> old.seq
begin select raise(abort, 'M10: what was counted stays counted'); end;
