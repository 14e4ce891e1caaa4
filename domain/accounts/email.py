"""Which spellings of an e-mail address are the same address."""

import unicodedata

_FULL_STOPS = str.maketrans("。", ".")
"""IDNA reads the ideographic full stop as a dot (RFC 3490, section 3.1); NFKC makes the other forms one of the two."""


def email_key(email: str) -> str:
    """Return the canonical form of an address, for look-ups and limits: equal keys are one account.

    NFKC and case folding over all of it, full-width letters and ``＠`` included; a domain in Punycode is decoded.
    Total: a text that is no address has a key as well.
    """
    local, at, domain = _folded(email).strip().rpartition("@")
    labels = domain.translate(_FULL_STOPS).split(".")
    return f"{local}{at}{'.'.join(map(_label, labels))}"


def former_email_key(email: str) -> str:
    """Return the key under which accounts were kept before domains were decoded; it is often the same."""
    return unicodedata.normalize("NFKC", email.strip()).casefold()


def _folded(text: str) -> str:
    # Case folding can undo the normalization (Unicode Standard, section 3.13, definition D145).
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return _folded(label[4:].encode("ascii").decode("punycode"))
    except (UnicodeError, ValueError, OverflowError):
        return label
