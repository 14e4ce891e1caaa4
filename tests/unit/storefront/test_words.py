"""Money, days, summaries and Markdown as shoppers see them."""

from dataclasses import asdict, replace
from datetime import date, datetime, timedelta, timezone
from urllib.parse import unquote

import pytest

from domain.money import Money
from domain.order.delivery import ArrivalWindow
from domain.shipping.countries import DELIVERABLE
from infra.web.countries import country_name
from infra.web.markdown import render
from storefront.checkout.address import ShopperForm
from storefront.rendering.formatting import (
    LOGO_MOST,
    arrival_words,
    day_words,
    days_words,
    drawn,
    first_sentences,
    moment_words,
    money,
    saving,
    stock_words,
    summary,
    whole_numbers,
    without_currency,
)
from storefront.visit.tenancy import bare_host

GOOD = ShopperForm(
    name="Anna", email="anna@example.com", line1="Main St 1", city="Portland", region="Oregon", postcode="97201"
)


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (4900, "USD", "$49.00"),
        (124900, "USD", "$1,249.00"),
        (500, "JPY", "¥500"),
        (4900, "CHF", "49.00\xa0CHF"),
        (-250, "EUR", "−€2.50"),
        (1234567, "KWD", "1,234.567\xa0KWD"),
        (1234567, "IQD", "1,234.567\xa0IQD"),
    ],
)
def test_money_is_shown_with_its_symbol_and_all_decimal_places(minor: int, currency: str, shown: str) -> None:
    assert money(Money(minor=minor, currency=currency)) == shown


def test_a_logo_stands_in_the_page_unless_it_is_large() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><title>Fern & \'Söhne\' 100 %</title><path fill="#0a0"/></svg>'
    address = drawn(svg)
    assert address is not None
    kind, _, data = address.partition(",")
    assert (kind, unquote(data)) == ("data:image/svg+xml", svg)
    assert not set(data) & set(' <>"#&')
    assert drawn(svg + " " * LOGO_MOST) is None


@pytest.mark.parametrize(
    ("typed", "currency", "number"),
    [
        ("25", "USD", "25"), ("$25", "USD", "25"), (" $ 25 ", "USD", "25"), ("USD 25", "USD", "25"),
        ("49.00\xa0CHF", "CHF", "49.00"), ("€25", "USD", "25"), ("-5", "USD", "-5"), ("$", "USD", ""), ("", "USD", ""),
        ("25 kg", "USD", "25 kg"),
    ],
)  # fmt: skip
def test_a_price_may_be_typed_with_its_currency(typed: str, currency: str, number: str) -> None:
    assert without_currency(typed, currency) == number


def test_days_and_moments_are_in_utc_with_the_month_as_a_word() -> None:
    at = datetime(2026, 11, 28, 1, 5, tzinfo=timezone(timedelta(hours=2)))
    assert day_words(at) == "27 November 2026"
    assert moment_words(at) == "27 November 2026, 23:05 UTC"


def test_the_countries_of_the_form_have_names_and_are_sorted_by_them() -> None:
    known = {code: country_name(code) for code in sorted(DELIVERABLE, key=country_name)}
    names = list(known.values())
    assert names == sorted(names)
    assert all(len(name) > 2 for name in names)
    assert known["CZ"] == "Czechia"
    assert country_name("XX") == "XX"


def test_a_saving_is_shown_only_if_the_price_was_reduced() -> None:
    price = Money(minor=4900)
    assert saving(price, Money(minor=5900)) == 17
    assert saving(price, Money(minor=4950)) is None
    assert saving(price, Money(minor=4000)) is None
    assert saving(price, None) is None


def test_a_large_stock_is_shown_without_its_number() -> None:
    assert [stock_words(left) for left in (-1, 0, 1, 5, 6, 900)] == [
        "Sold out", "Sold out", "Only 1 left", "Only 5 left", "In stock", "In stock",
    ]  # fmt: skip


def test_order_numbers_stay_on_one_line_and_other_text_is_escaped() -> None:
    shown = '&lt;b&gt; like <span class="whole">ZY-7Q2M4K</span>.'
    assert whole_numbers("<b> like ZY-7Q2M4K.") == shown


def test_days_are_a_range_or_a_number() -> None:
    assert [days_words(days) for days in ((4, 8), (3, 3), (1, 1), None)] == ["4–8 days", "3 days", "1 day", None]


def test_summaries_end_between_words_and_contain_no_markdown() -> None:
    assert summary("# Pots\n\n**Quiet** [pots](/x) for loud leaves", 21) == "Pots Quiet pots for…"
    assert first_sentences("One. Two is longer. Three.", 20) == "One. Two is longer."


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        '[x](http://a.test "onmouseover=alert(1)")',
        "![x](http://tracker.test/pixel.gif)",
        '<a href="#" onclick="x()">x</a>',
        "```\n</code><script>1</script>\n```",
        "[x]: javascript:alert(1)\n\n[x]",
    ],
)
def test_markdown_renders_no_active_content(attack: str) -> None:
    html = render(attack).lower()
    assert "<script" not in html
    assert "<img" not in html
    for scheme in ("javascript:", "data:", "vbscript:"):
        assert f'href="{scheme}' not in html
    assert "onclick=" not in html.replace("&quot;", '"').split(">", 1)[0]


def test_markdown_headings_start_below_the_pages_title_and_tables_work() -> None:
    assert render("# One\n\n## Two") == '<h2 dir="auto">One</h2>\n<h3 dir="auto">Two</h3>\n'
    assert render("### Deep") == '<h2 dir="auto">Deep</h2>\n'
    assert render("# One", top=3) == '<h3 dir="auto">One</h3>\n'
    table = render("| a | *b* |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |")
    assert '<table role="table">' in table
    assert table.count('<td dir="auto" role="cell" data-label="a">') == 2
    assert 'rel="nofollow noopener noreferrer"' in render("[x](https://a.test)")
    assert "rel=" not in render("[x](/pages/about)")


def test_a_complete_address_has_no_problem() -> None:
    assert GOOD.problems() == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("email", ""), ("email", "anna"), ("email", "anna@home"), ("email", "a b@example.com"),
        ("email", "a@" + "x" * 250 + ".com"), ("line1", ""), ("city", ""), ("region", ""), ("postcode", ""),
        ("country", "XX"), ("country", ""), ("line2", "x" * 121), ("name", "An\x00na"), ("city", "Port\u202eland"),
    ],
)  # fmt: skip
def test_each_field_says_what_is_wrong_with_it(field: str, value: str) -> None:
    typed = {name: getattr(GOOD, name) for name in ShopperForm.__slots__} | {field: value}
    problems = ShopperForm(**typed).problems()
    assert list(problems) == [field]
    assert problems[field].endswith(".")


@pytest.mark.parametrize("name", ["علی\u200cرضا حسینی", "ක්\u200dරිස්ටි"])
def test_a_name_may_contain_joiners(name: str) -> None:
    assert replace(GOOD, name=name).problems() == {}


@pytest.mark.parametrize(
    "letter",
    ["\u202a", "\u202e", "\u2066", "\u2069", "\u0007", "\u0085", "\ud800", "\ue000"],
)
def test_a_forbidden_character_in_a_name_is_reported_by_its_code_point(letter: str) -> None:
    problems = ShopperForm.read({**asdict(GOOD), "name": f"An{letter}na"}).problems()
    assert list(problems) == ["name"]
    assert f"U+{ord(letter):04X}" in problems["name"]


@pytest.mark.parametrize("letter", ["\u200b", "\u200e", "\ufeff", "\u200d", "\U000e0041"])
def test_an_invisible_character_in_pasted_text_is_removed(letter: str) -> None:
    assert ShopperForm.read({**asdict(GOOD), "name": f"An{letter}na"}) == replace(GOOD, name="Anna")


def test_a_name_is_stored_composed() -> None:
    assert ShopperForm.read({**asdict(GOOD), "name": "Andre\u0301"}).name == "Andr\xe9"


@pytest.mark.parametrize("field", ["name", "line1", "city"])
def test_a_field_with_joiners_only_is_empty(field: str) -> None:
    problems = replace(GOOD, **{field: "\u200c \u200d"}).problems()
    assert list(problems) == [field]
    assert problems[field].startswith("Write ")


def test_problems_are_in_the_order_of_the_form() -> None:
    assert list(ShopperForm().problems()) == ["name", "email", "line1", "city", "region", "postcode"]


def test_a_country_without_postal_codes_needs_none() -> None:
    form = ShopperForm(name="Anna", email="a@example.com", line1="1 Queen's Road", city="Central", country="HK")
    assert form.problems() == {}


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("Neon.localhost:8080", "neon.localhost"), ("a.test.", "a.test"), ("[::1]:8080", "[::1]"), ("", ""),
        ("a..b", ""), ("a b", ""), ("-a.test", ""), ("a.test:x", ""), ("a.test/../b", ""), ("a" * 300, ""),
    ],
)  # fmt: skip
def test_hosts_are_parsed_strictly(header: str, host: str) -> None:
    assert bare_host(header) == host


def test_the_problem_with_a_long_field_names_the_limit() -> None:
    problem = ShopperForm.read({"name": "a" * 500}).problems()["name"]
    assert problem == "This is too long. Write at most 120 characters."


@pytest.mark.parametrize(
    ("earliest", "latest", "words"),
    [
        (date(2026, 12, 5), date(2026, 12, 10), "5 to 10 December"),
        (date(2026, 11, 28), date(2026, 12, 3), "28 November to 3 December"),
        (date(2026, 12, 29), date(2027, 1, 4), "29 December 2026 to 4 January 2027"),
        (date(2026, 12, 5), date(2026, 12, 5), "5 December"),
    ],
)
def test_an_arrival_is_a_pair_of_dates(earliest: date, latest: date, words: str) -> None:
    assert arrival_words(ArrivalWindow(earliest=earliest, latest=latest)) == words
