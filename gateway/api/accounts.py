"""The services of accounts, built once from the gateway's dependencies."""

from dataclasses import dataclass

from domain.accounts.links import LinkSigner
from gateway.auth.account_log import AccountLog
from gateway.auth.accounts import AccountStores, Authenticator, SessionTokens
from gateway.auth.addresses import EmailAddresses, LinkPorts
from gateway.auth.api_keys import KeyRing
from gateway.auth.attempts import Attempts
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.key_tokens import KeyTokens
from gateway.auth.new_passwords import NewPasswords
from gateway.auth.session_list import SessionList
from gateway.auth.sessions import Sessions, TeamAccess
from gateway.auth.tokens import AccessTokens, DeviceTokens
from gateway.ports import GatewayDependencies


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountServices:
    """What GraphQL and REST do with accounts."""

    authenticator: Authenticator
    sessions: Sessions
    key_ring: KeyRing
    proof: FreshProof
    addresses: EmailAddresses
    passwords: NewPasswords
    session_list: SessionList

    async def close(self) -> None:
        """Finish what was promised to callers."""
        await self.passwords.close()


def account_services(deps: GatewayDependencies) -> AccountServices:
    """Return the services of accounts."""
    access_tokens = AccessTokens(deps.signing_keys, deps.clock)
    key_tokens = KeyTokens(deps.limit_secret)
    sessions = Sessions(
        access_tokens,
        deps.refresh_tokens,
        deps.clock,
        team=TeamAccess(keys=key_tokens, api_keys=deps.api_keys, roles_of=deps.roles_of),
    )
    attempts = Attempts(deps.limits, deps.clock, deps.limit_secret)
    log = AccountLog(deps.commands, deps.clock)
    proof = FreshProof(deps.accounts, deps.passwords, attempts)
    links = LinkPorts(
        links=deps.account_links,
        signer=LinkSigner(deps.link_secret),
        accounts=deps.accounts,
        personal=deps.personal,
    )
    addresses = EmailAddresses(links, proof, attempts, log, deps.clock)
    return AccountServices(
        authenticator=Authenticator(
            AccountStores(
                accounts=deps.accounts,
                refresh_tokens=deps.refresh_tokens,
                links=deps.account_links,
                personal=deps.personal,
            ),
            SessionTokens(access=access_tokens, devices=DeviceTokens(deps.signing_keys, deps.clock), sessions=sessions),
            attempts=attempts,
            passwords=deps.passwords,
            commands=deps.commands,
            clock=deps.clock,
            secret=deps.limit_secret,
        ),
        sessions=sessions,
        key_ring=KeyRing(deps.api_keys, key_tokens, sessions, deps.clock),
        proof=proof,
        addresses=addresses,
        passwords=NewPasswords(
            links,
            addresses,
            proof,
            sessions=sessions,
            passwords=deps.passwords,
            attempts=attempts,
            log=log,
            clock=deps.clock,
        ),
        session_list=SessionList(deps.refresh_tokens, sessions, log, deps.clock),
    )
