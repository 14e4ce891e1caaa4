"""Requests about consumer groups and their offsets."""

from infra.embedded.logbroker.groups import Groups
from infra.embedded.logbroker.handling import (
    NO_OPERATIONS,
    NODE,
    UNTHROTTLED,
    Caller,
    Handler,
    Handlers,
    by_topic,
    code_of,
    read_offsets,
    unique,
    write_by_partition,
)
from infra.embedded.logbroker.members import JoinRequest, Member, State
from infra.embedded.logbroker.partition import RequestRejected
from infra.embedded.logbroker.topics import Topics
from infra.embedded.logbroker.wire import Api, ErrorCode, WireReader, WireWriter

_NO_OFFSET = -1
_NO_EPOCH = -1
_LONGEST_REBALANCE_MS = 1_800_000
_LONGEST_METADATA = 4_096
_TRANSACTION = 1
"""The kind of coordinator for producers; the other kind is for groups."""
_CLASSIC = "Classic"
"""The type of all groups here: the classic protocol, in which members assign the partitions."""
_WHOLE_GROUPS_SINCE = 8
"""From this version on, OffsetFetch contains several groups."""

RequestedPartitions = list[tuple[str, list[int]]] | None


class GroupRequests:
    """Finding the coordinator, membership, and committed offsets."""

    def __init__(self, groups: Groups, topics: Topics) -> None:
        self._groups = groups
        self._topics = topics
        self._owners = groups.owners
        self.handlers: Handlers = {
            Api.OFFSET_COMMIT: Handler(2, 7, self._commit),
            Api.OFFSET_FETCH: Handler(1, 8, self._committed, flexible_since=6),
            Api.FIND_COORDINATOR: Handler(0, 4, self._coordinator, flexible_since=3),
            Api.JOIN_GROUP: Handler(0, 5, self._join),
            Api.HEARTBEAT: Handler(0, 3, self._heartbeat),
            Api.LEAVE_GROUP: Handler(0, 3, self._leave),
            Api.SYNC_GROUP: Handler(0, 3, self._sync),
            Api.DESCRIBE_GROUPS: Handler(0, 4, self._describe),
            Api.LIST_GROUPS: Handler(0, 5, self._list, flexible_since=3),
            Api.DELETE_GROUPS: Handler(0, 1, self._delete),
        }

    async def _coordinator(self, request: WireReader, caller: Caller) -> WireWriter:
        batched = caller.version >= 4
        keys = [] if batched else [request.string()]
        kind = request.int8() if caller.version >= 1 else 0
        if batched:
            keys = unique(request.array(request.string))
        denied = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED if kind == _TRANSACTION else ErrorCode.NONE
        error = caller.denied(denied)
        host, port = ("", -1) if error else caller.address
        node = -1 if error else NODE
        answer = caller.throttled_since(1)
        if batched:
            answer.structs(
                keys,
                lambda key: answer.string(key).int32(node).string(host).int32(port).int16(error).string(None),
            )
            return answer
        answer.int16(error)
        if caller.version >= 1:
            answer.string(None)
        return answer.int32(node).string(host).int32(port)

    async def _join(self, request: WireReader, caller: Caller) -> WireWriter:
        group, session_ms = request.string(), request.int32()
        rebalance_ms = request.int32() if caller.version >= 1 else session_ms
        application = JoinRequest(
            member_id=request.string(),
            instance_id=request.optional_string() if caller.version >= 5 else None,
            client_id=caller.client_id,
            host=caller.host,
            session_seconds=session_ms / 1000,
            rebalance_seconds=min(max(rebalance_ms, 0), _LONGEST_REBALANCE_MS) / 1000,
            protocol_type=request.string(),
            protocols=dict(request.array(lambda: (request.string(), request.optional_bytes() or b""))),
        )
        answer = caller.throttled_since(2)
        try:
            self._owners.claim(group, for_platform=caller.may_write)
            joined = await self._groups.join(group, application)
        except RequestRejected as rejection:
            answer.int16(rejection.code).int32(_NO_OFFSET).string("").string("")
            return answer.string(application.member_id).int32(0)
        answer.int16(ErrorCode.NONE).int32(joined.generation).string(joined.protocol)
        answer.string(joined.leader_id).string(joined.member_id)

        def member(each: tuple[str, str | None, bytes]) -> None:
            answer.string(each[0])
            if caller.version >= 5:
                answer.string(each[1])
            answer.blob(each[2])

        return answer.array(joined.members, member)

    async def _sync(self, request: WireReader, caller: Caller) -> WireWriter:
        group, generation, member = request.string(), request.int32(), request.string()
        instance = request.optional_string() if caller.version >= 3 else None
        assignments = dict(request.array(lambda: (request.string(), request.optional_bytes() or b"")))
        answer = caller.throttled_since(1)
        try:
            self._owners.check(group, for_platform=caller.may_write)
            share = await self._groups.sync(group, generation, member, assignments, instance)
        except RequestRejected as rejection:
            return answer.int16(rejection.code).blob(b"")
        return answer.int16(ErrorCode.NONE).blob(share)

    async def _heartbeat(self, request: WireReader, caller: Caller) -> WireWriter:
        group, generation, member = request.string(), request.int32(), request.string()
        instance = request.optional_string() if caller.version >= 3 else None

        def beat() -> None:
            self._owners.check(group, for_platform=caller.may_write)
            self._groups.heartbeat(group, generation, member, instance)

        return caller.throttled_since(1).int16(code_of(beat))

    async def _leave(self, request: WireReader, caller: Caller) -> WireWriter:
        group = request.string()
        batched = caller.version >= 3
        if batched:
            leaving = request.array(lambda: (request.string(), request.optional_string()))
        else:
            leaving = [(request.string(), None)]
        answer = caller.throttled_since(1)

        def leave(member: str, instance: str | None) -> ErrorCode:
            return code_of(lambda: self._groups.leave(group, member, instance))

        denied = code_of(lambda: self._owners.check(group, for_platform=caller.may_write))
        answers = [(member, instance, denied or leave(member, instance)) for member, instance in leaving]
        if not batched:
            return answer.int16(answers[0][2])
        answer.int16(denied)
        return answer.array(answers, lambda each: answer.string(each[0]).string(each[1]).int16(each[2]))

    async def _commit(self, request: WireReader, caller: Caller) -> WireWriter:
        group, generation, member = request.string(), request.int32(), request.string()
        instance = request.optional_string() if caller.version >= 7 else None
        if caller.version <= 4:
            _retention_ms = request.int64()
        offsets = read_offsets(request, group, with_epochs=caller.version >= 6)

        def check() -> None:
            self._owners.check(group, for_platform=caller.may_write)
            self._groups.check_committer(group, generation, member, instance)
            self._owners.claim(group, for_platform=caller.may_write)

        refusal = code_of(check)
        answers = []
        for _, topic, index, _, metadata in offsets:
            missing = code_of(lambda at=(topic, index): self._topics.partition(*at))  # type: ignore[misc]
            too_long = ErrorCode.OFFSET_METADATA_TOO_LARGE if len(metadata) > _LONGEST_METADATA else ErrorCode.NONE
            answers.append((topic, index, refusal or missing or too_long))
        if not refusal:
            known = [offset for offset, answer in zip(offsets, answers, strict=True) if not answer[2]]
            self._groups.commit(known)
        return write_by_partition(caller.throttled_since(3), by_topic(answers))

    async def _committed(self, request: WireReader, caller: Caller) -> WireWriter:
        def requested() -> RequestedPartitions:
            return request.optional_structs(lambda: (request.string(), request.array(request.int32)))

        answer = caller.throttled_since(3)
        if caller.version < _WHOLE_GROUPS_SINCE:
            group = request.string()
            self._write_committed(answer, caller, group, requested())
            return answer.int16(ErrorCode.NONE) if caller.version >= 2 else answer
        groups = dict(request.structs(lambda: (request.string(), requested())))

        def whole(item: tuple[str, RequestedPartitions]) -> None:
            self._write_committed(answer.string(item[0]), caller, *item)
            answer.int16(ErrorCode.NONE)

        return answer.structs(groups.items(), whole)

    def _write_committed(self, answer: WireWriter, caller: Caller, group: str, requested: RequestedPartitions) -> None:
        committed = self._groups.committed(group)
        if requested is None:
            everything: dict[str, list[int]] = {}
            for topic, index in committed:
                everything.setdefault(topic, []).append(index)
            requested = list(everything.items())

        def partition(topic: str, index: int) -> None:
            offset, metadata = committed.get((topic, index), (_NO_OFFSET, ""))
            answer.int32(index).int64(offset)
            if caller.version >= 5:
                answer.int32(_NO_EPOCH)
            answer.string(metadata).int16(ErrorCode.NONE)

        answer.structs(
            requested,
            lambda item: answer.string(item[0]).structs(unique(item[1]), lambda index: partition(item[0], index)),
        )

    async def _list(self, request: WireReader, caller: Caller) -> WireWriter:
        states = request.array(request.string) if caller.version >= 4 else []
        kinds = request.array(request.string) if caller.version >= 5 else []
        answer = caller.throttled_since(1).int16(ErrorCode.NONE)

        def is_selected(group: str) -> bool:
            state = self._groups.get(group).state.value.lower()
            return (not states or state in (each.lower() for each in states)) and (
                not kinds or _CLASSIC.lower() in (each.lower() for each in kinds)
            )

        def listed(item: tuple[str, str]) -> None:
            answer.string(item[0]).string(item[1])
            if caller.version >= 4:
                answer.string(self._groups.get(item[0]).state.value)
            if caller.version >= 5:
                answer.string(_CLASSIC)

        return answer.structs([item for item in self._groups.ids() if is_selected(item[0])], listed)

    async def _describe(self, request: WireReader, caller: Caller) -> WireWriter:
        answer = caller.throttled_since(1)

        def member(each: Member, protocol: str) -> None:
            join_request = each.application
            answer.string(each.id)
            if caller.version >= 4:
                answer.string(join_request.instance_id)
            answer.string(join_request.client_id).string(f"/{join_request.host}")
            answer.blob(join_request.protocols.get(protocol, b"")).blob(each.assignment)

        def describe(group_id: str) -> None:
            group = self._groups.get(group_id)
            # Tools parse the members by the type, and treat a group without members as a consumer group.
            kind = group.protocol_type or ("consumer" if group.state is State.EMPTY else "")
            answer.int16(ErrorCode.NONE).string(group_id).string(group.state.value).string(kind).string(group.protocol)
            answer.array(group.members.values(), lambda each: member(each, group.protocol))
            if caller.version >= 3:
                answer.int32(NO_OPERATIONS)

        return answer.array(unique(request.array(request.string)), describe)

    async def _delete(self, request: WireReader, caller: Caller) -> WireWriter:
        answer = caller.answer().int32(UNTHROTTLED)

        def delete(group_id: str) -> None:
            self._owners.check(group_id, for_platform=caller.may_write)
            self._groups.delete(group_id)

        return answer.array(
            unique(request.array(request.string)),
            lambda group_id: answer.string(group_id).int16(code_of(lambda: delete(group_id))),
        )
