"""The endpoint of media files. A key is the hash of its content, so responses can be cached without limit."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.kernel import NotFound
from domain.media.ports import MEDIA_KEY
from gateway.api.command_request import GatewayServices
from infra.web.conditional import is_current

router = APIRouter(include_in_schema=False)

IMAGES = frozenset({"image/webp", "image/png", "image/jpeg", "image/gif", "image/avif", "image/svg+xml"})


@router.get("/media/{key:path}")
async def media(key: str, request: Request) -> Response:
    """Return a media file.

    Raises:
        NotFound: the key is unknown.
    """
    services: GatewayServices = request.app.state.gateway
    if not MEDIA_KEY.fullmatch(key):
        raise NotFound("media file", key[:100])
    tag = f'"{key[10:42]}"'
    headers = {
        "cache-control": "public, max-age=31536000, immutable",
        "etag": tag,
        # Storefronts on other hosts embed these images. An SVG that is opened directly must not run scripts.
        "cross-origin-resource-policy": "cross-origin",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    file = await services.deps.media.get(key)
    if file is None:
        raise NotFound("media file", key)
    if is_current(request, tag):
        return Response(status_code=304, headers=headers)
    data, mime_type = file
    return Response(data, media_type=mime_type if mime_type in IMAGES else "application/octet-stream", headers=headers)
