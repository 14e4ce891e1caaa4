"""The whole platform as users run it: processes, PostgreSQL, a Kafka-protocol broker, HTTP."""

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from playwright.async_api import ConsoleMessage, Error, Page, expect

from infra.bootstrap import open_platform
from infra.cli.platform_settings import settings_from
from infra.embedded.services import SERVICES
from infra.embedded.supervisor import Supervisor
from tests.e2e.whole_sale import Sale, sell_and_take_back
from tests.support.browser import patient_playwright
from tests.support.editor import assert_no_faults, faults_in_stores
from tests.support.platforms.up import SHOPPER, ZYENTA, environment_of
from tests.support.requirements import missing

DEMO_SECONDS = 600
QUIET_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RECOVERY_SECONDS = 60


@asynccontextmanager
async def demo(niche: str, data_dir: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, tuple[str, str]]]:
    """Run the demo until it serves; yield its process, the storefront's address, and the merchant's log-in."""
    process = await asyncio.create_subprocess_exec(
        *ZYENTA,
        "demo",
        niche,
        "--json",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment_of(data_dir),
    )
    assert process.stderr is not None
    output = ""
    try:
        async with asyncio.timeout(DEMO_SECONDS):
            while "Serving until" not in output:
                line = await process.stderr.readline()
                assert line, output
                output += line.decode()
        address = re.search(r"http://[a-z0-9-]+\.localhost:\d+", output)
        log_in = re.search(r"(\S+@zyenta\.example) · (\S+)", output)
        assert address is not None, output
        assert log_in is not None, output
        yield process, address[0], (log_in[1], log_in[2])
    finally:
        # If the test failed, the demo still serves; its child processes die with it.
        if process.returncode is None:
            process.kill()
            await process.wait()


def processes_on(data_dir: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("ZYENTA_DATA_DIR") == str(data_dir)
            if ours or any(str(data_dir) in part for part in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


async def faults_on(data_dir: Path) -> dict[str, list[str]]:
    """Return what the lint finds in the stores of the platform that runs on a data directory."""
    running = settings_from(json.loads((data_dir / "running.json").read_text()))
    async with open_platform(running, migrated=False) as platform:
        return await faults_in_stores((await platform.log()).scan())


async def sells_and_takes_back(storefront: str, data_dir: Path, log_in: tuple[str, str]) -> None:
    """Shop from home to a return that is paid back; then the books must balance."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium", "no such program on the PATH")
    async with patient_playwright() as playwright, httpx.AsyncClient(timeout=30, trust_env=False) as client:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET_CHROMIUM)
        page = await browser.new_page(viewport={"width": 390, "height": 900})
        trouble = complaints_of(page)
        sale = Sale(page, client, data_dir, storefront)
        await sale.log_in(*log_in, storefront)
        await sell_and_take_back(sale, SHOPPER)
        # The form for a return is once sent with nothing in it.
        assert [said for said in trouble if "422" not in said] == []
        await browser.close()
    check = await asyncio.create_subprocess_exec(
        *ZYENTA,
        "ledger",
        "check",
        "--json",
        stdout=asyncio.subprocess.PIPE,
        env=environment_of(data_dir),
    )
    output, _ = await asyncio.wait_for(check.communicate(), 60)
    books = json.loads(output)
    assert (check.returncode, books["differences"]) == (0, []), books
    # The demo's purchase, and this one with its refund.
    assert books["entries"] >= 3


async def buys_in_a_real_browser(storefront: str) -> None:
    """Buy something in Debian's chromium on a wide screen, and check every page."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium", "no such program on the PATH")
    async with patient_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET_CHROMIUM)
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        trouble = complaints_of(page)
        await page.goto(storefront)
        await looks_right(page)
        await page.goto(f"{storefront}/products?stock=in")
        await looks_right(page)
        await page.locator("main a[href^='/products/']").first.click()
        await looks_right(page)
        await page.get_by_role("button", name="Add to cart").click()
        await page.goto(f"{storefront}/checkout")
        await looks_right(page)
        for name, value in SHOPPER.items():
            await page.locator(f"[name={name}]").fill(value)
        await page.get_by_role("button", name="Buy now and pay").click()
        await page.get_by_role("button", name="Pay $").click()
        await expect(page.get_by_text(re.compile("ZY-[2-9A-Z]{6}")).first).to_be_visible(timeout=30_000)
        await looks_right(page)
        assert trouble == []
        await browser.close()


def complaints_of(page: Page) -> list[str]:
    """Return a list that collects the browser's errors on this page."""
    trouble: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            trouble.append(message.text)

    def failed(error: Error) -> None:
        trouble.append(str(error))

    page.on("console", said)
    page.on("pageerror", failed)
    return trouble


async def looks_right(page: Page) -> None:
    """Check that nothing overflows sideways and every visible picture is loaded."""
    # Repeated, because pictures take a while and the payment page reloads itself.
    await page.wait_for_function(
        """() => {
            const root = document.documentElement;
            return root !== null && root.scrollWidth <= root.clientWidth && [...document.images]
                .filter(image => image.loading !== "lazy")
                .every(image => image.complete && image.naturalWidth > 0);
        }"""
    )


@pytest.mark.browser
@pytest.mark.timeout(3 * DEMO_SECONDS)
async def test_a_niche_becomes_a_store_that_takes_an_order_even_after_a_kill_of_everything(data_dir: Path) -> None:
    # The first run is interrupted in the middle, with SIGKILL for the supervisor itself.
    first = await asyncio.create_subprocess_exec(
        *ZYENTA,
        "demo",
        "Desk setup",
        "--once",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment_of(data_dir),
    )
    async with asyncio.timeout(DEMO_SECONDS):
        while not (data_dir / "media").exists():
            await asyncio.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    await first.wait()

    async with demo("Cyberpunk home decor", data_dir) as (process, storefront, log_in):
        await buys_in_a_real_browser(storefront)
        await sells_and_takes_back(storefront, data_dir, log_in)
        faults = await faults_on(data_dir)
        process.send_signal(signal.SIGINT)
        output, _ = await asyncio.wait_for(process.communicate(), RECOVERY_SECONDS)
    shown: dict[str, Any] = json.loads(output.splitlines()[-1])

    assert process.returncode == 0, shown
    assert shown["name"] in faults, "the lint read the store"
    assert_no_faults(faults)
    assert shown["order"]["status"] == "PAID"
    assert shown["log_verified"] is True
    assert shown["candidates"] >= 100
    assert 15 <= shown["products"] <= 20
    assert shown["pages"] == 6
    assert shown["images_processed"] > 0
    assert (shown["error"], shown["status"], shown["products_without_image"]) == (None, "ACTIVE", [])
    assert {"store_id", "name", "storefront_url", "steps", "events", "seconds_total"} <= shown.keys()
    async with asyncio.timeout(RECOVERY_SECONDS):
        while processes_on(data_dir):
            await asyncio.sleep(0.1)


@pytest.fixture
async def supervisor(data_dir: Path) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(data_dir)
    await supervisor.start()
    yield supervisor
    await supervisor.stop()


async def registers(client: httpx.AsyncClient, supervisor: Supervisor, email: str) -> bool:
    mutation = """
    mutation($input: RegisterInput!) { register(input: $input) { user { email } userErrors { code } } }
    """
    fields = {"email": email, "password": "a long enough password", "name": "Someone"}
    try:
        answer = await client.post(
            f"{supervisor.gateway_url}/graphql", json={"query": mutation, "variables": {"input": fields}}
        )
        payload = answer.json()["data"]["register"]
    except (httpx.HTTPError, KeyError, TypeError, ValueError):
        return False
    # The user is read from the read model, so all processes but the agents have worked.
    return payload["user"] is not None


@pytest.mark.timeout((len(SERVICES) + 1) * RECOVERY_SECONDS + 60)
@pytest.mark.long
async def test_the_platform_recovers_after_any_process_is_killed_or_stopped(supervisor: Supervisor) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        assert await registers(client, supervisor, "first@zyenta.example")
        attacks = [(name, signal.SIGKILL) for name in supervisor.pids()] + [("gateway", signal.SIGSTOP)]
        for name, attack in attacks:
            pid = supervisor.pids()[name]
            os.kill(pid, attack)
            async with asyncio.timeout(RECOVERY_SECONDS):
                while supervisor.pids().get(name) in {None, pid} or not await registers(
                    client, supervisor, f"{name}-{attack}@zyenta.example"
                ):
                    await asyncio.sleep(0.2)
