"""Shipping and taxes of a store."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.countries import code_of, codes_of
from gateway.dashboard.forms import Form
from gateway.dashboard.parts import unless_failed
from gateway.dashboard.past import past_of
from gateway.dashboard.problems import Refusals, refusal
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

SHIPPING = "/dashboard/stores/{store_id:uuid}/shipping"
TAXES = "/dashboard/stores/{store_id:uuid}/taxes"
ZONES, BANDS, RATES = 20, 20, 250
"""Most zones, bands of a zone, and tax rates that a form is read for."""


@router.get(SHIPPING)
async def shipping(visit: Visitor, store_id: UUID) -> Response:
    """Show zones and rates."""
    return await _shipping(visit, store_id)


async def _shipping(visit: Visit, store_id: UUID, *, errors: Refusals | None = None, status: int = 200) -> Response:
    store = await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "shipping/show", {"id": store["id"]}))["store"]
    visit.revision = found["revision"]
    zones = zones_of(visit.form) if errors else unless_failed(lambda: (found["shipping"] or {}).get("zones", []))
    return visit.page(
        "delivery/shipping.html",
        status=status,
        past=past,
        shipping=found["shipping"],
        zones=zones,
        currency=found["currency"],
        errors=errors or Refusals(),
    )


@router.post(SHIPPING)
@sends("shipping/save")
async def save_shipping(visit: Visitor, store_id: UUID) -> Response:
    """Replace all zones. A zone whose name and countries are empty is left out."""
    store, weight = await visit.store(store_id), visit.form["unknownWeight"].strip() or "500"
    if not weight.isdecimal() or len(weight) > 7:
        errors = refusal("unknownWeight", f"{weight[:20]!r} is not a weight. Use whole grams, such as 500.")
        return await _shipping(visit, store_id, errors=errors, status=422)
    zones = zones_of(visit.form)
    wrong = next((band for zone in zones for band in zone["bands"] if isinstance(band["upToGrams"], str)), None)
    if wrong is not None:
        errors = refusal(None, f"{wrong['upToGrams'][:20]!r} is not a weight. Use whole grams, such as 1000.")
        return await _shipping(visit, store_id, errors=errors, status=422)
    change = await visit.change("shipping/save", {"storeId": store["id"], "zones": zones, "unknownWeight": int(weight)})
    if change.errors:
        return await _shipping(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/shipping", notice="Zones and rates are saved.")


def zones_of(form: Form) -> list[dict[str, Any]]:
    """Return the zones of a form. A weight that is not a number stays a text."""
    zones = []
    for n in range(ZONES):
        at = f"zones.{n}"
        name, countries = form.text(f"{at}.name"), codes_of(form[f"{at}.countries"])
        if name is None and not countries:
            continue
        basis = form[f"{at}.basis"] or "FLAT"
        bands = [_band(form, f"{at}.bands.{m}", basis) for m in range(BANDS)]
        zones.append(
            {
                "name": name or "",
                "countries": countries,
                "basis": basis,
                "bands": [band for band in bands if band is not None],
                "freeFrom": form.text(f"{at}.freeFrom"),
            }
        )
    return zones


def _band(form: Form, at: str, basis: str) -> dict[str, Any] | None:
    price, up_to = form.text(f"{at}.price"), form.text(f"{at}.upTo")
    if price is None:
        return None
    grams: int | str | None = None
    if basis == "WEIGHT" and up_to is not None:
        grams = int(up_to) if up_to.isdecimal() and len(up_to) < 10 else up_to
    return {"price": price, "upToGrams": grams, "upToSubtotal": up_to if basis == "SUBTOTAL" else None}


@router.get(TAXES)
async def taxes(visit: Visitor, store_id: UUID) -> Response:
    """Show how taxes are known."""
    return await _taxes(visit, store_id)


async def _taxes(visit: Visit, store_id: UUID, *, errors: Refusals | None = None, status: int = 200) -> Response:
    store = await visit.store(store_id)
    past = past_of(visit)
    found = await past.run(visit, "taxes/show", {"id": store["id"]})
    known, visit.revision = found["store"]["taxes"], found["store"]["revision"]
    rates = rates_of(visit.form) if errors else unless_failed(lambda: known["rates"])
    return visit.page(
        "delivery/taxes.html",
        status=status,
        past=past,
        taxes=known,
        rates=rates,
        me=found["me"],
        errors=errors or Refusals(),
    )


@router.post(TAXES)
@sends("taxes/save")
async def save_taxes(visit: Visitor, store_id: UUID) -> Response:
    """Say how taxes are known. Fields of other ways are left out."""
    store, form = await visit.store(store_id), visit.form
    mode = form["mode"] if form["mode"] in {"UNSTATED", "INCLUSIVE", "AT_PAYMENT"} else "UNSTATED"
    at_payment = mode == "AT_PAYMENT"
    input: Mapping[str, Any] = {
        "storeId": store["id"],
        "mode": mode,
        "rates": rates_of(form) if mode == "INCLUSIVE" else [],
        "included": at_payment and form["included"] == "yes",
        "code": form.text("code") if at_payment else None,
    }
    change = await visit.change("taxes/save", input)
    if change.errors:
        return await _taxes(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/taxes", notice="Taxes are saved.")


def rates_of(form: Form) -> list[dict[str, Any]]:
    """Return the rates of a form, without empty rows."""
    rows = [(code_of(form[f"rates.{n}.country"]), form.text(f"rates.{n}.percent")) for n in range(RATES)]
    return [{"country": country, "percent": percent or "0"} for country, percent in rows if country]
