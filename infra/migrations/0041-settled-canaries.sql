-- A canary waits for what the events wait for: the publisher sends it once every transaction before its own has ended.
alter table canaries add column transaction_id xid8 not null default pg_current_xact_id();
