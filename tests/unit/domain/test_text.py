"""Text has one normal form without characters that hide or reorder others."""

import re
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.kernel import InvalidInput, Value
from domain.store.niche import clean_niche
from domain.store.slugs import slugify
from domain.text import check_readable, clean_line, clean_text, clean_title, cleaned, find_forbidden, fold

HIDDEN = "\u200b\u200c\u200d\u200e\u200f\u061c\u00ad\u2060\ufeff\u180e\u034f\u3164\ufe0f\U000e0041\U000e007f\U000e0100"
CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b\x9b\x85\ue000\ufffe\ufff9\u206a"
texts = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from([*HIDDEN, *CONTROLS, *"\n\r\t\u2028\u2029 aeIiıİßł", "\u0301", "\u0327", "ک", "ක", "\u0dca"]),
        st.sampled_from("👩🚀🏽🏴❤葛が\u3099"),
    )
)


@for_all(texts)
def test_a_clean_text_is_composed_without_controls_and_stays_as_it_is(text: str) -> None:
    kept = clean_text(text)
    assert clean_text(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert find_forbidden(kept) is None
    assert not set(kept) & set("\u202e\u2066\u200b\u2028\u2029\x85\ufeff\u00ad\r")
    line = clean_line(text)
    assert clean_line(line) == line == " ".join(line.split())


@for_all(texts)
def test_composed_and_decomposed_text_are_kept_as_the_same_text(text: str) -> None:
    assert clean_text(unicodedata.normalize("NFD", text)) == clean_text(text)


@for_all(texts)
@example("İ")
@example("ǆ\u0345")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@for_all(texts, st.integers(1, 63))
def test_every_text_has_an_address(text: str, most: int) -> None:
    slug = slugify(text, fallback="x", most=most)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= most


@pytest.mark.parametrize(
    ("title", "character"),
    [
        ("Mug \u202eFFO %01", "U+202E (right-to-left override)"),
        ("Mug \u2066FFO", "U+2066 (left-to-right isolate)"),
        ("Mug \x1b[2J", "U+001B (control character)"),
        ("Mug \ud800", "U+D800 (half of a character)"),
        ("Mug \ue000", "U+E000 (private use)"),
        ("Mug \uffff", "U+FFFF (not a character)"),
    ],
)
def test_a_forbidden_character_is_refused_by_name(title: str, character: str) -> None:
    for refuse in (lambda: clean_title(title), lambda: clean_niche(title), lambda: check_readable("title", title)):
        with pytest.raises(InvalidInput, match=re.escape(character)):
            refuse()


@pytest.mark.parametrize("separator", ["\n", "\u2028", "\u2029", "\t"])
def test_a_title_of_two_lines_is_refused(separator: str) -> None:
    with pytest.raises(InvalidInput, match="line break"):
        clean_title(f"Desk{separator}mat")


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Lamp\u200bshade", "Lampshade"),
        ("Lamp\U000e0041\U000e0042shade", "Lampshade"),
        ("Lamp\u200dshade\u200c", "Lampshade"),
        ("\u200eLamp\ufeff\u00ad", "Lamp"),
        ("Cafe\u0301 Ka\u0308nnchen", "Caf\xe9 K\xe4nnchen"),
        ("A\ufe0f\ufe01\ufe0f", "A\ufe0f"),
    ],
)
def test_invisible_characters_are_removed_from_a_title(title: str, kept: str) -> None:
    assert clean_title(title) == kept


@pytest.mark.parametrize(
    "title",
    [
        "👨\u200d👩\u200d👧 mug",
        "👩🏽\u200d🚀 poster",
        "🏳\ufe0f\u200d🌈 flag",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f flag",
        "❤\ufe0f mug",
        "1\ufe0f\u20e3",
        "علی\u200cرضا",
        "می\u200cخواهم",
        "ක්\u200dරිස්ටි",
        "র\u200d্যাপ",
        "葛\U000e0100城",
        "מצגת \u200f(C++)",
        "مصباح (قطعتان) 12 cm",
        "日本の茶器",
        "C# mug",
    ],
)
def test_what_spelling_and_emoji_need_stays(title: str) -> None:
    assert clean_title(title) == title


def test_lines_of_a_text_stay_lines() -> None:
    assert clean_text("# News\r\nOne\u2028two\tthree\u2029") == "# News\nOne\ntwo\tthree\n"


@pytest.mark.parametrize(
    ("phrase", "title"),
    [
        ("STRASSE", "Straße lamp"),
        ("cafe\u0301", "Caf\xe9 Tischlein"),
        ("café", "Cafe\u0301 Ka\u0308nnchen"),
        ("cafe", "Café Tischlein"),
        ("smorrebrod", "Smørrebrød board"),
        ("lodz", "Łódź mug"),
        ("isikli", "Işıklı Çay Bardağı"),
        ("IŞIKLI", "Işıklı Çay Bardağı"),
        ("istanbul", "İstanbul poster"),
        ("dai", "Đại"),
        ("ｍｕｇ", "C++ mug"),
        ("ΟΔΟΣ", "οδός"),
        ("日本", "日本の茶器"),
        ("مصباح", "مِصْباح"),
    ],
)
def test_search_finds_without_regard_to_case_and_accents(phrase: str, title: str) -> None:
    assert fold(phrase) in fold(title)


def test_search_tells_letters_apart_whose_marks_are_no_accents() -> None:
    assert fold("が") != fold("か")
    assert fold("कि") != fold("का")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Straße lamp", "strasse-lamp"),
        ("Smørrebrød board", "smorrebrod-board"),
        ("Łódź mug", "lodz-mug"),
        ("Işıklı Çay Bardağı", "isikli-cay-bardagi"),
        ("Đại", "dai"),
        ("Ái", "ai"),
        ("日本の茶器", "ribennochaqi"),
        ("مصباح (قطعتان) 12 cm", "msbh-qttn-12-cm"),
        ("Cafe\u0301 Ka\u0308nnchen", "cafe-kannchen"),
        ("🍕 cutter", "pizza-cutter"),
        ("C++ mug", "c-mug"),
        ("!!!", "product"),
    ],
)
def test_an_address_is_spelled_as_it_is_pronounced(title: str, slug: str) -> None:
    assert slugify(title, fallback="product") == slug


class Photo(Value):
    url: str
    alt_text: str


@dataclass(frozen=True)
class Listing:
    title: str
    tags: list[str]
    options: dict[str, str]
    photos: tuple[Photo, ...]
    cost: int = 1


def test_every_text_inside_a_value_is_cleaned_but_addresses() -> None:
    dirty = Listing(
        "Cafe\u0301", ["a\u200bb"], {"Co\u202elour": "re\u0301d"}, (Photo(url="/e\u0301", alt_text="\u200b"),)
    )
    assert cleaned(dirty) == Listing("Café", ["ab"], {"Colour": "réd"}, (Photo(url="/e\u0301", alt_text=""),))


def test_a_clean_value_is_the_same_object() -> None:
    value = Listing("Café", ["a"], {"b": "c"}, (Photo(url="/e\u0301", alt_text="d"),))
    assert cleaned(value) is value
