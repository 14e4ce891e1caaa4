"""Our own styles, scripts and fonts: addresses that change with their content, so that browsers may keep them."""

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"


class StaticFolder:
    """A folder of files that never change while the process runs."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in TYPES
        }
        self._versions = {
            name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            for name, path in self._files.items()
            if path.suffix != ".woff2"
        }

    def address(self, name: str) -> str:
        """Return where a browser finds a file."""
        version = self._versions.get(name)
        return f"/static/{name}" + (f"?v={version}" if version else "")

    async def serve(self, request: Request) -> Response:
        """Answer a request for one of the files; only names that were there at start exist."""
        path_name: str = request.path_params["name"]
        path = self._files.get(path_name)
        if path is None:
            return PlainTextResponse("There is no such file.", status_code=404)
        version = self._versions.get(path_name)
        fixed = version is None or request.query_params.get("v") == version
        return FileResponse(
            path, media_type=TYPES[path.suffix], headers={"cache-control": FOREVER if fixed else "no-cache"}
        )
