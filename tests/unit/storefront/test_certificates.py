"""Which names the TLS proxy may get certificates for."""

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from storefront.certificates import Answer, CertificateGate
from storefront.visit.tenancy import Tenancy

OPEN = SimpleNamespace(published_at="a time")
DRAFT = SimpleNamespace(published_at=None)


class Stores:
    """Counts the look-ups of hosts."""

    def __init__(self) -> None:
        self.slugs: dict[str, Any] = {"neon": OPEN, "draft": DRAFT}
        self.domains: dict[str, Any] = {"fern.example": OPEN}
        self.asked: list[str] = []

    @property
    def present(self) -> "Stores":
        return self

    async def store_by_slug(self, slug: str) -> Any:
        self.asked.append(slug)
        return self.slugs.get(slug)

    async def store_by_domain(self, domain: str) -> Any:
        self.asked.append(domain)
        return self.domains.get(domain)


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def gate(stores: Stores, seconds: Seconds) -> CertificateGate:
    tenancy = Tenancy(stores, base_domains=("shops.example",))  # type: ignore[arg-type]
    return CertificateGate(tenancy, seconds=seconds, per_second=2, at_once=3)


@pytest.mark.parametrize("name", ["neon.shops.example", "NEON.shops.example.", "fern.example", "shops.example"])
async def test_known_names_get_a_yes(gate: CertificateGate, name: str) -> None:
    assert await gate.answer(name) is Answer.YES


@pytest.mark.parametrize("name", ["other.shops.example", "draft.shops.example", "other.example"])
async def test_unknown_names_get_a_no(gate: CertificateGate, name: str) -> None:
    assert await gate.answer(name) is Answer.NO


@pytest.mark.parametrize(
    "name",
    [
        "",
        "localhost",
        "neon",
        "a.neon.shops.example",
        "192.0.2.7",
        "[::1]",
        "fern.example:443",
        "a b.example",
        "x" * 300,
    ],
)
async def test_what_cannot_be_a_store_is_not_looked_up(gate: CertificateGate, stores: Stores, name: str) -> None:
    assert await gate.answer(name) is Answer.NO
    assert stores.asked == []


async def test_a_stranger_who_asks_for_many_names_reaches_the_database_seldom(
    gate: CertificateGate, stores: Stores, seconds: Seconds
) -> None:
    assert await gate.answer("fern.example") is Answer.YES
    answers = [await gate.answer(f"a{n}.example") for n in range(1000)]
    assert answers.count(Answer.NO) == 2
    assert answers.count(Answer.LATER) == 998
    assert len(stores.asked) == 3
    assert await gate.answer("fern.example") is Answer.YES, "known names are served during the flood"
    seconds.now += 1
    assert await gate.answer("neon.shops.example") is Answer.YES


async def test_an_answer_is_remembered_for_a_while(gate: CertificateGate, stores: Stores, seconds: Seconds) -> None:
    assert await gate.answer("new.example") is Answer.NO
    assert await gate.answer("new.example") is Answer.NO
    assert stores.asked == ["new.example"]
    stores.domains["new.example"] = OPEN
    seconds.now += 31
    assert await gate.answer("new.example") is Answer.YES, "a domain that was verified a moment ago waits half a minute"


async def test_only_the_proxy_itself_may_ask(gate: CertificateGate) -> None:
    client = TestClient(Starlette(routes=[Route("/-/tls/ask", gate.ask)]))
    assert client.get("/-/tls/ask", params={"domain": "fern.example"}).status_code == 200
    assert client.get("/-/tls/ask", params={"domain": "other.example"}).status_code == 404
    assert client.get("/-/tls/ask").status_code == 404
    through = client.get("/-/tls/ask", params={"domain": "fern.example"}, headers={"X-Forwarded-For": "192.0.2.1"})
    assert through.status_code == 404
