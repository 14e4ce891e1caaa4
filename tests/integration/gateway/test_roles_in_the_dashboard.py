"""What a role may not do in a store is switched off on its pages, and refused by the API if it is sent anyway."""

import re
from collections.abc import Iterable
from html import unescape
from urllib.parse import urlsplit

import pytest

from commands.team import ChangeRole, RemovePerson
from domain.team.roles import Role
from gateway.auth.sessions import LIVE_CACHE_FOR
from tests.integration.gateway.test_dashboard_manage import a_shop, an_order, products_of
from tests.integration.gateway.test_dashboard_weight import pages_of_a_store
from tests.integration.gateway.test_team import joined
from tests.support.dashboard_walk import walk
from tests.support.platforms.dashboard import a_dashboard, form_of
from tests.support.platforms.gateway import Merchant, Platform

ELSEWHERE = frozenset(
    f"/dashboard/{path}"
    for path in (
        "account/data/export.json",
        "integrations/stripe/refresh",
        "stores/{store_id:uuid}/drafts/{id:uuid}/preview",
        "stores/{store_id:uuid}/statement.csv",
    )
)
"""Downloads, and ways to other companies and to the storefront."""
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
        assert "/products/new" not in await dashboard.get(f"{base}/products")
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


async def test_a_role_that_ends_between_two_pages_gets_a_refusal_page_and_changes_nothing(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_shop(platform, owner, products=1)
    (product,) = await products_of(platform, owner, store_id)
    base = f"/dashboard/stores/{store_id}"
    one = f"{base}/products/{product['id']}"
    editor = await joined(platform, owner, store_id, Role.EDITOR)
    async with a_dashboard(platform, editor) as dashboard:
        form, typed = form_of(await dashboard.get(one), one), {"title": "Mine now", "sellingPrice": "29.00"}
        demoted = ChangeRole(store_id=store_id, merchant_id=owner.id, person_id=editor.id, role=Role.VIEWER)
        await platform.send(demoted)
        await platform.barrier.catch_up()
        platform.clock.advance(LIVE_CACHE_FOR)
        sent = await dashboard.client.post(one, data={**form, **typed})
        assert sent.status_code == 422
        assert "needs the role" in sent.text
        assert "Your role in this store is viewer." in await dashboard.get(one)

        await platform.send(RemovePerson(store_id=store_id, merchant_id=owner.id, person_id=editor.id))
        await platform.barrier.catch_up()
        platform.clock.advance(LIVE_CACHE_FOR)
        pages = [path.removesuffix("/") for path in pages_of_a_store()]
        answers = {path: await dashboard.client.get(base + path) for path in [*pages, one.removeprefix(base)]}
        assert {path: each.status_code for path, each in answers.items() if each.status_code != 404} == {}
        assert all("Not found" in each.text and base not in each.text for each in answers.values())
        sent = await dashboard.client.post(one, data={**form, **typed})
        assert sent.status_code == 404
        home = await dashboard.get("/dashboard")
        assert product["title"] not in home
        assert "You have no store yet." in home
    assert [each["title"] for each in await products_of(platform, owner, store_id)] == [product["title"]]


_FORM = re.compile(r'<form\b[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_LINK = re.compile(r'<a\b[^>]*\bhref="(/dashboard[^"]*)"')
_TITLES = re.compile(r'<div class="heading">.*?</div>\s*</div>|<p class="hint">Your role.*?</p>|<[^>]*>', re.DOTALL)


def is_off(form: re.Match[str]) -> bool:
    return '<fieldset class="off" disabled' in form[2]


def is_of_no_use(page: str) -> bool:
    """Whether a page has forms that are switched off, and nothing else."""
    content = page.partition("<main")[2].partition(">")[2]
    forms = list(_FORM.finditer(content))
    return bool(forms) and all(map(is_off, forms)) and not _TITLES.sub("", _FORM.sub("", content)).strip()


@pytest.mark.long
async def test_no_link_leads_a_viewer_or_an_editor_to_a_form_that_they_may_not_send(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_shop(platform, owner, products=2)
    product, _ = await products_of(platform, owner, store_id)
    await an_order(platform, store_id, product, paid=True)
    base = f"/dashboard/stores/{store_id}"
    ranks = {"VIEWER": 0, "EDITOR": 1, "OWNER": 2}
    for role in (Role.EDITOR, Role.VIEWER):
        person = await joined(platform, owner, store_id, role)
        pages: dict[str, str] = {}
        links: set[str] = set()
        async with a_dashboard(platform, person) as dashboard:
            needed = platform.app.state.dashboard._roles.needed

            async def open_page(path: str, pages: dict[str, str] = pages, links: set[str] = links) -> Iterable[str]:
                response = await dashboard.client.get(path, follow_redirects=True)
                assert response.status_code == 200, (path, response.status_code)
                pages[urlsplit(path).path] = response.text
                found = [unescape(each) for each in _LINK.findall(response.text)]
                links.update(found)
                return found

            async for _ in walk(open_page, ["/dashboard", base], never=ELSEWHERE):
                pass
            # A link that is switched off is not the only thing that keeps a form away.
            direct = await dashboard.get(f"{base}/products/new")
        assert is_of_no_use(direct) == (role is Role.VIEWER)
        assert len(pages) > 25
        assert {path for path, page in pages.items() if is_of_no_use(page)} <= {f"{base}/taxes"}, (
            "it shows what is stated"
        )
        allowed = {
            (path, form[1]): need
            for path, page in pages.items()
            for form in _FORM.finditer(page)
            if not is_off(form) and (need := needed(unescape(form[1]))) is not None
        }
        assert {form: need for form, need in allowed.items() if ranks[need] > ranks[role]} == {}
        assert allowed or role is Role.VIEWER
        anchors = [urlsplit(link) for link in links if "#" in link]
        hidden = [
            link.geturl()
            for link in anchors
            for form in _FORM.finditer(pages.get(link.path, ""))
            if is_off(form) and f'id="{link.fragment}"' in form[0]
        ]
        assert hidden == []
