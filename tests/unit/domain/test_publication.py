"""What is missing before a store may sell."""

from dataclasses import replace
from uuid import uuid4

import pytest

from domain.store.events import PageType
from domain.store.publication import (
    BlockerCode,
    PageFacts,
    ProductFacts,
    PublicationBlocked,
    PublicationFacts,
    products_for_sale,
    publication_blockers,
)

PAGE = PageFacts(id=uuid4(), by_merchant=False, has_blanks=False, names_business=True)
LAMP = ProductFacts(
    id=uuid4(),
    title="Lamp",
    currency="EUR",
    price_minor=2000,
    cost_minor=800,
    has_photo=True,
    slowest_days=9,
    has_manufacturer=True,
)
TYPES = (PageType.TERMS_OF_SERVICE, PageType.REFUND_POLICY, PageType.PRIVACY_POLICY)
COMPLETE = PublicationFacts(
    country="DE",
    has_eu_contact=False,
    has_contact_email=False,
    pages=dict.fromkeys(TYPES, PAGE),
    products=products_for_sale([LAMP], 30),
    promise_days=30,
)


def found(facts: PublicationFacts) -> list[tuple[str, str, bool]]:
    return [(each.code, each.mutation, each.blocks) for each in publication_blockers(facts)]


def products(*changed: ProductFacts, promise_days: int = 30) -> PublicationFacts:
    return replace(COMPLETE, products=products_for_sale(changed, promise_days), promise_days=promise_days)


def pages(page: PageFacts) -> PublicationFacts:
    return replace(COMPLETE, pages={**COMPLETE.pages, PageType.TERMS_OF_SERVICE: page})


def test_a_complete_store_lacks_nothing() -> None:
    assert publication_blockers(COMPLETE) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            replace(COMPLETE, country=None),
            [
                ("NO_BUSINESS_IDENTITY", "setBusinessIdentity", True),
                ("NO_CONTACT_EMAIL", "setBusinessIdentity", True),
            ],
        ),
        (
            replace(COMPLETE, country=None, has_contact_email=True),
            [("NO_BUSINESS_IDENTITY", "setBusinessIdentity", True)],
        ),
        (replace(COMPLETE, country="US"), [("NO_EU_CONTACT", "setBusinessIdentity", False)]),
        (replace(COMPLETE, country="US", has_eu_contact=True), []),
        (replace(COMPLETE, pages={}), [("LEGAL_PAGE_MISSING", "regenerateStep", True)] * 3),
        (pages(replace(PAGE, has_blanks=True)), [("LEGAL_PAGE_HAS_BLANKS", "regenerateStep", True)]),
        (pages(replace(PAGE, has_blanks=True, by_merchant=True)), [("LEGAL_PAGE_HAS_BLANKS", "editPage", True)]),
        (
            pages(replace(PAGE, by_merchant=True, names_business=False)),
            [("LEGAL_PAGE_WITHOUT_BUSINESS", "editPage", False)],
        ),
        (products(), [("NO_PRODUCT_ON_SALE", "activateProduct", True)]),
        (products(replace(LAMP, has_photo=False)), [("NO_PRODUCT_WITH_PHOTO", "processImage", True)]),
        (products(LAMP, replace(LAMP, has_photo=False)), []),
        (products(LAMP, replace(LAMP, currency="USD")), [("MIXED_CURRENCIES", "deactivateProduct", True)]),
        (products(replace(LAMP, slowest_days=31)), [("SLOW_DELIVERY", "deactivateProduct", True)]),
        (products(replace(LAMP, slowest_days=31), promise_days=31), []),
        (products(replace(LAMP, slowest_days=None)), [("UNKNOWN_DELIVERY", "setDeliveryPromise", False)]),
        (products(replace(LAMP, price_minor=799)), [("PRICE_BELOW_COST", "editProduct", False)]),
        (products(replace(LAMP, has_manufacturer=False)), [("NO_MANUFACTURER", "editProduct", False)]),
    ],
)
def test_each_lack_names_the_mutation_that_mends_it(
    facts: PublicationFacts, expected: list[tuple[str, str, bool]]
) -> None:
    assert found(facts) == expected


def test_what_blocks_stands_before_cautions() -> None:
    facts = replace(products(replace(LAMP, price_minor=1)), pages={})
    assert [each.blocks for each in publication_blockers(facts)] == [True, True, True, False]


def test_a_message_names_three_products_and_counts_the_others() -> None:
    slow = [replace(LAMP, title=f"Lamp {number}", slowest_days=45) for number in range(5)]
    (blocker,) = publication_blockers(products(*slow))
    assert blocker.code is BlockerCode.SLOW_DELIVERY
    assert "“Lamp 0”, “Lamp 1”, “Lamp 2” and 2 more can take 45." in blocker.message


def test_a_refusal_says_all_that_is_missing() -> None:
    blockers = publication_blockers(replace(COMPLETE, country=None))
    refusal = PublicationBlocked(blockers)
    assert all(blocker.message in str(refusal) for blocker in blockers)
    assert refusal.code == "PUBLICATION_BLOCKED"


def test_an_unconfirmed_address_blocks_because_orders_are_announced_there() -> None:
    facts = replace(COMPLETE, email_verified=False)
    assert found(facts) == [("EMAIL_NOT_VERIFIED", "requestEmailConfirmation", True)]
