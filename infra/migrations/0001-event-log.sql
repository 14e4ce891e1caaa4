-- The write half of the log. Append only: nothing in the program updates or deletes a row of events.

create sequence events_position;

create table events (
    position bigint primary key,           -- place in the whole log; the topic has the same order
    transaction_id xid8 not null,          -- who wrote it; a reader takes only what is below the snapshot's xmin
    id uuid not null,
    stream_id uuid not null,
    version integer not null,
    type text not null,
    tenant uuid not null,
    correlation_id uuid not null,
    causation_id uuid,
    recorded_at timestamptz not null,
    traceparent text,
    data bytea not null,
    previous_hash bytea not null,
    hash bytea not null,
    command_id uuid,                       -- who appended it
    command_digest bytea,                  -- with the result: on a command's last event, so that the log alone can
    command_result jsonb,                  -- tell a restored store which commands were carried out, and their answers
    constraint events_stream_version unique (stream_id, version)
);

create index events_tenant on events (tenant, position);

create table commands (
    command_id uuid primary key,
    digest bytea not null,
    result jsonb,
    token_partition integer,
    token_position bigint,
    recorded_at timestamptz not null default clock_timestamp()
);

create table snapshots (
    stream_id uuid primary key,
    fingerprint text not null,             -- of the state's shape; another shape is ignored and written anew
    version integer not null,
    position bigint not null,
    tenant uuid not null,
    state bytea not null
);

create table answers (                     -- what outside calls answered, until their command is recorded
    key uuid primary key,
    answer bytea not null,
    recorded_at timestamptz not null default clock_timestamp()
);

-- Refuses to append where a stream has gone on from the version that the caller, without reading it, believed it to be at.
create function refuse_outdated(p_streams uuid[], p_versions integer[]) returns void language plpgsql as $$
declare
    outdated uuid;
begin
    select e.stream_id into outdated
    from unnest(p_streams, p_versions) as believed (stream_id, version)
    join events e on e.stream_id = believed.stream_id and e.version = believed.version + 1
    limit 1;
    if found then
        raise exception 'stream % has gone on', outdated using errcode = '40001';
    end if;
end
$$;

-- Appends one command's events, atomically, in one round trip.
--
-- Order: the transaction id and the positions are taken together under a session-level advisory lock that is held for
-- microseconds, not until commit. So positions and transaction ids rise together, the events of a transaction are
-- neighbours, and "order by position where transaction_id < xmin" never shows a row before one that it must follow.
-- The transaction id is taken here, after the caller has read its streams: every predecessor was committed before,
-- has a smaller id, and so a smaller position. The last check below holds a caller to that.
--
-- An array holds one entry per event, in order; each stream's versions follow one another.
create function append_events(
    p_command_id uuid, p_digest bytea, p_result jsonb, p_token_partition integer, p_read_position bigint,
    p_correlation_id uuid, p_causation_id uuid, p_traceparent text,
    p_ids uuid[], p_streams uuid[], p_versions integer[], p_types text[], p_tenants uuid[], p_data bytea[],
    p_believed uuid[] default null, p_believed_versions integer[] default null,
    out replayed boolean, out known_digest bytea, out result jsonb, out token_partition integer, out token_position bigint
) language plpgsql as $$
declare
    n integer := coalesce(cardinality(p_ids), 0);
    now_ timestamptz := clock_timestamp();
    xid xid8;
    first_position bigint;
    predecessor record;
    hashes bytea[] := array[]::bytea[];
    previous_hashes bytea[] := array[]::bytea[];
    link bytea;
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'append_events must be the first write of its transaction' using errcode = '25001';
    end if;
    if n > 0 then
        perform pg_advisory_lock(7241001);
        xid := pg_current_xact_id();
        first_position := nextval('events_position');
        if n > 1 then
            perform setval('events_position', first_position + n - 1);
        end if;
        perform pg_advisory_unlock(7241001);
    end if;

    replayed := false;
    if p_command_id is not null then
        token_partition := p_token_partition;
        token_position := case when n > 0 then first_position + n - 1 else p_read_position end;
        insert into commands (command_id, digest, result, token_partition, token_position, recorded_at)
        values (p_command_id, p_digest, p_result, append_events.token_partition, append_events.token_position, now_)
        on conflict (command_id) do nothing;
        if not found then
            replayed := true;
            select c.digest, c.result, c.token_partition, c.token_position
            into known_digest, result, token_partition, token_position
            from commands c where c.command_id = p_command_id;
            return;
        end if;
    else
        token_position := first_position;
    end if;
    result := p_result;
    if p_believed is not null then
        perform refuse_outdated(p_believed, p_believed_versions);
    end if;

    for i in 1 .. n loop
        if i > 1 and p_streams[i] = p_streams[i - 1] then
            if p_versions[i] <> p_versions[i - 1] + 1 then
                raise exception 'version % does not follow % in stream %', p_versions[i], p_versions[i - 1], p_streams[i]
                    using errcode = '23505', constraint = 'events_stream_version';
            end if;
        else
            link := decode(repeat('00', 32), 'hex');
            select e.hash, e.position into predecessor
            from events e where e.stream_id = p_streams[i] and e.version = p_versions[i] - 1;
            if found then
                if predecessor.position >= first_position then
                    raise exception 'stream % was read before its last event was written', p_streams[i]
                        using errcode = '40001';
                end if;
                link := predecessor.hash;
            elsif p_versions[i] > 1 then
                raise exception 'stream % has no version %', p_streams[i], p_versions[i] - 1
                    using errcode = '23505', constraint = 'events_stream_version';
            end if;
        end if;
        previous_hashes[i] := link;
        link := sha256(link || uuid_send(p_ids[i]) || uuid_send(p_streams[i]) || int4send(p_versions[i])
                       || convert_to(p_types[i], 'UTF8') || '\x00'::bytea || p_data[i]);
        hashes[i] := link;
    end loop;

    if n = 1 then
        insert into events values (
            first_position, xid, p_ids[1], p_streams[1], p_versions[1], p_types[1], p_tenants[1],
            p_correlation_id, p_causation_id, now_, p_traceparent, p_data[1], previous_hashes[1], hashes[1],
            p_command_id, p_digest, p_result);
    elsif n > 1 then
        insert into events
        select first_position + e.i - 1, xid, e.id, e.stream, e.version, e.type, e.tenant,
               p_correlation_id, p_causation_id, now_, p_traceparent, e.data, e.previous_hash, e.hash,
               p_command_id, case when e.i = n then p_digest end, case when e.i = n then p_result end
        from unnest(p_ids, p_streams, p_versions, p_types, p_tenants, p_data, previous_hashes, hashes)
             with ordinality as e (id, stream, version, type, tenant, data, previous_hash, hash, i);
    end if;
end
$$;

-- Appends the one event of a command: what append_events does, for the common case, in half the time. (Every statement
-- and expression of PL/pgSQL is set up anew in each transaction, so there are as few as can be.)
--
-- Returns its position; null if the command is known and nothing was appended.
create function append_event(
    p_command_id uuid, p_digest bytea, p_result jsonb, p_token_partition integer,
    p_correlation_id uuid, p_causation_id uuid, p_traceparent text,
    p_id uuid, p_stream uuid, p_version integer, p_type text, p_tenant uuid, p_data bytea,
    p_believed uuid[], p_believed_versions integer[]
) returns bigint language plpgsql as $$
declare
    now_ timestamptz := clock_timestamp();
    xid xid8;
    here bigint;
    predecessor_position bigint;
    link bytea := '\x0000000000000000000000000000000000000000000000000000000000000000';
    done text;
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'append_event must be the first write of its transaction' using errcode = '25001';
    end if;
    done := pg_advisory_lock(7241001)::text;
    xid := pg_current_xact_id();
    here := nextval('events_position');
    done := pg_advisory_unlock(7241001)::text;

    insert into commands (command_id, digest, result, token_partition, token_position, recorded_at)
    values (p_command_id, p_digest, p_result, p_token_partition, here, now_)
    on conflict (command_id) do nothing;
    if not found then
        return null;
    end if;
    if p_believed is not null then
        perform refuse_outdated(p_believed, p_believed_versions);
    end if;
    if p_version > 1 then
        select e.hash, e.position into link, predecessor_position
        from events e where e.stream_id = p_stream and e.version = p_version - 1;
        if not found then
            raise exception 'stream % has no version %', p_stream, p_version - 1
                using errcode = '23505', constraint = 'events_stream_version';
        elsif predecessor_position >= here then
            raise exception 'stream % was read before its last event was written', p_stream using errcode = '40001';
        end if;
    end if;
    insert into events values (
        here, xid, p_id, p_stream, p_version, p_type, p_tenant, p_correlation_id, p_causation_id, now_, p_traceparent,
        p_data, link,
        sha256(link || uuid_send(p_id) || uuid_send(p_stream) || int4send(p_version)
               || convert_to(p_type, 'UTF8') || '\x00'::bytea || p_data),
        p_command_id, p_digest, p_result);
    return here;
end
$$;
