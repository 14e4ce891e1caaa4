"""The result of a demo run, checked against what the demo promises."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.sourcing.ranking import HANDFUL

FEWEST_CANDIDATES, FEWEST_PRODUCTS, PAGES = 100, HANDFUL, 6
HAS_PICTURE = frozenset({"PROCESSED", "NEEDS_REVIEW"})
"""Statuses of images that shoppers see; a picture that waits for review is the whole photo."""


@dataclass
class Outcome:
    """The demo's JSON object. Fields of steps that were not reached are empty."""

    error: str | None = None
    """The failure or the unmet promises; None if there are none."""
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
    """Titles of products without a processed image whose images were not all rejected with a reason."""
    pages: int = 0
    blockers: dict[str, str] = field(default_factory=dict)
    """What is missing before real money may move, with the mutation that fixes it."""
    order: dict[str, Any] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    log_verified: bool = False
    seconds_total: float = 0.0

    def take(self, store: dict[str, Any]) -> None:
        """Record the store as the query :data:`infra.demo.merchant.STORE` returns it."""
        products = [edge["node"] for edge in store["products"]["edges"]]
        images = [image for product in products for image in product["images"]]
        self.name, self.status, self.storefront_url = store["name"], store["status"], store["url"]
        self.candidates = store["scouting"]["candidates"]
        self.products = store["products"]["totalCount"]
        self.pages = store["pages"]["totalCount"]
        self.blockers = {each["code"]: each["mutation"] for each in store["publicationBlockers"] if each["blocks"]}
        self.images_processed = sum(image["status"] in HAS_PICTURE for image in images)
        self.images_rejected = sum(image["status"] == "REJECTED" for image in images)
        self.products_without_image = [product["title"] for product in products if not _is_settled(product["images"])]
        for job in store["jobs"]:
            if job["startedAt"] and job["completedAt"]:
                took = datetime.fromisoformat(job["completedAt"]) - datetime.fromisoformat(job["startedAt"])
                self.steps.append({"name": job["step"].lower(), "seconds": round(took.total_seconds(), 2)})

    def problems(self) -> list[str]:
        """Return a sentence per unmet promise."""
        pictureless = ", ".join(self.products_without_image)
        checks = {
            f"store: status is {self.status or 'unknown'}, expected ACTIVE": self.status == "ACTIVE",
            f"candidates: {self.candidates}, expected at least {FEWEST_CANDIDATES}": self.candidates
            >= FEWEST_CANDIDATES,
            f"products: {self.products}, expected at least {FEWEST_PRODUCTS}": self.products >= FEWEST_PRODUCTS,
            "images: none was processed": self.images_processed > 0,
            f"images: no image and no rejection reason for {pictureless}": not pictureless,
            f"pages: {self.pages}, expected at least {PAGES}": self.pages >= PAGES,
            f"order: status is {self.order.get('status', 'unknown')}, expected PAID": self.order.get("status")
            == "PAID",
            "log: event store and topic differ": self.log_verified,
        }
        return [problem for problem, ok in checks.items() if not ok]


def _is_settled(images: list[dict[str, Any]]) -> bool:
    if any(image["status"] in HAS_PICTURE for image in images):
        return True
    return bool(images) and all(image["status"] == "REJECTED" and image["rejection"] for image in images)
