"""Styles, scripts and fonts at addresses that change with their content, so that browsers may keep them."""

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import brotli
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from infra.web.conditional import is_current
from infra.web.encoding import PREFERRED, best_encoding

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"
LARGE = 200_000
"""Bytes. Brotli's best quality takes a second per 500 kB; larger files are compressed at quality 9, in a fifth of it."""
COMPRESSED = "compressed"
"""The folder of files that were compressed when an image was built, by the digest of what is in them."""


class StaticFile:
    """One file in every content coding.

    A coding is read from the compressed files of the build. Where there are none, it is made once, at its first request.

    Args:
        plain: the file's bytes.
        suffix: of its name.
        compressed: the folder of compressed files.
    """

    def __init__(self, plain: bytes, suffix: str, compressed: Path) -> None:
        self.type = TYPES[suffix]
        self.is_packed = suffix == ".woff2"
        """Whether the file is compressed by its own format."""
        self._compressed_files = compressed
        self._forms: dict[str | None, bytes] = {None: plain}
        self.version = hashlib.sha256(plain).hexdigest()[:12]

    @property
    def plain(self) -> bytes:
        """The file's bytes."""
        return self._forms[None]

    async def answer(self, request: Request) -> Response:
        """Return the file in the best coding of a request. At the address of its version, browsers may keep it."""
        encoding = None if self.is_packed else best_encoding(request)
        fixed = self.is_packed or request.query_params.get("v") == self.version
        # Each content coding has its own tag: a strong tag names the bytes (RFC 9110, section 8.8.3.3).
        headers = {
            "cache-control": FOREVER if fixed else "no-cache",
            # Modules and fonts that come over a CDN need it; the files are public.
            "access-control-allow-origin": "*",
            "etag": f'"{self.version}{"-" + encoding if encoding else ""}"',
        }
        if not self.is_packed:
            headers["vary"] = "accept-encoding"
        if is_current(request, headers["etag"]):
            return Response(status_code=304, headers=headers)
        if encoding:
            headers["content-encoding"] = encoding
        return Response(await self.in_encoding(encoding), media_type=self.type, headers=headers)

    async def in_encoding(self, encoding: str | None) -> bytes:
        """Return the bytes in a content coding; None means uncompressed."""
        if encoding not in self._forms:
            assert encoding is not None
            self._forms[encoding] = await asyncio.to_thread(self._compressed, encoding)
        return self._forms[encoding]

    def write_compressed(self) -> int:
        """Write the compressed forms to their folder in the best quality; return their number.

        No-op for a file that its own format compresses.
        """
        if self.is_packed:
            return 0
        self._compressed_files.mkdir(exist_ok=True)
        for encoding in PREFERRED:
            self._file(encoding).write_bytes(_compress(self._forms[None], encoding, best=True))
        return len(PREFERRED)

    def _compressed(self, encoding: str) -> bytes:
        try:
            return self._file(encoding).read_bytes()
        except FileNotFoundError:
            plain = self._forms[None]
            return _compress(plain, encoding, best=len(plain) <= LARGE)

    def _file(self, encoding: str) -> Path:
        return self._compressed_files / f"{self.version}.{encoding}"


def _compress(plain: bytes, encoding: str, *, best: bool) -> bytes:
    if encoding == "br":
        return bytes(brotli.compress(plain, quality=11 if best else 9))
    return gzip.compress(plain, mtime=0)


class StaticFolder:
    """A folder of files that do not change while the process runs. They are kept in memory.

    Args:
        folder: its path; files of other types than ``TYPES`` are not served.
        prefix: of the files' addresses.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        self._prefix = prefix
        self._compressed = folder / COMPRESSED
        plain = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in TYPES
        }
        self._files = {
            name: StaticFile(data, PurePosixPath(name).suffix, self._compressed) for name, data in plain.items()
        }

    def write_compressed(self) -> int:
        """Compress every file, so that no request has to wait for it; return how many forms were written."""
        return sum(file.write_compressed() for file in self._files.values())

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def joined(
        self, first: bytes, names: Iterable[str], *, suffix: str, shorten: Callable[[bytes], bytes] = bytes
    ) -> StaticFile:
        """Return a text and several files in one, shortened, so that a browser asks once. It has no address here."""
        whole = b"\n".join([first, *(self._files[name].plain for name in names)])
        return StaticFile(shorten(whole), suffix, self._compressed)

    def address(self, name: str) -> str:
        """Return the address of a file, with its version."""
        file = self._files.get(name)
        return f"{self._prefix}/{name}" + ("" if file is None or file.is_packed else f"?v={file.version}")

    async def serve(self, request: Request) -> Response:
        """Answer a request for one of the files that existed at start.

        ``Range`` is ignored, as RFC 9110, section 14.2, allows.
        """
        path_name: str = request.path_params["name"]
        file = self._files.get(path_name)
        if file is None:
            return PlainTextResponse("File not found.", status_code=404)
        return await file.answer(request)
