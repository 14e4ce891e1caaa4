-- Which rows of a tenant a read model shows: another id with every transaction that changes them. A random id, so that
-- neither a rebuild nor a restored backup gives an id to other rows. Readers compare it with what they cached.
create table revisions (
    read_model text not null,
    tenant uuid not null,
    revision uuid not null,
    primary key (read_model, tenant)
) with (fillfactor = 50);
