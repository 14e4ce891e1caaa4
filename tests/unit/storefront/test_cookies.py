"""Only declared cookies exist, and the page about cookies is about all of them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

import storefront
from storefront.rendering.formatting import span_words
from storefront.visit.cookies import COOKIES, LAST_ORDER, VISITOR, Cookies

SOURCES = Path(storefront.__file__).parent


def test_a_cookie_lives_as_long_as_the_page_about_cookies_says() -> None:
    cookies = Cookies({})
    for cookie in COOKIES:
        cookies.set(cookie, "x")
    headers = [value.decode() for _, value in cookies.headers(secure=True)]
    assert len(headers) == len(COOKIES) == len({cookie.name for cookie in COOKIES})
    for cookie, header in zip(COOKIES, headers, strict=True):
        assert header.startswith(f"{cookie.name}=x; ")
        assert f"Max-Age={int(cookie.age.total_seconds())};" in header
        assert "HttpOnly" in header
        assert "Secure" in header
        assert "SameSite=lax" in header


def test_nothing_else_sets_a_cookie_or_stores_something_in_the_browser() -> None:
    setters = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if re.search(r"set_cookie\(|[\"']set-cookie[\"']", path.read_text(), re.IGNORECASE)
    }
    assert setters == {"visit/cookies.py"}
    stores = re.compile(r"document\.cookie|localStorage|sessionStorage|indexedDB|caches\.")
    assert [path.name for path in SOURCES.rglob("*.js") if stores.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("span", "words"), [(VISITOR.age, "30 days"), (LAST_ORDER.age, "1 day"), (timedelta(minutes=1), "1 minute")]
)
def test_the_age_of_a_cookie_is_written_in_words(span: timedelta, words: str) -> None:
    assert span_words(span) == words
