"""The business behind a merchant's stores, as the law wants shoppers to see it."""

import json
from collections.abc import Sequence

from domain.kernel import Value
from domain.privacy import PersonalData, Sealed


class BusinessIdentity(Value):
    """Who sells: name, form, address and registrations. The log holds it sealed, because a sole trader is a person."""

    name: str
    """The registered name."""
    legal_form: str
    """``GmbH``, ``Ltd`` or ``Sole trader``."""
    address_lines: list[str]
    """Street and number, at least one line."""
    postal_code: str | None = None
    """None in a country without postal codes."""
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    phone: str
    email: str
    vat_id: str | None = None
    """With its country prefix, such as ``DE136695976``."""
    register_entry: str | None = None
    """Register and number, such as ``Amtsgericht München, HRB 123456``."""
    responsible_person: str | None = None
    """The person who may act for the business."""
    eu_contact: str | None = None
    """Name, postal and e-mail address of the responsible economic operator in the European Union (Regulation (EU) 2023/988,
    Article 16), for a business outside it."""
    note: str | None = None
    """Further words for the imprint, such as a supervisory authority."""


OPTIONAL = ("vat_id", "register_entry", "responsible_person", "eu_contact", "note")
"""The parts that a business may not have."""


def optional_parts(identity: BusinessIdentity) -> Sequence[str]:
    """Return the names of the optional parts that are stated. They are not personal data, so events hold them unsealed."""
    return [name for name in OPTIONAL if getattr(identity, name)]


async def open_identity(sealed: Sealed, personal: PersonalData) -> BusinessIdentity | None:
    """Return a stated identity; None if the merchant's personal data was erased."""
    text = await personal.open(sealed)
    return None if text is None else BusinessIdentity(**json.loads(text))
