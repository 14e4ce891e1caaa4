-- Keys of people. Deleting a row forgets the person: whatever is sealed under the key is noise from then on.
-- The key itself rests encrypted under the platform's key (AES-256-GCM, bound to this row).
create table person_keys (
    person_id uuid primary key,
    wrapped_key text not null,
    created_at timestamptz not null default clock_timestamp()
);

-- Secrets of merchants (supplier and payment keys), AES-256-GCM with a key id, bound to their row.
create table vault (
    tenant uuid not null,
    name text not null,
    sealed text not null,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant, name)
);
