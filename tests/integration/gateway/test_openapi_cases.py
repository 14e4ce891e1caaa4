"""The OpenAPI document against the gateway over HTTP: generated requests, valid and invalid ones, get documented answers."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from commands.order import RecordPayment
from domain.money import Money
from tests.integration.gateway.test_queries import an_order
from tests.support.platforms.gateway import Merchant, Platform
from tests.support.servers.web_server import served

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


async def attack(platform: Platform, owner: Merchant, tmp_path: Path, *, per_operation: int) -> str:
    """Run schemathesis with a merchant's token, and return its output. A finding fails the test.

    Args:
        platform: the gateway.
        owner: the merchant.
        tmp_path: a folder for the program's files.
        per_operation: generated requests of each operation.
    """
    async with served(platform.app) as port:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("schemathesis"),
            *("run", f"http://127.0.0.1:{port}/openapi.json"),
            *("--header", f"Authorization: Bearer {owner.token}"),
            *("--checks", CHECKS, "--phases", "fuzzing", "--mode", "all"),
            *("--max-examples", str(per_operation), "--seed", "7", "--continue-on-failure", "--no-color"),
            *("--include-path-regex", "^/api/v1/", "--request-timeout", "20", "--workers", "2"),
            *("--exclude-path-regex", "^/api/v1/(accounts|sessions|email|password)"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-20_000:]
    return output.decode()


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_5000_generated_requests_get_documented_answers(
    platform: Platform, owner: Merchant, tmp_path: Path
) -> None:
    # With ids of the merchant's own things, requests get past the first check.
    ids = await own_ids(platform, owner)
    lines = [f'"path.{name}" = "{id}"' for name, id in ids.items()]
    (tmp_path / "schemathesis.toml").write_text("\n".join(["[parameters]", *lines, ""]))
    output = await attack(platform, owner, tmp_path, per_operation=50)
    (cases,) = re.findall(r"(\d+) generated", output)
    assert int(cases) >= 5000


async def own_ids(platform: Platform, owner: Merchant) -> dict[str, str]:
    """Return ids of a merchant's store with an order, by the name of a path's part."""
    store_id = await platform.stocked_store(owner)
    order_id = await an_order(platform, owner, store_id)
    await platform.send(
        RecordPayment(order_id=order_id, paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_1")
    )
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products { nodes { id images { id } } } pages { nodes { id } } generation { id } } }",
        {"id": str(store_id)},
        by=owner,
    )
    product = store["products"]["nodes"][0]
    return {
        "storeId": str(store_id),
        "productId": product["id"],
        "pid": product["id"],
        "mediaId": product["images"][0]["id"],
        "pageId": store["pages"]["nodes"][0]["id"],
        "orderId": str(order_id),
        "generationId": store["generation"]["id"],
        "number": "1",
    }
