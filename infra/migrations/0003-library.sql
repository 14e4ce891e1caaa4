-- What an application written with the `eventsourcing` library keeps beside the log: see infra/adapters/postgres/eventsourcing_recorder.py.
create table library_snapshots (
    originator_id uuid not null,
    originator_version integer not null,
    topic text not null,
    state bytea not null,
    primary key (originator_id, originator_version)
);

create table library_tracking (
    application_name text not null,
    notification_id bigint not null,
    primary key (application_name, notification_id)
);
