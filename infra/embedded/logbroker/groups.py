"""Consumer groups: members share the partitions of topics, and the broker stores their offsets.

This is the classic protocol: members join, the leader assigns the partitions, and each member receives its assignment. A
member that stops answering is removed, and its partitions go to the others. A static member (``group.instance.id``,
KIP-345) that restarts within its session gets its former assignment back without a rebalance.
"""

import asyncio
from collections.abc import Iterator

from infra.embedded.logbroker.group_owners import GroupOwners
from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.members import (
    Group,
    JoinRequest,
    JoinResult,
    Member,
    State,
    new_member_id,
    same_subscription,
)
from infra.embedded.logbroker.partition import RequestRejected
from infra.embedded.logbroker.transactions import GroupOffset
from infra.embedded.logbroker.wire import ErrorCode

NO_GENERATION = -1
_LONGEST_SESSION_SECONDS = 1_800
_MOST_MEMBERS = 1_000
"""In all groups together, because each member's join request stays in memory."""


class Groups:
    """The group coordinator. Offsets are persistent. Members are not: they rejoin after a restart of the broker."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._groups: dict[str, Group] = {}
        self.owners = GroupOwners(journal, forget=self.forget, is_used=lambda group: bool(self.get(group).members))
        self._offsets: dict[str, dict[tuple[str, int], tuple[int, str]]] = {}

    def restore(self, entry: Entry) -> None:
        """Apply one entry of the journal."""
        self.owners.restore(entry)
        match entry:
            case {"kind": "offsets", "offsets": offsets}:
                for group, topic, index, offset, metadata in offsets:
                    self._offsets.setdefault(group, {})[topic, index] = (offset, metadata)
            case {"kind": "group_deleted", "group": group}:
                self._offsets.pop(group, None)
            case {"kind": "topic_deleted", "name": name}:
                self.forget_topic(name)

    def forget_topic(self, name: str) -> None:
        """Delete all offsets of a deleted topic, because they are wrong for a new topic of that name."""
        for offsets in self._offsets.values():
            for partition in [each for each in offsets if each[0] == name]:
                del offsets[partition]

    def snapshot(self) -> Iterator[Entry]:
        """Yield the state as journal entries."""
        for group, offsets in self._offsets.items():
            entries = [(group, topic, index, *committed) for (topic, index), committed in offsets.items()]
            yield {"kind": "offsets", "offsets": entries}
        yield from self.owners.snapshot()

    def ids(self) -> list[tuple[str, str]]:
        """Return every group with its protocol type."""
        living = {group.id: group.protocol_type or "consumer" for group in self._groups.values()}
        return list((dict.fromkeys(self._offsets, "consumer") | living).items())

    def get(self, group_id: str) -> Group:
        """Return a group. A group that was never used has the state DEAD."""
        group = self._groups.get(group_id)
        if group is not None:
            return group
        return Group(group_id, State.EMPTY if group_id in self._offsets else State.DEAD)

    def delete(self, group_id: str) -> None:
        """Delete a group and its offsets.

        Raises:
            RequestRejected: the group has members or is unknown.
        """
        if self.get(group_id).members:
            raise RequestRejected(ErrorCode.NON_EMPTY_GROUP)
        if self.get(group_id).state is State.DEAD:
            raise RequestRejected(ErrorCode.GROUP_ID_NOT_FOUND)
        self.forget(group_id)

    def forget(self, group_id: str) -> None:
        """Delete a group with its members and offsets."""
        group = self._groups.get(group_id)
        for member in list(group.members.values()) if group is not None else ():
            assert group is not None
            self._drop(group, member)
        if group is not None and group.deadline is not None:
            group.deadline.cancel()
        self._journal.append("group_deleted", group=group_id)
        self._offsets.pop(group_id, None)
        self._groups.pop(group_id, None)
        self.owners.released(group_id)

    async def join(self, group_id: str, application: JoinRequest) -> JoinResult:
        """Add a member and wait until all members have joined.

        Raises:
            RequestRejected: the member is unknown or replaced, shares no protocol with the others, has a session time out of
                range, or there are too many members.
        """
        if not 0 < application.session_seconds <= _LONGEST_SESSION_SECONDS:
            raise RequestRejected(ErrorCode.INVALID_SESSION_TIMEOUT)
        group = self._groups.get(group_id) or Group(group_id)
        member = self._known(group, application)
        others = [each for each in group.members.values() if each is not member]
        if not application.protocols or not self._compatible(others, application):
            raise RequestRejected(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if member is None:
            if sum(len(each.members) for each in self._groups.values()) >= _MOST_MEMBERS:
                raise RequestRejected(ErrorCode.GROUP_MAX_SIZE_REACHED)
            member = Member(new_member_id(application), application)
            group.members[member.id] = member
            self._groups[group_id] = group
        elif member.id != application.member_id:
            former_id = self._replace(group, member, application)
            if group.state is State.STABLE and same_subscription(member.application, application, group.protocol):
                member.application = application
                self._touch(group, member)
                # A leader gets its former id here; with the new id it would assign all partitions again.
                leader_id = former_id if group.leader_id == member.id else group.leader_id
                return JoinResult(group.generation, group.protocol, leader_id, member.id, [])
        elif self._settled(group, member, application):
            self._touch(group, member)
            return self._join_result(group, member)
        member.application = application
        if member.joining is not None and not member.joining.done():
            member.joining.set_exception(RequestRejected(ErrorCode.UNKNOWN_MEMBER_ID))
        joining: asyncio.Future[JoinResult] = asyncio.get_running_loop().create_future()
        member.joining = joining
        self._hold(member)
        self._rebalance(group)
        return await joining

    async def sync(
        self,
        group_id: str,
        generation: int,
        member_id: str,
        assignments: dict[str, bytes],
        instance_id: str | None = None,
    ) -> bytes:
        """Store the leader's assignments, or wait for them, and return the member's assignment.

        Raises:
            RequestRejected: not a member of this generation, or the group rebalances again.
        """
        group, member = self._member(group_id, generation, member_id, instance_id)
        if group.state is State.PREPARING:
            raise RequestRejected(ErrorCode.REBALANCE_IN_PROGRESS)
        self._touch(group, member)
        if group.state is State.STABLE:
            return member.assignment
        if member_id == group.leader_id:
            group.state = State.STABLE
            for each in group.members.values():
                each.assignment = assignments.get(each.id, b"")
                if each.syncing is not None and not each.syncing.done():
                    self._touch(group, each)
                    each.syncing.set_result(each.assignment)
                each.syncing = None
            return member.assignment
        syncing: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        member.syncing = syncing
        return await syncing

    def heartbeat(self, group_id: str, generation: int, member_id: str, instance_id: str | None = None) -> None:
        """Extend a member's session.

        Raises:
            RequestRejected: not a member of this generation, or it must join again.
        """
        group, member = self._member(group_id, generation, member_id, instance_id)
        self._touch(group, member)
        if group.state is State.PREPARING:
            raise RequestRejected(ErrorCode.REBALANCE_IN_PROGRESS)

    def leave(self, group_id: str, member_id: str, instance_id: str | None = None) -> None:
        """Remove a member and rebalance the group.

        Args:
            group_id: the group.
            member_id: the member; empty if the instance id identifies it.
            instance_id: the instance id of a static member.

        Raises:
            RequestRejected: unknown member, or a static member that has been replaced.
        """
        group = self.get(group_id)
        member = group.members.get(member_id) if instance_id is None else group.static_member(instance_id)
        if member is None:
            raise RequestRejected(ErrorCode.UNKNOWN_MEMBER_ID)
        if member_id not in ("", member.id):
            raise RequestRejected(ErrorCode.FENCED_INSTANCE_ID)
        self._drop(group, member)

    def check_committer(self, group_id: str, generation: int, member_id: str, instance_id: str | None = None) -> None:
        """Check that a client may commit: a member of the current generation, or any client if the group has no members.

        Raises:
            RequestRejected: the client may not commit.
        """
        if generation == NO_GENERATION and not self.get(group_id).members:
            return
        group, member = self._member(group_id, generation, member_id, instance_id)
        if group.state is State.COMPLETING:
            raise RequestRejected(ErrorCode.REBALANCE_IN_PROGRESS)
        self._touch(group, member)

    def commit(self, offsets: list[GroupOffset]) -> None:
        """Store committed offsets."""
        if offsets:
            self._journal.append("offsets", offsets=offsets)
        for group, topic, index, offset, metadata in offsets:
            self._offsets.setdefault(group, {})[topic, index] = (offset, metadata)

    def committed(self, group_id: str) -> dict[tuple[str, int], tuple[int, str]]:
        """Return offset and metadata of every partition that the group committed."""
        return self._offsets.get(group_id, {})

    @staticmethod
    def _known(group: Group, application: JoinRequest) -> Member | None:
        """Return the member that joins again; None for a new member."""
        if application.instance_id is None:
            member = group.members.get(application.member_id)
        else:
            member = group.static_member(application.instance_id)
        if member is None and application.member_id:
            raise RequestRejected(ErrorCode.UNKNOWN_MEMBER_ID)
        if member is not None and application.member_id not in ("", member.id):
            raise RequestRejected(ErrorCode.FENCED_INSTANCE_ID)
        return member

    def _replace(self, group: Group, member: Member, application: JoinRequest) -> str:
        """Give a restarted static member a new id, so that its former process is rejected, and return the former id."""
        former_id, member.id = member.id, new_member_id(application)
        del group.members[former_id]
        group.members[member.id] = member
        if group.leader_id == former_id:
            group.leader_id = member.id
        for waiting in (member.joining, member.syncing):
            if waiting is not None and not waiting.done():
                waiting.set_exception(RequestRejected(ErrorCode.FENCED_INSTANCE_ID))
        member.joining = member.syncing = None
        return former_id

    def _member(self, group_id: str, generation: int, member_id: str, instance_id: str | None) -> tuple[Group, Member]:
        group = self.get(group_id)
        static = group.static_member(instance_id)
        if static is not None and static.id != member_id:
            raise RequestRejected(ErrorCode.FENCED_INSTANCE_ID)
        member = group.members.get(member_id)
        if member is None:
            raise RequestRejected(ErrorCode.UNKNOWN_MEMBER_ID)
        if generation != group.generation:
            raise RequestRejected(ErrorCode.ILLEGAL_GENERATION)
        return group, member

    @staticmethod
    def _compatible(others: list[Member], application: JoinRequest) -> bool:
        """Whether a new member and the others have at least one protocol in common."""
        common = set(application.protocols)
        for other in others:
            if other.application.protocol_type != application.protocol_type:
                return False
            common &= set(other.application.protocols)
        return bool(common)

    @staticmethod
    def _settled(group: Group, member: Member, application: JoinRequest) -> bool:
        """Whether a member that joins again only missed the answer, so that no rebalance is needed."""
        unchanged = member.application.protocols == application.protocols
        if group.state is State.STABLE:
            return unchanged and member.id != group.leader_id
        return group.state is State.COMPLETING and unchanged

    def _rebalance(self, group: Group) -> None:
        if group.state is not State.PREPARING:
            group.state = State.PREPARING
            for member in group.members.values():
                if member.syncing is not None and not member.syncing.done():
                    member.syncing.set_exception(RequestRejected(ErrorCode.REBALANCE_IN_PROGRESS))
                member.syncing = None
            longest_rebalance = max(member.application.rebalance_seconds for member in group.members.values())
            group.deadline = asyncio.get_running_loop().call_later(longest_rebalance, self._settle, group)
        if all(member.joining is not None for member in group.members.values()):
            self._settle(group)

    def _settle(self, group: Group) -> None:
        """Begin a generation with the members that have joined, and remove the others."""
        if group.deadline is not None:
            group.deadline.cancel()
            group.deadline = None
        for member in [each for each in group.members.values() if each.joining is None]:
            self._hold(member)
            del group.members[member.id]
        group.generation += 1
        if not group.members:
            group.state, group.leader_id = State.EMPTY, ""
            return
        if group.leader_id not in group.members:
            group.leader_id = next(iter(group.members))
        common = set.intersection(*(set(each.application.protocols) for each in group.members.values()))
        preferred = group.members[group.leader_id].application.protocols
        group.protocol = next(protocol for protocol in preferred if protocol in common)
        group.state = State.COMPLETING
        for member in group.members.values():
            joining, member.joining = member.joining, None
            self._touch(group, member)
            if joining is not None and not joining.done():
                joining.set_result(self._join_result(group, member))

    @staticmethod
    def _join_result(group: Group, member: Member) -> JoinResult:
        all_members = [
            (each.id, each.application.instance_id, each.application.protocols[group.protocol])
            for each in group.members.values()
        ]
        is_leader = member.id == group.leader_id
        return JoinResult(
            generation=group.generation,
            protocol=group.protocol,
            leader_id=group.leader_id,
            member_id=member.id,
            members=all_members if is_leader else [],
        )

    def _touch(self, group: Group, member: Member) -> None:
        """Restart the member's session timer. A member that waits in ``join`` has no timer."""
        self._hold(member)
        if member.joining is None:
            loop = asyncio.get_running_loop()
            seconds = member.application.session_seconds
            member.expiry = loop.call_later(seconds, self._drop, group, member)

    @staticmethod
    def _hold(member: Member) -> None:
        if member.expiry is not None:
            member.expiry.cancel()
            member.expiry = None

    def _drop(self, group: Group, member: Member) -> None:
        self._hold(member)
        group.members.pop(member.id, None)
        for waiting in (member.joining, member.syncing):
            if waiting is not None and not waiting.done():
                waiting.set_exception(RequestRejected(ErrorCode.UNKNOWN_MEMBER_ID))
        if group.members:
            self._rebalance(group)
        else:
            self._settle(group)
