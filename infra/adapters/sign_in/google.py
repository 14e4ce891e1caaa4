"""Log-ins by Google, an OpenID Connect provider.

https://developers.google.com/identity/openid-connect/openid-connect
"""

from collections.abc import Mapping

from domain.accounts.sign_in import ExternalIdentity, SignInFailed
from domain.merchant.account_events import SignInProvider
from infra.adapters.sign_in.oauth import OAuthClient, text_of

ISSUER = "https://accounts.google.com"


class GoogleSignIn:
    """Implements :class:`domain.accounts.sign_in.IdentityProvider`.

    Who the person is comes from the userinfo endpoint over TLS, so there is no ID token to verify.
    """

    def __init__(self, client: OAuthClient, *, issuer: str = ISSUER) -> None:
        self._client, self._issuer = client, issuer.rstrip("/")
        self._endpoints: Mapping[str, str] | None = None

    async def authorization_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        endpoint = await self._endpoint("authorization_endpoint")
        return self._client.authorization_url(
            endpoint,
            scope="openid email profile",
            state=state,
            challenge=challenge,
            redirect_uri=redirect_uri,
            prompt="select_account",
        )

    async def identify(self, *, code: str, verifier: str, redirect_uri: str) -> ExternalIdentity:
        endpoint = await self._endpoint("token_endpoint")
        token = await self._client.access_token(endpoint, code=code, verifier=verifier, redirect_uri=redirect_uri)
        person = await self._client.get(await self._endpoint("userinfo_endpoint"), token=token)
        subject = text_of(person, "sub")
        if subject is None:
            raise SignInFailed(SignInProvider.GOOGLE)
        return ExternalIdentity(
            provider=SignInProvider.GOOGLE,
            subject=subject,
            email=text_of(person, "email") if person.get("email_verified") is True else None,
            name=text_of(person, "name"),
        )

    async def _endpoint(self, name: str) -> str:
        if self._endpoints is None:
            found = await self._client.get(f"{self._issuer}/.well-known/openid-configuration")
            if not isinstance(found, Mapping):
                raise SignInFailed(SignInProvider.GOOGLE)
            self._endpoints = {key: value for key, value in found.items() if isinstance(value, str)}
        if name not in self._endpoints:
            raise SignInFailed(SignInProvider.GOOGLE)
        return self._endpoints[name]
