"""Bodies of requests as JSON objects."""

import json
from typing import Any

from starlette.requests import Request

from domain.kernel import InvalidInput
from gateway.problem_details import Problem


class UnreadableBody(Exception):
    """The body is not JSON. ``problem`` says why."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(status=400, code="BAD_REQUEST", detail=detail)


async def json_object(request: Request, *, may_be_missing: bool) -> dict[str, Any]:
    """Return the body's fields.

    Args:
        request: the request.
        may_be_missing: whether an empty body counts as an object without fields.

    Raises:
        UnreadableBody: the body is not JSON, or not declared as JSON.
        InvalidInput: the body is JSON, but not an object.
    """
    data = await request.body()
    if not data:
        if may_be_missing:
            return {}
        raise UnreadableBody("The body is missing. Send a JSON object.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnreadableBody("The body is not declared as JSON. Send “Content-Type: application/json”.")
    try:
        body = json.loads(data)
    except json.JSONDecodeError as error:
        raise UnreadableBody(f"The body is not JSON: {error.msg} (at character {error.pos}).") from error
    except UnicodeDecodeError as error:
        raise UnreadableBody(f"The body is not JSON: byte {error.start} is not UTF-8.") from error
    except (RecursionError, ValueError) as error:
        raise UnreadableBody("The body is not readable JSON: it nests too deeply, or a number is too long.") from error
    if not isinstance(body, dict):
        raise InvalidInput("body", "The body is not a JSON object. Send one such as {}.")
    return body
