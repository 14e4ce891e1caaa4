"""What both GraphQL and REST do for a request: know who asks, send commands, and wait for the read models."""

import asyncio
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from uuid import UUID

from pydantic import BaseModel

from commands.ports import CommandReused, Context, Receipt
from domain.ids import derived, uuid7
from domain.kernel import DomainError, InvalidInput, Transient
from domain.text import check_readable, cleaned
from gateway.api.client_errors import camel
from gateway.api.generation_feed import GenerationFeed
from gateway.auth.accounts import AccountDesk
from gateway.auth.sessions import Sessions
from gateway.ports import GatewayDependencies
from projections.reading.consistency import Stale
from schemas.envelope import ConsistencyToken
from schemas.topics import PARTITIONS

logger = logging.getLogger(__name__)

CONSISTENCY_HEADER = "x-consistency-token"
TOKENS_MOST = 16
_TRACEPARENT = re.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayServices:
    """The gateway's own parts, built once by ``create_app``."""

    deps: GatewayDependencies
    desk: AccountDesk
    sessions: Sessions
    watch: GenerationFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where a request comes from and what it carries."""

    address: str
    """The network address, for rate limits."""
    request_id: str
    authorization: str | None = None
    consistency: str | None = None
    traceparent: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], *, address: str, request_id: str) -> "Caller":
        """Read what matters from a request's headers (lower-case names)."""
        return cls(
            address=address,
            request_id=request_id,
            authorization=headers.get("authorization"),
            consistency=headers.get(CONSISTENCY_HEADER),
            traceparent=traceparent_of(headers),
        )


def traceparent_of(headers: Mapping[str, str]) -> str | None:
    """Return a request's place in a trace (W3C Trace Context); None for a header that is none, as the standard has it.

    It stands in the log for ever, where readers rely on what it is.
    """
    given = headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else None


def parse_tokens(text: str | None) -> list[ConsistencyToken]:
    """Read consistency tokens, separated by commas or blanks.

    Raises:
        InvalidInput: one of them is none.
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
    """Wait until the read models have passed every token.

    Raises:
        InvalidInput: a text is no token.
        Stale: not in time.
    """
    newest: dict[int, ConsistencyToken] = {}
    for text in texts:
        for token in parse_tokens(text):
            if token.partition not in newest or newest[token.partition].position < token.position:
                newest[token.partition] = token
    await _wait(deps, newest.values())


async def _wait(deps: GatewayDependencies, tokens: Iterable[ConsistencyToken]) -> None:
    waited_for: ConsistencyToken | None = None
    try:
        async with asyncio.timeout(deps.read_wait.total_seconds()):
            for token in tokens:
                waited_for = token
                await deps.barrier.wait(token)
    except TimeoutError as error:
        assert waited_for is not None
        raise Stale(waited_for) from error


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What a client calls one request of its own, so that sending it again changes nothing."""

    field: str
    """Where it was sent: ``commandId``, ``Idempotency-Key``."""
    value: str


class RequestReused(DomainError):
    """The client has called another request by the same key."""

    code = "COMMAND_REUSED"

    def __init__(self, key: RequestKey) -> None:
        super().__init__(f"The {key.field} “{key.value}” was already used for a different request. Use a new one.")
        self.field = key.field


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One merchant's request to change something, under the id that makes a repeat harmless."""

    gateway: GatewayServices
    merchant_id: UUID
    command_id: UUID
    key: RequestKey | None = None
    traceparent: str | None = None

    @classmethod
    def begin(
        cls,
        gateway: GatewayServices,
        merchant_id: UUID,
        key: RequestKey | None = None,
        *,
        traceparent: str | None = None,
    ) -> "Request":
        """Start a request.

        Args:
            gateway: the parts.
            merchant_id: who asks.
            key: what the client calls this request; None: it never repeats it. Ids of different merchants never meet,
                whatever they choose.
            traceparent: passed on into the events.
        """
        now = int(gateway.deps.clock.now().timestamp() * 1000)
        command_id = uuid7(now) if key is None else derived(merchant_id, "request", key.value)
        return cls(gateway=gateway, merchant_id=merchant_id, command_id=command_id, key=key, traceparent=traceparent)

    def new_id(self, kind: str, *more: str) -> UUID:
        """Return the id of a thing this request makes: the same when it is repeated."""
        return derived(self.command_id, kind, *more)

    async def send(self, command: object) -> Receipt:
        """Carry the command out.

        Raises:
            DomainError, ConcurrencyConflict: see ``CommandBus.dispatch``.
            RequestReused: the client sent another command under the same key.
            InvalidInput: a text has characters that no text may have; see ``domain.text``.
        """
        refuse_unreadable(command)
        command = cleaned(command)
        context = Context(command_id=self.command_id, correlation_id=self.command_id, traceparent=self.traceparent)
        try:
            return await self.gateway.deps.commands.dispatch(command, context)
        except CommandReused as error:
            # The command's id is made of the key: the client has never seen it.
            if self.key is None:
                raise
            raise RequestReused(self.key) from error

    async def settled(self, receipt: Receipt) -> bool:
        """Wait until the command's own effect can be read; False if that takes too long. The effect stands anyhow."""
        if receipt.token is None:
            return True
        try:
            await _wait(self.gateway.deps, [receipt.token])
        except (Stale, Transient) as error:
            logger.warning("read models did not reach %s in time: %s", receipt.token, error)
            return False
        return True


def refuse_unreadable(command: object) -> None:
    """Refuse texts with characters that people cannot see, that reorder others, or that cannot be stored.

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
