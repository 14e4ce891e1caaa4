"""A store's domains and settings, and the business behind it."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from gateway.dashboard.countries import code_of
from gateway.dashboard.lists import window
from gateway.dashboard.parts import or_else, unless_failed
from gateway.dashboard.past import past_of
from gateway.dashboard.problems import Refusals, not_found, refusal
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import NO_STORE, Visit, Visitor

router = area_router()

STORE = "/dashboard/stores/{store_id:uuid}"
IDENTITY = (
    "name", "legalForm", "postalCode", "city", "country", "phone", "email", "vatId", "registerEntry",
    "responsiblePerson", "euContact", "note",
)  # fmt: skip

ACCOUNTS = (
    ("SALES", "Sales", True),
    ("TAXES", "Taxes in sales", True),
    ("UNMATCHED", "Payments for no order", True),
    ("REFUNDS", "Refunds", False),
    ("DISPUTES", "Taken by banks", False),
    ("DISPUTE_FEES", "Fees for disputes", False),
    ("PLATFORM_FEES", "Platform fees", False),
    ("FEES_OWED", "Platform fees that you owe", True),
    ("BANK", "Paid out to your bank", False),
    ("BALANCE", "Left for you, before your provider’s own fees", False),
)
"""Accounts of the ledger in the order of the page, what merchants call them, and whether a credit counts as above zero."""


@router.get(f"{STORE}/domain")
async def domain(visit: Visitor, store_id: UUID) -> Response:
    """Show a store's addresses."""
    return await _domain(visit, store_id)


async def _domain(visit: Visit, store_id: UUID, *, errors: Refusals | None = None, status: int = 200) -> Response:
    store = await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "domain/show", {"id": store["id"], **window(visit, 20)}))["store"]
    return visit.page("settings/domain.html", past=past, status=status, site=found, errors=errors or Refusals())


@router.post(f"{STORE}/domain")
@sends("domain/connect")
async def connect_domain(visit: Visitor, store_id: UUID) -> Response:
    """Connect a domain."""
    input = {"domain": visit.form["domain"].strip()}
    return await _domain_change(visit, store_id, "domain/connect", input, "Now add the record at your registrar.")


@router.post(f"{STORE}/domain/primary")
@sends("domain/choose")
async def choose_domain(visit: Visitor, store_id: UUID) -> Response:
    """Choose the address that shoppers see; an empty one is that below the platform's domain."""
    input = {"domain": visit.form.text("domain"), "expectedDomain": visit.form["seen"]}
    return await _domain_change(visit, store_id, "domain/choose", input, "The store's address is changed.")


@router.post(f"{STORE}/domain/remove")
@sends("domain/remove")
async def remove_domain(visit: Visitor, store_id: UUID) -> Response:
    """Remove a domain."""
    input = {"domain": visit.form["domain"]}
    return await _domain_change(visit, store_id, "domain/remove", input, "The domain is removed.")


async def _domain_change(visit: Visit, store_id: UUID, name: str, input: dict[str, Any], notice: str) -> Response:
    await visit.store(store_id)
    change = await visit.change(name, {"storeId": str(store_id), **input})
    if change.errors:
        return await _domain(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/domain", notice=notice)


@router.get(f"{STORE}/legal")
async def legal(visit: Visitor, store_id: UUID) -> Response:
    """Show the business, and what is missing before the store may sell."""
    return await _legal(visit, store_id)


async def _legal(visit: Visit, store_id: UUID, *, errors: Refusals | None = None, status: int = 200) -> Response:
    store = await visit.store(store_id)
    past = past_of(visit)
    known = (await past.run(visit, "legal/show", {"id": store["id"]}))["store"]["businessIdentity"]
    visit.revision = or_else(lambda: "NOTHING" if known is None else known["revision"], "")
    blockers: list[dict[str, Any]] = []
    if not past:
        blockers = (await visit.run("legal/blockers", {"id": store["id"]}))["store"]["publicationBlockers"]
    return visit.page(
        "settings/legal.html",
        past=past,
        status=status,
        known=unless_failed(lambda: known or dict.fromkeys((*IDENTITY, "addressLines"))),
        blockers=blockers,
        errors=errors or Refusals(),
    )


@router.post(f"{STORE}/legal")
@sends("legal/save")
async def save_legal(visit: Visitor, store_id: UUID) -> Response:
    """State the business behind all of the merchant's stores."""
    await visit.store(store_id)
    form = visit.form
    required = {"name", "legalForm", "city", "country", "phone", "email"}
    input: dict[str, Any] = {name: form.text(name) or ("" if name in required else None) for name in IDENTITY}
    input["addressLines"] = [line.strip() for line in form["addressLines"].splitlines() if line.strip()]
    input["country"] = code_of(input["country"])
    change = await visit.change("legal/save", input)
    if change.errors:
        return await _legal(visit, store_id, errors=change.errors, status=422)
    notice = "Your business is saved. The legal pages of all your stores show it."
    return visit.redirect(f"/dashboard/stores/{store_id}/legal", notice=notice)


@router.get(f"{STORE}/settings")
async def settings(visit: Visitor, store_id: UUID) -> Response:
    """Show a store's settings."""
    return await _settings(visit, store_id)


async def _settings(visit: Visit, store_id: UUID, *, errors: Refusals | None = None, status: int = 200) -> Response:
    store = await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "settings/show", {"id": store["id"], **window(visit, 20)}))["store"]
    visit.revision = found["revision"]
    return visit.page(
        "settings/store.html",
        status=status,
        past=past,
        site=found,
        balances=unless_failed(lambda: balances_of(found["balances"])),
        month=visit.now.astimezone(ZoneInfo(visit.zone)).strftime("%Y-%m"),
        errors=errors or Refusals(),
    )


@router.get(f"{STORE}/statement.csv")
async def statement(visit: Visitor, store_id: UUID, month: str = "") -> Response:
    """Download a month of the store's ledger, such as ``2026-11``."""
    store = await visit.store(store_id)
    found = (await visit.run("settings/statement", {"id": store["id"], "month": month}))["store"]
    # The API accepted the month, so it has digits and a hyphen only.
    headers = {"content-disposition": f'attachment; filename="statement-{month}.csv"', **NO_STORE}
    return Response(found["statementCsv"], media_type="text/csv; charset=utf-8", headers=headers)


@router.post(f"{STORE}/settings/{{name}}")
@sends(**{name: f"settings/{name}" for name in ("promise", "returns", "suppliers", "pause", "resume", "archive")})
async def save_settings(visit: Visitor, store_id: UUID, name: str) -> Response:
    """Save one part of the settings."""
    await visit.store(store_id)
    form = visit.form
    field = {"promise": "promiseDays", "returns": "returnDays"}.get(name, "")
    days = form[field].strip()
    if name in {"promise", "returns"} and (not days.isdecimal() or len(days) > 4):
        errors = refusal(field, f"{days[:20]!r} is not a count of days. Use a whole number, such as 14.")
        return await _settings(visit, store_id, errors=errors, status=422)
    input: dict[str, Any] = {"storeId": str(store_id)}
    match name:
        case "promise":
            document, notice = "settings/promise", "The delivery promise is saved."
            input |= {"days": int(days), "timeZone": form.text("timeZone")}
        case "returns":
            document, notice = "settings/returns", "The rules for returns are saved."
            reasons = [line.strip() for line in form["reasons"].splitlines() if line.strip()]
            input |= {"days": int(days), "reasons": reasons, "merchantPays": form.checked("merchantPays")}
        case "suppliers":
            document, notice = "settings/suppliers", "Saved. It counts for orders from now on."
            input |= {"enabled": form.checked("enabled")}
        case "pause":
            document, notice = "settings/pause", "The store is paused. Shoppers read that it is closed for now."
        case "resume":
            document, notice = "settings/resume", "The store is open."
        case "archive":
            return await _archive(visit, store_id)
        case _:
            raise not_found("page")
    change = await visit.change(document, input)
    if change.errors:
        return await _settings(visit, store_id, errors=change.errors.renamed({"days": field}), status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/settings", notice=notice)


def balances_of(balances: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the balances of a ledger as merchants read them: what they earned is above zero."""
    shown = {each["account"]: each for each in balances}
    return [
        {
            "label": label,
            "amount": _negated(found["amount"]) if earned else found["amount"],
            "currency": found["currency"],
        }
        for account, label, earned in ACCOUNTS
        if (found := shown.get(account)) is not None
    ]


def _negated(amount: str) -> str:
    return amount.removeprefix("-") if amount.startswith("-") else f"-{amount}"


async def _archive(visit: Visit, store_id: UUID) -> Response:
    store = await visit.store(store_id)
    if visit.form["again"].strip() != store["name"]:
        errors = refusal("again", f"This is not the store's name, {store['name']}. Nothing was archived.")
        return await _settings(visit, store_id, errors=errors, status=422)
    change = await visit.change("settings/archive", {"storeId": str(store_id)})
    if change.errors:
        return await _settings(visit, store_id, errors=change.errors, status=422)
    return visit.redirect("/dashboard", notice=f"{store['name']} is archived, permanently.")
