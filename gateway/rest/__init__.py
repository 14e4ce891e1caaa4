"""``/api/v1``: the operations of GraphQL under resource addresses (ADR 0066).

``operations`` makes routes of ``routes.toml``; each runs its operation on the public schema. ``stores``, ``products``, ``jobs``,
``agents``, ``images`` and ``statements`` are routes with bodies of their own, over the same commands and read models.
"""

from fastapi import APIRouter, FastAPI

from gateway.api.client_errors import camel
from gateway.rest import agents, images, jobs, openapi, products, statements, stores
from gateway.rest.operations import operations

PREFIX = "/api/v1"


def install(app: FastAPI) -> None:
    """Add all REST routes to an application, and describe them in its OpenAPI document."""
    router = APIRouter(prefix=PREFIX, generate_unique_id_function=lambda route: camel(route.name))
    for part in (stores, products, jobs, agents, images, statements):
        router.include_router(part.router)
    generated = operations()
    router.include_router(generated.router)
    app.include_router(router)
    openapi.install(app, generated.components)
