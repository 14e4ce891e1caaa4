"""Valid histories for tests of read models: every event comes from a decision of the domain."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from commands.account import (
    AccountCommand,
    ConfirmEmail,
    RecordPasswordChange,
    RecordRecoveryCodes,
    RecordRecoveryCodeUse,
    RecordSecondFactor,
    RecordSessionEnd,
    RecordSignInLink,
    RequestEmailConfirmation,
    RequestPasswordReset,
)
from domain.cart.link import CART_LINK, request_link
from domain.discount.aggregate import DISCOUNT, create_discount
from domain.discount.events import DiscountKind, DiscountTerms
from domain.discount.terms import discount_id
from domain.draft.aggregate import DRAFT, request_draft
from domain.draft.events import DraftTarget, FieldChange, TargetKind
from domain.draft.waiting import WAITING_DRAFTS, queue_drafts, unqueue_drafts, waiting_drafts_of
from domain.editing import EditField
from domain.fee_payment.aggregate import FEE_PAYMENT, fee_payment_stream, record_fee_payment
from domain.generation import aggregate as generations
from domain.generation.events import Step
from domain.ids import derived
from domain.kernel import DomainError, DomainEvent, StreamKind
from domain.mail.aggregate import MAIL, record_outcome
from domain.mail.events import MailKind
from domain.media.aggregate import IMAGE, SourcePhoto, StudioJob, request_processing
from domain.media.events import ImageVersion, Operation, RejectionReason, Rendition
from domain.merchant import aggregate as merchants
from domain.merchant.account_events import SecondFactor, SignInProvider
from domain.merchant.events import StripeLink, SupplierProvider
from domain.money import Money
from domain.order import aggregate as orders
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceFileKind
from domain.order.after_sale.dispute_state import EvidenceFile
from domain.order.after_sale.events import Pieces, RefundRequested
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.sourcing_events import SourcedLine
from domain.order.after_sale.state import RefundStatus
from domain.order.cancellation import cancel_by_merchant
from domain.order.disputes import DisputeReport, record_dispute
from domain.order.events import OrderDiscount, OrderEvent, OrderLine, OrderPaid, WithdrawnLine
from domain.order.evidence.files import add_file, remove_file
from domain.order.evidence.submission import (
    edit_evidence,
    record_evidence_answer,
    remind_of_deadline,
    submit_evidence,
)
from domain.order.fulfillment import correct_parcel, deliver, fulfil, ship_parcel
from domain.order.refund_ports import RefundAnswer
from domain.order.refunds import RefundWish, record_refund, request_refund
from domain.order.returns import (
    ReturnWish,
    approve_return,
    decline_return,
    receive_return,
    refund_return,
    request_return,
    send_replacement,
)
from domain.order.sourcing import (
    Offer,
    buy_anyway,
    record_answer,
    record_silence,
    request_check,
    substitute,
)
from domain.order.supplier_orders import record_supplier_order, request_supplier_orders
from domain.order.withdrawal import withdraw
from domain.payout.aggregate import PAYOUT, PayoutReport, PayoutStatus, payout_stream, record_payout
from domain.privacy import Sealed
from domain.product import aggregate as products
from domain.product.creation import ListingDraft, ProductDraft, add_by_hand, import_listing
from domain.product.edit import ProductEdit, edit_product
from domain.product.events import ImportedImage, ImportedVariant
from domain.shipping.rates import RateBand, ShippingRates, ShippingZone
from domain.sourcing.listing import ListingVariant
from domain.stock_notice.aggregate import STOCK_NOTICE, StockNoticeStatus, request_notice
from domain.stock_notice.events import StockNoticeEnd
from domain.store import aggregate as stores
from domain.store.brand_edit import BrandEdit, change_contact, edit_brand
from domain.store.collection_events import AddressKind, CollectionRule
from domain.store.domain_connection import choose_primary, connect_domain, record_check, remove_domain
from domain.store.domain_events import DomainProblem
from domain.store.events import CopyScores, PageType, Preferences, SupplierReport
from domain.store.generated import mark_ready, record_brand, record_scouting
from domain.store.page_writing import edit_page, remove_page, write_page
from domain.store.ports import PageDraft
from domain.store.presentation import describe_category, move_address, remove_collection, write_collection
from domain.store.return_policy import REASONS, ReturnPolicy
from domain.store.settings import choose_currency, set_return_policy, set_shipping, set_taxes
from domain.store.taxes import TaxMode, TaxRate, TaxSettings, tax_of
from schemas.envelope import GENESIS, Envelope, RawEvent, chain_hash
from schemas.registry import encode
from tests.support.builders.samples import NOON, SCORE, copy, listing, proposal, sealed

NAMESPACE = UUID("00000000-0000-0000-0000-00000000a11e")


class History:
    """A log in memory, written by moves that select their subjects by number."""

    def __init__(self, store_count: int = 2) -> None:
        self.raw: list[RawEvent] = []
        self._states: dict[UUID, Any] = {}
        self._hashes: dict[UUID, bytes] = {}
        self._ids = 0
        self._at: datetime = NOON
        self.merchants = [self._new() for _ in range(2)]
        self.stores: list[UUID] = []
        self.products: list[UUID] = []
        self.images: list[UUID] = []
        self.shows: dict[UUID, UUID] = {}
        self.orders: list[UUID] = []
        self.notices: list[UUID] = []
        self.drafts: list[UUID] = []
        for n, id in enumerate(self.merchants):
            name = sealed(id) if n else None
            self._append(merchants.MERCHANT, id, merchants.register(id, email=sealed(id), name=name, at=self._at))
        for n in range(store_count):
            self._request_store(n)

    @property
    def envelopes(self) -> list[Envelope]:
        return [raw.decode() for raw in self.raw]

    def play(self, moves: Sequence[tuple[str, int]]) -> "History":
        """Make moves in turn. A move that the domain rejects appends nothing."""
        for name, number in moves:
            self._at += timedelta(seconds=1)
            try:
                MOVES[name](self, number)
            except DomainError:
                continue
        return self

    def state(self, id: UUID) -> Any:
        return self._states[id]

    def _new(self) -> UUID:
        self._ids += 1
        return derived(NAMESPACE, str(self._ids))

    def _append(self, kind: StreamKind[Any], tenant: UUID, events: Sequence[DomainEvent]) -> None:
        for event in events:
            stream, data = event.originator_id, encode(event)
            id, previous = self._new(), self._hashes.get(stream, GENESIS)
            digest = chain_hash(
                previous, id=id, type=event.wire_name, stream_id=stream, version=event.originator_version, data=data
            )
            self._hashes[stream] = digest
            self._states[stream] = kind.evolve(self._states.get(stream), event)
            self.raw.append(
                RawEvent(
                    position=len(self.raw) + 1,
                    id=id,
                    type=event.wire_name,
                    stream_id=stream,
                    version=event.originator_version,
                    tenant=tenant,
                    correlation_id=NAMESPACE,
                    causation_id=None,
                    recorded_at=self._at,
                    traceparent=None,
                    data=data,
                    previous_hash=previous,
                    hash=digest,
                )
            )

    def _pick(self, among: Sequence[UUID], number: int) -> UUID:
        if not among:
            raise DomainError("nothing there yet")
        return among[number % len(among)]

    def _request_store(self, number: int) -> None:
        id, merchant = self._new(), self._pick(self.merchants, number)
        self.stores.append(id)
        wishes = Preferences(name="Mine" if number % 3 == 0 else None, colours=["teal"], tone="calm")
        request = stores.request_store(
            id, merchant_id=merchant, niche=f"Niche {number}", preferences=wishes, at=self._at
        )
        self._append(stores.STORE, id, request)
        generation = generations.start(
            derived(id, "generation"), store_id=id, merchant_id=merchant, niche=f"Niche {number}", at=self._at
        )
        self._append(generations.GENERATION, id, generation)

    def _supplier(self, number: int) -> None:
        id = self._pick(self.merchants, number)
        merchant, provider = self.state(id), list(SupplierProvider)[number % 4]
        if provider in merchant.suppliers and number % 8 < 6:
            events = merchant.disconnect(provider, at=self._at)
        else:
            events = merchant.connect(provider, account_id=f"account-{number}" if number % 3 else None, at=self._at)
        self._append(merchants.MERCHANT, id, events)

    def _step(self, number: int) -> None:
        id = self._pick(self.stores, number)
        generation, step = self.state(derived(id, "generation")), list(Step)[number % 5]
        attempt, outcome = generation.steps[step].attempt, number // 5 % 6
        if outcome <= 1:
            item, text = str(number % 7), f"Did “{number % 7}”"
            events = generation.progress_step(step, attempt, item=item, total=7, message=text, at=self._at)
        elif outcome <= 3:
            events = generation.succeed_step(step, attempt, summary=f"Done {number}", at=self._at)
        elif outcome == 4:
            events = generation.fail_step(step, attempt, reason="The supplier did not answer.", at=self._at)
        elif number % 3 == 0:
            events = generation.cancel(at=self._at)
        else:
            events = generation.run_again(step, at=self._at)
        self._append(generations.GENERATION, id, events)

    def _brand(self, number: int) -> None:
        id = self._pick(self.stores, number)
        generation = self.state(derived(id, "generation"))
        events = record_brand(
            self.state(id),
            proposal(f"Brand {number}"),
            generation_id=generation.id,
            attempt=max(1, generation.steps[Step.BRAND].attempt),
            slug=f"brand-{number}",
            at=self._at,
        )
        self._append(stores.STORE, id, events)

    def _import(self, number: int) -> None:
        store, id = self._pick(self.stores, number), self._new()
        forms = [
            ListingVariant(title=f"Size {n}", options={"size": str(n)}, cost=Money(minor=500), stock=n + number % 4)
            for n in range(1 + number % 3)
        ]
        found = listing(str(number), images=number % 3, variants=forms)
        images = [
            ImportedImage(image_id=self._new(), url=url, alt_text="“Lamp”", position=n)
            for n, url in enumerate(found.image_urls)
        ]
        price = Money(minor=1000 + 10 * (number % 90))
        variants = [
            ImportedVariant(
                variant_id=self._new(),
                title=each.title,
                options=each.options,
                stock=each.stock,
                price=price + Money(minor=100 * n),
                cost=each.cost,
            )
            for n, each in enumerate(forms)
        ]
        events = import_listing(
            id,
            ListingDraft(
                listing=found, slug=f"product-{number}", price=price, images=images, variants=variants, score=SCORE
            ),
            store_id=store,
            generation_id=derived(store, "generation"),
            at=self._at,
        )
        self._append(products.PRODUCT, store, events)
        self.products.append(id)
        self.images += [image.image_id for image in images]
        self.shows.update({image.image_id: id for image in images})
        self._append(
            stores.STORE, store, choose_currency(self.state(store), price.currency, existing=None, at=self._at)
        )
        scouting = record_scouting(
            self.state(store),
            generation_id=derived(store, "generation"),
            attempt=1,
            keywords=["lamp"],
            duplicates=1,
            product_ids=[id],
            suppliers=[
                SupplierReport(provider=SupplierProvider.SAMPLE, candidates=3, error="500" if number % 2 else None)
            ],
            at=self._at,
        )
        self._append(stores.STORE, store, scouting)

    def _add(self, number: int) -> None:
        store, id = self._pick(self.stores, number), self._new()
        price = Money(minor=1500 + number)
        events = add_by_hand(
            id,
            ProductDraft(
                title=f"Hand-made {number}",
                slug=f"hand-{number}",
                description="Mine.",
                cost=Money(minor=500),
                price=price,
                compare_at=None,
                images=[],
                variant_id=self._new(),
                stock=number % 5,
            ),
            store_id=store,
            at=self._at,
        )
        self._append(products.PRODUCT, store, events)
        self.products.append(id)

    def _edit(self, number: int) -> None:
        id = self._pick(self.products, number)
        product, kind = self.state(id), number // 7 % 8
        at = self._at
        variants = list(product.variants)
        decisions: list[Callable[[], Sequence[DomainEvent]]] = [
            lambda: product.write_copy(copy(f"Copy {number}"), slug=f"copy-{number}", at=at),
            lambda: edit_product(
                product, ProductEdit(title=f"Title {number}", price=Money(minor=900 + number % 500)), at=at
            ),
            lambda: edit_product(
                product,
                ProductEdit(description=f"About {number}", features=["USB"], meta_title="T", meta_description="D"),
                at=at,
            ),
            lambda: product.count_stock(variants[number % len(variants)], number % 6, at=at),
            lambda: product.activate(at=at),
            lambda: product.activate(at=at),
            lambda: product.deactivate(at=at),
            lambda: product.archive(at=at) if number % 5 == 0 else (),
        ]
        self._append(products.PRODUCT, product.store_id, decisions[kind]())

    def _page(self, number: int) -> None:
        id, type = self._pick(self.stores, number), list(PageType)[number % 7]
        page_id = derived(id, "page", type)
        if page_id in self.state(id).pages and number % 3 == 0:
            retitled = edit_page(
                self.state(id), page_id, title=f"Title {number}", content=None, scores=CopyScores(), at=self._at
            )
            self._append(stores.STORE, id, retitled)
            return
        events = write_page(
            self.state(id),
            page_id,
            PageDraft(
                type=type,
                title=f"Page {number}",
                slug=type.lower(),
                content=f"# {number}",
                scores=CopyScores(keyword_density={"a": 0.25}, words=number),
                written_by="house",
            ),
            at=self._at,
        )
        self._append(stores.STORE, id, events)

    def _store(self, number: int) -> None:
        id, at = self._pick(self.stores, number), self._at
        store = self.state(id)
        decisions: list[Callable[[], Sequence[DomainEvent]]] = [
            lambda: mark_ready(store, derived(id, "generation"), at=at),
            lambda: store.approve(at=at),
            lambda: store.publish(at=at),
            lambda: store.pause(at=at),
            lambda: store.archive(at=at) if number % 13 == 0 else (),
        ]
        self._append(stores.STORE, id, decisions[number // 3 % 5]())

    def _domain(self, number: int) -> None:
        """Connect a domain, check it, choose it, or remove it."""
        store, at = self.state(self._pick(self.stores, number)), self._at
        name = f"d{number % 2}.{store.id.hex[:6]}.example"
        problem = list(DomainProblem)[number % 3] if number % 5 == 4 else None
        decisions: list[Callable[[], Sequence[DomainEvent]]] = [
            lambda: connect_domain(store, name, at=at),
            lambda: record_check(store, name, problem, at=at),
            lambda: record_check(store, name, problem, at=at + timedelta(days=4)),
            lambda: choose_primary(store, name if number % 4 else None, at=at),
            lambda: remove_domain(store, name, at=at) if number % 7 == 0 else (),
        ]
        self._append(stores.STORE, store.id, decisions[number // 2 % 5]())

    def _presentation(self, number: int) -> None:
        """Write a collection, describe a category, move an address, or remove the collection."""
        store, at = self.state(self._pick(self.stores, number)), self._at
        collection = derived(store.id, "collection", str(number % 2))
        chosen = [id for id in self.products if self.state(id).store_id == store.id]
        rule = CollectionRule(tags=["gift"]) if number % 3 else None
        page_id, page = next(iter(store.pages.items()), (None, None))
        decisions: list[Callable[[], Sequence[DomainEvent]]] = [
            lambda: write_collection(
                store,
                collection,
                title=f"Gifts {number}",
                text="For **you**.",
                image_id=None,
                rule=rule,
                product_ids=[] if rule else chosen[:3],
                at=at,
            ),
            lambda: describe_category(store, "lamps", title=f"Lamps {number}", text="They glow.", at=at),
            lambda: (
                ()
                if page is None
                else move_address(
                    store, AddressKind.PAGE, str(page_id), f"page-{number}", former=page.slug, taken=(), at=at
                )
            ),
            lambda: move_address(
                store,
                AddressKind.CATEGORY,
                "lamps",
                f"lights-{number}",
                former=store.assortment.slugs.get((AddressKind.CATEGORY, "lamps"), "lamps"),
                taken=(),
                at=at,
            ),
            lambda: remove_collection(store, collection, at=at) if number % 7 == 0 else (),
        ]
        self._append(stores.STORE, store.id, decisions[number // 2 % 5]())

    def _rebrand(self, number: int) -> None:
        """Change a brand's texts or name, or the contact, or drop a page."""
        store, at = self.state(self._pick(self.stores, number)), self._at
        if number % 11 == 10 and store.pages:
            self._append(stores.STORE, store.id, remove_page(store, list(store.pages)[-1], at=at))
            return
        if number % 3 == 0:
            contact = None if number % 2 else f"hello{number}@shop.example"
            self._append(stores.STORE, store.id, change_contact(store, contact, at=at))
            return
        edit = BrandEdit(tagline=f"Line {number}") if number % 3 == 1 else BrandEdit(name=f"Shop {number}")
        self._append(stores.STORE, store.id, edit_brand(store, edit, slug=store.slug, at=at))

    def _draft(self, number: int) -> None:
        """Ask for a draft of a brand, propose, and accept a part or drop the rest."""
        store, at = self.state(self._pick(self.stores, number // 2)), self._at
        if number % 2 == 0 or not self.drafts:
            id, target = self._new(), DraftTarget(kind=TargetKind.BRAND, id=store.id)
            self.drafts.append(id)
            asked = request_draft(
                id, store_id=store.id, merchant_id=store.merchant_id, target=target, hint="warmer", at=at
            )
            self._append(DRAFT, store.id, asked)
            waiting = self._states.get(waiting_drafts_of(store.id))
            self._append(WAITING_DRAFTS, store.id, queue_drafts(waiting, store.id, [id], at=at))
            return
        newest, changes = (
            self.state(self.drafts[-1]),
            [
                FieldChange(field=EditField.TAGLINE, base="a", proposed=f"Line {number}"),
                FieldChange(field=EditField.TONE, base=["a"], proposed=["warm", str(number)]),
            ],
        )
        made = newest.propose(changes, written_by="house", note="Warmer.", at=at)
        self._append(DRAFT, newest.store_id, newest.fail("It was away.", at=at) if number % 5 == 0 else made)
        draft = self.state(self._pick(self.drafts, number // 4))
        first, live = list(draft.open_fields)[:1], dict(draft.bases)
        accepted = draft.accept(first, before=live, after=live, target_version=number, by=draft.merchant_id, at=at)
        self._append(DRAFT, draft.store_id, draft.drop(at=at) if number % 7 == 0 else accepted)
        if number % 7 == 0:
            waiting = self.state(waiting_drafts_of(draft.store_id))
            self._append(WAITING_DRAFTS, draft.store_id, unqueue_drafts(waiting, [draft.id], at=at))

    def _image(self, number: int) -> None:
        store = self._pick(self.stores, number)
        if number % 4 == 0 or not self.images:
            id, known, product = self._new(), None, None
            self.images.append(id)
        else:
            id = self._pick(self.images, number)
            known = self._states.get(id)
            product = self.shows.get(id)
            store = self.state(id if product is None else product).store_id
        if known is None or number % 3 == 0:
            events = request_processing(
                known,
                id,
                SourcePhoto(
                    store_id=store,
                    product_id=product,
                    url=f"https://images.example/a%20b/{number}.jpg",
                    alt_text="Lamp",
                    position=number % 3,
                ),
                StudioJob(
                    generation_id=None,
                    attempt=1 if known is None else known.attempt + 1,
                    operations=list(Operation),
                    ground="#ffffff",
                ),
                at=self._at,
            )
        elif number % 3 == 1:
            sizes = [
                Rendition(name=name, key=f"sha256/ab/{number}-{name}.webp", width=size, height=size, size_bytes=size)
                for name, size in (("thumbnail", 200), ("medium", 800), ("large", 1600))
            ]
            events = known.process(
                attempt=known.attempt,
                renditions=sizes,
                source_sha256="ab",
                source_size=(900, 800),
                operations=[Operation.SHARPEN],
                seconds=0.5,
                at=self._at,
            )
        else:
            events = known.reject(
                attempt=known.attempt, reason=RejectionReason.CORRUPT, message="Damaged.", at=self._at
            )
        self._append(IMAGE, store, events)
        if number % 5 == 2 and known is not None:
            # The merchant accepted the picture of a draft.
            picture = {
                "picture_id": derived(id, str(number)),
                "renditions": [
                    Rendition(name="large", key=f"sha256/cd/{number}.webp", width=9, height=9, size_bytes=9)
                ],
                "shown": ImageVersion.CUTOUT,
                "source_sha256": "cd",
                "source_width": 900,
                "source_height": 800,
                "operations": list(Operation),
            }
            self._append(IMAGE, store, self.state(id).replace_picture(picture, at=self._at))

    def _order(self, number: int) -> None:
        product = self.state(self._pick(self.products, number))
        variant = list(product.variants)[number % len(product.variants)]
        id, shopper = self._new(), self._new()
        kept = product.reserve(variant, 1 + number % 2, order_id=id, at=self._at)
        line = OrderLine(
            product_id=product.id,
            variant_id=variant,
            title=product.title,
            variant_title="Default",
            quantity=1 + number % 2,
            unit_price=product.variants[variant].price,
        )
        price = orders.OrderPrice(
            shipping=Money(minor=500),
            tax=Money(minor=0),
            discount=self._discounted(id, line, number),
            taxes=tax_of(self.state(product.store_id).taxes, line.total, "DE"),
        )
        placed = orders.place(
            id,
            shopper=orders.ShopperDetails(
                id=shopper, name=sealed(shopper), email=sealed(shopper), address=sealed(shopper)
            ),
            store_id=product.store_id,
            lines=[line],
            price=price,
            at=self._at,
        )
        self._append(orders.ORDER, product.store_id, placed)
        self._append(products.PRODUCT, product.store_id, kept)
        self.orders.append(id)

    def _discounted(self, order_id: UUID, line: OrderLine, number: int) -> OrderDiscount | None:
        """Reserve a use of the store's code for every other order, if there is one."""
        code = self._states.get(discount_id(self.state(line.product_id).store_id, "SUMMER"))
        if code is None or number % 2:
            return None
        self._append(DISCOUNT, code.store_id, code.reserve(order_id=order_id, shoppers=[str(number % 3)], at=self._at))
        off = Money.of(min(100, line.total.minor), line.unit_price.currency)
        return OrderDiscount(discount_id=code.id, code=code.code, kind=code.terms.kind, amount=off, shares=[off])

    def _selling(self, number: int) -> None:
        """Set a store's delivery rates, create its code, pause it, or resume it."""
        store, at = self.state(self._pick(self.stores, number)), self._at
        if number % 36 == 0:
            policy = ReturnPolicy(days=14 + number % 90, merchant_pays=number % 2 == 0)
            self._append(stores.STORE, store.id, set_return_policy(store, policy, at=at))
            return
        if number % 20 == 8:
            kinds = [TaxSettings(mode=TaxMode.INCLUSIVE, rates=[TaxRate(country="DE", basis_points=1900)])]
            kinds += [TaxSettings(mode=TaxMode.AT_PAYMENT, included=included) for included in (True, False)]
            self._append(stores.STORE, store.id, set_taxes(store, kinds[number // 20 % 3], at=at))
            return
        if number % 4 == 0:
            price = RateBand(price=Money(minor=number))
            zone = ShippingZone(name=f"Zone {number}", countries=["DE"], bands=[price])
            self._append(stores.STORE, store.id, set_shipping(store, ShippingRates(zones=[zone]), at=at))
            return
        id = discount_id(store.id, "SUMMER")
        code = self._states.get(id)
        if code is None:
            terms = DiscountTerms(kind=DiscountKind.AMOUNT, amount=Money(minor=100), most_uses_per_shopper=9)
            events = create_discount(id, store_id=store.id, code="SUMMER", terms=terms, at=at)
        else:
            events = code.pause(at=at) if number % 7 == 0 else code.resume(at=at)
        self._append(DISCOUNT, store.id, events)

    def _end_of_use(self, order: Any, *, is_paid: bool) -> None:
        if order.discount_id is not None:
            code = self.state(order.discount_id)
            events = (
                code.use(order_id=order.id, at=self._at) if is_paid else code.release(order_id=order.id, at=self._at)
            )
            self._append(DISCOUNT, order.store_id, events)

    def _payment(self, number: int) -> None:
        order, at = self.state(self._pick(self.orders, number)), self._at
        line = order.lines[0]
        product = self.state(line.product_id)
        kind = number // 3 % 6
        if kind == 0:
            events = order.open_session(provider="sandbox", session_id=f"s-{number}", at=at)
        elif kind == 1:
            events = order.record_failure(intent_id=f"f-{number}", reason="Refused.", at=at)
        elif kind == 2:
            is_added = order.taxes is not None and order.taxes.is_added
            tax = Money(minor=order.total.minor // 10)
            events = order.record_payment(
                order.total + tax if is_added else order.total,
                fee=Money(minor=order.total.minor // 20),
                intent_id="p",
                tax=tax,
                at=at,
            )
            if any(isinstance(event, OrderPaid) for event in events):
                self._end_of_use(order, is_paid=True)
                self._append(products.PRODUCT, order.store_id, product.sell(line.variant_id, order_id=order.id, at=at))
        elif kind == 3:
            events = order.cancel(reason="Not paid in time.", at=at)
            self._end_of_use(order, is_paid=False)
            self._append(products.PRODUCT, order.store_id, product.release(line.variant_id, order_id=order.id, at=at))
        elif kind == 4:
            odd = order.total + Money(minor=1)
            events = order.record_payment(odd, fee=Money(minor=0), intent_id=f"o-{number}", at=at)
        else:
            events = fulfil(order, carrier="Post", tracking_number=f"T{number}", at=at)
        self._append(orders.ORDER, order.store_id, events)

    def _after_sale(self, number: int) -> None:
        order, at = self.state(self._pick(self.orders, number)), self._at
        if number % 3 == 0:
            days = timedelta(days=number % 40)
            events = deliver(order, on=(at - days).date(), today=at.date(), at=at)
        else:
            who = sealed(order.store_id)
            asked = [WithdrawnLine(variant_id=order.lines[0].variant_id, quantity=1 + number % 2)]
            events = withdraw(order, asked if number % 5 else [], name=who, email=who, today=at.date(), at=at)
        self._append(orders.ORDER, order.store_id, events)

    def _return(self, number: int) -> None:
        order, at = self.state(self._pick(self.orders, number)), self._at
        which, kind = 1 + number % 3, number // 3 % 6
        events: Sequence[DomainEvent]
        if kind <= 1:
            pieces = [ReturnedPieces(variant_id=order.lines[0].variant_id, quantity=1 + number % 2)]
            wish = ReturnWish(lines=pieces, reason=REASONS[number % 6], note=sealed(order.store_id))
            events = request_return(order, wish, policy=ReturnPolicy(), today=at.date(), at=at)
        elif kind == 2:
            address = sealed(order.store_id) if number % 2 else None
            events = approve_return(order, which, instructions="Mind the glass.", address=address, at=at)
        elif kind == 3:
            events = decline_return(order, which, reason="Used.", at=at)
        elif kind == 4:
            events = receive_return(order, which, lines=(), restock=False, at=at)
        elif number % 2:
            events = send_replacement(order, which, carrier="UPS", tracking_number=f"R{number}", at=at)
        else:
            events = refund_return(order, which, refund_id=self._new(), shipping=None, reason="", at=at)
        self._append(orders.ORDER, order.store_id, events)

    def _purchase(self, number: int) -> None:
        order, at = self.state(self._pick(self.orders, number)), self._at
        kind, provider = number // 3 % 9, SupplierProvider.SAMPLE
        line = order.lines[0]
        decisions: list[Callable[[], Sequence[DomainEvent]]] = [
            lambda: record_answer(order, [_sourced(line, 1)], at=at),
            lambda: record_answer(order, [_sourced(line, 1_000_000)], at=at),
            lambda: record_silence(order, reason="It is away.", at=at),
            lambda: request_check(order, at=at),
            lambda: buy_anyway(order, at=at),
            lambda: substitute(order, {line.variant_id: _other(number, line)}, at=at),
            lambda: request_supplier_orders(order, {provider: []}, by_hand=number % 2 == 0, at=at),
            lambda: record_supplier_order(order, provider, external_id=f"SO-{number}", reason="", at=at),
            lambda: record_supplier_order(order, provider, external_id=None, reason="Sold out.", at=at),
        ]
        self._append(orders.ORDER, order.store_id, decisions[kind]())

    def _parcel(self, number: int) -> None:
        order, at = self.state(self._pick(self.orders, number)), self._at
        if number % 11 == 0:
            events = cancel_by_merchant(order, refund_id=self._new(), reason="Sold out", at=at)
            for event in events:
                self._take_back(order, event)
        elif number % 3 == 0:
            count = len(order.after.parcels)
            events = correct_parcel(order, 1 + number % 2 if count else 0, carrier="UPS", tracking_number=None, at=at)
        else:
            lines = [Pieces(variant_id=order.lines[0].variant_id, quantity=1)]
            events = ship_parcel(order, lines, carrier="Post", tracking_number=f"P{number}", at=at)
        self._append(orders.ORDER, order.store_id, events)

    def _payment_account(self, number: int) -> None:
        merchant_id = self._pick(self.merchants, number)
        merchant = self.state(merchant_id)
        if merchant.stripe is not None:
            events = merchant.disconnect_stripe(merchant.stripe.id, by_merchant=True, at=self._at)
        else:
            link = list(StripeLink)[number % 3]
            account_id = f"acct_{self.merchants.index(merchant_id)}_{number // 8 % 2}"
            events = merchant.connect_stripe(account_id, live=False, link=link, at=self._at)
        self._append(merchants.MERCHANT, merchant_id, events)

    def _account(self, number: int) -> None:
        merchant_id = self._pick(self.merchants, number)
        email, link_id = sealed(merchant_id), self._new()
        commands: Sequence[AccountCommand] = (
            RequestEmailConfirmation(merchant_id=merchant_id, link_id=link_id, email=email),
            ConfirmEmail(merchant_id=merchant_id, email=email, former=email if number % 2 else None),
            RequestPasswordReset(merchant_id=merchant_id, link_id=link_id),
            RecordPasswordChange(merchant_id=merchant_id, by_link=number % 2 == 0),
            RecordSessionEnd(merchant_id=merchant_id, session_id=link_id if number % 2 else None),
            RecordSecondFactor(merchant_id=merchant_id, method=SecondFactor.TOTP, enabled=number % 2 == 0),
            RecordRecoveryCodes(merchant_id=merchant_id, count=10),
            RecordRecoveryCodeUse(merchant_id=merchant_id, left=number % 10),
            RecordSignInLink(merchant_id=merchant_id, provider=SignInProvider.GITHUB, linked=number % 2 == 0),
        )
        event = commands[number % len(commands)].event(self.state(merchant_id), self._at)
        self._append(merchants.MERCHANT, merchant_id, (event,))

    def _bank(self, number: int) -> None:
        if number % 8 == 4:
            self._payment_account(number)
            return
        if number % 4 == 0:
            merchant_id = self._pick(self.merchants, number // 8)
            report = PayoutReport(
                payout_id=f"po_{merchant_id.hex[:8]}_{number % 9}",
                amount=Money(minor=100 + number),
                arrival_on=self._at.date(),
                status=list(PayoutStatus)[number // 9 % 3],
                reason="account closed",
            )
            known = self._states.get(payout_stream(merchant_id, report.payout_id))
            self._append(PAYOUT, merchant_id, record_payout(known, report, merchant_id=merchant_id, at=self._at))
            self._fee_payment(merchant_id, f"INV-{number}", Money(minor=1 + number))
            return
        order = self.state(self._pick(self.orders, number))
        moved = number % 3
        dispute = DisputeReport(
            dispute_id=f"du_{order.id.hex[:8]}_{number % 5}",
            intent_id=order.intent_id or "pi_0",
            amount=Money(minor=500),
            reason="fraudulent",
            status=list(DisputeStatus)[number % 7],
            evidence_due=self._at + timedelta(days=2),
            movements=moved,
            taken=Money(minor=500 if moved == 1 else 0),
            fee=Money(minor=1500 if moved else 0),
        )
        self._append(orders.ORDER, order.store_id, record_dispute(order, dispute, at=self._at))
        self._answer(order.id, dispute.dispute_id, number)

    def _fee_payment(self, merchant_id: UUID, reference: str, amount: Money) -> None:
        known = self._states.get(fee_payment_stream(merchant_id, reference))
        paid = record_fee_payment(known, merchant_id=merchant_id, reference=reference, amount=amount, at=self._at)
        self._append(FEE_PAYMENT, merchant_id, paid)

    def _answer(self, order_id: UUID, dispute_id: str, number: int) -> None:
        order: Any = self.state(order_id)
        text, edition = sealed(order.store_id), order.after.disputes[dispute_id].edition
        match number // 420 % 6:
            case 0:
                events = edit_evidence(order, dispute_id, text, at=self._at)
            case 1:
                events = self._file(order, dispute_id, number)
            case 2 | 3:
                events = submit_evidence(order, dispute_id, text, edition=edition, at=self._at)
            case 4:
                refusal, tries = "no" if number // 2520 % 2 else None, order.after.disputes[dispute_id].attempts
                events = record_evidence_answer(order, dispute_id, tries, refusal=refusal, at=self._at)
            case _:
                events = remind_of_deadline(order, dispute_id, at=self._at + timedelta(days=1))
        self._append(orders.ORDER, order.store_id, events)

    def _file(self, order: Any, dispute_id: str, number: int) -> Sequence[OrderEvent]:
        files = order.after.disputes[dispute_id].files
        if files and number % 3 == 0:
            return remove_file(order, dispute_id, next(iter(files.values())).file_id, at=self._at)
        id = derived(order.id, "file", dispute_id, str(number))
        file = EvidenceFile(file_id=id, mime_type="image/png", size_bytes=1 + number % 9000, pages=1)
        kind = list(EvidenceFileKind)[number % 2]
        return add_file(order, dispute_id, kind, file, sealed(order.store_id), at=self._at)

    def _take_back(self, order: Any, event: DomainEvent) -> None:
        for line in event.lines if isinstance(event, RefundRequested) else ():
            id = next(each.product_id for each in order.lines if each.variant_id == line.variant_id)
            taken = self.state(id).take_back(line.variant_id, line.quantity, order_id=order.id, at=self._at)
            self._append(products.PRODUCT, order.store_id, taken)

    def _refund(self, number: int) -> None:
        order, at = self.state(self._pick(self.orders, number)), self._at
        known = list(order.after.refunds)
        if number % 4 and known:
            id = known[number % len(known)]
            refund = order.after.refunds[id]
            answer = RefundAnswer(
                refund_id=id if refund.requested_here else None,
                external_id=refund.external_id or f"re_{id.hex[:12]}",
                intent_id=refund.intent_id,
                amount=refund.amount,
                status=list(RefundStatus)[number // 4 % 3],
                reason="declined",
            )
            events = record_refund(order, answer, at=at)
        elif number % 7 == 0:
            answer = RefundAnswer(
                refund_id=None,
                external_id=f"re_dash_{number}",
                intent_id=order.intent_id or f"i-{number}",
                amount=Money(minor=1 + number % 300),
                status=list(RefundStatus)[number % 3],
            )
            events = record_refund(order, answer, at=at)
        else:
            amount = None if number % 3 == 0 else Money(minor=1 + number % 900)
            events = request_refund(order, RefundWish(refund_id=self._new(), amount=amount, restock=True), at=at)
            for event in events:
                self._take_back(order, event)
        self._append(orders.ORDER, order.store_id, events)

    def _mail(self, number: int) -> None:
        order = self.state(self._pick(self.orders, number))
        outcome = record_outcome(
            self._new(),
            store_id=order.store_id,
            order_id=order.id if number % 4 else None,
            kind=list(MailKind)[number % len(MailKind)],
            message_id=f"{number}@shops.example",
            refusal="550 5.1.1" if number % 3 == 0 else None,
            at=self._at,
        )
        self._append(MAIL, order.store_id, outcome)

    def _cart_link(self, number: int) -> None:
        store_id, link_id = self._pick(self.stores, number), self._new()
        email = Sealed(person_id=link_id, ciphertext=f"v1.k.{number}.c")
        events = request_link(
            link_id, store_id=store_id, cart_key=self._new(), shopper_id=link_id, email=email, at=self._at
        )
        self._append(CART_LINK, store_id, events)

    def _stock_notice(self, number: int) -> None:
        if not self.notices or number % 3 == 0:
            product = self.state(self._pick(self.products, number))
            notice_id, shopper_id = self._new(), self._new()
            events = request_notice(
                notice_id,
                store_id=product.store_id,
                product_id=product.id,
                variant_id=next(iter(product.variants)),
                shopper_id=shopper_id,
                email=Sealed(person_id=shopper_id, ciphertext=f"v1.k.{number}.c"),
                consent="One mail.",
                at=self._at,
            )
            self._append(STOCK_NOTICE, product.store_id, events)
            self.notices.append(notice_id)
            return
        notice = self.state(self._pick(self.notices, number))
        if notice.status is StockNoticeStatus.ENDED:
            return
        step = number % 4
        events = (
            notice.confirm(at=self._at)
            if step < 2
            else notice.announce(at=self._at)
            if step == 2
            else notice.finish(list(StockNoticeEnd)[number % len(StockNoticeEnd)], at=self._at)
        )
        self._append(STOCK_NOTICE, notice.store_id, events)

    def _later(self, number: int) -> None:
        self._at += timedelta(hours=number % 30)


def _sourced(line: OrderLine, cost: int) -> SourcedLine:
    zero = Money(minor=0)
    return SourcedLine(
        variant_id=line.variant_id, quantity=line.quantity, cost=Money(minor=cost), freight=zero, duty=zero, stock=9
    )


def _other(number: int, line: OrderLine) -> Offer:
    return Offer(
        product_id=derived(NAMESPACE, "other"),
        variant_id=derived(NAMESPACE, "other", str(number)),
        title=f"Other {number}",
        variant_title="Default",
        price=line.unit_price,
    )


MOVES: dict[str, Callable[[History, int], None]] = {
    "store": History._store,
    "domain": History._domain,
    "presentation": History._presentation,
    "selling": History._selling,
    "request": History._request_store,
    "supplier": History._supplier,
    "step": History._step,
    "brand": History._brand,
    "rebrand": History._rebrand,
    "draft": History._draft,
    "import": History._import,
    "add": History._add,
    "edit": History._edit,
    "page": History._page,
    "image": History._image,
    "order": History._order,
    "payment": History._payment,
    "after sale": History._after_sale,
    "refund": History._refund,
    "parcel": History._parcel,
    "return": History._return,
    "purchase": History._purchase,
    "bank": History._bank,
    "account": History._account,
    "mail": History._mail,
    "cart link": History._cart_link,
    "stock notice": History._stock_notice,
    "later": History._later,
}


def with_text(raw: RawEvent, old: bytes, new: bytes) -> RawEvent:
    """Return a stored event with another body. Its hash is then wrong, which read models do not check."""
    return msgspec.structs.replace(raw, data=raw.data.replace(old, new))
