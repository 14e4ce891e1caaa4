"""The merchant's business identity: checked and sealed here.

The command carries the sealed form, because the log keeps it and a sole trader's address is personal data.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Protocol

from babel import Locale
from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from commands.merchant import SetBusinessIdentity
from commands.ports import Receipt
from domain.kernel import InvalidInput
from domain.merchant.identity import BusinessIdentity, optional_parts
from gateway.api.command_request import CommandRequest
from gateway.api.validation import check_text, email_address

LINES_MAX, LINE_MAX, NOTE_MAX = 4, 120, 1_000
_PHONE = re.compile(r"\+?[\d ()./-]{5,30}")
_VAT_ID = re.compile(r"[A-Z0-9]{4,20}")
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Codes that CLDR names and that are not countries."""
_NO_POSTAL_CODE = frozenset({"AE", "HK", "QA", "PA", "BO"})


class BusinessIdentityFields(Protocol):
    """The fields of a business identity as clients send them."""

    name: str
    legal_form: str
    address_lines: list[str]
    postal_code: str | None
    city: str
    country: str
    phone: str
    email: str
    vat_id: str | None
    register_entry: str | None
    responsible_person: str | None
    eu_contact: str | None
    note: str | None


def check_identity(fields: BusinessIdentityFields) -> BusinessIdentity:
    """Return a business identity in the stored form.

    Raises:
        InvalidInput: names the field.
    """
    country = check_country(fields.country)
    postal_code = check_text("postalCode", fields.postal_code, 20)
    if postal_code is None and country not in _NO_POSTAL_CODE:
        raise InvalidInput("postalCode", "postalCode is missing. Write the postal code of your business.")
    phone = _required("phone", fields.phone, 40)
    if not _PHONE.fullmatch(phone):
        raise InvalidInput("phone", f"Invalid phone {phone!r}. Use digits, such as +49 89 123456.")
    email = email_address("email", fields.email)
    if email is None:
        raise InvalidInput("email", "email is missing. Write an address that shoppers can write to.")
    return BusinessIdentity(
        name=_required("name", fields.name, LINE_MAX),
        legal_form=_required("legalForm", fields.legal_form, 60),
        address_lines=_address_lines(fields.address_lines),
        postal_code=postal_code,
        city=_required("city", fields.city, LINE_MAX),
        country=country,
        phone=phone,
        email=email,
        vat_id=check_vat_id(fields.vat_id, country),
        register_entry=check_text("registerEntry", fields.register_entry, LINE_MAX),
        responsible_person=check_text("responsiblePerson", fields.responsible_person, LINE_MAX),
        eu_contact=check_text("euContact", fields.eu_contact, 300),
        note=check_text("note", fields.note, NOTE_MAX),
    )


def check_country(code: str) -> str:
    """Return an ISO 3166-1 alpha-2 code in capitals.

    Raises:
        InvalidInput: no country has the code.
    """
    country = code.strip().upper()
    if country not in country_names():
        raise InvalidInput(
            "country", f"Invalid country {code[:20]!r}. Use an ISO 3166 code of two letters, such as DE."
        )
    return country


def check_vat_id(text: str | None, country: str) -> str | None:
    """Return a VAT id with its country prefix; None if the text is empty.

    Countries that are not known here get a check of the characters alone.

    Raises:
        InvalidInput: its format or its check digits are wrong for the country.
    """
    typed = check_text("vatId", text, 30)
    if typed is None:
        return None
    compact = re.sub(r"[\s.\-/]", "", typed).upper()
    prefix = {"GR": "EL"}.get(country, country)
    module = get_cc_module(country.lower(), "vat")
    if module is None:
        if not _VAT_ID.fullmatch(compact):
            raise InvalidInput(
                "vatId", f"Invalid vatId {typed!r}. Use letters and digits, as your tax office wrote it."
            )
        return compact
    try:
        number: str = module.validate(compact)
    except ValidationError as error:
        raise InvalidInput(
            "vatId", f"Invalid vatId {typed!r} for {country}. Check the digits, or leave it out if you have none."
        ) from error
    return number if number.startswith((prefix, "CHE")) else f"{prefix}{number}"


async def set_business_identity(
    request: CommandRequest, fields: BusinessIdentityFields, *, seen: str | None = None
) -> Receipt:
    """State the merchant's business. A repeat of the request changes nothing.

    Raises:
        InvalidInput: names the field.
        RequestReused: the client sent another command under the same key.
    """
    deps = request.services.deps
    identity = check_identity(fields)
    text = identity.model_dump_json()
    key = hashlib.blake2b(deps.secrets.current, digest_size=32, person=b"zyenta-identity").digest()
    fingerprint = hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()
    known = await request.repeated("fingerprint", fingerprint)
    if known is not None:
        return known
    return await request.send(
        SetBusinessIdentity(
            merchant_id=request.merchant_id,
            country=identity.country,
            parts=list(optional_parts(identity)),
            identity=await deps.personal.seal(request.merchant_id, text),
            fingerprint=fingerprint,
            seen=seen,
        )
    )


@cache
def country_names() -> Mapping[str, str]:
    """Return the countries with their English names, by code."""
    territories = Locale("en", "US").territories
    return {
        code: name for code, name in territories.items() if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRIES
    }


def _required(field: str, text: str, most: int) -> str:
    cleaned = check_text(field, text, most)
    if cleaned is None:
        raise InvalidInput(field, f"{field} is missing. The law asks for it, and shoppers see it.")
    return cleaned


def _address_lines(lines: Sequence[str]) -> list[str]:
    if len(lines) > LINES_MAX:
        raise InvalidInput("addressLines", f"addressLines has {len(lines)} lines. Use at most {LINES_MAX}.")
    cleaned = [check_text(f"addressLines.{number}", line, LINE_MAX) for number, line in enumerate(lines)]
    kept = [line for line in cleaned if line is not None]
    if not kept:
        raise InvalidInput("addressLines", "addressLines is empty. Write street and house number, not a post box.")
    return kept
