"""What both providers share: the client, the exchange of a code, and reading a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from domain.accounts.sign_in import NAMES, SignInFailed
from domain.kernel import Transient
from domain.merchant.account_events import SignInProvider

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """The platform as a provider knows it."""

    provider: SignInProvider
    http: httpx.AsyncClient
    client_id: str
    secret: str = field(repr=False)

    def authorization_url(
        self, endpoint: str, *, scope: str, state: str, challenge: str, redirect_uri: str, **more: str
    ) -> str:
        """Return the address of the provider's page."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | more
        return f"{endpoint}?{urlencode(query)}"

    async def access_token(self, endpoint: str, *, code: str, verifier: str, redirect_uri: str) -> str:
        """Exchange a code.

        Raises:
            SignInFailed: the provider refuses it.
            Transient: the provider is away.
        """
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
        }
        body = await self._json("POST", endpoint, data=form)
        token = body.get("access_token") if isinstance(body, Mapping) else None
        # GitHub answers errors with status 200.
        if not isinstance(token, str) or not token:
            raise SignInFailed(self.provider)
        return token

    async def get(self, url: str, *, token: str | None = None) -> Any:
        """Return a JSON document.

        Raises:
            SignInFailed, Transient: see :meth:`access_token`.
        """
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return await self._json("GET", url, headers=headers)

    async def _json(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
        accepted = {"accept": "application/json", **(headers or {})}
        try:
            answer = await self.http.request(method, url, headers=accepted, timeout=TIMEOUT_SECONDS, **more)
        except httpx.HTTPError as error:
            # The exception's text may repeat the code, so only its type goes on.
            raise Transient(NAMES[self.provider], f"did not answer ({type(error).__name__})") from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Transient(NAMES[self.provider], f"answered {answer.status_code}")
        if answer.status_code >= 400:
            raise SignInFailed(self.provider)
        try:
            return answer.json()
        except ValueError:
            raise SignInFailed(self.provider) from None


def text_of(document: Any, name: str) -> str | None:
    """Return a text of a JSON object, or a number as text; None if it is missing or empty."""
    value = document.get(name) if isinstance(document, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None
