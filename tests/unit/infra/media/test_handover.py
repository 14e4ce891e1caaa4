"""Photos on their way from the scout to the imager."""

import os
from pathlib import Path

import pytest

from infra.adapters.media.handover import GivingFetcher, HandoverFolder, TakingFetcher

URL = "https://photos.example/1.jpg"


class Web:
    """Serves a photo at every address, records the calls and counts the versions that it has served."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        return f"{url} {len(self.asked)}".encode()


def photos_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_a_photo_that_the_scout_compared_is_not_downloaded_again(tmp_path: Path) -> None:
    web, folder = Web(), tmp_path / "handover"
    compared = await GivingFetcher(web, HandoverFolder(folder)).fetch(URL)
    # The imager runs in another process and knows only the folder.
    assert await TakingFetcher(web, HandoverFolder(folder)).fetch(URL) == compared
    assert web.asked == [URL]
    assert photos_in(folder) == []


async def test_a_photo_that_is_requested_again_is_downloaded_again(tmp_path: Path) -> None:
    web, handover = Web(), HandoverFolder(tmp_path)
    await GivingFetcher(web, handover).fetch(URL)
    taking = TakingFetcher(web, handover)
    assert [await taking.fetch(URL) for _ in range(2)] == [f"{URL} 1".encode(), f"{URL} 2".encode()]


async def test_a_photo_that_the_scout_did_not_compare_is_downloaded(tmp_path: Path) -> None:
    web, handover = Web(), HandoverFolder(tmp_path)
    await GivingFetcher(web, handover).fetch(URL)
    assert await TakingFetcher(web, handover).fetch(f"{URL}?other") == f"{URL}?other 2".encode()


async def test_an_old_copy_is_not_used_and_goes_when_the_next_one_comes(tmp_path: Path) -> None:
    web, handover = Web(), HandoverFolder(tmp_path, kept_seconds=60)
    for number in (1, 2):
        handover.give(f"{URL}?{number}", b"old")
    for copy in photos_in(tmp_path):
        os.utime(copy, (copy.stat().st_atime, copy.stat().st_mtime - 61))
    assert await TakingFetcher(web, handover).fetch(f"{URL}?1") == f"{URL}?1 1".encode()
    handover.give(URL, b"new")
    assert [copy.read_bytes() for copy in photos_in(tmp_path)] == [b"new"]


def test_the_oldest_copies_make_room_for_new_ones(tmp_path: Path) -> None:
    handover = HandoverFolder(tmp_path, most_bytes=250)
    for number in range(4):
        handover.give(f"{URL}?{number}", bytes([number]) * 100)
        for copy in photos_in(tmp_path):
            os.utime(copy, (copy.stat().st_atime, copy.stat().st_mtime - 1))
    assert [handover.take(f"{URL}?{number}") is not None for number in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("what", ["a file", "a file above it"])
async def test_a_folder_that_cannot_be_used_costs_a_download_and_nothing_else(tmp_path: Path, what: str) -> None:
    (tmp_path / "taken").write_bytes(b"")
    folder = tmp_path / "taken" if what == "a file" else tmp_path / "taken" / "handover"
    web, handover = Web(), HandoverFolder(folder)
    assert await GivingFetcher(web, handover).fetch(URL) == f"{URL} 1".encode()
    assert await TakingFetcher(web, handover).fetch(URL) == f"{URL} 2".encode()


def test_only_the_owner_can_read_the_copies(tmp_path: Path) -> None:
    folder = tmp_path / "handover"
    HandoverFolder(folder).give(URL, b"photo")
    assert folder.stat().st_mode & 0o077 == 0
    assert [copy.stat().st_mode & 0o077 for copy in photos_in(folder)] == [0]
