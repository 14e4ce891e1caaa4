"""Hands photos from the scout, which compares them, to the imager, which processes them: each is downloaded once.

Both run on one machine and in two processes, so the copies are files. Where they share no folder, the imager downloads.
"""

import asyncio
import hashlib
import logging
import os
import tempfile
import time
from pathlib import Path

from domain.media.ports import ImageFetcher

KEPT_SECONDS = 600.0
"""Age at which a copy is too old to use: the supplier may have another photo there by now."""
MOST_BYTES = 256 * 1024 * 1024
"""Size of all copies; the oldest go first."""

logger = logging.getLogger(__name__)


class HandoverFolder:
    """Copies of downloaded photos, by address. Each is used once, so that a photo requested again is downloaded again.

    A folder that cannot be used costs downloads and nothing else.

    Args:
        folder: used by nothing else; it may not exist yet.
        kept_seconds: age at which a copy is not used any more.
        most_bytes: the most that all copies take.
    """

    def __init__(self, folder: Path, *, kept_seconds: float = KEPT_SECONDS, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._kept_seconds = kept_seconds
        self._most_bytes = most_bytes

    def give(self, url: str, photo: bytes) -> None:
        """Keep a copy, and drop old ones."""
        temporary: str | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, temporary = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(photo)
            Path(temporary).replace(self._file(url))
            self._drop_old()
        except OSError as error:
            logger.info("a photo is not handed over: %s", error)
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)

    def take(self, url: str) -> bytes | None:
        """Return the copy and remove it; None if there is none that is young enough."""
        file = self._file(url)
        try:
            age = time.time() - file.stat().st_mtime
            photo = file.read_bytes()
            # Of two processes that read the copy, the one that removes it has it.
            file.unlink()
        except OSError:
            return None
        return photo if age < self._kept_seconds else None

    def _file(self, url: str) -> Path:
        return self._folder / hashlib.sha256(url.encode()).hexdigest()

    def _drop_old(self) -> None:
        oldest_allowed, total = time.time() - self._kept_seconds, 0
        files = [(file, file.stat()) for file in self._folder.iterdir()]
        for file, about in sorted(files, key=lambda each: each[1].st_mtime, reverse=True):
            total += about.st_size
            if about.st_mtime < oldest_allowed or total > self._most_bytes:
                file.unlink(missing_ok=True)


class GivingFetcher:
    """Implements :class:`domain.media.ports.ImageFetcher`: downloads and leaves a copy for the imager."""

    def __init__(self, fetcher: ImageFetcher, folder: HandoverFolder) -> None:
        self._fetcher = fetcher
        self._folder = folder

    async def fetch(self, url: str) -> bytes:
        photo = await self._fetcher.fetch(url)
        await asyncio.to_thread(self._folder.give, url, photo)
        return photo


class TakingFetcher:
    """Implements :class:`domain.media.ports.ImageFetcher`: takes the scout's copy, or downloads where there is none."""

    def __init__(self, fetcher: ImageFetcher, folder: HandoverFolder) -> None:
        self._fetcher = fetcher
        self._folder = folder

    async def fetch(self, url: str) -> bytes:
        copy = await asyncio.to_thread(self._folder.take, url)
        return await self._fetcher.fetch(url) if copy is None else copy
