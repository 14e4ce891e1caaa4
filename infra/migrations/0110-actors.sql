-- Every event of a person's command says who sent it: “<person> SESSION|KEY <id>” (ADR 0063). Null for agents, shoppers,
-- providers, and events of before.
alter table events add column actor text;

create index events_of_people on events (tenant, position) where actor is not null;

drop function append_events(uuid, bytea, jsonb, integer, bigint, uuid, uuid, text, uuid[], uuid[], integer[], text[],
                            uuid[], bytea[], uuid[], integer[], bigint, bytea);
drop function append_event(uuid, bytea, jsonb, integer, uuid, uuid, text, uuid, uuid, integer, text, uuid, bytea,
                           uuid[], integer[], bigint, bytea);
drop function append_group(uuid[], bytea[], jsonb[], integer[], integer[], bigint[], uuid[], uuid[], text[], bigint[],
                           bytea[], integer[], integer[], uuid[], uuid[], integer[], text[], uuid[], bytea[], uuid[],
                           integer[]);

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
    p_cause_position bigint default null, p_cause_hash bytea default null, p_actor text default null,
    out replayed boolean, out known_digest bytea, out result jsonb, out token_partition integer, out token_position bigint
) language plpgsql as $$
declare
    n integer := coalesce(cardinality(p_ids), 0);
    now_ timestamptz := recording_time();
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
    if p_cause_position is not null then
        perform refuse_unknown_cause(p_causation_id, p_cause_position, p_cause_hash);
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
            p_command_id, p_digest, p_result, p_actor);
    elsif n > 1 then
        insert into events
        select first_position + e.i - 1, xid, e.id, e.stream, e.version, e.type, e.tenant,
               p_correlation_id, p_causation_id, now_, p_traceparent, e.data, e.previous_hash, e.hash,
               p_command_id, case when e.i = n then p_digest end, case when e.i = n then p_result end,
               p_actor
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
    p_believed uuid[], p_believed_versions integer[],
    p_cause_position bigint default null, p_cause_hash bytea default null, p_actor text default null
) returns bigint language plpgsql as $$
declare
    now_ timestamptz := recording_time();
    xid xid8;
    here bigint;
    predecessor_position bigint;
    link bytea := '\x0000000000000000000000000000000000000000000000000000000000000000';
    done text;
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'append_event must be the first write of its transaction' using errcode = '25001';
    end if;
    if p_cause_position is not null then
        perform refuse_unknown_cause(p_causation_id, p_cause_position, p_cause_hash);
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
        p_command_id, p_digest, p_result, p_actor);
    return here;
end
$$;

-- Appends the events of several commands, decided in sequence, in one transaction and one round trip (ADR 0044).
--
-- The commands' events stand in the log in the order of the commands, each command's events next to each other, exactly as
-- if each command had been appended on its own. All commands are appended or none: a command whose id is known raises
-- ZY002, an unknown cause ZY001, and the caller decides the group again without it.
--
-- An array of a command holds one entry per command; an array of an event one entry per event, in order. p_commands is the
-- number of an event's command. p_follows is the number of the event that it follows in its stream, or 0 if that event is
-- in the table or the event begins the stream.
--
-- The last event of a command is the one whose position its token has: its own last one, or, if it has none, the one of the
-- group that it read. If it read no event of the group, the token has its read position.
--
-- Returns the position of the first event.
create function append_group(
    p_command_ids uuid[], p_digests bytea[], p_results jsonb[], p_partitions integer[], p_last_events integer[],
    p_read_positions bigint[],
    p_correlation_ids uuid[], p_causation_ids uuid[], p_traceparents text[],
    p_cause_positions bigint[], p_cause_hashes bytea[],
    p_commands integer[], p_follows integer[],
    p_ids uuid[], p_streams uuid[], p_versions integer[], p_types text[], p_tenants uuid[], p_data bytea[],
    p_assumed uuid[], p_assumed_versions integer[], p_actors text[] default null
) returns bigint language plpgsql as $$
declare
    n integer := cardinality(p_ids);
    now_ timestamptz := recording_time();
    xid xid8;
    first_position bigint;
    predecessor record;
    hashes bytea[] := array[]::bytea[];
    previous_hashes bytea[] := array[]::bytea[];
    link bytea;
    inserted integer;
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'append_group must be the first write of its transaction' using errcode = '25001';
    end if;
    if exists (select from unnest(p_causation_ids, p_cause_positions, p_cause_hashes) as cause (id, position, hash)
               where cause.position is not null
                 and not exists (select from events e
                                 where e.position = cause.position and e.id = cause.id and e.hash = cause.hash)) then
        raise exception 'a cause of the group is not in the event store' using errcode = 'ZY001';
    end if;
    perform pg_advisory_lock(7241001);
    xid := pg_current_xact_id();
    first_position := nextval('events_position');
    if n > 1 then
        perform setval('events_position', first_position + n - 1);
    end if;
    perform pg_advisory_unlock(7241001);

    insert into commands (command_id, digest, result, token_partition, token_position, recorded_at)
    select c.id, c.digest, c.result, c.token_partition, coalesce(first_position + c.last_event - 1, c.read_position), now_
    from unnest(p_command_ids, p_digests, p_results, p_partitions, p_last_events, p_read_positions)
         as c (id, digest, result, token_partition, last_event, read_position)
    on conflict (command_id) do nothing;
    get diagnostics inserted = row_count;
    if inserted < cardinality(p_command_ids) then
        raise exception 'a command of the group has been carried out before' using errcode = 'ZY002';
    end if;
    if p_assumed is not null then
        perform refuse_outdated(p_assumed, p_assumed_versions);
    end if;

    for i in 1 .. n loop
        if p_follows[i] > 0 then
            if p_versions[i] <> p_versions[p_follows[i]] + 1 then
                raise exception 'version % does not follow % in stream %',
                    p_versions[i], p_versions[p_follows[i]], p_streams[i]
                    using errcode = '23505', constraint = 'events_stream_version';
            end if;
            link := hashes[p_follows[i]];
        elsif p_versions[i] = 1 then
            link := '\x0000000000000000000000000000000000000000000000000000000000000000';
        else
            select e.hash, e.position into predecessor
            from events e where e.stream_id = p_streams[i] and e.version = p_versions[i] - 1;
            if not found then
                raise exception 'stream % has no version %', p_streams[i], p_versions[i] - 1
                    using errcode = '23505', constraint = 'events_stream_version';
            elsif predecessor.position >= first_position then
                raise exception 'stream % was read before its last event was written', p_streams[i]
                    using errcode = '40001';
            end if;
            link := predecessor.hash;
        end if;
        previous_hashes[i] := link;
        hashes[i] := sha256(link || uuid_send(p_ids[i]) || uuid_send(p_streams[i]) || int4send(p_versions[i])
                            || convert_to(p_types[i], 'UTF8') || '\x00'::bytea || p_data[i]);
    end loop;

    if n = 0 then
        return first_position;
    end if;
    insert into events
    select first_position + e.i - 1, xid, e.id, e.stream, e.version, e.type, e.tenant,
           p_correlation_ids[e.command], p_causation_ids[e.command], now_, p_traceparents[e.command],
           e.data, e.previous_hash, e.hash, p_command_ids[e.command],
           case when e.i = p_last_events[e.command] then p_digests[e.command] end,
           case when e.i = p_last_events[e.command] then p_results[e.command] end,
           p_actors[e.command]
    from unnest(p_commands, p_ids, p_streams, p_versions, p_types, p_tenants, p_data, previous_hashes, hashes)
         with ordinality as e (command, id, stream, version, type, tenant, data, previous_hash, hash, i);
    return first_position;
end
$$;
