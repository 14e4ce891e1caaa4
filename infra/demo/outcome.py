"""What a demonstration showed, and whether that is what it promises."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FEWEST_CANDIDATES, FEWEST_PRODUCTS, PAGES = 100, 15, 6


@dataclass
class Outcome:
    """The demonstration's JSON object; what was not reached is empty."""

    error: str | None = None
    """Why it failed, or what did not hold; None if everything held."""
    store_id: str = ""
    name: str = ""
    status: str = ""
    storefront_url: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    candidates: int = 0
    products: int = 0
    images_processed: int = 0
    images_rejected: int = 0
    products_without_image: list[str] = field(default_factory=list)
    """Titles of those that have no finished image, although not all of theirs were rejected with a reason."""
    pages: int = 0
    order: dict[str, Any] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    log_verified: bool = False
    seconds_total: float = 0.0

    def take(self, store: dict[str, Any]) -> None:
        """Note what the merchant sees of the store, as :data:`infra.demo.merchant.STORE` asks for it."""
        products = [edge["node"] for edge in store["products"]["edges"]]
        images = [image for product in products for image in product["images"]]
        self.name, self.status, self.storefront_url = store["name"], store["status"], store["url"]
        self.candidates = store["scouting"]["candidates"]
        self.products = store["products"]["totalCount"]
        self.pages = store["pages"]["totalCount"]
        self.images_processed = sum(image["status"] == "PROCESSED" for image in images)
        self.images_rejected = sum(image["status"] == "REJECTED" for image in images)
        self.products_without_image = [product["title"] for product in products if not _is_settled(product["images"])]
        for job in store["jobs"]:
            if job["startedAt"] and job["completedAt"]:
                took = datetime.fromisoformat(job["completedAt"]) - datetime.fromisoformat(job["startedAt"])
                self.steps.append({"name": job["step"].lower(), "seconds": round(took.total_seconds(), 2)})

    def problems(self) -> list[str]:
        """Return everything that should hold and does not."""
        pictureless = ", ".join(self.products_without_image)
        checks = {
            f"the store is {self.status or 'not there'}, not published": self.status == "ACTIVE",
            f"{self.candidates} candidates were weighed, not {FEWEST_CANDIDATES}": self.candidates >= FEWEST_CANDIDATES,
            f"{self.products} products were imported, not {FEWEST_PRODUCTS}": self.products >= FEWEST_PRODUCTS,
            "no image was processed": self.images_processed > 0,
            f"neither an image nor a reason for having none: {pictureless}": not pictureless,
            f"{self.pages} pages were written, not {PAGES}": self.pages >= PAGES,
            f"the order is {self.order.get('status', 'not there')}, not PAID": self.order.get("status") == "PAID",
            "event store and topic differ": self.log_verified,
        }
        return [problem for problem, held in checks.items() if not held]


def _is_settled(images: list[dict[str, Any]]) -> bool:
    if any(image["status"] == "PROCESSED" for image in images):
        return True
    return bool(images) and all(image["status"] == "REJECTED" and image["rejection"] for image in images)
