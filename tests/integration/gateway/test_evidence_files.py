"""Files for a dispute: sent by a signed address, checked, sealed, listed, removed, and submitted with the evidence."""

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from PIL import Image

from commands.disputes import RecordDispute
from commands.order import RecordPayment
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeEvidenceSubmitted, DisputeStatus
from domain.order.disputes import DisputeReport
from domain.order.evidence.files import SIZE_MOST, WAITS
from gateway.dashboard.pages.disputes import FORM_MOST
from infra.adapters.master_keys import MasterKeys
from infra.adapters.media.evidence_check import check_evidence
from infra.adapters.media.uploads import DiskUploads
from infra.adapters.postgres.evidence_files import PostgresEvidenceFiles
from infra.adapters.postgres.vault import PostgresPersonalData
from infra.web.evidence_links import EvidenceLinks
from tests.integration.gateway.test_mutations import change
from tests.integration.gateway.test_queries import an_order
from tests.support.browser import a_browser, a_page, photograph, serious_violations
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import Merchant, Platform, a_platform

FILES = "dispute { id evidence { status bytesLeft files { id kind name mimeType size pages url } } }"


def picture(format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(file, format)
    return file.getvalue()


@pytest.fixture
async def platform(database: str, tmp_path: Path) -> AsyncIterator[Platform]:
    clock = FixedClock()
    secrets = [b"k" * 32]
    async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool:
        files = PostgresEvidenceFiles(pool, PostgresPersonalData(pool, MasterKeys(secrets)))
        async with a_platform(
            database,
            clock=clock,
            uploads=DiskUploads(tmp_path, secrets, clock),
            evidence_files=files,
            check_evidence=check_evidence,
            evidence_links=EvidenceLinks(secrets, clock),
        ) as whole:
            yield whole


@pytest.fixture
async def order_id(platform: Platform, owner: Merchant) -> UUID:
    id = await an_order(platform, owner, await platform.stocked_store(owner))
    await platform.send(RecordPayment(order_id=id, paid=Money(minor=5800), fee=Money(minor=290), intent_id=f"pi_{id}"))
    report = DisputeReport(
        dispute_id="du_1",
        intent_id=f"pi_{id}",
        amount=Money(minor=5800),
        reason="product_not_received",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=platform.clock.now() + timedelta(minutes=10),
        movements=1,
        taken=Money(minor=5800),
        fee=Money(minor=1500),
    )
    await platform.send(RecordDispute(order_id=id, report=report))
    return id


async def ask_upload(platform: Platform, by: Merchant, about: dict[str, Any], data: bytes, **changes: Any) -> Any:
    given = {"mimeType": "image/png", "size": len(data)}
    return await change(platform, by, "requestEvidenceUpload", "upload { id url mimeType }", **about | given | changes)


async def sent(platform: Platform, by: Merchant, about: dict[str, Any], data: bytes, type: str = "image/png") -> str:
    """Send a file to its address and return the upload's id."""
    upload = (await ask_upload(platform, by, about, data, mimeType=type))["upload"]
    answer = await platform.client.put(upload["url"], content=data, headers={"content-type": type})
    assert answer.status_code == 204
    return str(upload["id"])


def files_of(platform: Platform) -> PostgresEvidenceFiles:
    files = platform.deps.evidence_files
    assert isinstance(files, PostgresEvidenceFiles)
    return files


async def stored(platform: Platform) -> list[asyncpg.Record]:
    return list(await files_of(platform)._pool.fetch("select content, waits from evidence_files"))


def code_and_field(answer: Any) -> tuple[str, str | None]:
    (error,) = answer["userErrors"]
    return error["code"], error["field"]


async def test_a_file_is_added_seen_replaced_and_removed(
    platform: Platform, owner: Merchant, stranger: Merchant, order_id: UUID, tmp_path: Path
) -> None:
    about, data = {"orderId": str(order_id), "disputeId": "du_1"}, picture()
    for changes, field in (
        ({"mimeType": "text/plain"}, "mimeType"),
        ({"size": 0}, "size"),
        ({"size": SIZE_MOST + 1}, "size"),
    ):
        assert code_and_field(await ask_upload(platform, owner, about, data, **changes)) == ("INVALID_INPUT", field)
    assert code_and_field(await ask_upload(platform, stranger, about, data))[0] == "NOT_FOUND"
    unknown = about | {"disputeId": "du_2"}
    assert code_and_field(await ask_upload(platform, owner, unknown, data))[0] == "NOT_FOUND"

    upload_id, key = await sent(platform, owner, about, data), str(uuid4())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [], "Nothing lies unsealed."
    rows = await stored(platform)
    assert [row["waits"] for row in rows] == [True]
    assert data not in rows[0]["content"]
    named = about | {
        "uploadId": upload_id,
        "kind": "SHIPPING_DOCUMENTATION",
        "fileName": " Letter to Ada Lovelace.png ",
    }
    foreign = await change(platform, stranger, "addDisputeEvidenceFile", FILES, **named)
    assert code_and_field(foreign)[0] == "NOT_FOUND"
    for _ in range(2):
        added = await change(platform, owner, "addDisputeEvidenceFile", FILES, **named, commandId=key)
        (file,) = added["dispute"]["evidence"]["files"]
    assert (file["kind"], file["name"], file["mimeType"], file["size"], file["pages"]) == (
        ("SHIPPING_DOCUMENTATION", "Letter to Ada Lovelace.png", "image/png", len(data), 1)
    )
    assert added["dispute"]["evidence"]["bytesLeft"] == SIZE_MOST - len(data)
    assert [row["waits"] for row in await stored(platform)] == [False], "The copy that was sent is gone."
    recorded = b"".join([raw.data async for batch in platform.log.scan() for raw in batch])
    assert b"Lovelace" not in recorded
    assert data not in recorded

    shown = await platform.client.get(file["url"])
    assert (shown.content, shown.headers["content-type"]) == (data, "image/png")
    assert (shown.headers["cache-control"], "attachment" in shown.headers["content-disposition"]) == ("no-store", True)
    assert (await platform.client.get(file["url"][:-2])).status_code == 404

    other = await sent(platform, owner, about, picture("JPEG"), "image/jpeg")
    replaced = await change(platform, owner, "addDisputeEvidenceFile", FILES, **named | {"uploadId": other})
    (newer,) = replaced["dispute"]["evidence"]["files"]
    assert (newer["mimeType"], newer["id"] != file["id"]) == ("image/jpeg", True)
    gone = await change(platform, owner, "removeDisputeEvidenceFile", FILES, **about, fileId=file["id"])
    assert code_and_field(gone)[0] == "NOT_FOUND"
    assert (await platform.client.get(newer["url"])).status_code == 200
    path = f"/orders/{order_id}/disputes/du_1/evidence/files/{newer['id']}"
    assert (await platform.call("DELETE", path, by=stranger)).status_code == 404
    assert (await platform.call("DELETE", path, by=owner)).is_success
    evidence = "query ($id: ID!) { order(id: $id) { disputes { evidence { files { id } } } } }"
    order = await platform.ask(evidence, {"id": str(order_id)}, by=owner)
    assert order["disputes"][0]["evidence"]["files"] == []
    platform.clock.advance(timedelta(minutes=16))
    assert (await platform.client.get(newer["url"])).status_code == 404


async def test_a_file_that_no_bank_takes_is_refused_and_leaves_nothing(
    platform: Platform, owner: Merchant, order_id: UUID
) -> None:
    about, add = {"orderId": str(order_id), "disputeId": "du_1"}, "addDisputeEvidenceFile"
    named = about | {"kind": "OTHER", "fileName": "a.png"}
    missing = await change(platform, owner, add, FILES, **named, uploadId=str(uuid4()))
    assert code_and_field(missing) == ("INVALID_INPUT", "uploadId")
    page = await sent(platform, owner, about, b"<!doctype html>")
    refused = await change(platform, owner, add, FILES, **named, uploadId=page)
    assert "The file is a web page." in refused["userErrors"][0]["message"]
    good = await sent(platform, owner, about, picture())
    for name in ("", "  ", "x" * 201, "a\u202eb.png"):
        bad = await change(platform, owner, add, FILES, **named | {"fileName": name}, uploadId=good)
        assert code_and_field(bad) == ("INVALID_INPUT", "fileName")
    late = about | {"kind": "OTHER", "fileName": "a.png", "uploadId": good}
    platform.clock.advance(timedelta(minutes=11))
    assert code_and_field(await change(platform, owner, add, FILES, **late))[0] == "EVIDENCE_CLOSED"
    assert [row["waits"] for row in await stored(platform)] == [True, True], "What was sent waits for an hour."
    await files_of(platform).delete_received(platform.clock.now() - WAITS)
    assert len(await stored(platform)) == 2
    platform.clock.advance(WAITS)
    await files_of(platform).delete_received(platform.clock.now() - WAITS)
    assert await stored(platform) == []


async def test_an_address_takes_the_announced_file_alone_and_for_some_minutes(
    platform: Platform, owner: Merchant, order_id: UUID
) -> None:
    about, data = {"orderId": str(order_id), "disputeId": "du_1"}, picture()
    url = (await ask_upload(platform, owner, about, data))["upload"]["url"]
    for content, type in ((data + b"x", "image/png"), (data[:-1], "image/png"), (data, "text/html")):
        refused = await platform.client.put(url, content=content, headers={"content-type": type})
        assert refused.status_code in {400, 413, 422}
    shown = await platform.client.get(url)
    assert shown.status_code == 404, "It shows nothing."
    platform.clock.advance(timedelta(minutes=16))
    for address in (url, url[:-2]):
        late = await platform.client.put(address, content=data, headers={"content-type": "image/png"})
        assert late.status_code == 404
    assert await stored(platform) == []


async def test_the_page_of_a_dispute_takes_lists_and_removes_files(
    platform: Platform, owner: Merchant, order_id: UUID
) -> None:
    order = await platform.ask("query ($id: ID!) { order(id: $id) { storeId } }", {"id": str(order_id)}, by=owner)
    at = f"/dashboard/stores/{order['storeId']}/orders/{order_id}/disputes/du_1"
    data = picture()
    async with a_dashboard(platform, owner) as dashboard:
        token = re.search(r'data-token="([^"]+)"', await dashboard.get(at))
        assert token is not None
        post = partial(dashboard.client.post, f"{at}/uploads")
        csrf = {"csrf": token[1]}
        asked = await post(data=csrf | {"do": "request", "mimeType": "image/png", "size": str(len(data))})
        target = asked.json()
        await platform.client.put(target["url"], content=data, headers={"content-type": "image/png"})
        use = {"do": "use", "uploadId": target["id"], "kind": "RECEIPT", "fileName": "<b>receipt</b>.png"}
        assert (await post(data=csrf | use)).status_code == 200
        twice = await post(data=csrf | use)
        assert (twice.status_code, "No file was sent" in twice.json()["message"]) == (422, True)
        page = await dashboard.get(at)
        assert "&lt;b&gt;receipt&lt;/b&gt;.png" in page
        assert "The bank gets what you saved and 1 file, and takes nothing after it." in page
        (file_id,) = {part.split("/")[0] for part in page.split(f"{at}/files/")[1:]}
        removed = await dashboard.change(at, f"{at}/files/{file_id}/remove")
        assert "receipt&lt;" not in removed
        again = await dashboard.client.post(f"{at}/files/{file_id}/remove", data=csrf)
        assert again.status_code == 422
        use["uploadId"] = await sent(platform, owner, {"orderId": str(order_id), "disputeId": "du_1"}, data)
        await post(data=csrf | use)
        submitted = await dashboard.change(at, f"{at}/submit")
        assert "Receipt that the shopper got" in submitted
        assert "What the file proves" not in submitted
    envelopes = [raw.decode() async for batch in platform.log.scan() for raw in batch]
    (event,) = [each.event for each in envelopes if isinstance(each.event, DisputeEvidenceSubmitted)]
    assert len(event.file_ids) == 1


async def test_the_form_takes_a_file_without_a_script(platform: Platform, owner: Merchant, order_id: UUID) -> None:
    order = await platform.ask("query ($id: ID!) { order(id: $id) { storeId } }", {"id": str(order_id)}, by=owner)
    at = f"/dashboard/stores/{order['storeId']}/orders/{order_id}/disputes/du_1"
    async with a_dashboard(platform, owner) as dashboard:
        fields = dict(re.findall(r'name="(csrf|commandId|seen.RECEIPT)" value="([^"]*)"', await dashboard.get(at)))
        post = partial(dashboard.client.post, f"{at}/files", data=fields | {"kind": "RECEIPT"})
        for given, said in (
            ({}, "No file was chosen."),
            ({"file": ("a.html", b"<!doctype html>", "text/html")}, "Invalid type"),
            ({"file": ("a.pdf", b"<!doctype html>", "application/pdf")}, "The file is a web page."),
        ):
            refused = await post(files=given)
            assert (refused.status_code, said in refused.text) == (422, True)
        large = await post(files={"file": ("a.png", bytes(SIZE_MOST + 30_000), "image/png")})
        assert (large.status_code, f"larger than {SIZE_MOST + FORM_MOST:,} bytes" in large.text) == (413, True)
        # As large as a bank takes: the limit of other forms is lower.
        data = picture() + bytes(2_000_000)
        for _ in range(2):
            added = await post(files={"file": ("receipt.png", data, "image/png")})
            assert (added.status_code, added.headers["location"]) == (303, at)
        page = await dashboard.get(at)
        assert ("receipt.png · PNG, 2.0 MB" in page, page.count(f"{at}/files/")) == (True, 1)
        late = {"commandId": str(uuid4()), "kind": "RECEIPT"}
        second_tab = await post(files={"file": ("b.png", picture(), "image/png")}, data=fields | late)
        assert (second_tab.status_code, "receipt.png" in second_tab.text) == (422, True)
        foreign = await post(files={"file": ("b.png", picture(), "image/png")}, data={"csrf": "made up"})
        assert foreign.status_code == 403


@pytest.mark.long
async def test_a_merchant_drops_a_file_in_a_browser_and_removes_it(
    platform: Platform, owner: Merchant, order_id: UUID, tmp_path: Path
) -> None:
    order = await platform.ask("query ($id: ID!) { order(id: $id) { storeId } }", {"id": str(order_id)}, by=owner)
    at = f"/dashboard/stores/{order['storeId']}/orders/{order_id}/disputes/du_1"
    async with a_dashboard(platform, owner) as dashboard, a_browser() as browser, a_page(browser, dashboard) as page:
        await page.goto(at)
        chooser = page.get_by_label("File", exact=True)
        bad = [{"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"<!doctype html>"}]
        await chooser.set_input_files(bad)  # type: ignore[arg-type]
        await page.get_by_text("x.pdf: The file is a web page. Banks take a PDF, a JPEG or a PNG.").wait_for()
        await page.get_by_label("What the file proves").select_option("CUSTOMER_COMMUNICATION")
        async with page.expect_navigation():
            good = [{"name": "letter.png", "mimeType": "image/png", "buffer": picture()}]
            await chooser.set_input_files(good)  # type: ignore[arg-type]
        await page.get_by_text("letter.png · PNG").wait_for()
        assert await serious_violations(page) == []
        await photograph(page, tmp_path / "pictures", "dispute")
        await page.get_by_role("button", name="Remove", exact=True).click()
        await page.get_by_role("button", name="Remove the file").click()
        await page.get_by_text("The file is removed, and its content is deleted.").wait_for()
