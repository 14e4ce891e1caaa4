"""Domain names as merchants type them, and labels that no store gets."""

import pytest

from domain.kernel import InvalidInput
from domain.store.domain_names import checked_domain, shown_domain
from domain.store.labels import is_reserved

PLATFORM = ("shops.example", "api.zyenta.example")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("fern.example", "fern.example"),
        ("  WWW.Fern.EXAMPLE. ", "www.fern.example"),
        ("https://fern.example/", "fern.example"),
        ("HTTP://Fern.Example", "fern.example"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.EXAMPLE", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("fern。example", "fern.example"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("shop.co.uk", "shop.co.uk"),
        ("me.github.io", "me.github.io"),
    ],
)
def test_a_domain_has_one_form_whatever_its_case_and_script(typed: str, name: str) -> None:
    assert checked_domain(typed, platform=PLATFORM) == name


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Invalid domain"),
        ("fern", "public suffix"),
        ("fern example.com", "Invalid domain"),
        ("fern..example", "Invalid domain"),
        ("-fern.example", "Invalid domain"),
        ("fern_1.example", "Invalid domain"),
        ("*.fern.example", "Invalid domain"),
        ("fern.example:8080", "Invalid domain"),
        ("fern.example/shop", "Invalid domain"),
        ("https://user@fern.example", "Invalid domain"),
        (f"{'a' * 64}.example", "Invalid domain"),
        (".".join(["a" * 60] * 5), "Invalid domain"),
        ("a\u200db.example", "Invalid domain"),
        ("192.0.2.7", "IP address"),
        ("[2001:db8::1]", "IP address"),
        ("1.2.3.4.5", "Invalid domain"),
        ("co.uk", "public suffix"),
        ("github.io", "public suffix"),
        ("рф", "public suffix"),
        ("localhost", "public internet"),
        ("shop.localhost", "public internet"),
        ("printer.local", "public internet"),
        ("abc.onion", "public internet"),
        ("shops.example", "platform"),
        ("Neon.Shops.Example", "platform"),
        ("api.zyenta.example", "platform"),
    ],
)
def test_a_name_that_no_store_can_have_is_refused_with_the_reason(typed: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refusal:
        checked_domain(typed, platform=PLATFORM)
    assert refusal.value.field == "domain"


def test_a_sibling_of_the_platforms_domain_is_not_the_platforms() -> None:
    assert checked_domain("myshops.example", platform=PLATFORM) == "myshops.example"


def test_a_domain_is_shown_in_its_own_script() -> None:
    assert shown_domain("xn--bcher-kva.example") == "bücher.example"
    assert shown_domain("xn--0.example") == "xn--0.example"


@pytest.mark.parametrize(
    "label", ["www", "api", "mail", "admin", "status", "ns1", "postmaster", "xn--bcher-kva", "ab--c"]
)
def test_labels_of_the_platform_are_reserved(label: str) -> None:
    assert is_reserved(label)


@pytest.mark.parametrize("label", ["neon-haven", "www-shop", "mailer", "a-b--c"])
def test_other_labels_are_free(label: str) -> None:
    assert not is_reserved(label)
