-- The address to which a link to the cart was sent: whose key is deleted a day later.
alter table carts add column link_shopper_id uuid, add column link_at timestamptz;
create index carts_by_link on carts (link_at) where link_shopper_id is not null;
