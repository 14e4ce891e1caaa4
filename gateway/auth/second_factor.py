"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes in its place."""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

import segno
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from commands.account import RecordRecoveryCodes, RecordRecoveryCodeUse, RecordSecondFactor
from commands.ports import Receipt
from domain.accounts.second_factors import SecondFactorStore
from domain.kernel import Clock
from domain.merchant.account_events import SecondFactor
from domain.signing import SigningSecrets
from gateway.auth.account_log import AccountLog
from gateway.auth.attempts import SECOND_FACTORS, Attempts
from gateway.auth.errors import SecondFactorIsOn, SecondFactorNotBegun, WrongCode
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.tokens import Identity

ISSUER = "Zyenta"
STEP_SECONDS, DIGITS = 30, 6
CODES, CODE_BYTES = 10, 10
"""Recovery codes of 80 random bits, as 16 letters and digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """What an authenticator app needs, shown once."""

    secret: str = field(repr=False)
    """Base32, for typing."""
    uri: str = field(repr=False)
    """``otpauth://totp/...``, which apps read from a QR code."""
    qr_svg: str = field(repr=False)
    """The address as a QR code."""


class SecondFactors:
    """Enrolls and asks for second factors.

    Args:
        store: secrets and recovery codes.
        proof: asks for the password before a change.
        attempts: limits of attempts.
        log: records the facts.
        clock: the current time.
        digests: keys of the digests of recovery codes.
    """

    def __init__(
        self,
        store: SecondFactorStore,
        proof: FreshProof,
        attempts: Attempts,
        log: AccountLog,
        clock: Clock,
        *,
        digests: SigningSecrets,
    ) -> None:
        self._store, self._proof, self._attempts = store, proof, attempts
        self._log, self._clock = log, clock
        self._digests = digests.derived(b"zyenta-recovery")

    async def is_on(self, merchant_id: UUID) -> bool:
        """Whether a log-in needs a code."""
        totp = await self._store.totp(merchant_id)
        return totp is not None and totp.confirmed

    async def codes_left(self, merchant_id: UUID) -> int:
        """Return the number of unused recovery codes."""
        return await self._store.codes_left(merchant_id)

    async def begin(self, owner: Identity, *, password: str) -> Enrollment:
        """Return a new secret. Log-ins do not need it until :meth:`confirm`.

        Raises:
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
            SecondFactorIsOn: remove it first.
        """
        merchant_id = owner.merchant_id
        account = await self._proof.by_owner(owner, password)
        if await self.is_on(merchant_id):
            raise SecondFactorIsOn
        secret = secrets.token_bytes(20)
        await self._store.begin(merchant_id, secret)
        text = base64.b32encode(secret).decode()
        uri = f"otpauth://totp/{ISSUER}:{quote(account.email)}?secret={text}&issuer={ISSUER}"
        drawing = segno.make(uri, error="m").svg_inline(scale=4, border=3, dark="#000", light="#fff")
        svg = drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        return Enrollment(secret=text, uri=uri, qr_svg=svg)

    async def confirm(self, merchant_id: UUID, code: str) -> tuple[Sequence[str], Receipt | None]:
        """Ask for a code at log-ins from now on. Return recovery codes, which are shown once.

        Raises:
            SecondFactorNotBegun: there is no secret to confirm.
            SecondFactorIsOn: it is confirmed.
            WrongCode, TooManyAttempts: a retry with a new code may succeed.
        """
        totp = await self._store.totp(merchant_id)
        if totp is None:
            raise SecondFactorNotBegun
        if totp.confirmed:
            raise SecondFactorIsOn
        await self._attempts.take("code", str(merchant_id), SECOND_FACTORS)
        if not await self._is_code(merchant_id, totp.secret, code):
            raise WrongCode(at_set_up=True)
        await self._store.confirm(merchant_id, at=self._clock.now())
        await self._log.record(RecordSecondFactor(merchant_id=merchant_id, method=SecondFactor.TOTP, enabled=True))
        return await self._new_codes(merchant_id)

    async def disable(self, owner: Identity, *, password: str, code: str) -> Receipt | None:
        """Remove the second factor.

        Raises:
            WrongPassword, LogInAgain, WrongCode, TooManyAttempts: refused.
            SecondFactorNotBegun: there is none.
        """
        merchant_id = owner.merchant_id
        await self._proof.by_owner(owner, password)
        await self.prove(merchant_id, code)
        await self._store.remove(merchant_id)
        return await self._log.record(
            RecordSecondFactor(merchant_id=merchant_id, method=SecondFactor.TOTP, enabled=False)
        )

    async def replace_codes(self, owner: Identity, *, password: str) -> tuple[Sequence[str], Receipt | None]:
        """Return new recovery codes; earlier ones are void.

        Raises:
            WrongPassword, LogInAgain, TooManyAttempts: refused.
            SecondFactorNotBegun: there is no second factor that they could replace.
        """
        merchant_id = owner.merchant_id
        await self._proof.by_owner(owner, password)
        if not await self.is_on(merchant_id):
            raise SecondFactorNotBegun
        return await self._new_codes(merchant_id)

    async def prove(self, merchant_id: UUID, code: str) -> None:
        """Use up a code of the app, or a recovery code.

        Raises:
            WrongCode, TooManyAttempts: a retry with a new code may succeed.
            SecondFactorNotBegun: the account has no second factor.
        """
        totp = await self._store.totp(merchant_id)
        if totp is None or not totp.confirmed:
            raise SecondFactorNotBegun
        await self._attempts.take("code", str(merchant_id), SECOND_FACTORS)
        if await self._is_code(merchant_id, totp.secret, code):
            return
        hashes = [_hash(merchant_id, code, key) for key in self._digests.each]
        if not await self._store.use_code(merchant_id, hashes, at=self._clock.now()):
            raise WrongCode
        left = await self._store.codes_left(merchant_id)
        await self._log.record(RecordRecoveryCodeUse(merchant_id=merchant_id, left=left))

    async def _new_codes(self, merchant_id: UUID) -> tuple[Sequence[str], Receipt | None]:
        codes = [_readable(secrets.token_bytes(CODE_BYTES)) for _ in range(CODES)]
        await self._store.replace_codes(
            merchant_id, [_hash(merchant_id, code, self._digests.current) for code in codes]
        )
        receipt = await self._log.record(RecordRecoveryCodes(merchant_id=merchant_id, count=len(codes)))
        return codes, receipt

    async def _is_code(self, merchant_id: UUID, secret: bytes, code: str) -> bool:
        """Whether a code is of this half minute or a neighbor, and was not used. Clocks of phones differ."""
        wanted = code.strip().replace(" ", "")
        if len(wanted) != DIGITS or not wanted.isascii() or not wanted.isdigit():
            return False
        totp = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - what authenticator apps implement
        now = int(self._clock.now().timestamp()) // STEP_SECONDS
        for step in (now, now - 1, now + 1):
            if bytes_eq(totp.generate(step * STEP_SECONDS), wanted.encode()):
                return await self._store.take_step(merchant_id, step)
        return False


def _hash(merchant_id: UUID, code: str, key: bytes) -> bytes:
    plain = "".join(char for char in code.casefold() if char.isalnum())[:64]
    return hashlib.blake2b(f"{merchant_id}\0{plain}".encode(), key=key, digest_size=32).digest()


def _readable(random: bytes) -> str:
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
