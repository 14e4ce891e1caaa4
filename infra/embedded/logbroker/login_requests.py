"""Requests of the platform's log-in."""

from infra.embedded.logbroker.access import MECHANISM, Denied, ScramExchange
from infra.embedded.logbroker.handling import Caller, Handler, Handlers
from infra.embedded.logbroker.wire import Api, ErrorCode, WireReader, WireWriter

BEFORE_LOGIN = frozenset({Api.API_VERSIONS, Api.SASL_HANDSHAKE, Api.SASL_AUTHENTICATE})
"""Requests that are allowed before the log-in."""


async def _handshake(request: WireReader, caller: Caller) -> WireWriter:
    error = ErrorCode.NONE if request.string() == MECHANISM else ErrorCode.UNSUPPORTED_SASL_MECHANISM
    if caller.version == 0:
        # It would be followed by bare SASL messages. librdkafka uses version 1, but only if version 0 is offered too.
        error = ErrorCode.UNSUPPORTED_VERSION
    if not error and caller.session.listener.credentials is not None:
        caller.session.exchange = ScramExchange(caller.session.listener.credentials)
    answer = caller.answer().int16(error)
    return answer.array([MECHANISM], answer.string)


async def _authenticate(request: WireReader, caller: Caller) -> WireWriter:
    message = request.optional_bytes() or b""
    session = caller.session
    error = ErrorCode.NONE
    message_text: str | None = None
    reply = b""
    if session.exchange is None:
        error, message_text = ErrorCode.ILLEGAL_SASL_STATE, "Unexpected log-in message. Send SASL_HANDSHAKE first."
    else:
        try:
            reply, session.logged_in = session.exchange.answer(message)
        except Denied:
            error, message_text = (
                ErrorCode.SASL_AUTHENTICATION_FAILED,
                "Wrong user name or password. Use the password in the platform's secret file.",
            )
    session.login_failed = bool(error)
    if error or session.logged_in:
        session.exchange = None
    answer = caller.answer().int16(error).string(message_text).blob(reply)
    return answer.int64(0) if caller.version >= 1 else answer


HANDLERS: Handlers = {
    Api.SASL_HANDSHAKE: Handler(0, 1, _handshake),
    Api.SASL_AUTHENTICATE: Handler(0, 1, _authenticate),
}
