"""Password hashes (argon2id), computed in threads: each takes a third of a second of CPU time."""

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from domain.kernel import InvalidInput
from gateway.auth.common_passwords import is_common

SHORTEST, LONGEST = 10, 256
"""Minimum and maximum characters of a password. The maximum keeps megabytes from being hashed."""


def check_password(password: str, *, email: str, name: str | None = None, field: str = "password") -> None:
    """Reject a new password that is too short, too long, common, or made of the account's own words.

    Raises:
        InvalidInput: names what is wrong.
    """
    _check_length(password, field)
    lowered = password.casefold()
    own = {email.casefold(), email.partition("@")[0].casefold(), (name or "").casefold()}
    if lowered in own or any(len(word) >= 4 and word in lowered and not _without(lowered, word) for word in own):
        raise InvalidInput(field, f"{field} is your own name or address. Use words that say nothing about you.")
    if is_common(password):
        raise InvalidInput(
            field, f"{field} is among the passwords that leaks have most often. Use several unrelated words."
        )


def _without(text: str, word: str) -> str:
    """Return the letters that remain of a text without a word."""
    return "".join(char for char in text.replace(word, "") if char.isalpha())


def _check_length(password: str, field: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(field, f"{field} has {len(password)} characters. Use {SHORTEST} to {LONGEST}.")


class Passwords:
    """Hashes and verifies passwords.

    Args:
        hasher: argon2id with its cost parameters; the default is pwdlib's recommendation. Tests pass a cheap one.
        concurrency: hashes computed at the same time. Each takes 64 MiB at the default cost.
    """

    def __init__(self, hasher: Argon2Hasher | None = None, *, concurrency: int = 2) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._turn = asyncio.Semaphore(concurrency)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Hash a password.

        Raises:
            InvalidInput: the password is too short or too long.
        """
        _check_length(password, "password")
        async with self._turn:
            return await asyncio.to_thread(self._hash.hash, password)

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Return whether a password matches, and a new hash if the stored one uses outdated parameters.

        Args:
            password: the password to verify.
            stored: the account's hash. None if the account does not exist: takes the same time and never matches.
        """
        if stored is None:
            if self._decoy is None:
                self._decoy = await self.hash("a decoy, so that no account takes as long as one")
            stored_or_decoy = self._decoy
        else:
            stored_or_decoy = stored
        async with self._turn:
            fits, stronger = await asyncio.to_thread(
                self._hash.verify_and_update, password[: LONGEST + 1], stored_or_decoy
            )
        return (fits, stronger) if stored is not None else (False, None)

    async def warm_up(self) -> None:
        """Compute the decoy hash, so that the first unknown e-mail address takes no longer than later ones."""
        await self.verify("", None)
