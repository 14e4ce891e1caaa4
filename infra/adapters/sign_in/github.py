"""Log-ins by GitHub.

https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
"""

from collections.abc import Mapping

from domain.accounts.sign_in import ExternalIdentity, SignInFailed
from domain.merchant.account_events import SignInProvider
from infra.adapters.sign_in.oauth import OAuthClient, text_of

SITE, API = "https://github.com", "https://api.github.com"


class GitHubSignIn:
    """Implements :class:`domain.accounts.sign_in.IdentityProvider`. The numeric id stays when a login is renamed."""

    def __init__(self, client: OAuthClient, *, site: str = SITE, api: str = API) -> None:
        self._client, self._site, self._api = client, site.rstrip("/"), api.rstrip("/")

    async def authorization_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        return self._client.authorization_url(
            f"{self._site}/login/oauth/authorize",
            scope="read:user user:email",
            state=state,
            challenge=challenge,
            redirect_uri=redirect_uri,
        )

    async def identify(self, *, code: str, verifier: str, redirect_uri: str) -> ExternalIdentity:
        token = await self._client.access_token(
            f"{self._site}/login/oauth/access_token", code=code, verifier=verifier, redirect_uri=redirect_uri
        )
        person = await self._client.get(f"{self._api}/user", token=token)
        subject = text_of(person, "id")
        if subject is None:
            raise SignInFailed(SignInProvider.GITHUB)
        emails = await self._client.get(f"{self._api}/user/emails", token=token)
        verified = [
            each
            for each in (emails if isinstance(emails, list) else [])
            if isinstance(each, Mapping) and each.get("verified") is True
        ]
        chosen = next((each for each in verified if each.get("primary") is True), None)
        return ExternalIdentity(
            provider=SignInProvider.GITHUB,
            subject=subject,
            email=None if chosen is None else text_of(chosen, "email"),
            name=text_of(person, "name") or text_of(person, "login"),
        )
