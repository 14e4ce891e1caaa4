-- Visits to each store by day, without anything about the visitors (ADR 0080).
create table visits (
    store_id uuid not null,
    day date not null,
    visits bigint not null,
    primary key (store_id, day)
);

comment on column visits.day is 'In the store''s time zone of that day.';
