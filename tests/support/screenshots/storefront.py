"""Photographs storefront pages in every mood, to look at: ``make screenshots OUT=DIRECTORY``.

It starts a PostgreSQL and a browser, and no other part of the platform. The goods are the sample supplier's photos,
cut out by the studio once and kept in ``OUT/cutouts``.
"""

import argparse
import asyncio
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncpg
import httpx
from PIL import Image
from playwright.async_api import BrowserContext, Route, async_playwright

from domain.store.brand import BrandIdentity, HeroKind, Look, Mood, Section
from infra.adapters.media.studio.compositing import compose
from infra.adapters.media.studio.cutout import Cutout, cut_out
from infra.adapters.media.studio.network import predict_mask
from infra.adapters.media.studio.open_photo import open_photo
from infra.adapters.postgres.migrations import migrate
from infra.embedded.postgres import EmbeddedPostgres
from infra.sandbox import sample_supplier
from infra.setup.model import model_path
from infra.writers.brandkit.fonts import PAIRS
from infra.writers.brandkit.looks import fonts_of
from infra.writers.copykit.pages import PAGES
from infra.writers.rules.brand import RuleBrandWriter
from infra.writers.rules.copy.pages import RulePageWriter
from tests.support.fakes.brand import KnownDomains, brief
from tests.support.fakes.copywriting import facts
from tests.support.platforms.storefront import READER_SETTINGS, ImageFile, StorefrontPlatform, Variant

SAMPLES = Path(sample_supplier.__file__).parent
PHOTOS, RENDERS = SAMPLES / "photos", SAMPLES / "renders"
WIDTHS = {"wide": (1440, 900), "phone": (390, 844)}
PATHS = {"home": "/", "listing": "/products", "category": None, "product": "/products/goods-0"}
"""Pages by name; the category's address is that of the store's first shelf."""
TEXT = (
    "A quiet piece for a shelf or a desk.\n\nIt keeps to one shape and does not ask for attention. Wipe it with a dry "
    "cloth.\n\n| Detail | Value |\n|---|---|\n| Width | 18 cm |\n| Height | 24 cm |\n"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A store to photograph: its niche, and the words of the photos that it sells."""

    niche: str
    goods: Mapping[str, str]
    """From a word in a photo's file name to a category."""


SCENES: Mapping[str, Scene] = {
    "plants": Scene(
        "Houseplants",
        {"cactus": "Cacti", "succulents": "Succulents", "bonsai": "Bonsai", "fern": "Hanging Planters", "trowel": "Garden Tools",
         "houseplant": "Ceramic Planters", "tulips": "Vases"},
    ),
    "cameras": Scene(
        "Vintage film cameras",
        {"film-camera": "Film Cameras", "compact": "Compact Cameras", "instant": "Instant Cameras", "lens": "Lenses", "rangefinder": "Film Cameras"},
    ),
    "tech": Scene(
        "Mechanical keyboards",
        {"keyboard": "Keyboards", "mouse": "Mice", "monitor": "Monitors", "cable": "Cables", "memory": "PC Parts", "pc-case": "PC Cases",
         "tablet": "Tablets", "laptop": "Laptops"},
    ),
    "tea": Scene(
        "Tea and teapots",
        {"tea-cup": "Tea Cups", "teapot": "Teapots", "mate-gourd": "Tea Cups", "glass-jar": "Tea & Coffee Storage", "honey-pot": "Tea & Coffee Storage",
         "bento": "Tableware", "sake-set": "Teapots", "coffee-cup": "Coffee Cups", "bubble-tea": "Tumblers", "tumbler": "Tumblers", "chopsticks": "Tableware"},
    ),
    "toys": Scene(
        "Wooden toys",
        {"locomotive": "Toy Vehicles", "racing-car": "Toy Vehicles", "tractor": "Toy Vehicles", "abacus": "Learning Toys", "globe": "Learning Toys",
         "nesting-doll": "Figures & Playsets", "castle": "Figures & Playsets", "teddy-bear": "Plush Toys", "fox-head": "Plush Toys", "kite": "Outdoor Toys",
         "yo-yo": "Outdoor Toys", "play-pizza": "Play Food"},
    ),
    "home": Scene(
        "Things for small living rooms",
        {"sofa": "Sofas", "stool": "Stools", "chair": "Chairs", "lamp": "Lamps", "table": "Side Tables", "lion": "Sculptures", "vase": "Vases"},
    ),
}  # fmt: skip


def cutouts(scene: Scene, cache: Path) -> Iterator[tuple[str, str, Cutout]]:
    """Yield title, category and product of each of the scene's photos."""
    cache.mkdir(parents=True, exist_ok=True)
    for photo in sorted([*PHOTOS.glob("*.jpg"), *RENDERS.glob("*.webp")]):
        category = next((kind for word, kind in scene.goods.items() if word in photo.stem), None)
        if category is None:
            continue
        kept, note = cache / f"{photo.stem}.png", cache / f"{photo.stem}.json"
        if not note.exists():
            cut, _ = cut_out(open_photo(photo.read_bytes()), partial(predict_mask, model=str(model_path())))
            note.write_text(json.dumps(None if cut is None else sorted(cut.cropped)))
            if cut is not None:
                cut.image.save(kept)
        sides = json.loads(note.read_text())
        if sides is not None:
            title = photo.stem.replace("-", " ").capitalize()
            yield title, category, Cutout(Image.open(kept).convert("RGBA"), frozenset(sides))


def webp(picture: Image.Image, side: int) -> tuple[bytes, int, int]:
    small = picture.resize((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=80)
    return file.getvalue(), side, side


async def stocked(
    floor: StorefrontPlatform, slug: str, brand: BrandIdentity, goods: Sequence[tuple[str, str, Cutout]]
) -> str:
    """Open a store with these goods; return the address of its first shelf."""
    store = await floor.open_store(slug, brand)
    for n, (title, category, cut) in enumerate(goods):
        photo = compose(cut, brand.palette.surface, at_most=1000)
        image = ImageFile(title, {"thumbnail": webp(photo, 320), "medium": webp(photo, 800)})
        sizes = ("Small", "Medium", "Large") if n % 3 == 0 else ("Default",)
        price = 1900 + 730 * n
        await floor.stock(
            store, title, slug=f"goods-{n}", category=category, description=TEXT, score=0.9 - n / 100,
            features=("One size fits a shelf of 20 cm", "Arrives assembled", "Weighs 640 g"), images=(image, image),
            variants=[Variant(size, price, 2 if n % 5 == 4 else 9, {"size": size}) for size in sizes],
            former=round(price * 1.2) if n % 4 == 1 else None, shipping_days=(6, 12),
        )  # fmt: skip
    writer = RulePageWriter()
    for kind in PAGES:
        draft = writer.compose(kind, facts(), f"{slug}:1")
        await floor.write_page(store, kind, draft.title, draft.slug, draft.content)
    categories = [category for _, category, _ in goods]
    return "/c/" + max(sorted(set(categories)), key=categories.count).lower().replace(" ", "-")


async def look_of(niche: str, mood: Mood, hero: HeroKind, seed: int) -> BrandIdentity:
    """Return a brand of a niche in a given mood."""
    brand = (await RuleBrandWriter(KnownDomains()).propose(brief(niche, seed=str(seed)))).brand
    orders = [["CATEGORIES", "FEATURED", "STORY", "PROMISES"], ["FEATURED", "CATEGORIES", "STORY", "PROMISES"]]
    sections = [Section(one) for one in orders[seed % 2] if hero is not HeroKind.CATEGORY or one != "CATEGORIES"]
    font = fonts_of(mood)[seed % len(fonts_of(mood))]
    return brand.model_copy(update={"look": Look(mood=mood, hero=hero, sections=sections), "fonts": PAIRS[font]})


async def photograph(context: BrowserContext, address: str, to: Path, size: tuple[int, int], *, whole: bool) -> None:
    page = await context.new_page()
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.goto(address)
    # Pictures below the fold are loaded lazily.
    await page.evaluate("document.querySelectorAll('img[loading]').forEach(one => one.loading = 'eager')")
    await page.wait_for_load_state("networkidle")
    await page.evaluate("Promise.all([...document.images].map(one => one.decode().catch(() => {})))")
    await page.screenshot(path=to, full_page=whole)
    await page.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--moods", nargs="*", type=str.upper, default=list(Mood))
    parser.add_argument("--heroes", nargs="*", type=str.upper, default=list(HeroKind))
    parser.add_argument("--pages", nargs="*", default=list(PATHS))
    parser.add_argument("--widths", nargs="*", default=list(WIDTHS))
    parser.add_argument("--scene", choices=SCENES, default="plants")
    parser.add_argument("--niche", help="whose colors to use; that of the scene by default")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drawn", type=int, help="photograph this many stores as they are drawn, one after the other")
    parser.add_argument("--fold", action="store_true", help="photograph the first screen only")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    goods = list(cutouts(SCENES[asked.scene], asked.out / "cutouts"))
    with tempfile.TemporaryDirectory(prefix="zyenta-looks-") as directory:
        Path(directory).chmod(0o711)
        server = EmbeddedPostgres(Path(directory) / "postgres")
        await server.start()
        try:
            await migrate(server.dsn)
            async with (
                asyncpg.create_pool(server.dsn) as pool,
                asyncpg.create_pool(server.dsn, server_settings=READER_SETTINGS) as readers,
            ):
                floor = await StorefrontPlatform.build(pool, readers, Path(directory) / "media")
                await _photograph_all(floor, asked, goods)
        finally:
            await server.stop()


async def _brands(asked: argparse.Namespace) -> Sequence[tuple[str, BrandIdentity]]:
    """Return the brands to photograph, by the slug of their store."""
    niche = asked.niche or SCENES[asked.scene].niche
    if not asked.drawn:
        looks = [(Mood(mood), HeroKind(hero)) for mood in asked.moods for hero in asked.heroes]
        return [
            (f"{mood}-{hero}".lower(), await look_of(niche, mood, hero, asked.seed + number))
            for number, (mood, hero) in enumerate(looks)
        ]
    brands: list[BrandIdentity] = []
    for number in range(asked.drawn):
        drawn = brief(niche, seed=f"{asked.seed}:{number}", neighbors=brands[::-1])
        brands.append((await RuleBrandWriter(KnownDomains()).propose(drawn)).brand)
    return [(f"store-{number}", brand) for number, brand in enumerate(brands, 1)]


async def _photograph_all(
    floor: StorefrontPlatform, asked: argparse.Namespace, goods: Sequence[tuple[str, str, Cutout]]
) -> None:
    app = floor.app()
    async with async_playwright() as playwright, httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:

        async def serve(route: Route) -> None:
            answer = await client.get(route.request.url, follow_redirects=True)
            await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

        chrome = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = await chrome.new_context(reduced_motion="reduce")
        await context.route("**/*", serve)
        for slug, brand in await _brands(asked):
            shelf = await stocked(floor, slug, brand, goods)
            for page in asked.pages:
                for width in asked.widths:
                    name = f"{asked.scene}-{slug}-{page}-{width}.png"
                    address = f"http://{slug}.shops.test{PATHS[page] or shelf}"
                    await photograph(context, address, asked.out / name, WIDTHS[width], whole=not asked.fold)
                    print(asked.out / name)  # noqa: T201 - a tool
        await chrome.close()


if __name__ == "__main__":
    asyncio.run(main())
