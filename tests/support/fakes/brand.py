"""Fakes for brand tests: a registry from a table, and a language model and a registry over HTTP."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response

from domain.store.brand import Availability, BrandIdentity
from domain.store.events import Preferences
from domain.store.ports import BrandBrief


def brief(
    niche: str = "Cyberpunk home decor", *, seed: str = "1", neighbors: Sequence[BrandIdentity] = (), **wishes: Any
) -> BrandBrief:
    """Return a brief; further keywords are the merchant's preferences."""
    return BrandBrief(niche=niche, preferences=Preferences(**wishes), seed=seed, neighbors=neighbors)


@dataclass
class KnownDomains:
    """Implements ``DomainRegistry`` from a table and counts requests."""

    known: Mapping[str, Availability] = field(default_factory=dict)
    otherwise: Availability = Availability.UNKNOWN
    asked: list[Sequence[str]] = field(default_factory=list)

    async def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]:
        self.asked.append(list(domains))
        return {domain: self.known.get(domain, self.otherwise) for domain in domains}


@dataclass
class KnownBrands:
    """Implements ``MerchantBrands`` from a list, the newest first."""

    brands: list[BrandIdentity] = field(default_factory=list)

    async def newest(self, merchant_id: UUID, *, other_than: UUID, limit: int) -> Sequence[BrandIdentity]:
        return self.brands[:limit]


@dataclass
class Registry:
    """An RDAP server with some domains and some failures."""

    answers: Mapping[str, Callable[[], Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    delay: float = 0.0

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/rdap/domain/{name}")
        async def domain(name: str, request: Request) -> Response:
            self.asked.append(name)
            self.accepted.append(request.headers.get("accept", ""))
            await asyncio.sleep(self.delay)
            return self.answers.get(name, not_found)()

        return app


def registered() -> Response:
    """RFC 9083: the domain exists."""
    body = json.dumps({"objectClassName": "domain", "ldhName": "taken.com", "rdapConformance": ["rdap_level_0"]})
    return Response(body, media_type="application/rdap+json")


def not_found() -> Response:
    """RFC 7480 5.3: the domain does not exist."""
    return Response(json.dumps({"errorCode": 404, "title": "Not Found"}), 404, media_type="application/rdap+json")
