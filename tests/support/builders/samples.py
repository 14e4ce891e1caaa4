"""Plausible values for tests: a brand, a listing, a product's copy."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from domain.merchant.events import SupplierProvider
from domain.merchant.identity import BusinessIdentity
from domain.money import Money
from domain.privacy import Sealed
from domain.product.events import ImportedImage, ImportedVariant, ProductAdded, WinningScore
from domain.product.ports import ProductCopy
from domain.sourcing.listing import Listing, ListingVariant
from domain.store.brand import (
    Availability,
    BrandIdentity,
    BrandProposal,
    FontPair,
    Logo,
    NameOption,
    Palette,
    Voice,
)
from domain.store.events import PageType
from domain.store.ports import PageDraft

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SCORE = WinningScore(total=0.7, reviews=0.8, orders=0.5, price_point=0.9, shipping=0.6, image_quality=0.7, margin=0.6)


def dollars(amount: str) -> Money:
    return Money.parse(amount)


def brand(name: str = "Neon Haven") -> BrandIdentity:
    return BrandIdentity(
        name=name,
        logo=Logo(concept="A lamp in a doorway", svg="<svg xmlns='http://www.w3.org/2000/svg'/>"),
        palette=Palette(
            primary="#5b21b6",
            secondary="#0e7490",
            accent="#be185d",
            background="#ffffff",
            surface="#f5f3ff",
            text="#1e1b4b",
        ),
        fonts=FontPair(heading="Orbitron", body="Rajdhani"),
        voice=Voice(tone=["bold"], tagline="Light up the night", story="It began with a lamp. It went on."),
    )


def proposal(name: str = "Neon Haven") -> BrandProposal:
    options = [
        NameOption(name=other, domain=f"{n}.example", availability=Availability.UNKNOWN, rationale="It fits.")
        for n, other in enumerate([name, "Glow Den", "Volt Nest", "Night Shelf", "Lumen Bay"])
    ]
    return BrandProposal(brand=brand(name), options=options, reason="It is the shortest.", written_by="house")


def listing(
    source_id: str = "L-1",
    *,
    title: str = "Neon Desk Lamp",
    images: int = 2,
    cost: str = "8.00",
    variants: list[ListingVariant] | None = None,
) -> Listing:
    return Listing(
        provider=SupplierProvider.SAMPLE,
        source_id=source_id,
        url=None,
        title=title,
        description="A lamp.",
        category="Lamps",
        cost=dollars(cost),
        shipping_days=(5, 9),
        shipping_cost=dollars("0.00"),
        image_urls=[f"https://images.example/{source_id}/{n}.jpg" for n in range(images)],
        variants=variants or [ListingVariant(title="Default", cost=dollars(cost), stock=10)],
    )


def copy(title: str = "The Neon Lamp") -> ProductCopy:
    return ProductCopy(
        title=title,
        description="Glows.",
        features=["LED"],
        benefits=["Calm"],
        call_to_action="Take it home.",
        meta_title=title,
        meta_description="A lamp that glows.",
        written_by="house",
    )


def page(type: PageType = PageType.ABOUT, slug: str = "about") -> PageDraft:
    return PageDraft(type=type, title=slug.title(), slug=slug, content="# Words", written_by="house")


def identity(**changes: object) -> BusinessIdentity:
    parts: dict[str, object] = {
        "name": "Neon Haven GmbH",
        "legal_form": "GmbH",
        "address_lines": ["Lampenweg 3"],
        "postal_code": "80331",
        "city": "München",
        "country": "DE",
        "phone": "+49 89 123456",
        "email": "post@neonhaven.example",
        "vat_id": "DE136695976",
        "responsible_person": "Ada Licht",
    }
    return BusinessIdentity(**(parts | changes))


def sealed(person_id: UUID | None = None) -> Sealed:
    return Sealed(person_id=person_id or uuid4(), ciphertext="v1.k.n.c")


def product_added(*, stock: int = 10, price: str = "20.00", compare_at: str | None = None) -> ProductAdded:
    return ProductAdded(
        originator_id=uuid4(),
        originator_version=1,
        occurred_at=NOON,
        store_id=uuid4(),
        title="Lamp",
        slug="lamp",
        description="A lamp.",
        cost=dollars("8.00"),
        price=dollars(price),
        compare_at=None if compare_at is None else dollars(compare_at),
        images=[ImportedImage(image_id=uuid4(), url="https://images.example/1.jpg", alt_text="Lamp", position=0)],
        variants=[
            ImportedVariant(
                variant_id=uuid4(), title="Default", price=dollars(price), cost=dollars("8.00"), stock=stock
            )
        ],
    )
