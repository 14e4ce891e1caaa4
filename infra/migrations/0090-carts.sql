-- Carts of shoppers. They are not in the log: a cart is a draft, and what became an order is in the log (decision 0058).
-- Rows without a change for 30 days are deleted.
create table carts (
    key uuid primary key,             -- what a browser's signed cookie names
    store_id uuid not null,
    cart_id uuid not null,            -- at most one paid order has it; another one after each order
    entries jsonb not null,           -- [{"product", "variant", "quantity", "minor", "currency"}], oldest first
    shared boolean not null default false,  -- whether several browsers may have it
    joined_into uuid,                 -- the cart that this one became part of
    shopper_id uuid,                  -- of the latest order that was placed from it
    changed_at timestamptz not null
);
create index carts_by_shopper on carts (shopper_id) where shopper_id is not null;
create index carts_by_target on carts (joined_into) where joined_into is not null;
create index carts_by_age on carts (changed_at);
