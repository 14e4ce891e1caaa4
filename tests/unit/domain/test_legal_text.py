"""Placeholders of legal pages: filled from the business identity when a page is shown."""

import pytest

from domain.store.law import imprint_title, in_union
from domain.store.legal_text import NO_ADDRESS, UNSTATED, ShopDetails, published
from infra.web.markdown import render
from tests.support.builders.samples import identity

STATED = ShopDetails(identity=identity(), country_name="Germany", delivery_promise_days=21)
NOTHING = ShopDetails(identity=None, delivery_promise_days=30)


def test_the_traders_details_stand_where_the_page_says_business() -> None:
    assert published("You buy from:\n\n{business}\n", STATED) == (
        "You buy from:\n\n"
        "- **Neon Haven GmbH**\n"
        "- Lampenweg 3, 80331 München, Germany\n"
        "- Represented by: Ada Licht\n"
        "- Phone: +49 89 123456\n"
        "- E-mail: [post@neonhaven.example](mailto:post@neonhaven.example)\n"
        "- VAT ID: DE136695976\n"
    )


def test_the_form_of_a_business_stands_beside_a_name_without_it() -> None:
    shop = ShopDetails(identity=identity(name="Ada Licht", legal_form="Sole trader"), delivery_promise_days=30)
    assert published("{business}", shop).startswith("- **Ada Licht**, Sole trader\n")


def test_placeholders_within_a_line_are_filled_and_other_braces_stay() -> None:
    text = "Write to {business}, within {delivery.promise}. The law of {business.country} applies. {other} {business.x}"
    assert published(text.replace(" {business.x}", ""), STATED) == (
        "Write to Neon Haven GmbH, Lampenweg 3, 80331 München, Germany, within 21 days. "
        "The law of Germany applies. {other}\n"
    )


def test_shoppers_write_to_the_stores_own_address_first() -> None:
    own = ShopDetails(identity=identity(), contact_email="hi@neon.example", delivery_promise_days=30)
    assert published("{shop.email}", own) == "[hi@neon.example](mailto:hi@neon.example)\n"
    assert published("{shop.email}", STATED) == "[post@neonhaven.example](mailto:post@neonhaven.example)\n"


def test_without_an_identity_the_page_says_so_and_shows_no_braces() -> None:
    shown = published(
        "From:\n\n{business}\n\n- By post: {business}\n\nThe law of {business.country} applies.\n", NOTHING
    )
    assert shown == f"From:\n\n{UNSTATED}\n"


@pytest.mark.parametrize(
    "page",
    [
        "- **[To be completed by the merchant: your postal address]**",
        "> **Template, not legal advice.** This page was drawn up from a checklist and fits no business by itself.",
        "1. **[To be completed by the merchant: a, b; else delete this line]**",
    ],
)
def test_shoppers_see_no_blank_and_no_note_to_the_merchant(page: str) -> None:
    assert published(f"Before.\n\n{page}\n\nAfter.", STATED) == "Before.\n\nAfter.\n"


def test_a_page_without_an_address_says_so_where_the_address_alone_would_stand() -> None:
    assert published("## Write to us\n\n{shop.email}\n", NOTHING) == f"## Write to us\n\n{NO_ADDRESS}\n"
    assert (
        published("Write to {shop.email}.", NOTHING) == "Write to the address on our [contact page](/pages/contact).\n"
    )


def test_an_article_of_a_law_stays_what_it_is() -> None:
    assert "Art. 6(1)(c) GDPR – “so”" in str(render('Art. 6(1)(c) GDPR -- "so"'))


def test_a_blank_within_a_sentence_leaves_the_rest_of_it() -> None:
    text = "There are no costs after that. **[To be completed by the merchant: whether prices include VAT]** Really."
    assert published(text, STATED) == "There are no costs after that. Really.\n"


def test_a_business_name_cannot_bring_markup() -> None:
    shop = ShopDetails(
        identity=identity(name="[x](javascript:1) <b>& *Sons*"), country_name="Germany", delivery_promise_days=30
    )
    html = str(render(published("{business.name}", shop)))
    assert html.strip() == '<p dir="auto">[x](javascript:1) &lt;b&gt;&amp; *Sons*</p>'


def test_the_imprint_is_asked_for_by_some_countries() -> None:
    assert [imprint_title(code) for code in ("DE", "AT", "CH", "FR", "US")] == [
        "Imprint",
        "Imprint",
        "Imprint",
        "Legal notice",
        None,
    ]
    assert [in_union(code) for code in ("DE", "CH", "GB")] == [True, False, False]
