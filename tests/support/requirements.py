"""What only some tests need. Missing: the test is skipped and says why; CI makes every such skip a failure."""

import os
from typing import NoReturn

import pytest


def missing(what: str, why: str) -> NoReturn:
    """Skip the test because ``what`` is not on this machine, or fail it where everything is required.

    Args:
        what: ``Apache Kafka``, ``chromium`` ...
        why: what was looked for and where, for the person who reads the end of the run.
    """
    message = f"{what} is missing: {why}"
    if os.environ.get("ZYENTA_REQUIRE_ALL") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
