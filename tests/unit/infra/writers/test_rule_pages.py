"""Pages from templates against checklists of what legal pages must say."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel import InvalidInput
from domain.money import Money
from domain.store.events import PageType
from domain.store.legal_text import NOT_ADVICE, ShopDetails, has_blanks, published
from infra.writers.copykit.claims import store_evidence, unsupported
from infra.writers.copykit.pages import PAGES
from infra.writers.rules.copy.pages import LEGAL, RulePageWriter
from tests.support.builders.samples import identity
from tests.support.examples import drawn
from tests.support.fakes.copywriting import brand, facts

WRITER = RulePageWriter()


def page(type: PageType, **changes: object) -> str:
    return WRITER.compose(type, facts(**changes), "generation:1").content


def says(text: str, *phrases: str) -> list[str]:
    """Return the phrases a text does not have."""
    plain = re.sub(r"[*\s]+", " ", text).casefold()
    return [phrase for phrase in phrases if phrase.casefold() not in plain]


def test_the_privacy_policy_has_every_item_of_article_13() -> None:
    missing = says(
        page(PageType.PRIVACY_POLICY),
        "controller",
        "hello@neonhaven.example",
        "Art. 6(1)(a)",
        "Art. 6(1)(b)",
        "Art. 6(1)(c)",
        "Art. 6(1)(f)",
        "payment provider",
        "Our suppliers",
        "Carriers",
        "standard contractual clauses",
        "How long we keep it",
        "access:",
        "rectification:",
        "erasure:",
        "restriction:",
        "portability:",
        "object:",
        "withdraw consent:",
        "complain to a data protection authority",
        "Automated decisions:",
        "You have to give us the details",
    )
    assert missing == []


def test_every_purpose_in_the_privacy_policy_has_a_legal_basis() -> None:
    purposes = page(PageType.PRIVACY_POLICY).split("## What we use")[1].split("\n## ")[0]
    bullets = [line for line in purposes.splitlines() if line.startswith("- ")]
    assert len(bullets) >= 5
    assert all("Legal basis:" in bullet and "GDPR" in bullet for bullet in bullets)


def test_the_privacy_policy_has_what_california_asks_for() -> None:
    missing = says(
        page(PageType.PRIVACY_POLICY),
        "past 12 months",
        "| Category | Examples | From | Why | Given to |",
        "Identifiers",
        "Commercial information",
        "have not sold",
        "have not shared",
        "to know",
        "to delete",
        "to correct",
        "to opt out",
        "Do Not Sell or Share My Personal Information",
        "Two ways to ask",
        "45 days",
    )
    assert missing == []


def test_the_terms_have_the_whole_checklist() -> None:
    missing = says(
        page(PageType.TERMS_OF_SERVICE),
        "{business}",
        "hello@neonhaven.example",
        "total price",
        "taxes where they apply, and delivery",
        "Buy now and pay",
        "{delivery.promise}",
        "calendar days",
        "Prices are in USD",
        "5 to 16 days",
        "sent by our suppliers from their own warehouses",
        "payment provider",
        "How a contract is made",
        "legal guarantee of conformity",
        "two years",
        "liability",
        "the law of {business.country} applies",
        "complaints",
        "Refund Policy",
    )
    assert missing == []


def test_the_refund_policy_has_the_whole_checklist() -> None:
    missing = says(
        page(PageType.REFUND_POLICY),
        "14 days",
        "you receive the goods",
        "Model withdrawal form",
        "hereby give notice",
        "Delete as appropriate",
        "including standard delivery",
        "14 days after you told us",
        "Who pays for the return",
        "same means of payment",
        "What cannot be sent back",
        "made to your own wishes",
        "health or hygiene",
        "[Withdraw from contract here](/withdraw)",
        "{business}",
    )
    assert missing == []


@pytest.mark.parametrize("type", sorted(LEGAL))
def test_legal_pages_say_first_that_they_are_a_template(type: PageType) -> None:
    assert page(type).startswith(f"> **{NOT_ADVICE}**")


@pytest.mark.parametrize("type", sorted(PAGES))
def test_no_page_has_blanks_and_each_is_complete_once_the_business_is_stated(type: PageType) -> None:
    text = page(type)
    assert not has_blanks(text)
    shop = ShopDetails(
        identity=identity(), country_name="Germany", contact_email="hello@neonhaven.example", delivery_promise_days=30
    )
    shown = published(text, shop)
    assert not re.search(r"[{}]|\[your|be completed", shown)
    if type in {*LEGAL, PageType.CONTACT}:
        assert "Neon Haven GmbH" in shown
    kept = [line for line in text.splitlines() if line.strip() and NOT_ADVICE not in line]
    assert len([line for line in shown.splitlines() if line.strip()]) >= len(kept)


@pytest.mark.parametrize("type", sorted({PageType.PRIVACY_POLICY, PageType.TERMS_OF_SERVICE, PageType.REFUND_POLICY}))
def test_legal_pages_have_name_host_address_and_date(type: PageType) -> None:
    assert (
        says(page(type), "Neonhaven", "neonhaven.localhost:8080", "hello@neonhaven.example", "23 November 2026") == []
    )


def test_the_about_page_tells_the_brands_story_and_what_it_sells() -> None:
    text = page(PageType.ABOUT)
    assert text.startswith("> Light for loud rooms.")
    missing = says(
        text,
        "beige to others",
        "lamps, desk mats and wall art",
        "- Desk mats",
        "$9.90 to $189.00",
        "5 to 16 days",
    )
    assert missing == []


@pytest.mark.parametrize("type", [PageType.ABOUT, PageType.FAQ])
def test_pages_speak_only_of_what_is_in_the_shop(type: PageType) -> None:
    text = page(type, niche="Toys for senior cats", products=("Baby", "Bonsai", "Desk Mats"), product_count=7)
    assert says(text, "baby goods, bonsai and desk mats", "7 products in 3 categories") == []
    assert "senior cats" not in text
    assert "babies" not in text
    assert not re.search(r"(?i)everything in the shop|warehouse of our team|we test|short list", text)


@pytest.mark.parametrize("type", [PageType.ABOUT, PageType.FAQ, PageType.CONTACT])
def test_pages_claim_nothing_that_the_facts_do_not_state(type: PageType) -> None:
    for seed in range(6):
        given_facts = facts(brand=brand("Neonhaven", story="Neonhaven likes color after dark."))
        text = WRITER.compose(type, given_facts, f"store-{seed}").content
        assert unsupported(text, store_evidence(given_facts)) == []


def test_the_faq_answers_eight_questions_and_more() -> None:
    questions = re.findall(r"^## (.+)$", page(PageType.FAQ), re.MULTILINE)
    assert len(questions) >= 8
    assert len(set(questions)) == len(questions)
    assert sum("?" in question for question in questions) == len(questions)


def test_the_contact_page_says_where_to_write_and_what_to_send_along() -> None:
    assert (
        says(page(PageType.CONTACT), "[hello@neonhaven.example](mailto:hello@neonhaven.example)", "order number") == []
    )


def test_unknown_prices_and_delivery_times_are_not_made_up() -> None:
    for type in PAGES:
        text = page(type, price_range=None, shipping_days=None, products=())
        assert "None" not in text
        assert "USD" not in text
        assert not re.search(r"\b5 to 16\b", text)


def test_one_price_and_one_delivery_time_read_naturally() -> None:
    same = Money(minor=990, currency="EUR")
    text = page(PageType.FAQ, price_range=(same, same), shipping_days=(7, 7))
    assert says(text, "In EUR", "Usually 7 days") == []
    assert "7 to 7" not in text


@pytest.mark.parametrize("type", sorted(PAGES))
def test_pages_are_well_formed_readable_and_the_same_every_time(type: PageType) -> None:
    draft = WRITER.compose(type, facts(), "generation:1")
    assert draft == WRITER.compose(type, facts(), "generation:1")
    assert draft.type is type
    assert re.fullmatch(r"[a-z-]+", draft.slug)
    assert draft.written_by == "house"
    assert draft.scores.reading_ease >= 50
    assert draft.scores.words > 80
    assert "{{" not in draft.content
    assert "{%" not in draft.content
    assert "\n\n\n" not in draft.content
    assert re.search(r"[^\n]\n#", draft.content) is None, "a heading needs an empty line before it"


def test_different_stores_do_not_have_the_same_about_page() -> None:
    texts = {WRITER.compose(PageType.ABOUT, facts(), f"store-{n}").content for n in range(12)}
    assert len(texts) > 4


def test_a_custom_page_is_rejected() -> None:
    with pytest.raises(InvalidInput, match="merchant"):
        WRITER.compose(PageType.CUSTOM, facts(), "s")


@settings(max_examples=drawn(60), deadline=None)
@given(name=st.text(max_size=60), niche=st.text(max_size=120), story=st.text(max_size=400), email=st.text(max_size=60))
def test_no_fact_can_add_markup_to_its_page(name: str, niche: str, story: str, email: str) -> None:
    hostile = brand("x", story=f"{story} <script>alert(1)</script> [a](javascript:b)", tagline=niche)
    for type in PAGES:
        text = page(
            type, name=name, niche=niche, brand=hostile, contact_email=f"{email})](javascript:x)", host=f"{email}<b>"
        )
        assert not re.search(r"<script|alert\(|\]\(javascript|<b>", text)
        assert len(re.findall(r"^#{1,6} ", text, re.MULTILINE)) >= 3


async def test_it_implements_its_port() -> None:
    assert await WRITER.write(PageType.FAQ, facts(), seed="s") == WRITER.compose(PageType.FAQ, facts(), "s")
