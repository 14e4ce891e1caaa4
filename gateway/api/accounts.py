"""The services of accounts, built once from the gateway's dependencies."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from domain.accounts.links import LinkSigner
from gateway.auth.account_log import AccountLog
from gateway.auth.accounts import AccountStores, Authenticator, SessionTokens
from gateway.auth.addresses import EmailAddresses, LinkPorts
from gateway.auth.api_keys import KeyRing
from gateway.auth.attempts import Attempts
from gateway.auth.closing import AccountClosing
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.key_tokens import KeyTokens
from gateway.auth.names import Names
from gateway.auth.new_passwords import NewPasswords
from gateway.auth.passkeys import Passkeys
from gateway.auth.provider_sign_in import ProviderSignIn
from gateway.auth.second_factor import SecondFactors
from gateway.auth.session_list import SessionList
from gateway.auth.sessions import Sessions, TeamAccess
from gateway.auth.tokens import AccessTokens, DeviceTokens, Tickets
from gateway.auth.ways_to_log_in import WaysToLogIn
from gateway.ports import GatewayDependencies, LoadKeys

CHALLENGED_FOR = timedelta(minutes=10)
"""Time between the two steps of a log-in."""
KEYS_SECONDS = 20.0
"""Time between two looks for rotated keys. A key is announced for longer before it signs."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountServices:
    """What GraphQL and REST do with accounts."""

    access_tokens: AccessTokens
    authenticator: Authenticator
    sessions: Sessions
    key_ring: KeyRing
    proof: FreshProof
    addresses: EmailAddresses
    names: Names
    passwords: NewPasswords
    session_list: SessionList
    factors: SecondFactors
    sign_ins: ProviderSignIn
    passkeys: Passkeys

    async def follow_keys(self, load: LoadKeys) -> None:
        """Use the keys of rotations as they begin to count. Runs until it is cancelled."""
        while True:
            try:
                self.access_tokens.replace(await load())
            except (OSError, asyncpg.PostgresError) as error:
                logger.warning("the signing keys could not be read (%s)", type(error).__name__)
            await asyncio.sleep(KEYS_SECONDS)

    closing: AccountClosing

    async def close(self) -> None:
        """Finish what was promised to callers."""
        await self.passwords.close()


def account_services(deps: GatewayDependencies) -> AccountServices:
    """Return the services of accounts."""
    access_tokens = AccessTokens(deps.signing_keys, deps.clock)
    key_tokens = KeyTokens(deps.secrets)
    sessions = Sessions(
        access_tokens,
        deps.refresh_tokens,
        deps.clock,
        team=TeamAccess(keys=key_tokens, api_keys=deps.api_keys, roles_of=deps.roles_of),
    )
    attempts = Attempts(deps.limits, deps.clock, deps.secrets.current)
    log = AccountLog(deps.commands, deps.clock)
    proof = FreshProof(deps.accounts, deps.passwords, attempts, deps.refresh_tokens, deps.clock)
    ways = WaysToLogIn(
        sign_ins=deps.sign_ins,
        passkeys=deps.passkeys,
        api_keys=deps.api_keys,
        sessions=sessions,
        log=log,
        clock=deps.clock,
    )
    links = LinkPorts(
        links=deps.account_links,
        signer=LinkSigner(deps.link_secrets),
        accounts=deps.accounts,
        personal=deps.personal,
    )
    factors = SecondFactors(deps.second_factors, proof, attempts, log, deps.clock, digests=deps.secrets)
    addresses = EmailAddresses(links, proof, attempts, log, deps.clock)
    authenticator = Authenticator(
        AccountStores(
            accounts=deps.accounts,
            refresh_tokens=deps.refresh_tokens,
            links=deps.account_links,
            personal=deps.personal,
        ),
        SessionTokens(
            access=access_tokens,
            devices=DeviceTokens(deps.signing_keys, deps.clock),
            challenges=Tickets(deps.signing_keys, deps.clock, purpose="second-factor", lifetime=CHALLENGED_FOR),
            sessions=sessions,
        ),
        factors=factors,
        attempts=attempts,
        passwords=deps.passwords,
        commands=deps.commands,
        clock=deps.clock,
        secret=deps.secrets.current,
    )
    return AccountServices(
        access_tokens=access_tokens,
        authenticator=authenticator,
        sessions=sessions,
        key_ring=KeyRing(deps.api_keys, key_tokens, sessions, proof, log, deps.clock),
        proof=proof,
        addresses=addresses,
        names=Names(deps.accounts, deps.personal, log, deps.clock),
        passwords=NewPasswords(
            links,
            addresses,
            proof,
            ways=ways,
            passwords=deps.passwords,
            attempts=attempts,
            log=log,
            clock=deps.clock,
        ),
        factors=factors,
        sign_ins=ProviderSignIn(
            deps.identity_providers,
            deps.sign_ins,
            deps.accounts,
            authenticator,
            addresses,
            proof,
            ways,
            attempts,
            log,
            deps.clock,
            callback=f"{deps.public_url}/dashboard/sign-in/{{provider}}/back",
            secrets=deps.secrets,
        ),
        passkeys=Passkeys(
            deps.passkeys, authenticator, proof, ways, attempts, log, deps.clock, public_url=deps.public_url
        ),
        session_list=SessionList(deps.refresh_tokens, sessions, log, deps.clock),
        closing=AccountClosing(
            deps.accounts,
            proof,
            sessions,
            db=deps.reader,
            commands=deps.commands,
            personal=deps.personal,
            suppliers=deps.supplier_vault,
            clock=deps.clock,
        ),
    )
