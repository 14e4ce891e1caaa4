-- A tenant's newest events of one kind of stream, such as "product", without passing over the others.
create index events_of_kinds on events (tenant, split_part(type, '.', 1), position);
