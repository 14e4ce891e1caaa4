"""Writes the demo shop into an empty event store."""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from commands.bus import CommandBus
from commands.merchant import RegisterMerchant
from commands.ports import Answered, OutsideAnswers
from commands.reactions import BusDispatch, EventLogAggregates
from commands.store import ApproveStore, PublishStore, RequestStore
from consumers.agents.base import StepPorts
from consumers.agents.brand import BrandAgent
from consumers.agents.copywriter import CopyAgent, PageAgent
from consumers.agents.outside_calls import OUTSIDE_CALLS
from consumers.agents.scout import ScoutAgent
from consumers.policies.generation import GenerationPolicy
from consumers.policies.payments import PaymentsPolicy
from consumers.policies.refunds import RefundPolicy
from domain.accounts.ports import Account
from domain.calls.context import CallContext
from domain.ids import derived
from domain.store.aggregate import STORE
from domain.store.events import Preferences
from domain.store.visits import Counts
from gateway.auth.passwords import Passwords
from infra.adapters.payments.sandbox import SandboxPayments
from infra.adapters.postgres.accounts import PostgresAccounts
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.outside_answers import PostgresOutsideAnswers
from infra.adapters.postgres.visits import PostgresVisits
from infra.bootstrap import Platform, handlers
from infra.bootstrap.consumers import storefront_host
from infra.bootstrap.payments import SANDBOX
from infra.demo.shop.orders import History, OrderWriter, read_history
from infra.demo.shop.past import MovedClock, Past
from infra.demo.shop.recording import ShopRecording, read_shop
from infra.log.restoration import write_log
from infra.replay.machine import NoNeighbors
from infra.replay.memory_log import MemoryEventLog
from infra.replay.offline import NoCatalogs, NoOutside, RecordedPhotos
from infra.replay.recording import CallKey
from infra.writers.rules.copy.categories import RuleCategoryWriter
from schemas.envelope import ConsistencyToken
from storefront.shelves.grouping import shelf_names

T = TypeVar("T")

EMAIL = "demo@zyenta.example"
NAME = "Demo Merchant"
CONTACT = "hello@zyenta.example"
PASSWORD_LENGTH = 20
VISITS_LEAST, VISITS_OF_ORDER = 11, 9
"""Visits of a day without orders, and those that an order adds."""


class NotEmpty(Exception):
    """The event store has other stores. Retrying cannot help."""

    def __init__(self) -> None:
        super().__init__(
            "--demo-shop needs a new data directory: this one has stores of its own. Set ZYENTA_DATA_DIR to a directory that "
            "does not exist yet."
        )


class NoSandbox(Exception):
    """The platform takes real payments or sends real mails. Retrying cannot help."""

    def __init__(self) -> None:
        super().__init__(
            "--demo-shop has invented shoppers and payments. Unset STRIPE_SECRET_KEY and ZYENTA_SMTP_URL, or leave the option out."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoShop:
    """The written shop, and the log-in of its merchant."""

    store_id: UUID
    slug: str
    email: str
    password: str
    token: ConsistencyToken
    """With which queries see all of the shop."""


async def seed_shop(platform: Platform, *, now: datetime) -> DemoShop:
    """Write the demo shop, unless the event store has it.

    The log is made in memory and written in one transaction, so that its times are in the past and no half of it stays.

    Args:
        platform: its event store, media store and accounts are written; no service may run on it.
        now: the end of the shop's past.

    Raises:
        NotEmpty, NoSandbox: refused; nothing was written.
    """
    settings, recording = platform.settings, read_shop()
    if settings.stripe_secret_key is not None or settings.smtp_url is not None:
        raise NoSandbox
    password = platform.keys().derive("demo shop").hex()[:PASSWORD_LENGTH]
    log, pool = await platform.log(), await platform.pool()
    if await log.position_of(recording.store_id) > 0:
        return await _shop(log, recording.store_id, password)
    if await log.last_position() > 0:
        raise NotEmpty
    history = read_history()
    clock = MovedClock(now - timedelta(days=history.first_day))
    past_log = MemoryEventLog(clock)
    bus = CommandBus(past_log, handlers(clock, platform_domains=settings.platform_domains))
    payments = SandboxPayments(platform.payments.sandbox_secret(), page_url=f"{settings.sandbox_url}/pay", clock=clock)
    past = Past(clock=clock, log=past_log, bus=bus)
    past.consumers = _consumers(platform, past, recording, pool, payments)
    media = await platform.media()
    await asyncio.gather(*(media.put(data, mime_type="image/webp") for data in recording.media.values()))
    merchant_id = await _open_account(platform, past, recording, password, pool)
    await _generate(past, recording, merchant_id)
    store = await EventLogAggregates(past_log).get(STORE, recording.store_id)
    await OrderWriter(past, platform, payments, store=store).write(history, now)
    await write_log(pool, past_log.raw)
    await PostgresVisits(pool).add(past_visits(recording.store_id, history, now))
    return await _shop(log, recording.store_id, password)


def past_visits(store_id: UUID, history: History, now: datetime) -> Counts:
    """Return the visits of each past day: some on every day, and more on a day with orders."""
    orders = Counter((now - timedelta(days=order.placed)).date() for order in history.orders)
    days = [(now - timedelta(days=number)).date() for number in range(int(history.first_day) + 1)]
    return {
        (store_id, day): VISITS_LEAST + day.toordinal() * 7 % VISITS_LEAST + VISITS_OF_ORDER * orders[day]
        for day in days
    }


async def _shop(log: PostgresEventLog, store_id: UUID, password: str) -> DemoShop:
    loaded = await log.load(STORE, store_id)
    assert loaded is not None
    assert loaded.state.slug is not None
    token = ConsistencyToken.of(store_id, max(event.position for event in await log.read_tenant(store_id, sys.maxsize)))
    return DemoShop(store_id=store_id, slug=loaded.state.slug, email=EMAIL, password=password, token=token)


async def _open_account(platform: Platform, past: Past, recording: ShopRecording, password: str, pool: Any) -> UUID:
    merchant_id, accounts, personal = (
        derived(recording.store_id, "demo merchant"),
        PostgresAccounts(pool),
        await platform.personal(),
    )
    at = past.clock.now()
    if await accounts.claimant(EMAIL) is None:
        hashed = await Passwords().hash(password)
        account = Account(
            merchant_id=merchant_id, email=EMAIL, password_hash=hashed, name=NAME, opened=False, claimed=False
        )
        await accounts.add(account, at=at)
        await accounts.claim(merchant_id, EMAIL, at=at)
    register = RegisterMerchant(
        merchant_id=merchant_id,
        email=await personal.seal(merchant_id, EMAIL),
        name=await personal.seal(merchant_id, NAME),
    )
    await past.send(register, id=merchant_id, name="register")
    await accounts.mark_opened(merchant_id, at=at)
    return merchant_id


async def _generate(past: Past, recording: ShopRecording, merchant_id: UUID) -> None:
    store_id = recording.store_id
    past.clock.at += timedelta(minutes=2)
    request = RequestStore(
        store_id=store_id,
        merchant_id=merchant_id,
        niche=recording.niche,
        preferences=Preferences(),
        contact_email=CONTACT,
    )
    await past.send(request, id=store_id, name="request")
    past.clock.at += timedelta(minutes=9)
    await past.send(ApproveStore(store_id=store_id, merchant_id=merchant_id), id=store_id, name="approve")
    past.clock.at += timedelta(minutes=1)
    await past.send(PublishStore(store_id=store_id, merchant_id=merchant_id), id=store_id, name="publish")


def _consumers(
    platform: Platform, past: Past, recording: ShopRecording, pool: Any, payments: SandboxPayments
) -> list[Any]:
    """Return the consumers that react to the past, under the names that the platform's own have."""
    settings = platform.settings
    answers = RecordedCalls(
        recording.at(sandbox=settings.sandbox_url, storefront=settings.storefront_domain), PostgresOutsideAnswers(pool)
    )
    dispatch, aggregates = BusDispatch(past.bus), EventLogAggregates(past.log)
    ports = StepPorts(aggregates, answers, dispatch, past.clock, replace(OUTSIDE_CALLS, attempts=1))
    outside: Any = NoOutside()
    return [
        GenerationPolicy(dispatch, aggregates, outside, answers),
        RecordedPhotos(recording.photos, dispatch),
        BrandAgent(outside, ports, NoNeighbors()),
        ScoutAgent(NoCatalogs(), outside, outside, ports, niches=outside),
        CopyAgent(outside, ports),
        PageAgent(
            outside,
            ports,
            host_for=storefront_host(settings),
            categories=RuleCategoryWriter(),
            shelves=shelf_names,
        ),
        PaymentsPolicy(dispatch, aggregates, {SANDBOX: payments}),
        RefundPolicy(dispatch, aggregates, {SANDBOX: payments}, past.clock),
    ]


class RecordedCalls:
    """Implements :class:`commands.ports.OutsideAnswers`: keeps recorded answers as if they had just come from outside.

    What the recording does not have is asked: of the rules, which need nothing from outside.
    """

    def __init__(self, answers: Mapping[CallKey, bytes], kept: OutsideAnswers) -> None:
        self._answers, self._kept = answers, kept

    async def once(
        self,
        key: UUID,
        model: type[T],
        ask: Callable[[], Awaitable[T]],
        *,
        context: CallContext,
    ) -> Answered[T]:
        recorded = self._answers.get((context.step, context.attempt, context.part))

        async def answer() -> T:
            return await ask() if recorded is None else TypeAdapter(model).validate_json(recorded)

        return await self._kept.once(key, model, answer, context=context)
