"""The log of one part of the program, apart from what else this process logs."""

import pytest

WEB = frozenset({"gateway", "storefront", "strawberry", "uvicorn", "starlette", "fastapi", "websockets"})
"""Top-level loggers of what answers a request."""


def logged_by(caplog: pytest.LogCaptureFixture, names: frozenset[str] = WEB) -> list[str]:
    """Return the messages of these loggers.

    asyncio and other libraries log from background tasks and at garbage collection, during whichever test runs then.
    """
    return [record.getMessage() for record in caplog.records if record.name.partition(".")[0] in names]
