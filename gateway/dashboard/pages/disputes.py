"""Disputes of a store, and the evidence that a merchant completes and submits."""

import re
from typing import Any
from uuid import UUID

from starlette.responses import JSONResponse, Response

from gateway.dashboard.forms import Form
from gateway.dashboard.lists import window
from gateway.dashboard.pages.orders import order_path
from gateway.dashboard.past import not_yet, past_of
from gateway.dashboard.problems import Refusals, not_found, refusal
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

DISPUTE = "/dashboard/stores/{store_id:uuid}/orders/{order_id:uuid}/disputes/{dispute_id}"
FORM_MOST = 20_000
"""Most bytes of a form beside its file."""
Inputs = dict[str, Any]
_TAKES_FILE = re.compile(r"/dashboard/stores/[0-9a-f-]{36}/orders/[0-9a-f-]{36}/disputes/[^/]+/files")


@router.get("/dashboard/stores/{store_id:uuid}/disputes")
async def disputes(visit: Visitor, store_id: UUID) -> Response:
    """List a store's disputes, with the rate that card networks watch."""
    store = await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "orders/disputes", {"id": store["id"], **window(visit, 50)}))["store"]
    return visit.page("orders/disputes.html", past=past, disputes=found["disputes"], rate=found["disputeRate"])


@router.get("/dashboard/stores/{store_id:uuid}/orders/{order_id:uuid}/disputes/{dispute_id}")
async def dispute(visit: Visitor, store_id: UUID, order_id: UUID, dispute_id: str) -> Response:
    """Show a dispute and its evidence."""
    return await show_dispute(visit, store_id, order_id, dispute_id)


async def show_dispute(
    visit: Visit,
    store_id: UUID,
    order_id: UUID,
    dispute_id: str,
    *,
    errors: Refusals | None = None,
    status: int = 200,
) -> Response:
    """Return the page of a dispute, with what its last form was refused for."""
    await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "orders/dispute", {"id": str(order_id)}))["order"]
    disputed = next((each for each in (found or {}).get("disputes", ()) if each["id"] == dispute_id), None)
    if found is None or found["storeId"] != str(store_id) or disputed is None:
        raise not_yet() if past and found is not None else not_found("dispute")
    visit.revision = (disputed["evidence"] or {}).get("revision", "")
    return visit.page(
        "orders/dispute.html",
        past=past,
        status=status,
        order=found,
        dispute=disputed,
        path=order_path(store_id, order_id),
        errors=errors or Refusals(),
    )


@router.post(f"{DISPUTE}/evidence")
@sends("orders/edit_evidence")
async def edit_evidence(visit: Visitor, store_id: UUID, order_id: UUID, dispute_id: str) -> Response:
    """Keep the merchant's own words: those of before, and the fields whose text differs from what is known."""
    form = visit.form
    fields = [name.removeprefix("text.") for name in form if name.startswith("text.")]
    changed = [field for field in fields if form[f"text.{field}"].split() != form[f"known.{field}"].split()]
    kept = {*changed, *form.texts("own")}
    texts = [
        {"field": field, "text": form[f"text.{field}"].replace("\r\n", "\n").strip()}
        for field in fields
        if field in kept
    ]
    path = f"{order_path(store_id, order_id)}/disputes/{dispute_id}"
    if not changed:
        return visit.redirect(path, notice="Nothing was changed.")
    input = {"orderId": str(order_id), "disputeId": dispute_id, "texts": texts}
    return await _evidence(
        visit, (store_id, order_id, dispute_id), "orders/edit_evidence", input, "The evidence is saved."
    )


@router.post(f"{DISPUTE}/submit")
@sends("orders/submit_evidence")
async def submit_evidence(visit: Visitor, store_id: UUID, order_id: UUID, dispute_id: str) -> Response:
    """Submit the evidence."""
    input = {"orderId": str(order_id), "disputeId": dispute_id}
    notice = "The evidence is submitted. The payment provider gets it now."
    return await _evidence(visit, (store_id, order_id, dispute_id), "orders/submit_evidence", input, notice)


async def _evidence(visit: Visit, ids: tuple[UUID, UUID, str], name: str, input: Inputs, notice: str) -> Response:
    store_id, order_id, dispute_id = ids
    await visit.store(store_id)
    change = await visit.change(name, input)
    if change.errors:
        return await show_dispute(visit, store_id, order_id, dispute_id, errors=change.errors, status=422)
    return visit.redirect(f"{order_path(store_id, order_id)}/disputes/{dispute_id}", notice=notice)


@router.post(f"{DISPUTE}/files")
@sends("orders/add_evidence_file", "orders/request_evidence_upload")
async def add_file(visit: Visitor, store_id: UUID, order_id: UUID, dispute_id: str) -> Response:
    """Add a file that the form sent. A browser with JavaScript sends it past the form; see :func:`upload_file`."""
    about, given = {"orderId": str(order_id), "disputeId": dispute_id}, visit.form.files("file")
    if not given:
        errors = refusal(None, "No file was chosen. Choose a PDF, a JPEG or a PNG, then add it.")
        return await show_dispute(visit, store_id, order_id, dispute_id, errors=errors, status=422)
    file, data = given[0], await given[0].read()
    input: Inputs = {**about, "mimeType": file.content_type or "", "size": len(data)}
    asked = await visit.change("orders/request_evidence_upload", input)
    if asked.errors:
        return await show_dispute(visit, store_id, order_id, dispute_id, errors=asked.errors, status=422)
    target = asked["upload"]
    await visit.send_file(target["url"], target["mimeType"], data)
    input = {**about, "uploadId": target["id"], **_use(visit.form), "fileName": file.filename or ""}
    notice = "The file is added to the evidence."
    return await _evidence(visit, (store_id, order_id, dispute_id), "orders/add_evidence_file", input, notice)


def _use(form: Form) -> Inputs:
    """Return what a file proves, and the file of that kind that the form's page showed."""
    seen = f"seen.{form['kind']}"
    return {"kind": form["kind"]} | ({"expectedFileId": form[seen]} if seen in form else {})


def takes_file(path: str) -> bool:
    """Whether the form at an address may send a file."""
    return _TAKES_FILE.fullmatch(path) is not None


@router.post(f"{DISPUTE}/uploads")
@sends("orders/add_evidence_file", "orders/request_evidence_upload")
async def upload_file(visit: Visitor, store_id: UUID, order_id: UUID, dispute_id: str) -> Response:
    """Answer the script that sends files: an address for a file, then the use of the file."""
    await visit.store(store_id)
    form, about = visit.form, {"orderId": str(order_id), "disputeId": dispute_id}
    if form["do"] == "request":
        size = form["size"].strip()
        whole = int(size) if size.isascii() and size.isdigit() and len(size) < 10 else 0
        input = {**about, "mimeType": form["mimeType"], "size": whole}
        change = await visit.change("orders/request_evidence_upload", input)
    else:
        input = {**about, "uploadId": form["uploadId"], **_use(form), "fileName": form["fileName"]}
        change = await visit.change("orders/add_evidence_file", input)
    if change.errors:
        message = " ".join(each.message for each in change.errors.errors)
        return JSONResponse({"message": message}, status_code=422)
    return JSONResponse(change["upload"] if form["do"] == "request" else {})


@router.post(f"{DISPUTE}/files/{{file_id}}/remove")
@sends("orders/remove_evidence_file")
async def remove_file(visit: Visitor, store_id: UUID, order_id: UUID, dispute_id: str, file_id: str) -> Response:
    """Take a file out of the evidence."""
    input = {"orderId": str(order_id), "disputeId": dispute_id, "fileId": file_id}
    notice = "The file is removed, and its content is deleted."
    return await _evidence(visit, (store_id, order_id, dispute_id), "orders/remove_evidence_file", input, notice)
