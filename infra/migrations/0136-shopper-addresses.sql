-- Keyed digests of shoppers' e-mail addresses, each for one store: they find a person without opening anybody's data (ADR 0082).
create table shopper_addresses (
    person_id uuid primary key references person_keys (person_id) on delete cascade,
    digest bytea not null
);
create index shopper_addresses_by_digest on shopper_addresses (digest);

comment on column shopper_addresses.digest is 'HMAC-SHA-256 of the store and the address, under a key that rests in person_keys.';
