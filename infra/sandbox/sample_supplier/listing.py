"""The page of a listing, which is the source address of a product."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.sandbox.sample_supplier.catalog import offer_by_id

HERE = Path(__file__).parent
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def listing_address(root: str, id: str) -> str:
    """Return the address of a listing's page on the server at ``root``."""
    return f"{root}/listings/{id}"


def add_listing_pages(app: FastAPI) -> None:
    """Serve the pages of all listings. They need no key, since browsers have none."""
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    templates.filters["usd"] = lambda cents: f"${cents // 100:,}.{cents % 100:02d}"
    page = templates.get_template("listing.html")

    css = (HERE / "listing.css").read_bytes()

    @app.get("/listings/{id}", response_model=None)
    async def listing(id: str) -> Response:
        offer = offer_by_id(id)
        return HTMLResponse(page.render(offer=offer), status_code=404 if offer is None else 200, headers=HEADERS)

    @app.get("/assets/listing.css", response_model=None)
    async def style() -> Response:
        return Response(css, media_type="text/css", headers={"cache-control": "public, max-age=300"})
