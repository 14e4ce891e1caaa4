"""Health endpoints: liveness of the process, and readiness of its dependencies."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from gateway.api.command_request import GatewayServices

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Check that the process is alive")
async def healthz() -> dict[str, str]:
    """Return ok, without checking any dependency."""
    return {"status": "ok"}


@router.get("/readyz", summary="Check the dependencies", responses={503: {"description": "A dependency is unhealthy."}})
async def readyz(request: Request) -> JSONResponse:
    """Return the result of every check, with status 503 if one is unhealthy."""
    services: GatewayServices = request.app.state.gateway
    checks = await services.deps.readiness.checks()
    ready = all(check.healthy for check in checks)
    body: dict[str, Any] = {
        "status": "ready" if ready else "not ready",
        "checks": [{"name": check.name, "healthy": check.healthy, "detail": check.detail} for check in checks],
    }
    return JSONResponse(body, status_code=200 if ready else 503, headers={"cache-control": "no-store"})
