-- Whether the owner of a partition is at work. Still true when the next one takes over: the last one died, perhaps of a
-- record, and the next one goes carefully at first.
alter table checkpoints add column running boolean not null default false;
