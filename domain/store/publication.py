"""What is missing before a store may sell: each with the mutation that mends it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainError
from domain.store.aggregate import Store
from domain.store.events import PageType
from domain.store.law import in_union
from domain.store.pages import LEGAL_PAGES

NAMED_MOST = 3
"""How many products a message names; it counts the others."""


class BlockerCode(StrEnum):
    """What is missing."""

    NO_BUSINESS_IDENTITY = "NO_BUSINESS_IDENTITY"
    NO_CONTACT_EMAIL = "NO_CONTACT_EMAIL"
    LEGAL_PAGE_MISSING = "LEGAL_PAGE_MISSING"
    LEGAL_PAGE_HAS_BLANKS = "LEGAL_PAGE_HAS_BLANKS"
    LEGAL_PAGE_WITHOUT_BUSINESS = "LEGAL_PAGE_WITHOUT_BUSINESS"
    NO_PRODUCT_ON_SALE = "NO_PRODUCT_ON_SALE"
    NO_PRODUCT_WITH_PHOTO = "NO_PRODUCT_WITH_PHOTO"
    MIXED_CURRENCIES = "MIXED_CURRENCIES"
    PRICE_BELOW_COST = "PRICE_BELOW_COST"
    SLOW_DELIVERY = "SLOW_DELIVERY"
    UNKNOWN_DELIVERY = "UNKNOWN_DELIVERY"
    NO_EU_CONTACT = "NO_EU_CONTACT"
    NO_MANUFACTURER = "NO_MANUFACTURER"
    NO_PAYMENT_ACCOUNT = "NO_PAYMENT_ACCOUNT"
    EMAIL_NOT_VERIFIED = "EMAIL_NOT_VERIFIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that is missing."""

    code: BlockerCode
    message: str
    """What is wrong, and what to do."""
    field: str
    """Where: ``businessIdentity``, ``pages.<id>`` or ``products.<id>``."""
    mutation: str
    """The mutation that mends it."""
    blocks: bool = True
    """Whether publishing is refused; a caution does not block."""


class PublicationBlocked(DomainError):
    """Something that the law or a shopper needs is missing. Mend the blockers first."""

    code = "PUBLICATION_BLOCKED"

    def __init__(self, blockers: Sequence[Blocker]) -> None:
        messages = " ".join(blocker.message for blocker in blockers)
        super().__init__(f"The store cannot be published yet. {messages}")
        self.blockers = tuple(blockers)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """A legal page."""

    id: UUID
    by_merchant: bool
    has_blanks: bool
    names_business: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts:
    """A product that is on sale, or goes on sale when the store is published."""

    id: UUID
    title: str
    currency: str
    price_minor: int
    cost_minor: int
    has_photo: bool
    slowest_days: int | None
    """The most days to the shopper; None if its supplier states none."""
    has_manufacturer: bool
    """Whether the supplier names the manufacturer."""


@dataclass(frozen=True, slots=True)
class FlawedProducts:
    """Products for sale with one flaw."""

    number: int = 0
    first: tuple[tuple[UUID, str], ...] = ()
    """Id and title of the oldest ``NAMED_MOST``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsForSale:
    """The products that are on sale, or go on sale when the store is published."""

    number: int
    has_photo: bool
    """Whether one of them has a finished photo."""
    currency: str
    """Of the oldest."""
    slowest_days: int
    """The most days to the shopper of any of them; 0 if suppliers state none."""
    other_currency: FlawedProducts = FlawedProducts()
    slow: FlawedProducts = FlawedProducts()
    """Those that take longer than the store promises."""
    unknown_delivery: FlawedProducts = FlawedProducts()
    no_manufacturer: FlawedProducts = FlawedProducts()
    below_cost: FlawedProducts = FlawedProducts()


def products_for_sale(products: Sequence[ProductFacts], promise_days: int) -> ProductsForSale:
    """Return what products have in common; they are in the order of their age."""
    currency = products[0].currency if products else ""

    def flawed(has_flaw: Callable[[ProductFacts], bool]) -> FlawedProducts:
        found = [(product.id, product.title) for product in products if has_flaw(product)]
        return FlawedProducts(len(found), tuple(found[:NAMED_MOST]))

    return ProductsForSale(
        number=len(products),
        has_photo=any(product.has_photo for product in products),
        currency=currency,
        slowest_days=max([product.slowest_days or 0 for product in products], default=0),
        other_currency=flawed(lambda product: product.currency != currency),
        slow=flawed(lambda product: (product.slowest_days or 0) > promise_days),
        unknown_delivery=flawed(lambda product: product.slowest_days is None),
        no_manufacturer=flawed(lambda product: not product.has_manufacturer),
        below_cost=flawed(lambda product: product.price_minor < product.cost_minor),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationFacts:
    """What the decision needs to know."""

    country: str | None
    """The country of the business; None without an identity."""
    has_eu_contact: bool
    has_contact_email: bool
    """Whether the store itself has one; the business's address serves as well."""
    pages: Mapping[PageType, PageFacts]
    products: ProductsForSale | None
    """None if the caller cannot see all products; then no rule asks about them."""
    promise_days: int
    can_be_paid: bool = True
    """Whether shoppers can pay: the merchant's account is ready, or payments are a sandbox."""
    email_verified: bool = True
    """Whether mails about orders reach the merchant."""


def facts_of(
    store: Store, *, country: str | None, parts: frozenset[str], can_be_paid: bool = True, email_verified: bool = True
) -> PublicationFacts:
    """Return what the store's own stream and its merchant's stream tell."""
    return PublicationFacts(
        country=country,
        has_eu_contact="eu_contact" in parts,
        has_contact_email=store.contact_email is not None,
        pages={
            page.type: PageFacts(
                id=id,
                by_merchant=page.by_merchant,
                has_blanks=page.has_blanks,
                names_business=page.names_business,
            )
            for id, page in store.legal_pages
        },
        products=None,
        promise_days=store.delivery_promise_days,
        can_be_paid=can_be_paid,
        email_verified=email_verified,
    )


def publication_blockers(facts: PublicationFacts) -> list[Blocker]:
    """Return what is missing, what blocks first."""
    found = [*_account(facts), *_business(facts), *_payments(facts), *_pages(facts)]
    if facts.products is not None:
        found += _products(facts.products, facts.promise_days)
    return sorted(found, key=lambda blocker: not blocker.blocks)


def _account(facts: PublicationFacts) -> Iterator[Blocker]:
    if not facts.email_verified:
        yield Blocker(
            code=BlockerCode.EMAIL_NOT_VERIFIED,
            message="Orders are announced by mail. Confirm your e-mail address with the link in the mail, or ask for another.",
            field="email",
            mutation="requestEmailConfirmation",
        )


def _business(facts: PublicationFacts) -> Iterator[Blocker]:
    field, mutation = "businessIdentity", "setBusinessIdentity"
    if facts.country is None:
        message = "Shoppers must see who sells. State your business: name, legal form, address, phone and e-mail."
        yield Blocker(code=BlockerCode.NO_BUSINESS_IDENTITY, message=message, field=field, mutation=mutation)
        if not facts.has_contact_email:
            message = "Shoppers have no e-mail address to write to. The address of your business identity serves."
            yield Blocker(code=BlockerCode.NO_CONTACT_EMAIL, message=message, field=field, mutation=mutation)
    elif not in_union(facts.country) and not facts.has_eu_contact:
        message = (
            f"Your business is in {facts.country}. Goods sold to the European Union need a responsible person there: "
            "state euContact, or do not sell to the Union."
        )
        yield Blocker(
            code=BlockerCode.NO_EU_CONTACT, message=message, field=f"{field}.euContact", mutation=mutation, blocks=False
        )


def _payments(facts: PublicationFacts) -> Iterator[Blocker]:
    if not facts.can_be_paid:
        yield Blocker(
            code=BlockerCode.NO_PAYMENT_ACCOUNT,
            message="Shoppers cannot pay: your account at Stripe is not ready. Connect it and answer Stripe's questions.",
            field="stripeAccount",
            mutation="connectStripe",
        )


def _pages(facts: PublicationFacts) -> Iterator[Blocker]:
    for type in LEGAL_PAGES:
        name = type.value.replace("_", " ").lower()
        page = facts.pages.get(type)
        if page is None:
            yield Blocker(
                code=BlockerCode.LEGAL_PAGE_MISSING,
                message=f"The store has no {name}. Have the pages written again.",
                field=f"pages.{type}",
                mutation="regenerateStep",
            )
        elif page.has_blanks:
            remedy = (
                "Fill them in." if page.by_merchant else "Have the pages written again: that fills in your business."
            )
            yield Blocker(
                code=BlockerCode.LEGAL_PAGE_HAS_BLANKS,
                message=f"The {name} has blanks, which shoppers do not see. {remedy}",
                field=f"pages.{page.id}",
                mutation="editPage" if page.by_merchant else "regenerateStep",
            )
        elif page.by_merchant and not page.names_business:
            yield Blocker(
                code=BlockerCode.LEGAL_PAGE_WITHOUT_BUSINESS,
                message=f"Your {name} has no {{business}} placeholder. Check that it names your business as it is now.",
                field=f"pages.{page.id}",
                mutation="editPage",
                blocks=False,
            )


def _products(products: ProductsForSale, promise_days: int) -> Iterator[Blocker]:
    if not products.number:
        message = "No product is for sale. Give a product a price and stock, and put it on sale."
        yield Blocker(
            code=BlockerCode.NO_PRODUCT_ON_SALE, message=message, field="products", mutation="activateProduct"
        )
        return
    if not products.has_photo:
        message = "No product has a finished photo. Process a photo, or choose the original."
        yield Blocker(
            code=BlockerCode.NO_PRODUCT_WITH_PHOTO, message=message, field="products", mutation="processImage"
        )
    if (other := products.other_currency).number:
        message = (
            f"The store sells in {products.currency}, but {_titles(other)} has another currency. Take it off sale."
        )
        yield Blocker(
            code=BlockerCode.MIXED_CURRENCIES, message=message, field=_place(other), mutation="deactivateProduct"
        )
    if (slow := products.slow).number:
        message = (
            f"The store promises delivery within {promise_days} days, but {_titles(slow)} can take {products.slowest_days}. "
            "Take them off sale, or promise longer (setDeliveryPromise)."
        )
        yield Blocker(code=BlockerCode.SLOW_DELIVERY, message=message, field=_place(slow), mutation="deactivateProduct")
    if (unknown := products.unknown_delivery).number:
        message = (
            f"Shoppers see no arrival dates for {_titles(unknown)}. Be ready to deliver within {promise_days} days."
        )
        yield Blocker(
            code=BlockerCode.UNKNOWN_DELIVERY,
            message=message,
            field=_place(unknown),
            mutation="setDeliveryPromise",
            blocks=False,
        )
    if (anonymous := products.no_manufacturer).number:
        message = (
            f"The supplier names no manufacturer of {_titles(anonymous)}. Shoppers in the European Union must see one: "
            "add name and address to the description."
        )
        yield Blocker(
            code=BlockerCode.NO_MANUFACTURER,
            message=message,
            field=_place(anonymous),
            mutation="editProduct",
            blocks=False,
        )
    if (losing := products.below_cost).number:
        message = f"The price is below the cost of {_titles(losing)}. Raise the price."
        yield Blocker(
            code=BlockerCode.PRICE_BELOW_COST,
            message=message,
            field=_place(losing),
            mutation="editProduct",
            blocks=False,
        )


def _place(products: FlawedProducts) -> str:
    return f"products.{products.first[0][0]}"


def _titles(products: FlawedProducts) -> str:
    named = [f"“{title}”" for _, title in products.first]
    rest = products.number - len(named)
    return ", ".join(named) + (f" and {rest} more" if rest else "")
