"""Names of colors, for sentences that describe a palette."""

from coloraide import Color

_HUES = (
    (15, "rose"), (35, "vermilion"), (50, "terracotta"), (68, "amber"), (95, "gold"), (115, "olive"), (140, "leaf green"),
    (165, "green"), (208, "teal"), (222, "cyan"), (245, "sky blue"), (275, "blue"), (295, "indigo"), (320, "violet"),
    (345, "magenta"), (361, "pink"),
)  # fmt: skip


def color_name(color: str) -> str:
    """Return a plain name of a color: ``deep green``, ``pale gold``, ``ink``."""
    lightness, chroma, hue = Color(color).convert("oklch").coords(nans=False)
    if chroma < 0.025:
        return "ink" if lightness < 0.35 else "gray" if lightness < 0.8 else "off-white"
    name = next(name for limit, name in _HUES if hue < limit)
    if lightness < 0.45:
        return f"deep {name}"
    return f"pale {name}" if lightness > 0.82 and chroma < 0.1 else f"bright {name}" if lightness > 0.8 else name
