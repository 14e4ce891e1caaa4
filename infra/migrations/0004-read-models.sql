-- Where each read model is: its rows are in the schema of its name, its place in the log is here.
create table projections (
    name text primary key,
    version integer not null,
    schema_name text not null,
    built_at timestamptz not null default clock_timestamp()
);

create table checkpoints (
    schema_name text not null,             -- '<name>' live, '<name>_build' while it is rebuilt
    partition integer not null,
    next_offset bigint not null,
    position bigint not null,              -- of the last event applied; the answer to "has it seen my write?"
    owner bigint not null,                 -- fencing: only the newest owner of a partition may move it
    updated_at timestamptz not null default clock_timestamp(),
    primary key (schema_name, partition)
);
