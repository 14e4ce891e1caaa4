"""The parts that brands are made of, as the domain asks for them."""

from collections.abc import Sequence

from domain.store.brand import FontPair, Logo, Palette
from infra.writers.brandkit.fonts import PAIRS
from infra.writers.brandkit.logo import draw_logo
from infra.writers.brandkit.marks import MARKS
from infra.writers.brandkit.palette import contrast, from_anchors
from infra.writers.brandkit.seeded_random import SeededRandom


class DrawnBrandKit:
    """Implements ``domain.store.ports.BrandKit`` with the parts that all brand writers use."""

    @property
    def headings(self) -> Sequence[str]:
        return sorted(PAIRS)

    @property
    def symbols(self) -> Sequence[str]:
        return sorted(MARKS)

    def palette(self, *, primary: str, secondary: str, accent: str, dark: bool) -> Palette:
        return from_anchors(primary, secondary, accent, dark=dark)

    def is_dark(self, palette: Palette) -> bool:
        return contrast(palette.background, "#ffffff") > contrast(palette.background, "#000000")

    def fonts(self, heading: str) -> FontPair | None:
        by_name = {name.casefold(): pair for name, pair in PAIRS.items()}
        return by_name.get(heading.strip().casefold())

    def logo(self, symbol: str, palette: Palette, *, name: str) -> Logo | None:
        known = symbol.strip().lower()
        # Seeded by what is drawn, so that a repeat of the command draws the same.
        rng = SeededRandom(f"{known}:{name}:{palette.primary}")
        return draw_logo(known, palette, rng, name=name) if known in MARKS else None
