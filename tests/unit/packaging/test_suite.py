"""What the test suite promises of itself: no chance, and nothing left behind."""

import importlib.util
import random
import shutil
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ids import uuid7
from tests.support.chance import dice_of, seed_everything
from tests.support.servers.databases import IN_USE, remove_abandoned, server_directory

MADE_ON_IMPORT = uuid4()


@pytest.fixture(scope="module", params=["one", "two"])
def made_once() -> UUID:
    return uuid4()


def first_id(name: str) -> UUID:
    return UUID(bytes=dice_of(name).randbytes(16), version=4)


def test_ids_and_dice_follow_from_the_name_of_a_test() -> None:
    def drawn(name: str) -> list[object]:
        seed_everything(name)
        return [uuid4(), uuid4(), uuid7(0), random.random(), dice_of(name).random()]

    once = drawn("a test")
    assert once == drawn("a test")
    assert not set(once) & set(drawn("another test"))
    assert once[0] != once[1]


def test_ids_of_modules_and_shared_fixtures_follow_from_their_names_and_take_none_from_tests(
    made_once: UUID, request: pytest.FixtureRequest
) -> None:
    assert uuid4() == first_id(request.node.nodeid)
    module = request.node.nodeid.partition("::")[0]
    assert made_once in {first_id(f"{module}::made_once[{number}]") for number in range(2)}
    assert first_id(module) == MADE_ON_IMPORT


def test_drawn_examples_do_not_depend_on_the_modules_that_other_tests_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn() -> list[str]:
        found = list[str]()

        @settings(max_examples=200, derandomize=True)
        @given(st.text())
        def note(text: str) -> None:
            found.append(text)

        note()
        return found

    before = drawn()
    (tmp_path / "loaded.py").write_text(f"WORDS = {[f'constant {number}' for number in range(500)]}")
    spec = importlib.util.spec_from_file_location("loaded", tmp_path / "loaded.py")
    assert spec is not None
    monkeypatch.setitem(sys.modules, "loaded", importlib.util.module_from_spec(spec))
    assert drawn() == before


def test_the_directory_of_a_killed_run_is_removed_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    with server_directory(tmp_path) as left:
        shutil.copytree(left, abandoned := left.with_name(f"{left.name}-killed"))
        assert (abandoned / IN_USE).exists()
        with server_directory(tmp_path) as other:
            assert sorted(tmp_path.iterdir()) == sorted([left, other])
        remove_abandoned(tmp_path)
        assert list(tmp_path.iterdir()) == [left]
    assert not list(tmp_path.iterdir())
