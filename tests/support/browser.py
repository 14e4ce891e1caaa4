"""A browser for the dashboard: logged in, with axe and screenshots.

To look at pages: ``await shots(page, "/dashboard", folder)`` writes them at 360 and 1440 px, light and dark.
"""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright, expect

from tests.support.platforms.dashboard import Dashboard
from tests.support.requirements import missing

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text("utf-8")
WIDTHS = (360, 1440)
PATIENCE_MS = 60_000
"""Milliseconds to wait for anything: Playwright's defaults of 5 and 30 seconds are too few on a busy machine."""


@asynccontextmanager
async def patient_playwright() -> AsyncIterator[Playwright]:
    """Start Playwright with patient expectations."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        yield playwright


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Start Debian's chromium. Skips the test where it is missing."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium", "no program of that name; `make tools` installs it")
    async with patient_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], timeout=PATIENCE_MS)
        try:
            yield browser
        finally:
            await browser.close()


async def a_context(browser: Browser, **more: Any) -> BrowserContext:
    """Open a patient context: cookies and pages of their own."""
    context = await browser.new_context(**more)
    context.set_default_timeout(PATIENCE_MS)
    return context


@asynccontextmanager
async def a_page(browser: Browser, dashboard: Dashboard, **more: Any) -> AsyncIterator[Page]:
    """Open a page that has the dashboard's session. It fails the test if a script fails or the policy refuses anything."""
    context = await a_context(browser, base_url=dashboard.url, **more)
    await context.add_cookies(dashboard.cookies())  # type: ignore[arg-type]
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    try:
        yield page
    finally:
        await context.close()
    assert faults == []


async def serious_violations(page: Page) -> list[str]:
    """Return what axe finds serious or critical on the page, each with the first element."""
    result = await page.evaluate(
        AXE + "; axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations"
        ".filter((each) => ['serious', 'critical'].includes(each.impact))"
        ".map((each) => `${each.id}: ${each.nodes[0].html} (${each.nodes[0].failureSummary})`))"
    )
    return [str(each) for each in result]


async def shots(page: Page, path: str, folder: Path) -> list[Path]:
    """Open a page and photograph it; return the files."""
    await page.goto(path)
    return await photograph(page, folder, re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "page")


async def photograph(page: Page, folder: Path, name: str) -> list[Path]:
    """Write an open page's screenshots and return their files. A page that is wider than the window fails."""
    folder.mkdir(parents=True, exist_ok=True)
    before, written = page.viewport_size, []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide in a window of {width}"
            file = folder / f"{name}-{width}-{scheme}.png"
            await page.screenshot(path=file, full_page=True)
            written.append(file)
    await page.emulate_media(color_scheme="light")
    if before is not None:
        await page.set_viewport_size(before)
    return written
