"""The font families that the storefront serves (SIL OFL 1.1, from Fontsource; licenses beside the files)."""

from dataclasses import dataclass

SERIF = 'Georgia, "Times New Roman", serif'
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
NARROW = '"Arial Narrow", "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True, slots=True)
class Family:
    """A font family: its folder, its weights, and the fallback that browsers show until it is loaded."""

    name: str
    slug: str
    fallback: str
    weights: tuple[int, ...] = (400, 600)
    scale: float = 1.0
    """Factor on sizes: at the same size some typefaces look larger than others."""

    @property
    def bold(self) -> int:
        """The heaviest weight; a browser would have to fake a heavier one."""
        return self.weights[-1]

    @property
    def is_serif(self) -> bool:
        return self.fallback == SERIF

    def css(self) -> str:
        """Return the family as a CSS value."""
        return f'"{self.name}", {self.fallback}'

    def faces(self, base: str) -> str:
        """Return the ``@font-face`` rules; ``base`` is the address of the fonts folder.

        ``optional``: a font that comes late waits for the next page, because a swap would move what people read. Pages
        preload their fonts, and browsers keep them.
        """
        return "\n".join(
            f'@font-face{{font-family:"{self.name}";font-style:normal;font-weight:{weight};font-display:optional;'
            f'src:url("{base}/{self.slug}/{weight}.woff2") format("woff2")}}'
            for weight in self.weights
        )


_FAMILIES = (
    Family("Bebas Neue", "bebas-neue", NARROW, (400,), 1.3),
    Family("DM Sans", "dm-sans", SANS),
    Family("DM Serif Display", "dm-serif-display", SERIF, (400,)),
    Family("Fraunces", "fraunces", SERIF),
    Family("Inter", "inter", SANS),
    Family("Lato", "lato", SANS, (400, 700)),
    Family("Lora", "lora", SERIF),
    Family("Manrope", "manrope", SANS),
    Family("Merriweather", "merriweather", SERIF),
    Family("Montserrat", "montserrat", SANS),
    Family("Nunito Sans", "nunito-sans", SANS),
    Family("Open Sans", "open-sans", SANS),
    Family("Orbitron", "orbitron", SANS, scale=0.88),
    Family("Oswald", "oswald", NARROW, scale=1.06),
    Family("Playfair Display", "playfair-display", SERIF),
    Family("Poppins", "poppins", SANS),
    Family("Rajdhani", "rajdhani", NARROW, scale=1.125),
    Family("Raleway", "raleway", SANS),
    Family("Source Sans 3", "source-sans-3", SANS, scale=1.06),
    Family("Space Grotesk", "space-grotesk", SANS),
    Family("Syne", "syne", SANS, scale=0.95),
    Family("Work Sans", "work-sans", SANS),
)

FAMILIES = {family.name: family for family in _FAMILIES}


def family(name: str) -> Family:
    """Return the family of a name; the system's sans serif if the storefront does not serve it."""
    return FAMILIES.get(name) or Family("system-ui", "", SANS, ())
