"""A storefront on real parts in one process: PostgreSQL event log, command bus, read models applied after each write."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from starlette.applications import Starlette

from commands.bus import CommandBus
from commands.merchant import RegisterMerchant, SetBusinessIdentity
from commands.order import RecordPayment, RecordPaymentFailure
from commands.ports import Commit, Context, Receipt, Staged
from consumers.schedules.carts import CartExpiry
from consumers.schedules.deadlines import DeadlinePolicy
from consumers.schedules.stock_notices import StockNotices
from domain.kernel import Clock, DomainEvent, StreamKind
from domain.media.aggregate import IMAGE
from domain.media.events import ImageProcessed, ImageProcessingRequested, Rendition
from domain.merchant.events import SupplierProvider
from domain.merchant.identity import BusinessIdentity, optional_parts
from domain.money import Money
from domain.order.ports import PaymentConfirmed, PaymentDeclined, PaymentNotice
from domain.product.aggregate import PRODUCT
from domain.product.events import (
    ImportedImage,
    ImportedVariant,
    PriceChanged,
    ProductActivated,
    ProductCopyWritten,
    ProductImported,
    WinningScore,
)
from domain.store.aggregate import STORE
from domain.store.brand import BrandIdentity, FontPair, Logo, Palette, Voice
from domain.store.events import (
    BrandGenerated,
    CopyScores,
    PageType,
    PageWritten,
    StoreArchived,
    StorePaused,
    StorePublished,
    StoreRequested,
)
from domain.store.settings import choose_currency
from infra.adapters.master_keys import MasterKeys
from infra.adapters.media.disk import DiskMediaStore
from infra.adapters.payments.sandbox import SandboxPayments
from infra.adapters.payments.shared import SharedGateway
from infra.adapters.postgres.accounts import PostgresRateLimits
from infra.adapters.postgres.carts import PostgresCarts
from infra.adapters.postgres.discount_shoppers import PostgresDiscountShoppers
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.overdue import ReadModelOverdue
from infra.adapters.postgres.stock_notices import ReadModelNotices
from infra.adapters.postgres.vault import PostgresPersonalData
from infra.bootstrap import handlers
from projections.engine.revisions import move_revisions
from projections.reading.consistency import Stale
from projections.reading.moment import MomentReader
from projections.registry import READ_MODELS, SEARCH_PATH
from schemas.envelope import ConsistencyToken, Envelope
from storefront.app import StorefrontDependencies, create_app
from storefront.read_models import ReadModelQueries
from tests.support.fakes.event_log import NoonClock
from tests.support.platforms.read_models import create_read_models

SECRET = b"a secret that only tests know"
PAYMENT_PAGE = "http://payments.test/pay"
PIXEL = bytes.fromhex("52494646240000005745425056503820180000003001009d012a0100010002003425a400037000fefb940000")
"""A WebP image of one pixel."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of a product in a fixture."""

    title: str
    price: int
    stock: int
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A finished image: its files by the name of their size."""

    alt: str
    sizes: Mapping[str, tuple[bytes, int, int]]


ONE_IMAGE = ImageFile("A product on a plain ground", {"medium": (PIXEL, 800, 800)})


@dataclass(frozen=True, slots=True)
class Product:
    """The ids of a product on sale."""

    id: UUID
    slug: str
    variants: tuple[UUID, ...]


class StorefrontPlatform:
    """The parts below a storefront. Its read models are updated after every command."""

    def __init__(self, pool: asyncpg.Pool, readers: asyncpg.Pool, media: Path, clock: Clock) -> None:
        self.clock = clock
        self.log = PostgresEventLog(pool, self.clock)
        self._pool, self.readers = pool, readers
        self.media = DiskMediaStore(media)
        self.personal = PostgresPersonalData(pool, MasterKeys([bytes(32)]))
        self.payments = SandboxPayments(SECRET, page_url=PAYMENT_PAGE, clock=self.clock)
        self.bus = CommandBus(self.log, handlers(self.clock))
        self.queries = ReadModelQueries(MomentReader(readers))
        self.behind = False
        """While true the read models are not updated, as when a projector has stopped."""
        self.after_each: Callable[[str, Callable[[], Awaitable[None]]], Awaitable[None]] | None = None
        """If set, each event is applied alone, and this is called with its type and with what moves its revisions."""
        self._seen = 0

    @classmethod
    async def build(
        cls, pool: asyncpg.Pool, readers: asyncpg.Pool, media: Path, *, clock: Clock | None = None
    ) -> "StorefrontPlatform":
        """Return the parts on a fresh database.

        Args:
            pool: connections for everything that writes.
            readers: connections with the read models on their search path.
            media: a folder for images.
            clock: the system clock beside processes that have it; none ends a day during a test if left out.
        """
        await create_read_models(pool)
        return cls(pool, readers, media, clock or NoonClock())

    def app(self, *, direct: bool = True, **changes: Any) -> Starlette:
        """Return the storefront, with changes of its dependencies."""
        deps = StorefrontDependencies(
            queries=self.queries,
            commands=self,
            barrier=self,
            carts=PostgresCarts(self._pool),
            discount_shoppers=PostgresDiscountShoppers(self._pool),
            payments=SharedGateway(self.payments),
            personal=self.personal,
            media=self.media,
            clock=self.clock,
            limits=PostgresRateLimits(self._pool),
            # Tests send more than a network may; the one about the limits passes its own factor.
            rate_factor=0,
            secrets=[SECRET],
            base_domains=("shops.test",),
            payment_origins=("http://payments.test",),
        )
        return create_app(replace(deps, **changes), direct=direct)

    async def dispatch(self, command: object, context: Context) -> Receipt:
        """Execute a command and update the read models."""
        receipt = await self.bus.dispatch(command, context)
        await self.catch_up()
        return receipt

    async def outcome(self, command_id: UUID) -> Receipt | None:
        return await self.bus.outcome(command_id)

    async def wait(self, token: ConsistencyToken) -> None:
        """Implement the read barrier; raise at once while the read models lag."""
        if self.behind:
            raise Stale(token)

    async def catch_up(self) -> None:
        """Apply new events of the log to every read model."""
        if self.behind:
            return
        envelopes = [raw.decode() for raw in await self.log.read_settled(self._seen, 10_000)]
        if self.after_each is None and envelopes:
            async with self._pool.acquire() as connection, connection.transaction():
                await move_revisions(connection, await self._apply(envelopes, connection))
        elif self.after_each is not None:
            for envelope in envelopes:
                async with self._pool.acquire() as connection, connection.transaction():
                    changed = await self._apply([envelope], connection)

                async def move(changed: Mapping[str, set[UUID]] = changed) -> None:
                    async with self._pool.acquire() as connection:
                        await move_revisions(connection, changed)

                await self.after_each(type(envelope.event).__name__, move)

    async def _apply(self, envelopes: Sequence[Envelope], connection: Any) -> Mapping[str, set[UUID]]:
        """Write the rows of events; return the tenants that they change by read model."""
        self._seen = envelopes[-1].position
        for name, model in READ_MODELS.items():
            await connection.execute(f'set local search_path to "{name}"')
            await model.apply_envelopes(envelopes, connection)
        return {
            name: {each.tenant for each in envelopes if type(each.event) in model.handles}
            for name, model in READ_MODELS.items()
        }

    async def record(self, kind: StreamKind[Any], tenant: UUID, *events: DomainEvent) -> None:
        """Append events without checking a rule."""
        first = events[0]
        context = Context(command_id=uuid4(), correlation_id=first.originator_id)
        staged = Staged(
            kind=kind,
            stream_id=first.originator_id,
            tenant=tenant,
            expected_version=first.originator_version - 1,
            events=events,
            state=None,
        )
        await self.log.commit(Commit(context=context, digest=uuid4().bytes, result=None, staged=[staged]))
        # The log caches the state that a commit passes. This one passed none, so the log must read the stream again.
        self.log._cache.clear()
        await self.catch_up()

    async def events_of(self, tenant: UUID) -> list[str]:
        """Return the types of a tenant's events, in order."""
        return [raw.type for raw in await self.log.read_tenant(tenant, 2**62)]

    async def state_business(self, slug: str, business: BusinessIdentity) -> UUID:
        """State the business behind a store; return its merchant."""
        store = await self.queries.store_by_slug(slug)
        assert store is not None
        sealed = await self.personal.seal(store.merchant_id, business.model_dump_json())
        commands: list[object] = []
        if store.business_country is None:
            commands.append(RegisterMerchant(merchant_id=store.merchant_id, email=sealed, name=None))
        commands.append(
            SetBusinessIdentity(
                merchant_id=store.merchant_id,
                country=business.country,
                parts=list(optional_parts(business)),
                identity=sealed,
                fingerprint="f",
            )
        )
        for command in commands:
            await self.dispatch(command, Context(command_id=uuid4(), correlation_id=uuid4()))
        return store.merchant_id

    async def open_store(
        self, slug: str, brand: BrandIdentity, *, niche: str = "Things", published: bool = True
    ) -> UUID:
        """Open a store; return its id."""
        store_id, generation_id = uuid4(), uuid4()
        base = {"originator_id": store_id, "occurred_at": self.clock.now()}
        events: list[DomainEvent] = [
            StoreRequested(**base, originator_version=1, merchant_id=uuid4(), niche=niche),
            BrandGenerated(
                **base,
                originator_version=2,
                generation_id=generation_id,
                attempt=1,
                brand=brand,
                options=[],
                reason="It fits.",
                slug=slug,
                written_by="house",
            ),
        ]
        if published:
            events.append(StorePublished(**base, originator_version=3))
        await self.record(STORE, store_id, *events)
        return store_id

    async def pause_store(self, store_id: UUID) -> None:
        await self._shut(store_id, StorePaused)

    async def archive_store(self, store_id: UUID) -> None:
        await self._shut(store_id, StoreArchived)

    async def _shut(self, store_id: UUID, how: type[StorePaused | StoreArchived]) -> None:
        store = await self.log.load(STORE, store_id)
        assert store is not None
        shut = how(originator_id=store_id, originator_version=store.version + 1, occurred_at=self.clock.now())
        await self.record(STORE, store_id, shut)

    async def enforce_deadlines(self) -> None:
        """Run the deadlines policy once."""
        await DeadlinePolicy(
            ReadModelOverdue(self.readers),
            self,
            self.clock,
            CartExpiry(PostgresCarts(self._pool), self.personal),
            StockNotices(ReadModelNotices(self.readers), self.personal),
        ).enforce()

    async def choose_currency(self, store_id: UUID, currency: str) -> None:
        store = await self.log.load(STORE, store_id)
        assert store is not None
        chosen = choose_currency(store.state, currency, existing=None, at=self.clock.now())
        await self.record(STORE, store_id, *chosen)

    async def write_page(self, store_id: UUID, type: PageType, title: str, slug: str, content: str) -> None:
        store = await self.log.load(STORE, store_id)
        assert store is not None
        written = PageWritten(
            originator_id=store_id,
            originator_version=store.version + 1,
            occurred_at=self.clock.now(),
            page_id=uuid4(),
            type=type,
            title=title,
            slug=slug,
            content=content,
            written_by="house",
        )
        await self.record(STORE, store_id, written)

    async def stock(
        self,
        store_id: UUID,
        title: str,
        *,
        slug: str,
        variants: Sequence[Variant] = (Variant("Default", 4900, 10),),
        former: int | None = None,
        claimed: int | None = None,
        category: str = "Things",
        tags: Sequence[str] = (),
        description: str = "A good thing.",
        features: Sequence[str] = (),
        images: Sequence[ImageFile] = (ONE_IMAGE,),
        score: float = 0.5,
        currency: str = "USD",
        shipping_days: tuple[int, int] = (4, 8),
    ) -> Product:
        """Put a product on sale, with finished images.

        Args:
            former: its price before it was reduced to that of its first variant.
            claimed: the compare-at price that a supplier claims, as in events of earlier releases.
        """
        product_id = uuid4()
        raised = 0 if former is None else former - variants[0].price
        base = {"originator_id": product_id, "occurred_at": self.clock.now()}
        image_ids = [uuid4() for _ in images]
        imported = [
            ImportedVariant(
                variant_id=uuid4(),
                title=variant.title,
                options=dict(variant.options),
                price=Money(minor=variant.price + raised, currency=currency),
                cost=Money(minor=variant.price // 3, currency=currency),
                stock=variant.stock,
            )
            for variant in variants
        ]
        await self.record(
            PRODUCT,
            store_id,
            ProductImported(
                **base,
                originator_version=1,
                store_id=store_id,
                generation_id=uuid4(),
                source_provider=SupplierProvider.SAMPLE,
                source_id=slug,
                source_url=None,
                original_title=title,
                original_description="",
                slug=slug,
                category=category,
                tags=list(tags),
                cost=imported[0].cost,
                price=imported[0].price,
                compare_at=None if claimed is None else Money(minor=claimed, currency=currency),
                shipping_days=shipping_days,
                images=[
                    ImportedImage(image_id=id, url="http://supplier.test/x.jpg", alt_text=image.alt, position=n)
                    for n, (id, image) in enumerate(zip(image_ids, images, strict=True))
                ],
                variants=imported,
                score=WinningScore(
                    total=score, reviews=0, orders=0, price_point=0, shipping=0, image_quality=0, margin=0
                ),
            ),
            ProductCopyWritten(
                **base,
                originator_version=2,
                title=title,
                slug=slug,
                description=description,
                features=list(features),
                benefits=[],
                call_to_action="",
                meta_title=title[:60],
                meta_description=f"{title}, in stock now."[:155],
                scores=CopyScores(),
                written_by="house",
            ),
            ProductActivated(**base, originator_version=3),
        )
        if former is not None:
            reduced = PriceChanged(
                **base,
                originator_version=4,
                price=Money(minor=variants[0].price, currency=currency),
                compare_at=Money(minor=former, currency=currency),
                compare_at_proven=True,
            )
            await self.record(PRODUCT, store_id, reduced)
        for n, (id, image) in enumerate(zip(image_ids, images, strict=True)):
            await self._finish_image(store_id, product_id, id, image, n)
        return Product(product_id, slug, tuple(variant.variant_id for variant in imported))

    async def _finish_image(
        self, store_id: UUID, product_id: UUID, image_id: UUID, image: ImageFile, position: int
    ) -> None:
        base = {"originator_id": image_id, "occurred_at": self.clock.now()}
        renditions = [
            Rendition(
                name=name,
                key=await self.media.put(data, mime_type="image/webp"),
                width=width,
                height=height,
                size_bytes=len(data),
            )
            for name, (data, width, height) in image.sizes.items()
        ]
        await self.record(
            IMAGE,
            store_id,
            ImageProcessingRequested(
                **base,
                originator_version=1,
                store_id=store_id,
                product_id=product_id,
                generation_id=None,
                attempt=1,
                source_url="http://supplier.test/x.jpg",
                alt_text=image.alt,
                position=position,
                operations=[],
                ground="#ffffff",
            ),
            ImageProcessed(
                **base,
                originator_version=2,
                renditions=renditions,
                source_sha256="0" * 64,
                source_width=800,
                source_height=800,
                operations=[],
                seconds=0.1,
            ),
        )

    async def reprice(self, product_id: UUID, price: int) -> None:
        product = await self.log.load(PRODUCT, product_id)
        assert product is not None
        changed = PriceChanged(
            originator_id=product_id,
            originator_version=product.version + 1,
            occurred_at=self.clock.now(),
            price=Money(minor=price),
            compare_at=None,
        )
        await self.record(PRODUCT, product.state.store_id, changed)

    async def apply_notice(self, notice: PaymentNotice) -> None:
        """Dispatch the command that the payment policy makes of a notice."""
        command: RecordPayment | RecordPaymentFailure
        match notice:
            case PaymentConfirmed(amount=paid, platform_fee=fee):
                command = RecordPayment(
                    order_id=notice.order_id, paid=paid, fee=fee, intent_id=notice.intent_id, tax=notice.tax
                )
            case PaymentDeclined(reason=reason):
                command = RecordPaymentFailure(order_id=notice.order_id, intent_id=notice.intent_id, reason=reason)
        await self.dispatch(command, Context(command_id=uuid4(), correlation_id=notice.order_id))


READER_SETTINGS = {"search_path": f"{SEARCH_PATH}, public"}
"""Server settings of a pool that storefront queries run on."""

BRAND = BrandIdentity(
    name="Fern & Clay",
    logo=Logo(
        concept="A leaf",
        svg='<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="5"/></svg>',
    ),
    palette=Palette(
        primary="#3f5d43",
        secondary="#c9b79c",
        accent="#c8643c",
        background="#fbf8f2",
        surface="#f1ebdf",
        text="#22261f",
    ),
    fonts=FontPair(heading="Fraunces", body="Work Sans"),
    voice=Voice(
        tone=["calm", "warm"],
        tagline="Quiet pots for loud leaves",
        story="We began with one windowsill. We still pot by hand.",
    ),
)
