"""Splits font files by letters, so that a first view loads less: ``python -m infra.setup.font_subsets FOLDER``.

``FOLDER`` has each family's files as Fontsource serves them for Latin letters: ``work-sans/400.woff2``. The two parts of each
file are written to the storefront's fonts. fonttools is fetched from the package index for this run alone.
"""

import subprocess
import sys
from pathlib import Path

from storefront.rendering.fonts import COMMON, FAMILIES, FURTHER, ranges_of

OUT = Path(__file__).parents[2] / "storefront" / "static" / "fonts"
KERNING = Path(__file__).with_name("font_kerning.py")
UVX = Path(sys.executable).with_name("uvx")
FEATURES = "kern,liga,clig,rlig,calt,ccmp,locl,mark,mkmk,tnum,lnum"
"""OpenType features that stay: text needs most of them, and the stylesheets ask for figures of one width."""


FONTTOOLS = (UVX, "--from", "fonttools[woff]==4.60.1")


def split(file: Path, out: Path) -> None:
    """Write a file's common letters, and beside them its further letters."""
    out.mkdir(parents=True, exist_ok=True)
    for name, codes in ((file.stem, COMMON), (f"{file.stem}-further", FURTHER)):
        subprocess.run(  # noqa: S603 - our own arguments
            [
                *FONTTOOLS, "pyftsubset", file, f"--unicodes={ranges_of(codes)}",
                f"--layout-features={FEATURES}", "--no-hinting", "--drop-tables+=DSIG,STAT,MATH,meta", "--flavor=woff2",
                f"--output-file={out / name}.woff2",
            ],
            check=True,
        )  # fmt: skip
        subprocess.run([*FONTTOOLS, "python", KERNING, out / f"{name}.woff2"], check=True)  # noqa: S603 - our own


def main() -> None:
    """Split the files of every family whose license allows it."""
    source = Path(sys.argv[1])
    for family in FAMILIES.values():
        if family.is_split:
            for weight in family.weights:
                split(source / family.slug / f"{weight}.woff2", OUT / family.slug)


if __name__ == "__main__":
    main()
