"""A media store in memory."""

from infra.adapters.media.disk import EXTENSIONS, content_key


class MemoryMedia:
    """Implements ``MediaStore``. Unlike real stores it accepts any type, so that tests see how such media are served."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}

    async def put(self, data: bytes, *, mime_type: str) -> str:
        key = content_key(data, mime_type if mime_type in EXTENSIONS else "image/webp")
        self.files[key] = (data, mime_type)
        return key

    async def get(self, key: str) -> tuple[bytes, str] | None:
        return self.files.get(key)

    def url(self, key: str) -> str:
        return f"/media/{key}"
