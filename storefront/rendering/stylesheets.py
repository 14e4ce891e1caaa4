"""The stylesheet of each look: a brand's own style and its mood's styles in one file.

A phone's first visit opens one connection less for it, and nothing is painted before all styles are there.
"""

import re

from infra.web.static_files import StaticFile, StaticFolder
from storefront.rendering.theme import Theme

PARTS = ("store", "pieces", "home")
"""The files of every look, in their order; the mood's comes last."""
KEPT_MOST = 64
"""Stylesheets that are kept, 60 kB each. Browsers keep theirs, so few are asked for."""


def shortened(css: bytes) -> bytes:
    """Return styles without comments, indentation and line breaks.

    Strings keep their single spaces. No string in the styles has braces, semicolons or runs of spaces.
    """
    text = re.sub(rb"/\*.*?\*/", b"", css, flags=re.DOTALL)
    text = re.sub(rb"\s+", b" ", text)
    return re.sub(rb" ?([{};]) ?", rb"\1", text).replace(b";}", b"}").strip()


class Stylesheets:
    """Makes stylesheets, each when it is first needed."""

    def __init__(self, static: StaticFolder) -> None:
        self._static = static
        self._kept: dict[str, StaticFile] = {}

    def of(self, theme: Theme) -> StaticFile:
        """Return the stylesheet of a look."""
        file = self._kept.get(theme.version)
        if file is None:
            if len(self._kept) >= KEPT_MOST:
                del self._kept[next(iter(self._kept))]
            names = (f"css/{name}.css" for name in (*PARTS, theme.name))
            file = self._static.joined(theme.css().encode(), names, suffix=".css", shorten=shortened)
            self._kept[theme.version] = file
        return file

    def address(self, theme: Theme) -> str:
        """Return its address below the address of the store's looks."""
        return f"theme.css?v={self.of(theme).version}"
