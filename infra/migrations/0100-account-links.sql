-- Accounts may share an address until one of them confirms it. Accounts from before are the only ones of their address.
alter table accounts alter column password_hash drop not null;
alter table accounts add column claimed boolean not null default true;
alter table accounts alter column claimed set default false;
alter table accounts add column verified_at timestamptz;
alter table accounts drop constraint accounts_email_key_key;
create unique index accounts_claimed_email on accounts (email_key) where claimed;
create index accounts_email on accounts (email_key, created_at desc) where not claimed;

comment on column accounts.claimed is 'Whether the address is this account''s alone.';
comment on column accounts.verified_at is 'When the merchant confirmed the address; null for claims from before.';
comment on column accounts.password_hash is 'Null if the merchant logs in with a provider only.';

alter table refresh_families add column device text;

-- Links in mails. What opens them is computed from the id, and is not stored.
create table account_links (
    id uuid primary key,
    merchant_id uuid not null references accounts on delete cascade,
    purpose text not null,
    email text not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create index account_links_merchant on account_links (merchant_id, purpose);
create index account_links_expiry on account_links (expires_at);
