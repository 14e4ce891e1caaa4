"""Lighthouse on the storefront's pages: what does not depend on the machine is asserted, times are printed."""

import asyncio
import io
import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from infra.adapters.media.studio.pipeline import EFFORT, QUALITY, SIZES
from infra.setup.lighthouse import LIGHTHOUSE
from infra.setup.npm import NpmUnavailable
from tests.integration.storefront.shopping import put_in_cart
from tests.support.platforms.storefront import BRAND, ImageFile, StorefrontPlatform
from tests.support.requirements import missing
from tests.support.servers.web_server import served

HOST = "fern.localhost"
MOST_BYTES = {"Script": 30_000, "Stylesheet": 20_000, "Font": 80_000, "Document": 15_000}
"""Compressed, and with headers."""
SHIFT = 0.005
"""Largest layout shift; a scrollbar or a rounded pixel is not seen."""
NO_INDEX = frozenset({"/cart", "/checkout"})
SECONDS = 120
TRIES, AGAIN = 3, "Please run Lighthouse again"
"""It misses the beginning of a page load once in a while, and then asks for another run."""

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(600)]


def photo() -> ImageFile:
    """Return a photo of a grainy thing on a plain ground: about as many bytes as the studio's photos have."""
    sizes: dict[str, tuple[bytes, int, int]] = {}
    grain = Image.effect_noise((64, 64), 60).convert("RGB")
    for name, side in SIZES.items():
        whole = Image.new("RGB", (side, side), (244, 241, 235))
        whole.paste(grain.resize((side // 2, side * 2 // 3), Image.Resampling.BICUBIC), (side // 4, side // 6))
        file = io.BytesIO()
        whole.save(file, "WEBP", quality=QUALITY[name], method=EFFORT[name])
        sizes[name] = (file.getvalue(), side, side)
    return ImageFile("A pot", sizes)


async def report_of(program: Path, url: str, folder: Path, cookie: str) -> dict[str, Any]:
    """Run Lighthouse on a page as a phone on a slow network, and return its report."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium", "no program on the path has that name")
    out = folder / "report.json"
    for _ in range(TRIES):
        process = await asyncio.create_subprocess_exec(
            "node", str(program), url, "--quiet", "--output=json", f"--output-path={out}",
            "--chrome-flags=--headless=new --no-sandbox",
            "--only-categories=performance,accessibility,best-practices,seo",
            f"--extra-headers={json.dumps({'cookie': cookie})}",
            env={**os.environ, "CHROME_PATH": chromium},
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await asyncio.wait_for(process.communicate(), SECONDS)
        if AGAIN not in said.decode():
            break
    assert process.returncode == 0, said.decode()[-2000:]
    report: dict[str, Any] = json.loads(out.read_text())
    return report


async def test_pages_are_accessible_well_made_findable_and_do_not_shift(
    floor: StorefrontPlatform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        program = LIGHTHOUSE.ensure()
    except NpmUnavailable as unavailable:
        missing("Lighthouse", str(unavailable))
    store = await floor.open_store("fern", BRAND)
    products = [
        await floor.stock(store, f"Pot number {n}", slug=f"pot-{n}", category="Planters", images=(photo(),))
        for n in range(6)
    ]
    faults, times = list[str](), list[str]()
    async with served(floor.app(base_domains=("localhost",))) as port:
        origin = f"http://{HOST}:{port}"
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"host": f"{HOST}:{port}"}
        ) as shopper:
            await put_in_cart(shopper, products[0])
            cookie = "; ".join(f"{name}={value}" for name, value in shopper.cookies.items())
        for path in ("/", "/products", "/c/planters", "/products/pot-1", "/cart", "/checkout"):
            report = await report_of(program, origin + path, tmp_path, cookie)
            assert report.get("runtimeError") is None, report["runtimeError"]
            audits = report["audits"]
            scores = {name: category["score"] for name, category in report["categories"].items()}
            wanted = {"accessibility", "best-practices"} | (set() if path in NO_INDEX else {"seo"})
            faults += [f"{path}: {name} {scores[name]}, not 1" for name in sorted(wanted) if scores[name] != 1]
            shift = audits["cumulative-layout-shift"]["numericValue"]
            sent = Counter[str]()
            for item in audits["network-requests"]["details"]["items"]:
                sent[item.get("resourceType", "Other")] += item["transferSize"]
            faults += [f"{path}: layout shift {shift:.3f}"] if shift > SHIFT else []
            faults += [
                f"{path}: {sent[kind]} bytes of {kind}" for kind, most in MOST_BYTES.items() if sent[kind] > most
            ]
            paint, blocked = audits["largest-contentful-paint"], audits["total-blocking-time"]
            times.append(
                f"{path} {scores['performance']}, {paint['numericValue'] / 1000:.2f} s, {blocked['displayValue']}"
            )
    # The performance score and the times depend on the machine: they are reported, not judged.
    with capsys.disabled():
        sys.stdout.write("\nperformance, largest paint, blocking: " + "; ".join(times) + "\n")
    assert not faults, "\n".join(faults)
