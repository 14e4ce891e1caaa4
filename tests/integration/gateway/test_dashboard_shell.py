"""The dashboard's shell: sessions, forms, errors, and the page of an unknown store."""

from datetime import timedelta
from uuid import uuid4

from tests.support.platforms.dashboard import a_dashboard, form_of
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

WIZARD = "/dashboard/stores/new"


async def test_a_merchant_logs_in_sees_the_stores_and_logs_out(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    await platform.store(owner, "Ceramic planters")
    hers = await platform.store(stranger, "Dog toys")
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.get("/dashboard")
        assert "Ceramic planters" in page
        assert "Dog toys" not in page
        response = await dashboard.client.get(f"/dashboard/stores/{uuid4()}/nothing")
        assert response.status_code == 404
        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert "does not exist" in response.text
        assert str(hers) not in page
        assert all(cookie.has_nonstandard_attr("HttpOnly") for cookie in dashboard.client.cookies.jar)
        left = await dashboard.submit("/dashboard", "/dashboard/log-out")
        assert left.headers["location"] == "/dashboard/log-in"
        gone = await dashboard.client.get("/dashboard")
        assert (gone.status_code, gone.headers["location"]) == (303, "/dashboard/log-in")


async def test_a_session_outlives_its_access_token_in_two_tabs_at_once(platform: Platform, owner: Merchant) -> None:
    async with a_dashboard(platform, owner) as dashboard:
        platform.clock.advance(timedelta(minutes=20))
        dashboard.client.cookies.delete("zyenta_access")
        before = dict(dashboard.client.cookies)
        first = await dashboard.client.get("/dashboard", headers={"cookie": _header(before)})
        second = await dashboard.client.get("/dashboard", headers={"cookie": _header(before)})
        assert (first.status_code, second.status_code) == (200, 200)
        await dashboard.get("/dashboard")


async def test_wrong_credentials_keep_the_address_and_say_so(platform: Platform, owner: Merchant) -> None:
    async with a_dashboard(platform, owner) as dashboard:
        await dashboard.submit("/dashboard", "/dashboard/log-out")
        login = "/dashboard/log-in"
        response = await dashboard.submit(
            login, login, {"email": "<script>x</script>@example.com", "password": "wrong"}
        )
        assert response.status_code == 422
        assert "&lt;script&gt;x" in response.text
        assert "<script>x" not in response.text
        assert "is wrong" in response.text
        assert 'wrong"' not in response.text
        inside = await dashboard.submit(
            f"{login}?next=//evil.example", login, {"email": owner.email, "password": PASSWORD}
        )
        assert inside.headers["location"] == "/dashboard/stores/new", "a merchant without a store goes to the wizard"


async def test_a_form_of_another_site_or_without_a_token_changes_nothing(platform: Platform, owner: Merchant) -> None:
    async with a_dashboard(platform, owner) as dashboard, a_dashboard(platform) as other:
        form = form_of(await dashboard.get("/dashboard"), "/dashboard/log-out")
        theirs = form_of(await other.get("/dashboard"), "/dashboard/log-out")
        attempts: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
            ({}, {}),
            ({"csrf": "nonsense"}, {}),
            (theirs, {}),
            (form, {"origin": "https://evil.example"}),
            (form, {"origin": "null"}),
            (form, {"sec-fetch-site": "cross-site"}),
            (form, {"sec-fetch-site": "same-site"}),
        )
        for fields, headers in attempts:
            response = await dashboard.client.post("/dashboard/log-out", data=fields, headers=headers)
            assert response.status_code == 403, (fields, headers)
        await dashboard.get("/dashboard")
        # Fetch metadata as browsers send it.
        allowed = {"origin": dashboard.url, "sec-fetch-site": "same-origin"}
        response = await dashboard.client.post("/dashboard/log-out", data=form, headers=allowed)
        assert response.status_code == 303


async def test_huge_fields_and_scripts_get_a_page_and_are_shown_as_text(platform: Platform, owner: Merchant) -> None:
    summary = "/dashboard/stores/new/summary"
    fields = ("niche", "name", "tone", "audience", "colors", "contact")
    async with a_dashboard(platform, owner) as dashboard:
        too_much = await dashboard.submit(WIZARD, "/dashboard/log-out", {"text": "x" * 1_100_000})
        assert too_much.status_code == 413
        assert too_much.headers["content-type"].startswith("text/html")
        for name in fields:
            typed = {"niche": "Lamps", name: "<script>alert(1)</script>" * 18_000}
            refused = await dashboard.submit(f"{summary}?niche=Lamps", summary, typed)
            assert refused.status_code == 422, name
            assert "<script>alert" not in refused.text, name
            assert refused.text.count("&lt;script&gt;alert") >= 18_000, f"what was typed in {name} stays"
            assert 'aria-invalid="true"' in refused.text, f"the error is beside {name}"
        strange = await dashboard.client.get(f"{WIZARD}?niche=%00%ff&after=%22%3E%3Cscript%3E")
        assert strange.status_code == 200
        assert "<script>" not in strange.text.replace("<script src", "")


async def test_a_page_that_fails_says_so_with_the_request_s_number(platform: Platform, owner: Merchant) -> None:
    async with a_dashboard(platform, owner) as dashboard:
        platform.barrier.wedged = True
        cookies = {**dict(dashboard.client.cookies), "zyenta_seen": "0-999999999"}
        response = await dashboard.client.get(
            "/dashboard", headers={"cookie": _header(cookies), "x-request-id": "number-123"}
        )
        assert response.status_code == 503
        assert "number-123" in response.text
        assert "Load again" in response.text


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
