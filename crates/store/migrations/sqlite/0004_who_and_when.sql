-- When somebody took an alert, and when a key was last used.
alter table alert add column acknowledged_at integer;
alter table api_key add column last_used_at integer;
