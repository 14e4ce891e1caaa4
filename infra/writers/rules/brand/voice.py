"""Writes a brand's voice: adjectives, a tagline and a short story."""

import re

from domain.store.brand import Voice
from domain.store.events import Preferences
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.rules.brand.lexicon import NicheProfile, lexicon

_TONES = 4


def write_voice(name: str, niche: NicheProfile, preferences: Preferences, rng: SeededRandom) -> Voice:
    """Return a voice for ``name``.

    The story has two to four sentences. They state attitudes only: no founding year, no workshop, no promise that the
    store might not keep.
    """
    category, style = niche.category, niche.style
    taglines = [*category.taglines, *(style.taglines if niche.is_styled else ())]
    sentences = [
        rng.pick(category.scenes),
        rng.pick(category.intros).format(name=name, niche=niche.phrase),
    ]
    # Sentences of styles fit every niche; those of moods do not.
    if niche.style in lexicon().styles:
        sentences.append(rng.pick(style.turns))
    audience = _plain(preferences.audience, 80)
    if audience:
        sentences.append(f"If you are one of {_those(audience)}, it was made with you in mind.")
    else:
        sentences.append(rng.pick(category.beliefs))
    return Voice(
        tone=_tones(preferences.tone, niche),
        tagline=rng.pick(taglines),
        story=" ".join(sentences),
    )


def _tones(wish: str | None, niche: NicheProfile) -> list[str]:
    asked = [_plain(part, 24).lower() for part in re.split(r"[,;/&\n]| and ", wish or "")]
    tones = [tone for tone in asked if tone]
    own = [tone for tone in niche.style.tones if tone not in tones]
    return [*tones, *own][: max(_TONES, min(len(tones), 6))]


def _those(audience: str) -> str:
    """Return an audience in a form that follows “one of”: ``plant parents`` becomes ``the plant parents``."""
    text = audience[:1].lower() + audience[1:] if audience[1:2].islower() else audience
    return text if re.match(r"(?i)(the|those|our|all)\b", text) else f"the {text}"


def _plain(text: str | None, most: int) -> str:
    """Return a merchant's text as one plain line; empty if it is longer than ``most``."""
    line = " ".join(re.sub(r"[<>{}\[\]|\\\x00-\x1f]", " ", text or "").split()).strip(" .,;:!?")
    return line if len(line) <= most else ""
