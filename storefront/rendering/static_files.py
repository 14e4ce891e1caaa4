"""Stylesheets, scripts and fonts. An address changes with its content, so that browsers may cache it permanently."""

import gzip
import hashlib
from pathlib import Path

import brotli
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from infra.web.conditional import is_current
from infra.web.encoding import best_encoding

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"


class StaticFile:
    """A file in every content coding; each is compressed once, at its first request."""

    def __init__(self, path: Path) -> None:
        self.type = TYPES[path.suffix]
        self.is_packed = path.suffix == ".woff2"
        """Whether the file is compressed by its own format."""
        self._forms: dict[str | None, bytes] = {None: path.read_bytes()}
        self.version = hashlib.sha256(self._forms[None]).hexdigest()[:12]

    def in_encoding(self, encoding: str | None) -> bytes:
        """Return the bytes in a content coding at its best quality, uncompressed for None."""
        if encoding not in self._forms:
            plain = self._forms[None]
            self._forms[encoding] = brotli.compress(plain) if encoding == "br" else gzip.compress(plain, mtime=0)
        return self._forms[encoding]


class StaticFolder:
    """A folder of small files, kept in memory; they do not change while the process runs."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): StaticFile(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in TYPES
        }

    def address(self, name: str) -> str:
        """Return the address of a file."""
        file = self._files.get(name)
        return f"/static/{name}" + ("" if file is None or file.is_packed else f"?v={file.version}")

    async def serve(self, request: Request) -> Response:
        """Answer a request for a file that was in the folder at start.

        ``Range`` is ignored, as RFC 9110, section 14.2, allows: the files are small.
        """
        path_name: str = request.path_params["name"]
        file = self._files.get(path_name)
        if file is None:
            return PlainTextResponse("File not found.", status_code=404)
        encoding = None if file.is_packed else best_encoding(request)
        fixed = file.is_packed or request.query_params.get("v") == file.version
        # Each content coding has its own tag: a strong tag names the bytes (RFC 9110, section 8.8.3.3).
        headers = {
            "cache-control": FOREVER if fixed else "no-cache",
            "etag": f'"{file.version}{"-" + encoding if encoding else ""}"',
        }
        if not file.is_packed:
            headers["vary"] = "accept-encoding"
        if is_current(request, headers["etag"]):
            return Response(status_code=304, headers=headers)
        if encoding:
            headers["content-encoding"] = encoding
        return Response(file.in_encoding(encoding), media_type=file.type, headers=headers)
