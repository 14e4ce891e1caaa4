"""Whether this process lives, and whether all it needs answers."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from gateway.api.command_request import GatewayServices

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> dict[str, str]:
    """Answer without asking anybody."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether all it needs answers", responses={503: {"description": "Something is not."}})
async def readyz(request: Request) -> JSONResponse:
    """Tell every check, and 503 if one of them is unhealthy."""
    gateway: GatewayServices = request.app.state.gateway
    checks = await gateway.deps.readiness.checks()
    ready = all(check.healthy for check in checks)
    body: dict[str, Any] = {
        "status": "ready" if ready else "not ready",
        "checks": [{"name": check.name, "healthy": check.healthy, "detail": check.detail} for check in checks],
    }
    return JSONResponse(body, status_code=200 if ready else 503, headers={"cache-control": "no-store"})
