"""Password hashes: argon2id, in a thread, because one takes a third of a second of pure computing."""

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from domain.kernel import InvalidInput

SHORTEST, LONGEST = 10, 256
"""Characters of a password; the upper bound keeps a body of megabytes from being hashed."""


class Passwords:
    """Hashes and checks passwords.

    Args:
        hasher: argon2id's cost; the default is what pwdlib recommends. Tests pass a cheap one.
        at_once: how many are computed side by side; each takes 64 MiB at the default cost.
    """

    def __init__(self, hasher: Argon2Hasher | None = None, *, at_once: int = 2) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._turn = asyncio.Semaphore(at_once)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return a new hash.

        Raises:
            InvalidInput: too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise InvalidInput("password", f"password has {len(password)} characters. Use {SHORTEST} to {LONGEST}.")
        async with self._turn:
            return await asyncio.to_thread(self._hash.hash, password)

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Say whether a password fits, and give a stronger hash if the stored one is out of date.

        Args:
            password: what was typed.
            stored: the account's hash; None where there is no account, which takes as long and is always wrong.
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
        """Make the decoy now, so that the first unknown address takes no longer than the next."""
        await self.verify("", None)
