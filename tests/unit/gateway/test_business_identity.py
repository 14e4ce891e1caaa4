"""A business identity is checked field by field, and each message says what to do."""

from dataclasses import dataclass, field, replace

import pytest

from domain.kernel import InvalidInput
from gateway.api.business_identity import check_identity, check_vat_id
from tests.support.builders.samples import identity


@dataclass(slots=True, kw_only=True)
class Fields:
    name: str = " Neon  Haven GmbH"
    legal_form: str = "GmbH"
    address_lines: list[str] = field(default_factory=lambda: ["Lampenweg 3", " "])
    postal_code: str | None = "80331"
    city: str = "München"
    country: str = "de"
    phone: str = "+49 89 123456"
    email: str = "post@neonhaven.example"
    vat_id: str | None = "DE 136 695 976"
    register_entry: str | None = ""
    responsible_person: str | None = "Ada Licht"
    eu_contact: str | None = None
    note: str | None = None


def test_an_identity_is_kept_in_one_form() -> None:
    assert check_identity(Fields()) == identity()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": " "}, "name", "name is missing"),
        ({"legal_form": ""}, "legalForm", "legalForm is missing"),
        ({"address_lines": ["", " "]}, "addressLines", "not a post box"),
        ({"address_lines": ["x"] * 5}, "addressLines", "5 lines"),
        ({"postal_code": None}, "postalCode", "postalCode is missing"),
        ({"country": "Germany"}, "country", "Use an ISO 3166 code"),
        ({"country": "EU"}, "country", "Use an ISO 3166 code"),
        ({"phone": "call me"}, "phone", "Use digits"),
        ({"email": "nobody"}, "email", "Use an e-mail address"),
        ({"email": ""}, "email", "email is missing"),
        ({"vat_id": "DE136695975"}, "vatId", "for DE"),
        ({"name": "a\u202eb"}, "name", "not allowed"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_do(changes: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_identity(replace(Fields(), **changes))  # type: ignore[arg-type]  # each value is of its field
    assert refusal.value.field == field
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("136695976", "DE", "DE136695976"),
        ("ATU13585627", "AT", "ATU13585627"),
        ("FR 40 303 265 045", "FR", "FR40303265045"),
        ("EL 094259216", "GR", "EL094259216"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        ("GB 980 7806 84", "GB", "GB980780684"),
        ("12-3456789", "US", "123456789"),
        (" ", "DE", None),
    ],
)
def test_a_vat_id_has_the_prefix_of_its_country(typed: str, country: str, kept: str | None) -> None:
    assert check_vat_id(typed, country) == kept


@pytest.mark.parametrize(("typed", "country"), [("ATU13585628", "AT"), ("980780685", "GB"), ("§§", "US")])
def test_a_vat_id_with_wrong_digits_is_refused(typed: str, country: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid vatId"):
        check_vat_id(typed, country)
