"""The public keys of access tokens, for programs that verify them without asking the gateway."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from gateway.api.command_request import GatewayServices

router = APIRouter(tags=["accounts"])

CACHED_SECONDS = 60


@router.get("/.well-known/jwks.json", summary="Get the public keys of access tokens (JSON Web Key Set)")
async def jwks(request: Request) -> JSONResponse:
    """Return the keys that verify access tokens now, and those that will soon sign."""
    services: GatewayServices = request.app.state.gateway
    keys = [dict(key) for key in services.accounts.access_tokens.published_keys()]
    return JSONResponse({"keys": keys}, headers={"cache-control": f"public, max-age={CACHED_SECONDS}"})
