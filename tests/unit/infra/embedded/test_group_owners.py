"""Ownership of consumer groups."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.embedded.logbroker.group_owners import _MOST_ANONYMOUS, GroupOwners
from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.partition import RequestRejected
from infra.embedded.logbroker.wire import ErrorCode


class Restartable:
    """Group owners with a journal in a file, and the groups that they deleted."""

    def __init__(self, directory: Path, *, used: Callable[[str], bool] = lambda _: False) -> None:
        self.forgotten: list[str] = []
        self._journal = Journal(directory / "state.jsonl", self._snapshot)
        self.owners = GroupOwners(self._journal, forget=self._forget, is_used=used)
        for entry in self._journal.replay():
            self.owners.restore(entry)
        self._journal.rewrite()

    def _forget(self, group: str) -> None:
        self.forgotten.append(group)
        self.owners.released(group)

    def _snapshot(self) -> list[Entry]:
        return list(self.owners.snapshot())


def refused(known: Restartable, group: str) -> ErrorCode:
    with pytest.raises(RequestRejected) as error:
        known.owners.claim(group, for_platform=False)
    return error.value.code


def test_a_group_of_the_platform_stays_its_own_after_a_restart(tmp_path: Path) -> None:
    Restartable(tmp_path).owners.claim("agent", for_platform=True)
    again = Restartable(tmp_path)
    assert refused(again, "agent") is ErrorCode.GROUP_AUTHORIZATION_FAILED
    again.owners.claim("agent", for_platform=True)
    assert again.forgotten == []


def test_the_platform_takes_over_a_group_and_its_offsets_are_deleted_once(tmp_path: Path) -> None:
    known = Restartable(tmp_path)
    known.owners.claim("agent", for_platform=False)
    known.owners.claim("agent", for_platform=True)
    known.owners.claim("agent", for_platform=True)
    assert known.forgotten == ["agent"]
    assert refused(known, "agent") is ErrorCode.GROUP_AUTHORIZATION_FAILED


def test_a_check_does_not_claim_a_group(tmp_path: Path) -> None:
    known = Restartable(tmp_path)
    known.owners.check("analysts", for_platform=True)
    known.owners.claim("analysts", for_platform=False)
    known.owners.check("analysts", for_platform=True)
    known.owners.claim("analysts", for_platform=False)
    assert known.forgotten == []


def test_groups_of_anonymous_clients_are_limited_and_the_oldest_unused_one_is_deleted(tmp_path: Path) -> None:
    known = Restartable(tmp_path, used=lambda group: group == "0")
    known.owners.claim("agent", for_platform=True)
    for number in range(_MOST_ANONYMOUS + 1):
        known.owners.claim(str(number), for_platform=False)
    assert known.forgotten == ["1"]
    assert refused(known, "agent") is ErrorCode.GROUP_AUTHORIZATION_FAILED


def test_if_all_groups_are_in_use_only_the_platform_gets_another_one(tmp_path: Path) -> None:
    known = Restartable(tmp_path, used=lambda _: True)
    for number in range(_MOST_ANONYMOUS):
        known.owners.claim(str(number), for_platform=False)
    assert refused(known, "one more") is ErrorCode.GROUP_MAX_SIZE_REACHED
    known.owners.claim("one more", for_platform=True)
