-- A second proof at log-ins. The secret is sealed under the master key.
create table second_factors (
    merchant_id uuid primary key references accounts on delete cascade,
    secret text not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0
);

comment on column second_factors.confirmed_at is 'Null until a first code showed that the merchant has the secret.';
comment on column second_factors.last_step is 'The time step of the last accepted code, which is not accepted again.';

create table recovery_codes (
    merchant_id uuid not null references accounts on delete cascade,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (merchant_id, code_hash)
);
