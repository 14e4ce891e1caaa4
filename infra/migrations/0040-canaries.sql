-- Canaries that were asked for, and who has seen which: what /readyz and “zyenta doctor” judge by.
create table canaries (
    id bigint generated always as identity primary key,
    asked_at timestamptz not null default clock_timestamp(),
    published_at timestamptz                -- when it was in the topic; null: the publisher has not got to it
);

create index canaries_asked on canaries (asked_at);

-- Unlogged: after a crash of the database everybody is asked anew anyway.
create unlogged table canary_answers (
    component text not null,                -- a consumer group, or the name of a role
    partition integer not null,
    canary bigint not null,                 -- the newest that came out
    answered_at timestamptz not null,
    primary key (component, partition)
) with (fillfactor = 50);
