"""The whole write side in memory: the real bus and handlers on a log that forgets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID, uuid4

from commands.brand import AdoptBrand
from commands.bus import CommandBus
from commands.checkout import CartLine, PlaceOrder
from commands.generation import StartGeneration
from commands.merchant import RegisterMerchant
from commands.order import OpenPaymentSession
from commands.page import WritePages
from commands.ports import Context, Receipt, reaction_id
from commands.sourcing import ImportProducts, Pick
from commands.step import FailStep, RunStepAgain, SucceedStep
from commands.store import ApproveStore, MarkStoreReady, PublishStore, RequestStore
from commands.subscription import SoldPlans
from commands.taxes import SetTaxes
from commands.unit_of_work import UnitOfWork
from domain.calls.events import OutsideCallRecorded
from domain.generation.aggregate import generation_of
from domain.generation.events import Step
from domain.kernel import DomainEvent, StreamKind
from domain.merchant.events import SupplierProvider
from domain.product.aggregate import PRODUCT, Product
from domain.sourcing.listing import Listing
from domain.store.aggregate import STORE, Store
from domain.store.events import Preferences, SupplierReport
from domain.store.ports import PageDraft
from domain.store.taxes import TaxMode, TaxRate, TaxSettings
from infra.bootstrap import handlers
from schemas.envelope import Envelope
from tests.support.builders.samples import SCORE, dollars, listing, page, proposal, sealed
from tests.support.fakes.event_log import FixedClock, MemoryEventLog

S = TypeVar("S")


@dataclass(slots=True)
class Platform:
    """A log, a bus, and the ids of one merchant's one store."""

    clock: FixedClock = field(default_factory=FixedClock)
    log: MemoryEventLog = field(init=False)
    bus: CommandBus = field(init=False)
    merchant_id: UUID = field(default_factory=uuid4)
    store_id: UUID = field(default_factory=uuid4)
    sold: SoldPlans | None = None
    """The plans that the platform sells; None if it sells none."""
    pages: Sequence[PageDraft] = field(default_factory=lambda: [page()])
    """What the page writer hands in."""

    def __post_init__(self) -> None:
        self.log = MemoryEventLog(self.clock)
        self.bus = CommandBus(self.log, handlers(self.clock, sold=self.sold))

    @property
    def generation_id(self) -> UUID:
        return generation_of(self.store_id)

    async def do(self, command: object, *, id: UUID | None = None) -> Sequence[DomainEvent]:
        """Dispatch a command and return what it appended."""
        before = len(self.log.raw)
        await self.send(command, id=id)
        return self.log.events[before:]

    async def send(self, command: object, *, id: UUID | None = None) -> Receipt:
        """Dispatch a command and return its receipt."""
        return await self.bus.dispatch(command, Context(command_id=id or uuid4(), correlation_id=uuid4()))

    async def get(self, kind: StreamKind[S], id: UUID) -> S:
        """Implements ``consumers.ports.Aggregates``."""
        return await UnitOfWork(self.log).get(kind, id)

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        """Implements ``consumers.ports.React``."""
        return await self.bus.react(command, cause=cause, name=name)

    async def outcome(self, cause: Envelope, name: str) -> Receipt | None:
        return await self.bus.outcome(reaction_id(cause, name))

    async def request(self, niche: str = "Desk lamps") -> None:
        """Register the merchant, request the store and start its generation."""
        await self.send(RegisterMerchant(merchant_id=self.merchant_id, email=sealed(self.merchant_id), name=None))
        await self.send(
            RequestStore(store_id=self.store_id, merchant_id=self.merchant_id, niche=niche, preferences=Preferences())
        )
        await self.send(StartGeneration(generation_id=self.generation_id, store_id=self.store_id))

    async def scout(self, *listings: Listing, attempt: int = 1) -> list[UUID]:
        """Import listings, at 20 dollars each, and return the products' ids."""
        picks = [Pick(listing=each, price=dollars("20.00"), score=SCORE) for each in listings or (listing(),)]
        receipt = await self.send(
            ImportProducts(
                generation_id=self.generation_id,
                attempt=attempt,
                keywords=["lamp"],
                suppliers=[SupplierReport(provider=SupplierProvider.SAMPLE, candidates=120)],
                duplicates=2,
                picks=picks,
            )
        )
        return [UUID(id) for id in receipt.result["product_ids"]]

    async def brand(self, name: str = "Neon Haven", attempt: int = 1) -> Receipt:
        return await self.send(AdoptBrand(generation_id=self.generation_id, attempt=attempt, proposal=proposal(name)))

    async def publish(self, *listings: Listing) -> list[UUID]:
        """Take the store all the way to shoppers and return its products' ids."""
        await self.request()
        products = await self.scout(*listings)
        await self.finish()
        return products

    async def review(self, *listings: Listing) -> list[UUID]:
        """Take the store to its merchant's review and return its products' ids."""
        await self.request()
        products = await self.scout(*listings)
        await self.complete()
        return products

    async def order_a_lamp(
        self, provider: str = "sandbox", *, pieces: int = 1, tax_rate: int | None = None, beside: Sequence[Listing] = ()
    ) -> UUID:
        """Publish a store, order lamps for 20 dollars each, open the payment page, and return the order's id.

        Args:
            provider: of the payment page.
            pieces: how many lamps.
            tax_rate: basis points that the price includes; None if the store says nothing about taxes.
            beside: what else the store sells.
        """
        lamp, *_ = await self.publish(*([listing(), *beside] if beside else []))
        if tax_rate is not None:
            rates = TaxSettings(mode=TaxMode.INCLUSIVE, rates=[TaxRate(country="DE", basis_points=tax_rate)])
            await self.send(SetTaxes(store_id=self.store_id, merchant_id=self.merchant_id, taxes=rates))
        (variant,) = (await self.product(lamp)).variants
        order_id, shopper = uuid4(), uuid4()
        await self.send(
            PlaceOrder(
                order_id=order_id,
                store_id=self.store_id,
                lines=[CartLine(product_id=lamp, variant_id=variant, quantity=pieces)],
                shopper_id=shopper,
                shopper_name=sealed(shopper),
                shopper_email=sealed(shopper),
                shipping_address=sealed(shopper),
                country="DE",
            )
        )
        await self.send(OpenPaymentSession(order_id=order_id, provider=provider, session_id="s1"))
        return order_id

    async def finish(self) -> None:
        """Take a scouted store to shoppers."""
        await self.complete()
        await self.send(ApproveStore(store_id=self.store_id, merchant_id=self.merchant_id))
        await self.send(PublishStore(store_id=self.store_id, merchant_id=self.merchant_id))

    async def complete(self) -> None:
        """Bring a scouted store to its merchant's review."""
        await self.brand()
        await self.send(WritePages(generation_id=self.generation_id, attempt=1, pages=list(self.pages)))
        for step in (Step.COPY, Step.IMAGES):
            await self.succeed(step)
        await self.send(MarkStoreReady(store_id=self.store_id, generation_id=self.generation_id))

    async def succeed(self, step: Step, attempt: int = 1) -> None:
        await self.send(SucceedStep(generation_id=self.generation_id, step=step, attempt=attempt, summary="done"))

    async def fail(self, step: Step, attempt: int = 1, reason: str = "away") -> None:
        await self.send(FailStep(generation_id=self.generation_id, step=step, attempt=attempt, reason=reason))

    async def again(self, step: Step) -> Receipt:
        return await self.send(RunStepAgain(generation_id=self.generation_id, merchant_id=self.merchant_id, step=step))

    async def store(self) -> Store:
        return await self.get(STORE, self.store_id)

    async def product(self, id: UUID) -> Product:
        return await self.get(PRODUCT, id)


def kinds(events: Sequence[DomainEvent]) -> list[str]:
    """Return the events' class names, without the records of outside calls."""
    return [type(event).__name__ for event in events if not isinstance(event, OutsideCallRecorded)]
