"""Canonical keys of e-mail addresses: spellings with equal keys are one address."""

import unicodedata

_FULL_STOPS = str.maketrans("。", ".")
"""IDNA reads the ideographic full stop as a dot (RFC 3490, section 3.1). NFKC reduces all other full stops to these two."""


def email_key(email: str) -> str:
    """Return the key of an address, for look-ups and rate limits. Addresses with equal keys are one account.

    The whole address is normalized (NFKC) and case-folded, full-width letters and ``＠`` included; a domain in Punycode
    is decoded. A text that is not an address has a key as well.
    """
    local, at, domain = _folded(email).strip().rpartition("@")
    labels = domain.translate(_FULL_STOPS).split(".")
    return f"{local}{at}{'.'.join(map(_label, labels))}"


def former_email_key(email: str) -> str:
    """Return the key of an address from before domains were decoded; often it equals :func:`email_key`."""
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
