"""What a role may not do in a store is switched off on its pages, and refused by the API if it is sent anyway."""

import re

from domain.team.roles import Role
from tests.integration.gateway.test_dashboard_manage import a_shop, products_of
from tests.integration.gateway.test_team import joined
from tests.support.platforms.dashboard import a_dashboard, form_of
from tests.support.platforms.gateway import Merchant, Platform

PAGES = ("", "/products", "/brand", "/shipping", "/taxes", "/discounts", "/domain", "/legal", "/settings", "/seo")


def live_forms(page: str) -> list[str]:
    """Return the actions of a store's forms that can be sent."""
    forms = re.findall(r'<form\b[^>]*action="(/dashboard/stores/[^"]*)"[^>]*>(.*?)</form>', page, re.DOTALL)
    return [action for action, content in forms if "csrf" in content and "disabled" not in content.partition(">")[0]]


async def test_forms_follow_the_role_and_the_api_refuses_what_is_sent_anyway(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_shop(platform, owner, products=1)
    (product,) = await products_of(platform, owner, store_id)
    base = f"/dashboard/stores/{store_id}"
    one = f"{base}/products/{product['id']}"
    viewer, editor = [await joined(platform, owner, store_id, role) for role in (Role.VIEWER, Role.EDITOR)]
    async with a_dashboard(platform, owner) as dashboard:
        as_owner = {path: live_forms(await dashboard.get(path)) for path in (one, f"{base}/settings")}
    async with a_dashboard(platform, viewer) as dashboard:
        for path in PAGES:
            assert live_forms(await dashboard.get(base + path)) == [], path
        page = await dashboard.get(one)
        assert live_forms(page) == []
        assert "Your role in this store is viewer." in page
        # A browser that ignores what is switched off.
        sent = await dashboard.client.post(one, data={**form_of(page, one), "title": "Mine now"})
        assert sent.status_code == 422
        assert "needs the role" in sent.text
        assert "Mine now" not in await dashboard.get(one)
        assert live_forms(await dashboard.get("/dashboard/stores")) == []
    async with a_dashboard(platform, editor) as dashboard:
        assert set(as_owner[one]) - set(live_forms(await dashboard.get(one))) == {f"{one}/status/archive"}
        settings = live_forms(await dashboard.get(f"{base}/settings"))
        assert settings == [f"{base}/settings/promise", f"{base}/settings/returns"]
        assert len(as_owner[f"{base}/settings"]) > len(settings)
        form = form_of(await dashboard.get(f"{base}/settings"), f"{base}/settings/pause")
        assert (await dashboard.client.post(f"{base}/settings/pause", data=form)).status_code in {403, 422}
        assert "pause" in "".join(as_owner[f"{base}/settings"])
