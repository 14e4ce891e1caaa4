"""Ownership of consumer groups: the platform or anonymous clients."""

import logging
from collections.abc import Callable, Iterator

from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.partition import RequestRejected
from infra.embedded.logbroker.wire import ErrorCode

_MOST_ANONYMOUS = 1_000

logger = logging.getLogger(__name__)


class GroupOwners:
    """Owners of all groups: a group belongs to the side that used it first, but the platform has precedence.

    The platform claims a group by using it, so no list of its groups is needed. A claim deletes offsets that anonymous
    clients have committed in the group, because they would make the platform skip records.

    Args:
        journal: stores the owner of each group.
        forget: deletes a group with its members and offsets.
        is_used: whether a group has members.
    """

    def __init__(self, journal: Journal, *, forget: Callable[[str], None], is_used: Callable[[str], bool]) -> None:
        self._journal = journal
        self._forget = forget
        self._is_used = is_used
        self._owners: dict[str, bool] = {}
        """Whether each group is the platform's. A group of an earlier version of the broker is missing here; it goes to the
        side that uses it first, with its offsets."""

    def restore(self, entry: Entry) -> None:
        """Apply one entry of the journal."""
        match entry:
            case {"kind": "group_owner", "group": group, "platform": platform}:
                self._owners[group] = platform
            case {"kind": "group_deleted", "group": group}:
                self._owners.pop(group, None)

    def snapshot(self) -> Iterator[Entry]:
        """Yield the state as journal entries."""
        for group, platform in self._owners.items():
            yield {"kind": "group_owner", "group": group, "platform": platform}

    def check(self, group: str, *, for_platform: bool) -> None:
        """Check that a side may use a group; anonymous clients may not use the platform's.

        Raises:
            RequestRejected: the group is the platform's.
        """
        if not for_platform and self._owners.get(group):
            raise RequestRejected(ErrorCode.GROUP_AUTHORIZATION_FAILED)

    def claim(self, group: str, *, for_platform: bool) -> None:
        """Make a side the owner of a group. No-op if it is the owner.

        Raises:
            RequestRejected: the group is the platform's, or anonymous clients have too many groups.
        """
        self.check(group, for_platform=for_platform)
        owner = self._owners.get(group)
        if owner is for_platform:
            return
        if owner is False:
            logger.warning("The platform takes over group %r from an anonymous client; its offsets are deleted", group)
            self._forget(group)
        if not for_platform:
            self._make_room()
        self._journal.append("group_owner", group=group, platform=for_platform)
        self._owners[group] = for_platform

    def released(self, group: str) -> None:
        """Forget the owner of a deleted group."""
        self._owners.pop(group, None)

    def _make_room(self) -> None:
        anonymous = [group for group, platform in self._owners.items() if not platform]
        if len(anonymous) < _MOST_ANONYMOUS:
            return
        unused = next((group for group in anonymous if not self._is_used(group)), None)
        if unused is None:
            raise RequestRejected(ErrorCode.GROUP_MAX_SIZE_REACHED)
        self._forget(unused)
