"""Moves of stores: their making, texts, addresses, rules of selling, and drafts."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from domain.cart.link import CART_LINK, request_link
from domain.discount.aggregate import DISCOUNT, create_discount
from domain.discount.events import DiscountKind, DiscountTerms
from domain.discount.terms import discount_id
from domain.draft.aggregate import DRAFT, request_draft
from domain.draft.events import DraftTarget, FieldChange, TargetKind
from domain.draft.waiting import WAITING_DRAFTS, queue_drafts, unqueue_drafts, waiting_drafts_of
from domain.editing import EditField
from domain.generation import aggregate as generations
from domain.generation.events import Step
from domain.ids import derived
from domain.kernel import DomainEvent
from domain.money import Money
from domain.privacy import Sealed
from domain.shipping.rates import RateBand, ShippingRates, ShippingZone
from domain.store import aggregate as stores
from domain.store.brand_edit import BrandEdit, change_contact, edit_brand
from domain.store.collection_events import AddressKind, CollectionRule
from domain.store.domain_connection import choose_primary, connect_domain, record_check, remove_domain
from domain.store.domain_events import DomainProblem
from domain.store.events import CopyScores, PageType, Preferences
from domain.store.generated import mark_ready, record_brand
from domain.store.page_writing import edit_page, remove_page, write_page
from domain.store.ports import PageDraft
from domain.store.presentation import describe_category, move_address, remove_collection, write_collection
from domain.store.return_policy import ReturnPolicy
from domain.store.settings import set_return_policy, set_shipping, set_taxes
from domain.store.taxes import TaxMode, TaxRate, TaxSettings
from tests.support.builders.moves.log import HistoryLog
from tests.support.builders.samples import proposal


def request_store(log: HistoryLog, number: int) -> None:
    id, merchant = log.new_id(), log.pick(log.merchants, number)
    log.stores.append(id)
    wishes = Preferences(name="Mine" if number % 3 == 0 else None, colours=["teal"], tone="calm")
    request = stores.request_store(id, merchant_id=merchant, niche=f"Niche {number}", preferences=wishes, at=log.at)
    log.append(stores.STORE, id, request)
    generation = generations.start(
        derived(id, "generation"), store_id=id, merchant_id=merchant, niche=f"Niche {number}", at=log.at
    )
    log.append(generations.GENERATION, id, generation)


def work(log: HistoryLog, number: int) -> None:
    id = log.pick(log.stores, number)
    generation, step = log.state(derived(id, "generation")), list(Step)[number % 5]
    attempt, outcome = generation.steps[step].attempt, number // 5 % 6
    if outcome <= 1:
        item, text = str(number % 7), f"Did “{number % 7}”"
        events = generation.progress_step(step, attempt, item=item, total=7, message=text, at=log.at)
    elif outcome <= 3:
        events = generation.succeed_step(step, attempt, summary=f"Done {number}", at=log.at)
    elif outcome == 4:
        events = generation.fail_step(step, attempt, reason="The supplier did not answer.", at=log.at)
    elif number % 3 == 0:
        events = generation.cancel(at=log.at)
    else:
        events = generation.run_again(step, at=log.at)
    log.append(generations.GENERATION, id, events)


def adopt_brand(log: HistoryLog, number: int) -> None:
    id = log.pick(log.stores, number)
    generation = log.state(derived(id, "generation"))
    events = record_brand(
        log.state(id),
        proposal(f"Brand {number}"),
        generation_id=generation.id,
        attempt=max(1, generation.steps[Step.BRAND].attempt),
        slug=f"brand-{number}",
        at=log.at,
    )
    log.append(stores.STORE, id, events)


def change_page(log: HistoryLog, number: int) -> None:
    id, type = log.pick(log.stores, number), list(PageType)[number % 7]
    page_id = derived(id, "page", type)
    if page_id in log.state(id).pages and number % 3 == 0:
        retitled = edit_page(
            log.state(id), page_id, title=f"Title {number}", content=None, scores=CopyScores(), at=log.at
        )
        log.append(stores.STORE, id, retitled)
        return
    events = write_page(
        log.state(id),
        page_id,
        PageDraft(
            type=type,
            title=f"Page {number}",
            slug=type.lower(),
            content=f"# {number}",
            scores=CopyScores(keyword_density={"a": 0.25}, words=number),
            written_by="house",
        ),
        at=log.at,
    )
    log.append(stores.STORE, id, events)


def change_standing(log: HistoryLog, number: int) -> None:
    id, at = log.pick(log.stores, number), log.at
    store = log.state(id)
    decisions: list[Callable[[], Sequence[DomainEvent]]] = [
        lambda: mark_ready(store, derived(id, "generation"), at=at),
        lambda: store.approve(at=at),
        lambda: store.publish(at=at),
        lambda: store.pause(at=at),
        lambda: store.archive(at=at) if number % 13 == 0 else (),
    ]
    log.append(stores.STORE, id, decisions[number // 3 % 5]())


def change_domain(log: HistoryLog, number: int) -> None:
    """Connect a domain, check it, choose it, or remove it."""
    store, at = log.state(log.pick(log.stores, number)), log.at
    name = f"d{number % 2}.{store.id.hex[:6]}.example"
    problem = list(DomainProblem)[number % 3] if number % 5 == 4 else None
    decisions: list[Callable[[], Sequence[DomainEvent]]] = [
        lambda: connect_domain(store, name, at=at),
        lambda: record_check(store, name, problem, at=at),
        lambda: record_check(store, name, problem, at=at + timedelta(days=4)),
        lambda: choose_primary(store, name if number % 4 else None, at=at),
        lambda: remove_domain(store, name, at=at) if number % 7 == 0 else (),
    ]
    log.append(stores.STORE, store.id, decisions[number // 2 % 5]())


def change_presentation(log: HistoryLog, number: int) -> None:
    """Write a collection, describe a category, move an address, or remove the collection."""
    store, at = log.state(log.pick(log.stores, number)), log.at
    collection = derived(store.id, "collection", str(number % 2))
    chosen = [id for id in log.products if log.state(id).store_id == store.id]
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
    log.append(stores.STORE, store.id, decisions[number // 2 % 5]())


def change_brand(log: HistoryLog, number: int) -> None:
    """Change a brand's texts or name, or the contact, or drop a page."""
    store, at = log.state(log.pick(log.stores, number)), log.at
    if number % 11 == 10 and store.pages:
        log.append(stores.STORE, store.id, remove_page(store, list(store.pages)[-1], at=at))
        return
    if number % 3 == 0:
        contact = None if number % 2 else f"hello{number}@shop.example"
        log.append(stores.STORE, store.id, change_contact(store, contact, at=at))
        return
    edit = BrandEdit(tagline=f"Line {number}") if number % 3 == 1 else BrandEdit(name=f"Shop {number}")
    log.append(stores.STORE, store.id, edit_brand(store, edit, slug=store.slug, at=at))


def change_draft(log: HistoryLog, number: int) -> None:
    """Ask for a draft of a brand, propose, and accept a part or drop the rest."""
    store, at = log.state(log.pick(log.stores, number // 2)), log.at
    if number % 2 == 0 or not log.drafts:
        id, target = log.new_id(), DraftTarget(kind=TargetKind.BRAND, id=store.id)
        log.drafts.append(id)
        asked = request_draft(id, store_id=store.id, merchant_id=store.merchant_id, target=target, hint="warmer", at=at)
        log.append(DRAFT, store.id, asked)
        waiting = log.find(waiting_drafts_of(store.id))
        log.append(WAITING_DRAFTS, store.id, queue_drafts(waiting, store.id, [id], at=at))
        return
    newest, changes = (
        log.state(log.drafts[-1]),
        [
            FieldChange(field=EditField.TAGLINE, base="a", proposed=f"Line {number}"),
            FieldChange(field=EditField.TONE, base=["a"], proposed=["warm", str(number)]),
        ],
    )
    made = newest.propose(changes, written_by="house", note="Warmer.", at=at)
    log.append(DRAFT, newest.store_id, newest.fail("It was away.", at=at) if number % 5 == 0 else made)
    draft = log.state(log.pick(log.drafts, number // 4))
    first, live = list(draft.open_fields)[:1], dict(draft.bases)
    accepted = draft.accept(first, before=live, after=live, target_version=number, by=draft.merchant_id, at=at)
    log.append(DRAFT, draft.store_id, draft.drop(at=at) if number % 7 == 0 else accepted)
    if number % 7 == 0:
        waiting = log.state(waiting_drafts_of(draft.store_id))
        log.append(WAITING_DRAFTS, draft.store_id, unqueue_drafts(waiting, [draft.id], at=at))


def change_selling(log: HistoryLog, number: int) -> None:
    """Set a store's delivery rates, create its code, pause it, or resume it."""
    store, at = log.state(log.pick(log.stores, number)), log.at
    if number % 36 == 0:
        policy = ReturnPolicy(days=14 + number % 90, merchant_pays=number % 2 == 0)
        log.append(stores.STORE, store.id, set_return_policy(store, policy, at=at))
        return
    if number % 20 == 8:
        kinds = [TaxSettings(mode=TaxMode.INCLUSIVE, rates=[TaxRate(country="DE", basis_points=1900)])]
        kinds += [TaxSettings(mode=TaxMode.AT_PAYMENT, included=included) for included in (True, False)]
        log.append(stores.STORE, store.id, set_taxes(store, kinds[number // 20 % 3], at=at))
        return
    if number % 4 == 0:
        price = RateBand(price=Money(minor=number))
        zone = ShippingZone(name=f"Zone {number}", countries=["DE"], bands=[price])
        log.append(stores.STORE, store.id, set_shipping(store, ShippingRates(zones=[zone]), at=at))
        return
    id = discount_id(store.id, "SUMMER")
    code = log.find(id)
    if code is None:
        terms = DiscountTerms(kind=DiscountKind.AMOUNT, amount=Money(minor=100), most_uses_per_shopper=9)
        events = create_discount(id, store_id=store.id, code="SUMMER", terms=terms, at=at)
    else:
        events = code.pause(at=at) if number % 7 == 0 else code.resume(at=at)
    log.append(DISCOUNT, store.id, events)


def request_cart_link(log: HistoryLog, number: int) -> None:
    store_id, link_id = log.pick(log.stores, number), log.new_id()
    email = Sealed(person_id=link_id, ciphertext=f"v1.k.{number}.c")
    events = request_link(link_id, store_id=store_id, cart_key=log.new_id(), shopper_id=link_id, email=email, at=log.at)
    log.append(CART_LINK, store_id, events)
