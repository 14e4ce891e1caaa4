-- Keys in devices that log a merchant in (WebAuthn). They are public halves; the devices keep the private ones.
create table passkeys (
    id uuid primary key,
    merchant_id uuid not null references accounts on delete cascade,
    credential_id bytea not null unique,
    credential bytea not null,
    sign_count bigint not null,
    name text not null,
    created_at timestamptz not null,
    used_at timestamptz
);

create index passkeys_merchant on passkeys (merchant_id);

comment on column passkeys.credential is 'The attested credential data of WebAuthn: the model of the device, the id and the public key.';
comment on column passkeys.sign_count is 'What the device counted at its last use; 0 if it does not count.';

-- Challenges that devices are to sign, each once and for one purpose.
create table passkey_challenges (
    challenge_hash bytea primary key,
    purpose text not null,
    merchant_id uuid references accounts on delete cascade,
    expires_at timestamptz not null
);

create index passkey_challenges_expiry on passkey_challenges (expires_at);

comment on column passkey_challenges.merchant_id is 'Null for a log-in that names no account.';
