"""Whose a consumer group is: the platform's or a stranger's."""

import logging
from collections.abc import Callable, Iterator

from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.partition import Refused
from infra.embedded.logbroker.wire import ErrorCode

_MOST_STRANGE = 1_000

logger = logging.getLogger(__name__)


class GroupOwners:
    """A group belongs to the side that used it first, and the platform comes before strangers.

    The platform claims each of its groups by using it, so no list of them is needed. Offsets that strangers committed
    under such a name before are dropped then: they would make the platform skip records.

    Args:
        journal: remembers whose each group is.
        forget: drops a group with its members and offsets.
        is_used: whether a group has members.
    """

    def __init__(self, journal: Journal, *, forget: Callable[[str], None], is_used: Callable[[str], bool]) -> None:
        self._journal = journal
        self._forget = forget
        self._is_used = is_used
        self._owners: dict[str, bool] = {}
        """Whether each group is the platform's. One that an earlier version of the broker left behind is missing: it
        goes, with its offsets, to the side that uses it first."""

    def restore(self, entry: Entry) -> None:
        """Take back one remembered fact."""
        match entry:
            case {"kind": "group_owner", "group": group, "platform": platform}:
                self._owners[group] = platform
            case {"kind": "group_deleted", "group": group}:
                self._owners.pop(group, None)

    def essence(self) -> Iterator[Entry]:
        """All that must be remembered."""
        for group, platform in self._owners.items():
            yield {"kind": "group_owner", "group": group, "platform": platform}

    def check(self, group: str, *, for_platform: bool) -> None:
        """Let the platform use any group, and strangers those that are not the platform's.

        Raises:
            Refused: it is the platform's.
        """
        if not for_platform and self._owners.get(group):
            raise Refused(ErrorCode.GROUP_AUTHORIZATION_FAILED)

    def claim(self, group: str, *, for_platform: bool) -> None:
        """Let one side use a group from now on.

        Raises:
            Refused: it is the platform's, or strangers have as many as they may.
        """
        self.check(group, for_platform=for_platform)
        owner = self._owners.get(group)
        if owner is for_platform:
            return
        if owner is False:
            logger.warning("the platform takes over group %r from a stranger; its offsets are forgotten", group)
            self._forget(group)
        if not for_platform:
            self._make_room()
        self._journal.append("group_owner", group=group, platform=for_platform)
        self._owners[group] = for_platform

    def released(self, group: str) -> None:
        """A group was deleted."""
        self._owners.pop(group, None)

    def _make_room(self) -> None:
        strange = [group for group, platform in self._owners.items() if not platform]
        if len(strange) < _MOST_STRANGE:
            return
        unused = next((group for group in strange if not self._is_used(group)), None)
        if unused is None:
            raise Refused(ErrorCode.GROUP_MAX_SIZE_REACHED)
        self._forget(unused)
