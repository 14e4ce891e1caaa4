-- API keys by the hash of their token. Credentials are not event-sourced, so that they can be deleted for good.
create table api_keys (
    id uuid primary key,
    person_id uuid not null references accounts on delete cascade,
    name text not null,
    prefix text not null,
    token_hash bytea not null,
    scopes text[] not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);

create index api_keys_person on api_keys (person_id, created_at);
