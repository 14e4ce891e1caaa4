"""What the adapters of language models share: the retry policy of one request."""

from collections.abc import Mapping

from infra.retry import RetryPolicy

MODEL_REQUESTS = RetryPolicy(attempts=3, first_pause=0.5, longest_asked=20.0)
"""For one request while the service is busy or out of order. The adapter alone retries it; agents do not."""

_BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


def may_pass(status: int) -> bool:
    """Return whether a request that got this status may work later."""
    return status in _BUSY


def pause_asked(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``Retry-After``; None if the service did not ask for a pause in seconds."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None
