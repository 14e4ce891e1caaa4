"""Stores at domains of their own."""

from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest

from commands.domains import ChoosePrimaryDomain, ConnectDomain, RecordDomainCheck, RemoveDomain
from commands.ports import Context
from consumers.schedules.domain_checks import DomainChecks
from domain.store.aggregate import STORE
from domain.store.domains import proof_name, proof_value, token_of
from infra.adapters.dns.resolver import DnsTxtRecords
from infra.adapters.postgres.domains import ReadModelDomains
from tests.integration.storefront.shopping import put_in_cart, sitemap
from tests.support.platforms.storefront import BRAND, StorefrontPlatform
from tests.support.servers.name_server import name_server


class Merchant:
    """The merchant of one store."""

    def __init__(self, floor: StorefrontPlatform, store_id: UUID, merchant_id: UUID) -> None:
        self._floor, self.store_id, self._ids = floor, store_id, {"store_id": store_id, "merchant_id": merchant_id}

    @classmethod
    async def open(cls, floor: StorefrontPlatform, slug: str) -> "Merchant":
        store_id = await floor.open_store(slug, BRAND)
        loaded = await floor.log.load(STORE, store_id)
        assert loaded is not None
        return cls(floor, store_id, loaded.state.merchant_id)

    async def connect(self, domain: str) -> None:
        await self._send(ConnectDomain(domain=domain, **self._ids))

    async def prove(self, domain: str) -> None:
        await self.connect(domain)
        await self._send(RecordDomainCheck(store_id=self.store_id, domain=domain, problem=None))

    async def choose(self, domain: str | None) -> None:
        await self._send(ChoosePrimaryDomain(domain=domain, seen=None, **self._ids))

    async def remove(self, domain: str) -> None:
        await self._send(RemoveDomain(domain=domain, **self._ids))

    async def _send(self, command: object) -> None:
        await self._floor.dispatch(command, Context(command_id=uuid4(), correlation_id=uuid4()))


@pytest.fixture
def at(floor: StorefrontPlatform) -> Callable[[str], httpx.AsyncClient]:
    app = floor.app(public_domain="shops.test:8080")

    def browse(host: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url=f"http://{host}"
        )

    return browse


async def test_a_store_moves_to_its_proved_domain_and_back(
    floor: StorefrontPlatform, at: Callable[[str], httpx.AsyncClient]
) -> None:
    merchant = await Merchant.open(floor, "fern")
    vase = await floor.stock(merchant.store_id, "Blue Vase", slug="blue-vase")
    fern, own, www = at("fern.shops.test"), at("fern.example"), at("www.fern.example")
    assert (await fern.get("/")).status_code == 200

    await merchant.connect("fern.example")
    unproved = await own.get("/")
    assert unproved.status_code == 404
    assert "Fern" not in unproved.text, "an unknown host shows nothing of a store"
    ask = {"domain": "fern.example"}
    assert (await fern.get("/-/tls/ask", params=ask)).status_code == 404

    await merchant.prove("fern.example")
    for _ in range(2):  # rendered, then kept
        page = await own.get("/products/blue-vase")
        assert page.status_code == 200
        assert '<link rel="canonical" href="http://fern.example:8080/products/blue-vase">' in page.text
        moved = await fern.get("/products/blue-vase?variant=x%2Fy")
        assert moved.status_code == 301
        assert moved.headers["location"] == "http://fern.example:8080/products/blue-vase?variant=x%2Fy"
        assert moved.headers["cache-control"] == "public, max-age=300"
    assert "http://fern.example:8080/products/blue-vase</loc>" in await sitemap(own)
    assert "Sitemap: http://fern.example:8080/sitemap.xml" in (await own.get("/robots.txt")).text
    assert (await fern.get("/theme.css")).status_code == 200, "pages that are open in browsers keep their styles"
    assert (await fern.get("/nothing-here")).status_code == 301
    await put_in_cart(own, vase)
    assert "Blue Vase" in (await own.get("/cart")).text

    await merchant.prove("www.fern.example")
    assert (await www.get("/")).headers["location"] == "http://fern.example:8080/"
    await merchant.choose("www.fern.example")
    assert (await own.get("/")).headers["location"] == "http://www.fern.example:8080/"
    assert (await www.get("/")).status_code == 200
    await merchant.choose(None)
    assert (await own.get("/")).headers["location"] == "http://fern.shops.test:8080/"
    assert (await fern.get("/")).status_code == 200

    await merchant.remove("fern.example")
    assert (await own.get("/")).status_code == 404
    assert (await www.get("/")).status_code == 301

    rival = await Merchant.open(floor, "rival")
    await rival.prove("fern.example")
    page = await own.get("/products/blue-vase")
    assert page.status_code == 404, "the new owner's store has no such product"
    assert (await own.get("/")).status_code == 200
    assert "Blue Vase" not in (await own.get("/cart")).text, "a cart is the store's that gave it"


async def test_a_domain_is_proved_by_what_its_name_server_says(
    floor: StorefrontPlatform, at: Callable[[str], httpx.AsyncClient]
) -> None:
    merchant = await Merchant.open(floor, "fern")
    await merchant.connect("Bücher.example")
    name = "xn--bcher-kva.example"
    with name_server() as server:
        records = DnsTxtRecords(["127.0.0.1"], port=server.port)
        domains = ReadModelDomains(floor.readers)
        await DomainChecks(domains, records, floor, floor.clock).check()
        assert (await at(name).get("/")).status_code == 404
        server.publish({proof_name(name): proof_value(token_of(merchant.store_id, name))})
        await DomainChecks(domains, records, floor, floor.clock).check()
    assert (await at(name).get("/")).status_code == 200
    assert (await at("fern.shops.test").get("/")).headers["location"] == f"http://{name}:8080/"
    ask = {"domain": name}
    assert (await at("fern.shops.test").get("/-/tls/ask", params=ask)).status_code == 200


async def test_a_paused_store_says_so_at_its_own_domain(
    floor: StorefrontPlatform, at: Callable[[str], httpx.AsyncClient]
) -> None:
    merchant = await Merchant.open(floor, "fern")
    await merchant.prove("fern.example")
    await floor.pause_store(merchant.store_id)
    closed = await at("fern.example").get("/")
    assert closed.status_code == 503
    assert closed.headers["retry-after"] == "3600"
    assert '<meta name="robots" content="noindex">' in closed.text
    robots = await at("fern.example").get("/robots.txt")
    assert robots.status_code == 503, "search engines keep what they know while robots.txt is away"
    await floor.archive_store(merchant.store_id)
    gone = await at("fern.example").get("/")
    assert gone.status_code == 410


async def test_an_unknown_host_reveals_nothing(at: Callable[[str], httpx.AsyncClient]) -> None:
    for host in ("nothing.shops.test", "elsewhere.example", "a.b.shops.test"):
        page = await at(host).get("/products")
        assert page.status_code == 404
        assert '<meta name="robots" content="noindex">' in page.text
        assert "set-cookie" not in page.headers
