"""Personal data in events: sealed under a key per person, so that deleting the key forgets them everywhere."""

from uuid import UUID

from domain.kernel import Value


class Sealed(Value):
    """A personal value, encrypted under its person's key. It travels and rests like this; only a query opens it.

    Because the log, the read models, snapshots and dead letters all hold this form, erasing the person's key
    erases the value in every one of them while every byte and hash chain stays as it was.
    """

    person_id: UUID
    """Whose it is: a shopper or a merchant."""
    ciphertext: str
    """``v1.<key id>.<nonce>.<ciphertext>``, AES-256-GCM, base64url; bound to the person."""
