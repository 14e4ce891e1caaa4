"""A platform behind the gateway without a broker: PostgreSQL, commands, and read models that catch up on demand."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher

from commands.brand import AdoptBrand
from commands.bus import CommandBus
from commands.generation import StartGeneration
from commands.page import WritePages
from commands.ports import Context, Receipt
from commands.sourcing import ImportProducts, Pick
from commands.step import SucceedStep
from commands.store import MarkStoreReady, RequestStore
from commands.subscription import SoldPlans
from domain.generation.aggregate import generation_of
from domain.generation.events import Step
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.events import WinningScore
from domain.signing import SigningSecrets
from domain.sourcing.listing import Listing, ListingVariant
from domain.store.events import PageType, Preferences, SupplierReport
from domain.store.invitation_links import InvitationLinks
from domain.store.ports import PageDraft
from domain.subscription.plans import Plans
from gateway.app import create_app
from gateway.auth.passwords import Passwords
from gateway.auth.tokens import SigningKeys
from gateway.ports import GatewayDependencies
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.account_links import PostgresAccountLinks
from infra.adapters.postgres.accounts import PostgresAccounts, PostgresRateLimits, PostgresRefreshTokens
from infra.adapters.postgres.api_keys import PostgresApiKeys
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.passkeys import PostgresPasskeys
from infra.adapters.postgres.second_factors import PostgresSecondFactors
from infra.adapters.postgres.sign_ins import PostgresSignIns
from infra.adapters.postgres.team_roles import PostgresTeamRoles
from infra.adapters.postgres.usage import ReadModelUsage
from infra.adapters.postgres.vault import PostgresPersonalData
from infra.bootstrap import handlers
from infra.web.server import guarded
from infra.writers.brandkit.kit import DrawnBrandKit
from projections.reading.consistency import Stale
from projections.reading.moment import MomentReader
from projections.reading.time_travel import TimeTravel, travel_pool
from projections.registry import READ_MODELS, SEARCH_PATH
from schemas.envelope import ConsistencyToken
from schemas.internal.readiness import Check
from tests.support.builders.samples import proposal
from tests.support.fakes.event_log import FixedClock
from tests.support.fakes.media import MemoryMedia
from tests.support.fakes.payments import SignedPayments
from tests.support.fakes.vault import MemoryVault
from tests.support.platforms.read_models import create_read_models

PASSWORD = "correct horse battery"


class SwitchableReadiness:
    """Implements ``Readiness``."""

    def __init__(self) -> None:
        self.broken = ""

    async def checks(self) -> Sequence[Check]:
        return [Check(name=name, healthy=name != self.broken) for name in ("database", "projector")]


class OnDemandBarrier:
    """Implements ``ReadBarrier`` by applying new events to the read models."""

    def __init__(self, log: PostgresEventLog, reader: asyncpg.Pool) -> None:
        self._log, self._reader = log, reader
        self._position = 0
        self._turn = asyncio.Lock()
        self.wedged = False

    async def wait(self, token: ConsistencyToken) -> None:
        if self.wedged:
            raise Stale(token)
        while self._position < token.position:
            await self.catch_up()

    async def catch_up(self) -> None:
        async with self._turn, self._reader.acquire() as connection:
            async for batch in self._log.scan(self._position):
                envelopes = [raw.decode() for raw in batch]
                async with connection.transaction():
                    for model in READ_MODELS.values():
                        await model.apply_envelopes(envelopes, connection)
                self._position = batch[-1].position


@dataclass(slots=True, kw_only=True)
class Merchant:
    """A merchant with an account and a session."""

    id: UUID
    email: str
    token: str
    refresh_token: str


@dataclass(slots=True, kw_only=True)
class Platform:
    """The gateway, its dependencies and a client."""

    app: FastAPI
    client: httpx.AsyncClient
    deps: GatewayDependencies
    log: PostgresEventLog
    bus: CommandBus
    barrier: OnDemandBarrier
    clock: FixedClock
    media: MemoryMedia
    vault: MemoryVault
    parts: SwitchableReadiness
    numbers: int = field(default=0)

    async def post(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        by: Merchant | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a GraphQL operation and return the answer with data and errors."""
        sent = dict(headers or {})
        if by is not None:
            sent["authorization"] = f"Bearer {by.token}"
        sent["content-type"] = "application/json"
        # Escaped, so that a test can send lone surrogates.
        body = json.dumps({"query": query, "variables": dict(variables or {})})
        response = await self.client.post("/graphql", content=body, headers=sent)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None, *, by: Merchant | None = None) -> Any:
        """Send a GraphQL operation that must succeed and return its only field."""
        answer = await self.post(query, variables, by=by)
        assert "errors" not in answer, answer
        (result,) = answer["data"].values()
        return result

    async def call(
        self,
        method: str,
        path: str,
        *,
        by: Merchant | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Send a REST request."""
        sent = dict(headers or {})
        if by is not None:
            sent["authorization"] = f"Bearer {by.token}"
        return await self.client.request(method, f"/api/v1{path}", headers=sent, **more)

    async def merchant(self) -> Merchant:
        """Register a new merchant."""
        self.numbers += 1
        # Registrations of one address are limited, so let time pass between them.
        self.clock.advance(timedelta(seconds=6))
        email = f"merchant{self.numbers}@example.com"
        session = await self.ask(
            "mutation ($input: RegisterInput!) { register(input: $input)"
            " { accessToken refreshToken user { id } userErrors { code message } } }",
            {"input": {"email": email, "password": PASSWORD, "name": f"Merchant {self.numbers}"}},
        )
        assert session["userErrors"] == []
        return Merchant(
            id=UUID(session["user"]["id"]),
            email=email,
            token=session["accessToken"],
            refresh_token=session["refreshToken"],
        )

    async def send(self, command: object) -> Receipt:
        """Dispatch a command without the gateway, and update the read models."""
        id = uuid4()
        receipt = await self.bus.dispatch(command, Context(command_id=id, correlation_id=id))
        await self.barrier.catch_up()
        return receipt

    async def store(self, owner: Merchant, niche: str = "Cyberpunk home decor") -> UUID:
        """Request a store and start its generation."""
        store_id = uuid4()
        await self.send(RequestStore(store_id=store_id, merchant_id=owner.id, niche=niche, preferences=Preferences()))
        await self.send(StartGeneration(generation_id=generation_of(store_id), store_id=store_id))
        return store_id

    async def stocked_store(self, owner: Merchant, products: int = 3, *, refund_policy: str | None = None) -> UUID:
        """Return a store with a brand, products and pages, with a refund policy if there is a text of it."""
        contents = dict.fromkeys((PageType.ABOUT, PageType.FAQ, PageType.PRIVACY_POLICY), "# Hello")
        if refund_policy is not None:
            contents[PageType.REFUND_POLICY] = refund_policy
        store_id = await self.store(owner)
        generation_id = generation_of(store_id)
        await self.send(AdoptBrand(generation_id=generation_id, attempt=1, proposal=proposal()))
        await self.send(
            ImportProducts(
                generation_id=generation_id,
                attempt=1,
                keywords=["neon lamp"],
                suppliers=[SupplierReport(provider=SupplierProvider.SAMPLE, candidates=120)],
                duplicates=2,
                picks=[a_pick(number) for number in range(products)],
            )
        )
        await self.send(
            WritePages(
                generation_id=generation_id,
                attempt=1,
                pages=[
                    PageDraft(type=kind, title=kind.title(), slug=kind.lower(), content=content, written_by="house")
                    for kind, content in contents.items()
                ],
            )
        )
        return store_id

    async def finish(self, store_id: UUID) -> None:
        """Complete a stocked store's generation, so that its merchant can review it."""
        generation_id = generation_of(store_id)
        for step in (Step.COPY, Step.IMAGES):
            await self.send(SucceedStep(generation_id=generation_id, step=step, attempt=1, summary="done"))
        await self.send(MarkStoreReady(store_id=store_id, generation_id=generation_id))

    async def event_count(self) -> int:
        """Return the number of events in the log."""
        return sum([len(batch) async for batch in self.log.scan()])


def a_pick(number: int) -> Pick:
    """Return a listing with one photo and two variants."""
    cost = Money(minor=1000 + number)
    listing = Listing(
        provider=SupplierProvider.SAMPLE,
        source_id=f"s-{number}",
        url=f"http://supplier.localhost/{number}",
        title=f"Neon lamp {number}",
        description="It glows.",
        category="lamps",
        cost=cost,
        shipping_days=(3, 9),
        shipping_cost=Money(minor=100),
        image_urls=[f"http://supplier.localhost/{number}.jpg"],
        variants=[
            ListingVariant(title="Red", options={"color": "Red"}, cost=cost, stock=5),
            ListingVariant(title="Blue", options={"color": "Blue"}, cost=cost, stock=7),
        ],
    )
    score = WinningScore(
        total=0.8, reviews=0.8, orders=0.8, price_point=0.8, shipping=0.8, image_quality=0.8, margin=0.8
    )
    return Pick(listing=listing, price=Money(minor=2900), score=score)


@asynccontextmanager
async def a_platform(
    database: str,
    *,
    clock: FixedClock | None = None,
    plans: Plans | None = None,
    is_new: bool = True,
    **changes: Any,
) -> AsyncIterator[Platform]:
    """Build a platform on a database.

    Args:
        database: the database's address.
        clock: the platform's clock; a new one if None.
        plans: the plans that it sells; None if nothing limits merchants.
        is_new: whether the database has no read models yet.
        changes: replacements of the gateway's dependencies.
    """
    async with (
        asyncpg.create_pool(database, min_size=1, max_size=6) as pool,
        asyncpg.create_pool(
            database, min_size=1, max_size=6, server_settings={"search_path": f"{SEARCH_PATH}, public"}
        ) as reader,
        travel_pool(database, READ_MODELS.values()) as past,
    ):
        if is_new:
            await create_read_models(pool)
        clock = clock or FixedClock()
        log = PostgresEventLog(pool, clock)
        sold = None if plans is None else SoldPlans(plans=plans, counter=ReadModelUsage(reader))
        bus = CommandBus(log, handlers(clock, sold=sold))
        barrier, media, vault, parts = OnDemandBarrier(log, reader), MemoryMedia(), MemoryVault(), SwitchableReadiness()
        deps = GatewayDependencies(
            commands=bus,
            reader=MomentReader(reader),
            travel=TimeTravel(past, log, READ_MODELS.values(), clock),
            history=log,
            barrier=barrier,
            read_wait=timedelta(minutes=1),  # so that no answer depends on how busy the machine is
            clock=clock,
            accounts=PostgresAccounts(pool),
            account_links=PostgresAccountLinks(pool),
            sign_ins=PostgresSignIns(pool),
            passkeys=PostgresPasskeys(pool),
            second_factors=PostgresSecondFactors(pool, MasterKeys([b"k" * 32])),
            refresh_tokens=PostgresRefreshTokens(pool),
            api_keys=PostgresApiKeys(pool),
            roles_of=PostgresTeamRoles(pool),
            limits=PostgresRateLimits(pool),
            personal=PostgresPersonalData(pool, MasterKeys([b"k" * 32])),
            supplier_vault=vault,
            suppliers=frozenset(SupplierProvider),
            niche_suggestions=("Dog toys", "Candles"),
            brand_kit=DrawnBrandKit(),
            signing_keys=SigningKeys(active="k2", keys={"k1": b"1" * 32, "k2": b"2" * 32}),
            secrets=SigningSecrets([b"limits"]),
            link_secrets=SigningSecrets([b"links"]),
            invitation_links=InvitationLinks(SigningSecrets([b"invitations"])),
            # argon2id at its lowest cost, because tests hash many passwords.
            passwords=Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)),
            media=media,
            payments={"sandbox": SignedPayments()},
            plans=plans,
            readiness=parts,
            progress_poll=timedelta(milliseconds=20),
            # Tests send more than a caller may; those about the limits pass their own factor.
            rate_factor=0,
        )
        deps = replace(deps, **changes)
        app = create_app(deps)
        transport = httpx.ASGITransport(app=guarded(app))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://gateway.localhost") as client,
        ):
            yield Platform(
                app=app,
                client=client,
                deps=deps,
                log=log,
                bus=bus,
                barrier=barrier,
                clock=clock,
                media=media,
                vault=vault,
                parts=parts,
            )
        await log.drain()
