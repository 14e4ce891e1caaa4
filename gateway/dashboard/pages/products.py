"""Products: the table with its filters and bulk changes, and one product with texts, stock and photos."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from markupsafe import Markup
from starlette.responses import JSONResponse, Response

from gateway.dashboard.lists import chosen, picture, window
from gateway.dashboard.parts import Unanswered, unless_failed
from gateway.dashboard.past import past_of, present_only
from gateway.dashboard.problems import Refusals, not_found, refusal
from gateway.dashboard.roles import opens, sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Change, Visitor

router = area_router()

STATUSES = ("ACTIVE", "DRAFT", "OUT_OF_STOCK", "ARCHIVED")
SORTS = {
    "NEWEST": "Newest",
    "TITLE": "Title",
    "PRICE_LOW": "Price, lowest first",
    "PRICE_HIGH": "Price, highest first",
    "SCORE": "Best score",
}
ACTIONS = {
    "ACTIVATE": "Put on sale",
    "DEACTIVATE": "Take off sale",
    "PRICE": "Change prices by percent",
}
TOGGLES = {
    "activate": ("products/activate", "The product is on sale."),
    "deactivate": ("products/deactivate", "The product is off sale."),
    "archive": ("products/archive", "The product is archived."),
}
TITLES_SHOWN = 3
LINES = ("features", "benefits")
TEXTS = ("title", "description", "callToAction", "metaTitle", "metaDescription", "sellingPrice", *LINES)
LIST, ONE = "/dashboard/stores/{store_id:uuid}/products", "/dashboard/stores/{store_id:uuid}/products/{id:uuid}"


@router.get(LIST)
async def products(visit: Visitor, store_id: UUID) -> Response:
    """Show a page of the store's products."""
    return await _list(visit, store_id)


async def _list(visit: Visitor, store_id: UUID, *, errors: Refusals = Refusals(), status: int = 200) -> Response:  # noqa: B008  # frozen
    shown = await visit.store(store_id)
    past = past_of(visit)
    query = visit.request.query_params
    state, sort = chosen(visit, "status", STATUSES), chosen(visit, "sort", tuple(SORTS))
    search = (query.get("search") or "").strip()[:200]
    variables = {
        "id": shown["id"],
        **window(visit, 50),
        "statuses": ["ACTIVE", "DRAFT", "OUT_OF_STOCK"] if state is None else [state],
        "category": query.get("category") or None,
        "search": search or None,
        "sort": sort,
    }
    found = (await past.run(visit, "products/list", variables))["store"]
    return visit.page(
        "products/list.html",
        status=status,
        errors=errors,
        found=found,
        past=past,
        picture=picture,
        state=state,
        statuses=STATUSES,
        sort=sort,
        sorts=SORTS,
        actions=ACTIONS,
        search=search,
    )


@router.post(LIST)
@sends("products/change")
async def change_many(visit: Visitor, store_id: UUID) -> Response:
    """Change the chosen products: all of them, or none."""
    form, ids = visit.form, visit.form.texts("ids")
    action = form["action"] if form["action"] in ACTIONS else None
    if form["toggle"]:
        # The button in a product's row, whatever else is chosen.
        id, _, action = form["toggle"].partition(" ")
        ids = [id]
    if not ids:
        return await _list(visit, store_id, errors=refusal("ids", "Choose at least one product."), status=422)
    input: dict[str, Any] = {"storeId": str(store_id), "productIds": ids}
    if action == "PRICE":
        if form.text("percent") is None:
            return await _list(visit, store_id, errors=refusal("percent", "Say by how many percent."), status=422)
        input["pricePercent"] = form["percent"].strip().replace("−", "-")
        if all(f"price.{id}" in form for id in ids):
            input["expectedPrices"] = [form[f"price.{id}"] for id in ids]
    else:
        input["action"] = action
    change = await visit.change("products/change", input)
    if change.errors:
        return await _list(visit, store_id, errors=change.errors, status=422)
    kept = {each["productId"] for each in change["kept"]}
    number = len(set(ids) - kept)
    notice = "1 product changed." if number == 1 else f"{number} products changed."
    if kept:
        left = "1 stays" if len(kept) == 1 else f"{len(kept)} stay"
        notice += f" {left} as before, because somebody else changed the price. Look at it again: {_titles(change)}."
    return visit.redirect(visit.with_query(), notice=notice)


def _titles(change: Change) -> str:
    """Return the titles of the first products that a change left as they are."""
    titles = [f"“{each['title']}”" for each in change["kept"]]
    return ", ".join(titles[:TITLES_SHOWN]) + (" and others" if len(titles) > TITLES_SHOWN else "")


@router.get("/dashboard/stores/{store_id:uuid}/products/new")
@opens("products/add")
@present_only("New things are made in the present.")
async def new(visit: Visitor, store_id: UUID) -> Response:
    """Show the form of a product that is added by hand."""
    await visit.store(store_id)
    return visit.page("products/new.html")


@router.post("/dashboard/stores/{store_id:uuid}/products/new")
@sends("products/add")
async def add(visit: Visitor, store_id: UUID) -> Response:
    """Add a product by hand."""
    shown, form = await visit.store(store_id), visit.form
    images = [line.strip() for line in form["images"].splitlines() if line.strip()]
    stock = _whole(form["stockQuantity"])
    errors = Refusals() if stock is not None else refusal("stockQuantity", "Give a whole number of units.")
    if not errors:
        input = {
            "storeId": str(store_id),
            "title": form["title"],
            "description": form["description"],
            "sellingPrice": form["sellingPrice"].strip(),
            "costPrice": form.text("costPrice") or "0",
            "currency": shown["currency"] or form.text("currency") or "USD",
            "stockQuantity": stock,
            "images": images,
        }
        change = await visit.change("products/add", input)
        if not change.errors:
            made = change["product"]
            path = f"/dashboard/stores/{store_id}/products" + (f"/{made['id']}" if made else "")
            return visit.redirect(path, notice="Product added as a draft.")
        errors = change.errors
    return visit.page("products/new.html", status=422, errors=errors)


@router.get(ONE)
async def product(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Show a product with its texts, stock and photos."""
    return await _product(visit, store_id, id)


async def _product(visit: Visitor, store_id: UUID, id: UUID, **values: Any) -> Response:
    await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "products/detail", {"id": str(id)}))["product"]
    if found is None or found["storeId"] != str(store_id):
        raise not_found("product")
    visit.revision = found["revision"]
    origins: dict[str, dict[str, Any]] | Unanswered = {}
    if not past:
        told = (await visit.part("products/provenance", {"id": str(id)}))["product"]
        origins = unless_failed(lambda: {each["field"]: each for each in told["provenance"]})
    values.setdefault("preview", None)
    description = found["description"] if values["preview"] is None else visit.form["description"]
    html = (await visit.run("pages/render", {"text": description[:100_000]}))["renderMarkdown"]
    return visit.page(
        "products/detail.html",
        product=found,
        past=past,
        picture=picture,
        origins=origins,
        # The API's answer has no script, no raw HTML and no picture in it.
        described=Markup(html),  # noqa: S704
        lines=LINES,
        **values,
    )


@router.post(ONE)
@sends("products/edit")
async def edit(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Save the texts and prices of a product, or show them as shoppers will see them."""
    form = visit.form
    if form["do"] == "preview":
        return await _product(visit, store_id, id, preview=True)
    # What was not changed is left out, so that its provenance stays.
    input = edits_of(form)
    if not input:
        return visit.redirect(visit.path, notice="Nothing was changed.")
    change = await visit.change("products/edit", {"productId": str(id), **input})
    if change.errors:
        return await _product(visit, store_id, id, errors=change.errors, status=422)
    return visit.redirect(visit.path, notice=f"Product saved.{_loss(change['product'])}")


def _loss(product: dict[str, Any]) -> str:
    """Return what to say of a product that is sold for less than it costs."""
    price, cost = product["sellingPriceMoney"], product["costPriceMoney"]
    return f" Its price is below its cost of {cost['formatted']}." if price["amountMinor"] < cost["amountMinor"] else ""


def edits_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of ``EditProductInput`` that differ from what the form began with.

    The API takes the description with its lists and call to action, and both texts for search engines, together.
    """
    edits = {name: _text(form[name]) for name in TEXTS if _text(form[name]) != _text(form[f"was.{name}"])}
    for together in ({"description", "callToAction", *LINES}, {"metaTitle", "metaDescription"}):
        if together & edits.keys():
            edits |= {name: _text(form[name]) for name in together}
    lists: dict[str, Any] = {
        name: [line.strip() for line in edits[name].splitlines() if line.strip()] for name in LINES if name in edits
    }
    former = form["compareAtPrice"].strip()
    return edits | lists | ({} if former == form["was.compareAtPrice"].strip() else {"compareAtPrice": former or None})


def _text(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


@router.post(ONE + "/stock")
@sends("products/stock", "products/price")
async def stock(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Set the units on hand of the variants that were counted, and the prices that were changed."""
    form, errors, changed = visit.form, Refusals(), 0
    for name in form:
        kind, _, variant_id = name.partition(".")
        if kind not in {"stock", "price"} or form[name].strip() == form[f"was.{name}"]:
            continue
        of_variant = {"productId": str(id), "variantId": variant_id}
        changed += 1
        if kind == "price":
            prices = {"price": form[name].strip(), "expectedPrice": form[f"was.{name}"] or None}
            errors += (await visit.change("products/price", {**of_variant, **prices})).errors
            continue
        number, seen = _whole(form[name]), _whole(form[f"was.{name}"])
        if number is None:
            errors += refusal(name, f"Invalid stock {form[name][:20]!r}. Give a whole number of units.")
            continue
        stocks = {"stockQuantity": number, "expectedStockQuantity": seen}
        errors += (await visit.change("products/stock", {**of_variant, **stocks})).errors
    if errors:
        return await _product(visit, store_id, id, errors=errors, status=422)
    notice = "Prices and stock saved." if changed else "Nothing was changed."
    return visit.redirect(f"/dashboard/stores/{store_id}/products/{id}", notice=notice)


@router.post(ONE + "/status/{name}")
@sends(**{name: document for name, (document, _) in TOGGLES.items()})
async def status(visit: Visitor, store_id: UUID, id: UUID, name: str) -> Response:
    """Put a product on sale, take it off sale, or archive it."""
    document, notice = TOGGLES.get(name, (None, ""))
    if document is None:
        raise not_found("action")
    change = await visit.change(document, {"productId": str(id)})
    if change.errors:
        return await _product(visit, store_id, id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/products/{id}", notice=notice)


@router.post(ONE + "/photos")
@sends("media/process", "products/arrange_photos", "products/remove_photo")
async def photos(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Add a photo by its address, remove one, or put the photos in another order."""
    form, path = visit.form, f"/dashboard/stores/{store_id}/products/{id}"
    if form["do"] == "add":
        input = {
            "storeId": str(store_id),
            "productId": str(id),
            "url": form["url"].strip(),
            "altText": form.text("altText"),
        }
        change = await visit.change("media/process", input)
        notice = "The studio works on the photo."
    elif form["do"] == "remove":
        change = await visit.change("products/remove_photo", {"productId": str(id), "imageId": form["image"]})
        notice = "The photo is removed. It stays in the media of the store."
        if not change.errors and not change["product"]["images"]:
            notice += " The product has no photo now. Shoppers see a plain tile until you add one."
    else:
        seen = form.texts("order")
        order = {"productId": str(id), "imageIds": moved(seen, form["move"]), "expectedImageIds": seen}
        change = await visit.change("products/arrange_photos", order)
        notice = "The photos have their new order."
    if change.errors:
        return await _product(visit, store_id, id, errors=change.errors, status=422)
    return visit.redirect(f"{path}#photos", notice=notice)


@router.post(ONE + "/uploads")
@sends("media/process", "media/request_upload")
async def uploads(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Answer the script that sends files: an address for a file, then the use of the file."""
    form = visit.form
    if form["do"] == "request":
        size = _whole(form["size"]) or 0
        input = {"storeId": str(store_id), "mimeType": form["mimeType"], "size": size}
        change = await visit.change("media/request_upload", input)
    else:
        input = {"storeId": str(store_id), "productId": str(id), "uploadId": form["uploadId"]}
        change = await visit.change("media/process", input)
    if change.errors:
        message = " ".join(each.message for each in change.errors.errors)
        return JSONResponse({"message": message}, status_code=422)
    return JSONResponse(change["upload"] if form["do"] == "request" else {})


def moved(order: list[str], move: str) -> list[str]:
    """Return ids in another order. ``move`` is an id and ``first``, ``up`` or ``down``."""
    id, _, way = move.partition(" ")
    if id not in order:
        return order
    place = order.index(id)
    rest = [each for each in order if each != id]
    to = {"first": 0, "up": max(0, place - 1), "down": place + 1}.get(way, place)
    return [*rest[:to], id, *rest[to:]]


def _whole(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
