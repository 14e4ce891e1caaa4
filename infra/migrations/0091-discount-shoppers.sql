-- The random names under which the log counts a shopper's uses of discount codes. They are found by a keyed digest of the
-- e-mail address, which is deleted when the shopper is forgotten: the name in the log then leads to no person.
create table discount_shoppers (
    store_id uuid not null,
    digest text not null,
    name text not null,
    primary key (store_id, digest)
);
create index on discount_shoppers (store_id, name);

-- The shoppers who ordered under a name; each order has its own shopper id.
create table discount_shopper_ids (
    shopper_id uuid primary key,
    store_id uuid not null,
    name text not null
);
