"""What the test suite promises of itself: no chance, and nothing left behind."""

import random
import shutil
from pathlib import Path
from uuid import uuid4

from tests.support.chance import dice_of, seed_everything
from tests.support.servers.databases import IN_USE, remove_abandoned, server_directory


def test_ids_and_dice_follow_from_the_name_of_a_test() -> None:
    def drawn(name: str) -> list[object]:
        seed_everything(name)
        return [uuid4(), uuid4(), random.random(), dice_of(name).random()]

    once = drawn("a test")
    assert once == drawn("a test")
    assert not set(once) & set(drawn("another test"))
    assert once[0] != once[1]


def test_the_directory_of_a_killed_run_is_removed_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    with server_directory(tmp_path) as left:
        shutil.copytree(left, abandoned := left.with_name(f"{left.name}-killed"))
        assert (abandoned / IN_USE).exists()
        with server_directory(tmp_path) as other:
            assert sorted(tmp_path.iterdir()) == sorted([left, other])
        remove_abandoned(tmp_path)
        assert list(tmp_path.iterdir()) == [left]
    assert not list(tmp_path.iterdir())
