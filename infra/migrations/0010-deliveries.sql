-- How often an event was delivered to a consumer group, for events that are being handled or failed so far. Raised before
-- the handler runs, because a crash sends no word; gone when the event is handled or parked, so the table stays small.

create table deliveries (
    consumer_group text not null,
    event_id uuid not null,
    topic text not null,
    partition integer not null,
    record_offset bigint not null,
    count integer not null,                -- deliveries begun
    failures integer not null default 0,   -- of these, how many raised; the rest but the last are crashes
    last_error text,
    first_at timestamptz not null default clock_timestamp(),
    last_at timestamptz not null default clock_timestamp(),
    primary key (consumer_group, event_id)
);
