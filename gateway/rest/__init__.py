"""``/api/v1``: a thin adapter over the same commands and read models as GraphQL."""

from fastapi import APIRouter

from gateway.rest import agents, images, jobs, products, statements, stores

router = APIRouter(prefix="/api/v1")
for part in (stores, products, jobs, agents, images, statements):
    router.include_router(part.router)
