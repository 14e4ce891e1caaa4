"""Rounds the kerning of font files, which makes them a tenth smaller: ``uvx --from fonttools[woff] python font_kerning.py FILE ...``.

A table of kerning has a number for each pair of letters, and most are smaller than anybody sees. Runs in fonttools' own
environment, so it imports nothing of the project.
"""

import sys
from typing import Any

from fontTools.ttLib import TTFont  # type: ignore[import-not-found]

LEAST, STEP = 0.015, 0.01
"""Shares of the font's size: a smaller shift is left out (a quarter of a pixel in running text), others are rounded."""
PAIRS, EXTENSION = 2, 9
"""Types of OpenType positioning lookups."""


def rounded(shift: int, size: int) -> int:
    """Return a shift as it is kept, in the font's units."""
    step = max(1, round(size * STEP))
    return 0 if abs(shift) < size * LEAST else round(shift / step) * step


def round_kerning(font: Any) -> None:
    """Round every pair of letters of a font."""
    size = font["head"].unitsPerEm
    lookups = font["GPOS"].table.LookupList.Lookup if "GPOS" in font else ()
    for lookup in lookups:
        for table in lookup.SubTable:
            pairs = table.ExtSubTable if table.LookupType == EXTENSION else table
            if pairs.LookupType != PAIRS:
                continue
            records = (
                [record for letters in pairs.PairSet for record in letters.PairValueRecord]
                if pairs.Format == 1
                else [record for first in pairs.Class1Record for record in first.Class2Record]
            )
            for record in records:
                if record.Value1 is not None and hasattr(record.Value1, "XAdvance"):
                    record.Value1.XAdvance = rounded(record.Value1.XAdvance, size)


def main() -> None:
    """Round the kerning of each file that becomes smaller by it. A second run changes nothing but compression."""
    for name in sys.argv[1:]:
        font = TTFont(name)
        round_kerning(font)
        font.flavor = "woff2"
        font.save(name)


if __name__ == "__main__":
    main()
