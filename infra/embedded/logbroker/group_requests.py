"""Requests of consumers about their group and their offsets."""

from infra.embedded.logbroker.groups import Application, Groups, Member
from infra.embedded.logbroker.handling import (
    NODE,
    UNTHROTTLED,
    Caller,
    Handlers,
    by_topic,
    code_of,
    read_offsets,
    write_by_partition,
)
from infra.embedded.logbroker.partition import Refused
from infra.embedded.logbroker.topics import Topics
from infra.embedded.logbroker.wire import Api, ErrorCode, Reader, Writer

_NO_OFFSET = -1


class GroupRequests:
    """Finding the coordinator, membership, and committed offsets."""

    def __init__(self, groups: Groups, topics: Topics, *, address: tuple[str, int]) -> None:
        self._groups = groups
        self._topics = topics
        self._address = address
        self.handlers: Handlers = {
            Api.OFFSET_COMMIT: (2, 3, self._commit),
            Api.OFFSET_FETCH: (1, 3, self._committed),
            Api.FIND_COORDINATOR: (0, 1, self._coordinator),
            Api.JOIN_GROUP: (0, 2, self._join),
            Api.HEARTBEAT: (0, 1, self._heartbeat),
            Api.LEAVE_GROUP: (0, 1, self._leave),
            Api.SYNC_GROUP: (0, 1, self._sync),
            Api.DESCRIBE_GROUPS: (0, 1, self._describe),
            Api.LIST_GROUPS: (0, 1, self._list),
            Api.DELETE_GROUPS: (0, 1, self._delete),
        }

    async def _coordinator(self, _request: Reader, caller: Caller) -> Writer:
        host, port = self._address
        answer = caller.throttled_since(1).int16(ErrorCode.NONE)
        if caller.version >= 1:
            answer.string(None)
        return answer.int32(NODE).string(host).int32(port)

    async def _join(self, request: Reader, caller: Caller) -> Writer:
        group, session_ms = request.string(), request.int32()
        rebalance_ms = request.int32() if caller.version >= 1 else session_ms
        application = Application(
            member_id=request.string(),
            client_id=caller.client_id,
            host=caller.host,
            session_seconds=session_ms / 1000,
            rebalance_seconds=rebalance_ms / 1000,
            protocol_type=request.string(),
            protocols=dict(request.array(lambda: (request.string(), request.optional_bytes() or b""))),
        )
        answer = caller.throttled_since(2)
        try:
            joined = await self._groups.join(group, application)
        except Refused as refused:
            answer.int16(refused.code).int32(_NO_OFFSET).string("").string("")
            return answer.string(application.member_id).int32(0)
        answer.int16(ErrorCode.NONE).int32(joined.generation).string(joined.protocol)
        answer.string(joined.leader_id).string(joined.member_id)
        return answer.array(joined.members, lambda member: answer.string(member[0]).blob(member[1]))

    async def _sync(self, request: Reader, caller: Caller) -> Writer:
        group, generation, member = request.string(), request.int32(), request.string()
        assignments = dict(request.array(lambda: (request.string(), request.optional_bytes() or b"")))
        answer = caller.throttled_since(1)
        try:
            share = await self._groups.sync(group, generation, member, assignments)
        except Refused as refused:
            return answer.int16(refused.code).blob(b"")
        return answer.int16(ErrorCode.NONE).blob(share)

    async def _heartbeat(self, request: Reader, caller: Caller) -> Writer:
        group, generation, member = request.string(), request.int32(), request.string()
        error = code_of(lambda: self._groups.heartbeat(group, generation, member))
        return caller.throttled_since(1).int16(error)

    async def _leave(self, request: Reader, caller: Caller) -> Writer:
        group, member = request.string(), request.string()
        return caller.throttled_since(1).int16(code_of(lambda: self._groups.leave(group, member)))

    async def _commit(self, request: Reader, caller: Caller) -> Writer:
        group, generation, member = request.string(), request.int32(), request.string()
        _retention_ms = request.int64()
        offsets = read_offsets(request, group)
        refusal = code_of(lambda: self._groups.check_committer(group, generation, member))
        answers = []
        for _, topic, index, _, _ in offsets:
            missing = code_of(lambda at=(topic, index): self._topics.partition(*at))  # type: ignore[misc]
            answers.append((topic, index, refusal or missing))
        if not refusal:
            known = [offset for offset, answer in zip(offsets, answers, strict=True) if not answer[2]]
            self._groups.commit(known)
        return write_by_partition(caller.throttled_since(3), by_topic(answers))

    async def _committed(self, request: Reader, caller: Caller) -> Writer:
        group = request.string()
        wanted = request.optional_array(lambda: (request.string(), request.array(request.int32)))
        committed = self._groups.committed(group)
        if wanted is None:
            everything: dict[str, list[int]] = {}
            for topic, index in committed:
                everything.setdefault(topic, []).append(index)
            wanted = list(everything.items())
        answer = caller.throttled_since(3)

        def partition(topic: str, index: int) -> None:
            offset, remark = committed.get((topic, index), (_NO_OFFSET, ""))
            answer.int32(index).int64(offset).string(remark).int16(ErrorCode.NONE)

        answer.array(
            wanted,
            lambda item: answer.string(item[0]).array(item[1], lambda index: partition(item[0], index)),
        )
        return answer.int16(ErrorCode.NONE) if caller.version >= 2 else answer

    async def _list(self, _request: Reader, caller: Caller) -> Writer:
        answer = caller.throttled_since(1).int16(ErrorCode.NONE)
        return answer.array(self._groups.ids(), lambda item: answer.string(item[0]).string(item[1]))

    async def _describe(self, request: Reader, caller: Caller) -> Writer:
        answer = caller.throttled_since(1)

        def member(each: Member, protocol: str) -> None:
            who = each.application
            answer.string(each.id).string(who.client_id).string(f"/{who.host}")
            answer.blob(who.protocols.get(protocol, b"")).blob(each.assignment)

        def describe(group_id: str) -> None:
            group = self._groups.get(group_id)
            answer.int16(ErrorCode.NONE).string(group_id).string(group.state.value)
            answer.string(group.protocol_type).string(group.protocol)
            answer.array(group.members.values(), lambda each: member(each, group.protocol))

        return answer.array(request.array(request.string), describe)

    async def _delete(self, request: Reader, _caller: Caller) -> Writer:
        answer = Writer().int32(UNTHROTTLED)

        def delete(group_id: str) -> None:
            answer.string(group_id).int16(code_of(lambda: self._groups.delete(group_id)))

        return answer.array(request.array(request.string), delete)
