"""The language and region in which everything is written for people."""

from babel import Locale

LOCALE = Locale("en", "US")
"""Its rules come from CLDR, by ``babel``."""
