"""For loops that go on after errors until they are cancelled."""

import asyncio


def check_cancelled() -> None:
    """Raise ``CancelledError`` if the current task was cancelled. No-op otherwise.

    A cancelled task may meet another error while it cleans up, such as a lost connection. That error takes the place of the
    cancellation. A loop that catches it and does not ask would go on, and its caller would wait without limit.

    Raises:
        asyncio.CancelledError: the task was cancelled and must end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
