"""The ways into an account: its password and sessions, providers, passkeys and API keys."""

from dataclasses import dataclass
from uuid import UUID

from commands.account import RecordApiKeyEnd, RecordPasskey, RecordSignInLink
from domain.accounts.keys import ApiKeys
from domain.accounts.passkeys import PasskeyStore
from domain.accounts.ports import Account
from domain.accounts.sign_in import SignIns
from domain.ids import derived
from domain.kernel import Clock
from domain.merchant.account_events import SignInProvider
from gateway.auth.account_log import AccountLog
from gateway.auth.errors import PasswordNotSet
from gateway.auth.sessions import Sessions


@dataclass(frozen=True, slots=True)
class OtherWays:
    """What opens an account beside its password."""

    api_keys: int = 0
    passkeys: int = 0
    providers: tuple[SignInProvider, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysToLogIn:
    """Keeps the last way to log in, and ends the others.

    Two removals at once may both pass. The owner of the account's address then still sets a password by a mail.
    """

    sign_ins: SignIns
    passkeys: PasskeyStore
    api_keys: ApiKeys
    sessions: Sessions
    log: AccountLog
    clock: Clock

    async def keep_another(self, account: Account) -> None:
        """Refuse to remove a provider or a passkey that is the only way to log in.

        Raises:
            PasswordNotSet: nothing else logs its owner in.
        """
        if account.password_hash is not None:
            return
        id = account.merchant_id
        if len(await self.sign_ins.of_merchant(id)) + len(await self.passkeys.of_merchant(id)) <= 1:
            raise PasswordNotSet

    async def beside_password(self, merchant_id: UUID) -> OtherWays:
        """Return what opens an account beside its password."""
        now = self.clock.now()
        return OtherWays(
            api_keys=sum(key.is_live(now) for key in await self.api_keys.of_person(merchant_id)),
            passkeys=len(await self.passkeys.of_merchant(merchant_id)),
            providers=tuple(each.provider for each in await self.sign_ins.of_merchant(merchant_id)),
        )

    async def end_others(self, merchant_id: UUID) -> None:
        """Revoke the API keys, remove the passkeys, unlink the providers. No-op for those that are gone.

        Call it after the sessions have ended. A session that makes a way at the same moment takes it back, because it looks
        afterwards whether it goes on (:meth:`Sessions.check_goes_on`).
        """
        for key in await self.api_keys.of_person(merchant_id):
            await self.api_keys.revoke(key.id, merchant_id, at=self.clock.now())
            end = RecordApiKeyEnd(merchant_id=merchant_id, key_id=key.id)
            await self.log.record(end, id=derived(key.id, "revoked"))
        for passkey in await self.passkeys.of_merchant(merchant_id):
            if await self.passkeys.remove(passkey.id, merchant_id):
                await self.log.record(RecordPasskey(merchant_id=merchant_id, passkey_id=passkey.id, added=False))
        for each in await self.sign_ins.of_merchant(merchant_id):
            if await self.sign_ins.unlink(merchant_id, each.provider):
                await self.log.record(RecordSignInLink(merchant_id=merchant_id, provider=each.provider, linked=False))
        self.sessions.forget()
