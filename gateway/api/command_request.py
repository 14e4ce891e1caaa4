"""One request to the gateway: its origin, its commands, and the wait for the read models."""

import asyncio
import logging
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from uuid import UUID

import msgspec
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.types import Scope

from commands.ports import CommandReused, Context, Receipt
from domain.ids import derived, uuid7
from domain.kernel import DomainError, InvalidInput, Transient
from domain.team.permissions import permissions
from domain.text import check_readable, cleaned
from gateway.api.accounts import AccountServices
from gateway.api.client_errors import camel
from gateway.api.generation_feed import GenerationFeed
from gateway.api.store_feed import StoreFeed
from gateway.auth.accounts import Authenticator
from gateway.auth.api_keys import KeyRing
from gateway.auth.devices import device_name
from gateway.auth.sessions import Sessions
from gateway.auth.visitor import Visitor
from gateway.ports import GatewayDependencies
from infra.web.client_address import client_address
from projections.reading.consistency import Stale
from projections.reading.moment import move_moment, pause_moment
from projections.reading.scope import MerchantScope
from schemas.envelope import ConsistencyToken
from schemas.topics import PARTITIONS

logger = logging.getLogger(__name__)

CONSISTENCY_HEADER = "x-consistency-token"
TOKENS_MOST = 16
_CONSISTENCY = CONSISTENCY_HEADER.encode()
_FORWARDED_FOR = b"x-forwarded-for"
_TRACEPARENT = re.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayServices:
    """The gateway's own services, built once by ``create_app``."""

    deps: GatewayDependencies
    accounts: AccountServices
    authenticator: Authenticator
    sessions: Sessions
    key_ring: KeyRing
    generation_feed: GenerationFeed
    store_feed: StoreFeed
    points_left: dict[Hashable, tuple[float, float]] = field(default_factory=dict)
    """What is left of each caller's budget for queries, and when it was; see ``gateway.graphql.query_costs``."""


class RequestInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The origin of a request, and the headers that the gateway uses."""

    address: str
    """The network address, for rate limits."""
    authorization: str | None = None
    consistency: str | None = None
    traceparent: str | None = None
    user_agent: str | None = None

    @property
    def device(self) -> str | None:
        """What a list of sessions calls the caller's device; None if it names none."""
        return device_name(self.user_agent)


def request_info(connection: HTTPConnection, *, behind_proxy: bool) -> RequestInfo:
    """Return a request's origin and headers; see :func:`request_info_of`."""
    return request_info_of(connection.scope, behind_proxy=behind_proxy)


def request_info_of(scope: Scope, *, behind_proxy: bool, headers: Mapping[bytes, bytes] | None = None) -> RequestInfo:
    """Return a request's origin and headers.

    Args:
        scope: the request.
        headers: its headers, if the caller has them by name.
        behind_proxy: whether a trusted proxy appends the caller's address to ``X-Forwarded-For``. The caller may have
            written entries before it.
    """
    if headers is None:
        # Of several headers with one name, the first counts.
        headers = dict(reversed(scope["headers"]))
    client = scope.get("client")
    forwarded = (
        [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED_FOR] if behind_proxy else ()
    )
    return RequestInfo(
        address=client_address(client[0] if client else "unknown", forwarded, behind_proxy=behind_proxy),
        authorization=_text(headers.get(b"authorization")),
        consistency=_text(headers.get(_CONSISTENCY)),
        traceparent=valid_traceparent(_text(headers.get(b"traceparent"))),
        user_agent=_text(headers.get(b"user-agent")),
    )


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


def valid_traceparent(text: str | None) -> str | None:
    """Return a ``traceparent`` header (W3C Trace Context). None if it is missing or invalid.

    The log stores it permanently, and its readers rely on the format.
    """
    return text if text is not None and _TRACEPARENT.fullmatch(text) else None


def parse_tokens(text: str | None) -> list[ConsistencyToken]:
    """Parse consistency tokens, separated by commas or spaces.

    Raises:
        InvalidInput: a token is invalid, or there are too many.
    """
    try:
        tokens = [ConsistencyToken.parse(part) for part in (text or "").replace(",", " ").split()]
    except ValueError as error:
        raise InvalidInput("consistencyToken", f"{error}.") from error
    for token in tokens:
        if token.partition >= PARTITIONS:
            raise InvalidInput(
                "consistencyToken", f"Invalid consistencyToken '{token}': unknown partition. Use a token as you got it."
            )
    if len(tokens) > TOKENS_MOST:
        raise InvalidInput(
            "consistencyToken", f"Too many consistency tokens: {len(tokens)}. Send at most {TOKENS_MOST}."
        )
    return tokens


async def wait_for(deps: GatewayDependencies, *texts: str | None) -> None:
    """Wait until the read models have reached every token.

    Raises:
        InvalidInput: a text has an invalid token.
        Stale: the read models did not reach a token in time.
    """
    if not any(texts):
        return
    newest: dict[int, ConsistencyToken] = {}
    for text in texts:
        for token in parse_tokens(text):
            if token.partition not in newest or newest[token.partition].position < token.position:
                newest[token.partition] = token
    await _wait(deps, newest.values())


async def _wait(deps: GatewayDependencies, tokens: Iterable[ConsistencyToken]) -> None:
    tokens, current = list(tokens), None
    try:
        async with asyncio.timeout(deps.read_wait.total_seconds()):
            for token in tokens:
                current = token
                await deps.barrier.wait(token)
    except TimeoutError as error:
        assert current is not None
        raise Stale(current) from error
    await move_moment(tokens)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A client's idempotency key: a repeated request with the same key changes nothing."""

    field: str
    """The field that carried it: ``commandId`` or ``Idempotency-Key``."""
    value: str


class RequestReused(DomainError):
    """The client used the same key for a different request."""

    code = "COMMAND_REUSED"

    def __init__(self, key: RequestKey) -> None:
        super().__init__(f"The {key.field} “{key.value}” was already used for a different request. Use a new one.")
        self.field = key.field


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """One person's request to change something. Its id makes a repeat harmless."""

    services: GatewayServices
    visitor: Visitor
    command_id: UUID
    key: RequestKey | None = None
    traceparent: str | None = None

    @property
    def merchant_id(self) -> UUID:
        """The person who sends the commands. ``commands.access`` decides what they may do."""
        return self.visitor.person_id

    @property
    def scope(self) -> MerchantScope:
        """The rows that the person sees."""
        return self.visitor.scope

    @classmethod
    def begin(
        cls,
        services: GatewayServices,
        visitor: Visitor,
        key: RequestKey | None = None,
        *,
        traceparent: str | None = None,
    ) -> "CommandRequest":
        """Start a request.

        Args:
            services: the gateway's services.
            visitor: the person who sent the request.
            key: the client's idempotency key; None if the client never repeats the request. Equal keys of different
                merchants do not collide.
            traceparent: stored with the events.
        """
        now = int(services.deps.clock.now().timestamp() * 1000)
        command_id = uuid7(now) if key is None else derived(visitor.person_id, "request", key.value)
        return cls(services=services, visitor=visitor, command_id=command_id, key=key, traceparent=traceparent)

    def new_id(self, kind: str, *more: str) -> UUID:
        """Return the id of an object that this request creates. A repeat gets the same id."""
        return derived(self.command_id, kind, *more)

    async def send(self, command: object) -> Receipt:
        """Dispatch a command.

        Raises:
            DomainError, ConcurrencyConflict: see ``CommandBus.dispatch``.
            KeyTooWeak: the request has an API key without the command's scope.
            RequestReused: the client sent another command under the same key.
            InvalidInput: a text has forbidden characters; see ``domain.text``.
        """
        self.visitor.check_key(permissions().command(type(command).__name__))
        check_command_texts(command)
        command = cleaned(command)
        context = Context(
            command_id=self.command_id,
            correlation_id=self.command_id,
            traceparent=self.traceparent,
            actor=str(self.visitor.actor),
        )
        # A command may wait seconds for its turn. A snapshot kept until then would hold a connection of all readers.
        await pause_moment()
        try:
            return await self.services.deps.commands.dispatch(command, context)
        except CommandReused as error:
            # The client knows its key, but not the command id that is derived from it.
            if self.key is None:
                raise
            raise RequestReused(self.key) from error

    async def repeated(self, name: str, value: str) -> Receipt | None:
        """Return the receipt of an earlier request with this id, for commands whose payload differs at each sending.

        Args:
            name: the entry of the command's result that identifies the request.
            value: the entry of this request.

        Raises:
            RequestReused: the client sent another command under the same key.
        """
        known = await self.services.deps.commands.outcome(self.command_id)
        if known is not None and self.key is not None:
            # Another command may have a result of any form.
            result = known.result if isinstance(known.result, dict) else {}
            if result.get(name) != value:
                raise RequestReused(self.key)
        return known

    async def settled(self, receipt: Receipt) -> bool:
        """Wait until the read models show the command's effect. False on a timeout; the effect stands anyway."""
        if receipt.token is None:
            return True
        try:
            await _wait(self.services.deps, [receipt.token])
        except (Stale, Transient) as error:
            logger.warning("read models did not reach %s in time: %s", receipt.token, error)
            return False
        return True


def check_command_texts(command: object) -> None:
    """Reject texts with characters that are invisible, reorder others, or cannot be stored.

    Raises:
        InvalidInput: names the field and the character.
    """
    for path, value in _texts("", command):
        check_readable(camel(path), value)


def _texts(path: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield path, value
        case list() | tuple():
            for number, part in enumerate(value):
                yield from _texts(f"{path}.{number}", part)
        case BaseModel():
            for name in type(value).model_fields:
                yield from _texts(f"{path}.{name}", getattr(value, name))
        case _ if is_dataclass(value):
            for each in fields(value):
                yield from _texts(f"{path}.{each.name}".lstrip("."), getattr(value, each.name))
        case _:
            return
