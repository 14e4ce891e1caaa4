"""Health endpoints: liveness of the process, readiness of its dependencies, and counters."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse

from gateway.api.command_request import GatewayServices
from gateway.graphql.planned_executor import PlanCounts, plan_cache
from gateway.graphql.schema import build_schema

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


@router.get("/metrics", include_in_schema=False)
async def metrics() -> PlainTextResponse:
    """Return the counters of this process in Prometheus' text format."""
    counts = plan_cache(build_schema()._schema).counts  # noqa: SLF001 - strawberry has no public name for it
    return PlainTextResponse(
        prometheus_text(counts),
        headers={"content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store"},
    )


def prometheus_text(counts: PlanCounts) -> str:
    """Return the counters of GraphQL's plans."""
    ways = {"planned": counts.planned, "unplannable": counts.unplannable, "irregular": counts.irregular}
    return "\n".join(
        [
            "# HELP zyenta_graphql_queries_total Queries run by a plan, or by graphql-core for want of one.",
            "# TYPE zyenta_graphql_queries_total counter",
            *(f'zyenta_graphql_queries_total{{way="{way}"}} {count}' for way, count in ways.items()),
            "# HELP zyenta_graphql_plans_made_total Plans that were made; other queries used a kept one.",
            "# TYPE zyenta_graphql_plans_made_total counter",
            f"zyenta_graphql_plans_made_total {counts.made}",
            "",
        ]
    )
