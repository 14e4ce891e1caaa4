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
    p_assumed uuid[], p_assumed_versions integer[]
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
           case when e.i = p_last_events[e.command] then p_results[e.command] end
    from unnest(p_commands, p_ids, p_streams, p_versions, p_types, p_tenants, p_data, previous_hashes, hashes)
         with ordinality as e (command, id, stream, version, type, tenant, data, previous_hash, hash, i);
    return first_position;
end
$$;
