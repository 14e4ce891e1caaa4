"""Media files, uploads, and files for disputes. A media file's key is the hash of its content, so responses can be cached without limit."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.kernel import NotFound
from domain.media.ports import MEDIA_KEY
from domain.order.evidence.files import TYPES
from gateway.api.command_request import GatewayServices
from gateway.api.evidence_files import receive_evidence
from gateway.api.uploads import check_sent, receiver_of
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


@router.put("/uploads/{token}")
async def upload(token: str, request: Request) -> Response:
    """Keep a file that a merchant announced by ``requestUpload``. Sending another one replaces it.

    Raises:
        NotFound: the address is too old, or made up.
        InvalidInput: the file is not of the announced type or size.
    """
    services: GatewayServices = request.app.state.gateway
    receiver = receiver_of(services.deps)
    announced = None if receiver is None else receiver.open(token)
    if receiver is None or announced is None:
        raise NotFound("upload", token[:12])
    data = await request.body()
    check_sent(request.headers.get("content-type", ""), data, announced.mime_type, announced.size_bytes)
    await receiver.receive(announced, data)
    return Response(status_code=204)


@router.put("/evidence-files/{token}")
async def send_evidence_file(token: str, request: Request) -> Response:
    """Keep a file that a merchant announced by ``requestEvidenceUpload``. Sending another one replaces it.

    Raises:
        NotFound: the address is too old, or made up.
        InvalidInput: the file is not of the announced type or size.
    """
    services: GatewayServices = request.app.state.gateway
    mime_type = request.headers.get("content-type", "")
    await receive_evidence(services.deps, token, mime_type, await request.body())
    return Response(status_code=204)


@router.get("/evidence-files/{token}")
async def evidence_file(token: str, request: Request) -> Response:
    """Return a file of a dispute's evidence. Its address is signed for some minutes.

    Raises:
        NotFound: the address is too old, made up, or the file was deleted.
    """
    services: GatewayServices = request.app.state.gateway
    deps = services.deps
    link = None if deps.evidence_links is None else deps.evidence_links.open(token)
    data = None if link is None or deps.evidence_files is None else await deps.evidence_files.get(link.file_id)
    if link is None or data is None:
        raise NotFound("evidence file", token[:12])
    headers = {
        "cache-control": "no-store",
        # Saved, never shown on this origin: whatever a file holds, it does not run here.
        "content-disposition": f'attachment; filename="evidence.{TYPES[link.mime_type]}"',
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(data, media_type=link.mime_type, headers=headers)
