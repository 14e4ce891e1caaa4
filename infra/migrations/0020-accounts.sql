-- Credentials. Not event-sourced: a password hash and a session must be changeable and deletable for good.
create table accounts (
    merchant_id uuid primary key,
    email text not null,
    email_key text not null unique,
    password_hash text not null,
    name text,
    opened boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

comment on column accounts.email_key is 'The address, NFKC and case-folded: what makes it unique whatever its letter case.';
comment on column accounts.opened is 'Whether MerchantRegistered is known to be in the log.';

-- A log-in begins a family; every refresh adds one token to it. Revoking the family revokes them all.
create table refresh_families (
    id uuid primary key,
    merchant_id uuid not null references accounts on delete cascade,
    created_at timestamptz not null,
    revoked_at timestamptz
);

create index refresh_families_merchant on refresh_families (merchant_id);

create table refresh_tokens (
    token_hash bytea primary key,
    family_id uuid not null references refresh_families on delete cascade,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create index refresh_tokens_family on refresh_tokens (family_id);
create index refresh_tokens_expiry on refresh_tokens (expires_at);

-- One row per limited key (a keyed digest: no address and no e-mail stands here); GCRA's theoretical arrival time.
create unlogged table rate_limits (
    key bytea primary key,
    arrival timestamptz not null
);

create index rate_limits_arrival on rate_limits (arrival);
