-- Log-ins by other companies' accounts. Provider and subject are the identity; no address stands here.
create table sign_ins (
    provider text not null,
    subject text not null,
    merchant_id uuid not null references accounts on delete cascade,
    linked_at timestamptz not null,
    primary key (provider, subject),
    unique (merchant_id, provider)
);

-- Log-ins that are to come back from a provider, each once and to the browser that began it.
create table sign_in_states (
    state_hash bytea primary key,
    browser_hash bytea not null,
    provider text not null,
    merchant_id uuid references accounts on delete cascade,
    expires_at timestamptz not null
);

create index sign_in_states_expiry on sign_in_states (expires_at);
