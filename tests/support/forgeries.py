"""Signed tokens with one character changed."""


def forged(token: str) -> str:
    """Return a token with another character in the middle of its signature.

    The last character of base64 has spare bits, and an end of one's own choice may be the true one.
    """
    place = -8
    return token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
