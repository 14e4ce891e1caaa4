-- A file that was sent for a dispute and is not added yet: sealed as the others are, and deleted if it never is.
alter table evidence_files add column waits boolean not null default false;

create index evidence_files_waiting on evidence_files (kept_at) where waits;
