"""Photographs pages and their dialogs at 360 and 1440 px, light and dark."""

import re
from pathlib import Path
from typing import Literal

from playwright.async_api import Page

from tests.support.browser import WIDTHS

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOADED = """async () => {
  document.querySelectorAll("img[loading]").forEach((one) => { one.loading = "eager"; });
  await Promise.all([...document.images].map((one) => one.decode().catch(() => {})));
}"""
SMALL = """() => [...document.querySelectorAll("button, .button, select, summary, .pill, .chip, .tabs a, .nav a, input:not([type=checkbox], [type=radio], [type=hidden])")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".skip"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.height < 43.5 || box.width < 43.5))
  .map(([one, box]) => `${one.tagName.toLowerCase()}.${one.className} “${one.textContent.trim().slice(0, 30)}” ${Math.round(box.width)}×${Math.round(box.height)}`)"""
CUT = """() => [...document.querySelectorAll("main *")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible" && !["INPUT", "TEXTAREA", "SELECT", "PRE"].includes(one.tagName) && one.clientWidth > 1 && !one.matches(".tabs, .chart, .chart *"))
  .map((one) => `${one.tagName.toLowerCase()}.${one.className} is ${one.scrollWidth} px in ${one.clientWidth}`)"""
DIALOGS = """() => [...document.querySelectorAll("[popover]")].map((one) => one.id)"""


class Camera:
    """Writes pictures into a folder: ``<page>-<width>-<scheme>.png``, and with ``+<dialog>`` after the page's name.

    Attributes:
        faults: pages that are wider than their window, parts that are cut off, and what is too small for a finger.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._dialogs = folder, set[str]()
        self.faults: list[str] = []
        self.taken: list[str] = []

    async def take(self, page: Page, name: str, *, dialogs: bool = True) -> None:
        """Photograph an open page, and each dialog that no earlier page had."""
        await page.evaluate(LOADED)
        await page.evaluate("window.scrollTo(0, 0)")
        ids = await page.evaluate(DIALOGS) if dialogs else []
        unseen = [(id, kind) for id in ids if (kind := self._kind(name, id)) not in self._dialogs]
        self._dialogs.update(kind for _, kind in unseen)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 900})
                wide = await page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    self.faults.append(f"{name} is {wide} px wide in a window of {width}")
                if scheme == "light":
                    await self._find_faults(page, name, width)
                await page.screenshot(path=self._file(f"{name}-{width}-{scheme}"), full_page=True)
                for id, kind in {kind: (id, kind) for id, kind in unseen}.values():
                    await page.evaluate("(id) => document.getElementById(id).showPopover()", id)
                    dialog = page.locator(f"[id='{id}']")
                    await dialog.screenshot(path=self._file(f"{name}+{kind}-{width}-{scheme}"))
                    await page.evaluate("(id) => document.getElementById(id).hidePopover()", id)
        self.taken.append(name)

    async def _find_faults(self, page: Page, name: str, width: int) -> None:
        found = [*await page.evaluate(CUT), *(await page.evaluate(SMALL) if width < 700 else ())]
        self.faults.extend(f"{name} at {width}: {each}" for each in dict.fromkeys(found))

    def _file(self, name: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{name}.png"

    @staticmethod
    def _kind(name: str, id: str) -> str:
        """Return a dialog's name without the id of what it is about."""
        return f"{name.split('-', maxsplit=1)[0]}-{re.sub(r'[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+', '', id).strip('-')}"
