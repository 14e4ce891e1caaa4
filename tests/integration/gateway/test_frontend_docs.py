"""The pages for frontend developers in a real browser, and the quick start's programs as they are shown."""

import asyncio
import html
import json
import re
import shutil
from urllib.parse import urlsplit

import pytest

from gateway.docs import QUICK_START
from gateway.docs.typescript import client
from infra.setup.typescript import TYPESCRIPT
from tests.integration.gateway.test_queries import an_order
from tests.support.browser import a_browser, a_context
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform
from tests.support.requirements import missing
from tests.support.servers.web_server import served


def program(page: str, name: str, *, port: int, owner: Merchant) -> str:
    """Return a program of the quick start's page, with the address and the log-in that a reader puts in."""
    (text,) = re.findall(rf'<pre tabindex="0" id="{name}">(.*?)</pre>', page, re.DOTALL)
    (address,) = set(re.findall(r"https?://[\w.:-]+", html.unescape(text)))
    filled = html.unescape(text).replace(address, f"http://127.0.0.1:{port}")
    return filled.replace("demo@zyenta.example", owner.email).replace("the password that zyenta up printed", PASSWORD)


async def test_the_quick_start_s_programs_run_as_they_are_shown(
    platform: Platform, owner: Merchant, tmp_path_factory: pytest.TempPathFactory
) -> None:
    node = shutil.which("node")
    if node is None:
        missing("Node", "the path has no such program")
    store_id = await platform.stocked_store(owner)
    await an_order(platform, owner, store_id)
    page = (await platform.client.get("/quickstart")).text
    async with served(platform.app) as port:
        shell = await asyncio.create_subprocess_exec(
            "bash", "-euc", program(page, "begin", port=port, owner=owner), stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await shell.communicate()
        assert shell.returncode == 0
        assert printed.decode().count(str(store_id)) == 2

        script = tmp_path_factory.mktemp("quick-start") / "live.mjs"
        script.write_text(program(page, "live", port=port, owner=owner))
        live = await asyncio.create_subprocess_exec(
            node, "--experimental-websocket", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        assert live.stdout is not None
        try:
            async with asyncio.timeout(60):
                seen = await live.stdout.readuntil(b"status: 'PENDING'")
        finally:
            live.kill()
            await live.wait()
        assert b"cursor: '" in seen


@pytest.mark.long
@pytest.mark.browser
async def test_the_viewer_of_rest_shows_every_route_and_sends_a_request(platform: Platform, owner: Merchant) -> None:
    complaints: list[str] = []
    hosts: set[str] = set()
    async with served(platform.app) as port, a_browser() as browser:
        page = await (await a_context(browser, viewport={"width": 1280, "height": 900})).new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        await page.goto(f"http://127.0.0.1:{port}/api")
        await page.locator("#operations-sessions-logIn .opblock-summary-control").click()
        block = page.locator("#operations-sessions-logIn")
        await block.get_by_role("button", name="Try it out").click()
        await block.locator("textarea").fill(json.dumps({"email": owner.email, "password": PASSWORD}))
        await block.get_by_role("button", name="Execute").click()
        await block.get_by_text("accessToken").first.wait_for()
        await page.locator("#operations-me-me .opblock-summary-control").click()
        me = page.locator("#operations-me-me")
        await me.get_by_role("button", name="Try it out").click()
        await me.get_by_role("button", name="Execute").click()
        await me.get_by_text(owner.email).first.wait_for()
    assert complaints == []
    assert hosts <= {f"127.0.0.1:{port}", ""}, "the page loads something from elsewhere"


USAGE = """
import { Client, GatewayError, examplesWatch, ordersList } from "./client.ts";

const client = new Client("http://127.0.0.1:8000", "token");
const answer = await client.run(ordersList, { id: "1", statuses: ["PAID"] });
for (const order of answer.store?.orders.nodes ?? []) {
  const number: string = order.number;
  console.log(number.toUpperCase());
}
for await (const each of client.subscribe(examplesWatch, { storeId: "1" })) {
  const progress: number = each.generationProgress.progress;
  console.log(progress.toFixed(0));
}
// @ts-expect-error - the variable id is missing
await client.run(ordersList, {});
// @ts-expect-error - there is no such status
await client.run(ordersList, { id: "1", statuses: ["LOST"] });
// @ts-expect-error - the answer has no such field
console.log(answer.store?.colour);
console.log(new GatewayError("STALE", "later").code);
"""


@pytest.mark.long
async def test_the_typescript_client_compiles_and_its_types_hold(tmp_path_factory: pytest.TempPathFactory) -> None:
    compiler, node = TYPESCRIPT.path, shutil.which("node")
    if node is None or not compiler.exists():
        missing("TypeScript", f"there is no Node, or no {compiler}; “make tools” installs it")
    folder = tmp_path_factory.mktemp("client")
    (folder / "client.ts").write_text(client())
    (folder / "usage.ts").write_text(USAGE)
    (folder / "page.ts").write_text((QUICK_START / "page.ts").read_text("utf-8"))
    options = (
        *("--noEmit", "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"),
        *("--target", "es2022", "--lib", "es2023,dom", "--module", "esnext", "--moduleResolution", "bundler"),
        "--allowImportingTsExtensions",
    )
    process = await asyncio.create_subprocess_exec(
        node, compiler, *options, folder / "usage.ts", folder / "page.ts", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert (process.returncode, said.decode()) == (0, "")
