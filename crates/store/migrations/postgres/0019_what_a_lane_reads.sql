-- 0019: what a look at a lane reads, each out of an index of its own. The same as ../sqlite/0019_what_a_lane_reads.sql.
drop index transfer_open;
-- What is open, and whether it has moved since it was read.
create index transfer_open on transfer (wallet_id, nonce, planned_at, id, version, changed_at) where state not in ('final', 'dropped');
-- Wishes to cancel that wait for an answer: few, among thousands of withdrawals that a lane carries.
create index withdrawal_cancelling on withdrawal (wallet_id, id) where state = 'assigned' and cancel_at is not null;
