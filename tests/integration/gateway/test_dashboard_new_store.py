"""The way of a new merchant without a browser: wizard, progress, review, publication."""

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urlencode, urlsplit

import asyncpg
import pytest

from infra.writers.rules.niche.reader import RuleNicheReader
from projections.registry import SEARCH_PATH
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import a_platform
from tests.support.platforms.generation import Outside, Pipeline

LISTS = (
    "collections", "customers", "discounts", "disputes", "domain", "drafts", "media", "orders", "pages", "products", "team",
)  # fmt: skip
NEW = "/dashboard/stores/new"
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
async def pipeline(database: str) -> AsyncIterator[Pipeline]:
    """Agents that make a store on demand."""
    async with (
        asyncpg.create_pool(
            database, min_size=1, max_size=4, server_settings={"search_path": f"{SEARCH_PATH}, public"}
        ) as pool,
        a_platform(database, niches=RuleNicheReader()) as platform,
    ):
        yield Pipeline(platform, await platform.merchant(), Outside(), pool)


async def test_a_niche_becomes_a_live_shop_by_forms_alone(pipeline: Pipeline) -> None:
    async with a_dashboard(pipeline.platform, pipeline.owner) as dashboard:
        assert "Dog toys" in await dashboard.get(NEW)
        asked = await dashboard.get(f"{NEW}/suppliers?niche=flurbish")
        assert "do not know what “flurbish” means" in asked
        assert "is empty" in await dashboard.get(f"{NEW}/suppliers?niche=", status=422)
        answers = {"niche": "ceramic planters", "audience": SCRIPT, "tone": "calm & plain", "colors": "green, #f4c95d"}
        query = urlencode(answers)
        page = await dashboard.get(f"{NEW}/suppliers?{query}")
        assert "ceramic planter" in page
        connected = await dashboard.change(f"{NEW}/suppliers?{query}", f"{NEW}/suppliers", {"provider": "SAMPLE"})
        assert "is connected" in connected
        refused = await dashboard.submit(f"{NEW}/suppliers?{query}", f"{NEW}/suppliers", {"provider": "ALIEXPRESS"})
        assert refused.status_code == 422
        assert "no real money moves" in await dashboard.get(f"{NEW}/payments?{query}")
        page = await dashboard.get(f"{NEW}/summary?{query}")
        assert SCRIPT not in page
        assert unescape(page).count(SCRIPT) >= 2
        assert "about 2 minutes" in page
        # A name that a store may not have is refused at the end, and what was typed stays.
        long = urlencode({**answers, "name": "x" * 300})
        again = await dashboard.submit(f"{NEW}/summary?{long}", f"{NEW}/summary")
        assert again.status_code == 422
        assert "x" * 300 in again.text
        assert 'aria-invalid="true"' in again.text
        twice = await dashboard.submit(f"{NEW}/summary?{query}", f"{NEW}/summary")
        assert twice.status_code == 303
        progress = urlsplit(twice.headers["location"]).path
        store = progress.removesuffix("/progress")
        assert "every 2s" in await dashboard.get(progress)

        await pipeline.run()
        page = await dashboard.get(progress)
        assert "every 2s" not in page
        assert "products found" in page
        page = await dashboard.get(f"{store}/review")
        assert SCRIPT not in page
        assert "names were compared" in page
        assert f'href="{store}/legal"' in page
        (option, *_) = re.findall(r'name="name" value="([^"]+)"', page)
        renamed = await dashboard.submit(f"{store}/review", f"{store}/brand-option", {"name": option})
        assert renamed.status_code == 303
        assert f"The shop is called {option} now" in await dashboard.get(renamed.headers["location"])
        unknown = await dashboard.submit(f"{store}/review", f"{store}/brand-option", {"name": SCRIPT})
        assert unknown.status_code == 422
        assert SCRIPT not in unknown.text
        approved = await dashboard.change(f"{store}/review", f"{store}/approve")
        assert "You can publish the shop now" in approved
        live = await dashboard.change(f"{store}/review", f"{store}/publish")
        assert "Your shop is live" in live
        assert re.search(r'href="http://[a-z0-9-]+\.localhost:8001/?"', live)


async def test_a_niche_that_is_not_understood_is_asked_about_and_answered_on_the_progress_page(
    pipeline: Pipeline,
) -> None:
    async with a_dashboard(pipeline.platform, pipeline.owner) as dashboard:
        sent = await dashboard.submit(f"{NEW}/summary?niche=flurbish+lamps", f"{NEW}/summary")
        progress = urlsplit(sent.headers["location"]).path
        await pipeline.run(agents=False)
        page = await dashboard.get(progress)
        assert "A question for you" in page
        assert "do not know what “flurbish” means" in page
        assert "every 2s" not in page, "a form must not be replaced while somebody types"
        refused = await dashboard.submit(progress, f"{progress}/niche", {"niche": ""})
        assert refused.status_code == 422
        page = await dashboard.change(progress, f"{progress}/niche", {"niche": "Table lamps"})
        await pipeline.run(agents=False)
        part = await dashboard.client.get(progress, headers={"hx-request": "true"})
        assert part.text.startswith('<div id="live"')
        assert "Table lamps" in await dashboard.get(progress)
        stopped = await dashboard.change(progress, f"{progress}/cancel")
        assert "Stopped" in stopped
        store = progress.removesuffix("/progress")
        bare = [name for name in LISTS if '<div class="state">' not in await dashboard.get(f"{store}/{name}")]
        assert bare == [], "a list without an entry says what would be in it"
        ended = await dashboard.client.get(progress, headers={"hx-request": "true"})
        assert (ended.status_code, ended.headers["hx-refresh"]) == (204, "true")
