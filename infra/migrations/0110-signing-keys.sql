-- Names of keys that sign access tokens. The keys are derived from the master key and are not stored.
create table signing_keys (
    kid text primary key,
    signs_from timestamptz not null,
    ends_others boolean not null
);
