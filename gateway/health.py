"""Health endpoints: liveness of the process, readiness of its dependencies, and counters."""

from collections.abc import Iterator, Mapping
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


FALLBACKS = {"unplannable": ("introspection", "type", "depth"), "irregular": ("value", "null", "failure")}
"""Why graphql-core runs a query: no plan can carry it, or an answer is irregular."""


@router.get("/metrics", include_in_schema=False)
async def metrics() -> PlainTextResponse:
    """Return the counters of this process in Prometheus' text format."""
    schema = build_schema()
    counts = plan_cache(schema._schema).counts  # noqa: SLF001 - strawberry has no public name for it
    return PlainTextResponse(
        prometheus_text(counts, schema.texts),
        headers={"content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store"},
    )


def prometheus_text(counts: PlanCounts, texts: Mapping[str, int]) -> str:
    """Return the counters of GraphQL's queries.

    Args:
        counts: how they were run.
        texts: how many texts came, by what was known of them.
    """
    queries = {'way="planned"': counts.planned}
    for way, reasons in (("unplannable", counts.unplannable), ("irregular", counts.irregular)):
        queries |= {f'way="{way}",reason="{reason}"': reasons[reason] for reason in FALLBACKS[way]}
    return "\n".join(
        [
            *_counter("queries", "Queries run by a plan, or by graphql-core for want of one.", queries),
            *_counter(
                "texts",
                "Texts by what was known when they came: the text, its shape, or neither.",
                {f'known="{known}"': count for known, count in texts.items()},
            ),
            *_counter("plans_made", "Plans that were made; other queries used a kept one.", {"": counts.made}),
            "",
        ]
    )


def _counter(name: str, about: str, values: Mapping[str, int]) -> Iterator[str]:
    name = f"zyenta_graphql_{name}_total"
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} counter"
    for labels, value in values.items():
        yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"
