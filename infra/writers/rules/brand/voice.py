"""Writes a brand's voice: adjectives, a tagline and a short story."""

import re
from collections.abc import Sequence

from domain.store.brand import Voice
from domain.store.events import Preferences
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.copykit.claims import Evidence, is_supported, unsupported
from infra.writers.copykit.spelling import american
from infra.writers.rules.brand.lexicon import Category, NicheProfile, Sober, lexicon

_TONES = 4


def write_voice(
    name: str, niche: NicheProfile, preferences: Preferences, rng: SeededRandom, *, others: Sequence[Voice] = ()
) -> Voice:
    """Return a voice for ``name``.

    The story has two to four sentences. They state attitudes only: no founding year, no workshop, no promise that the
    store might not keep. Serious goods get a sober voice. Where it can, the voice repeats nothing that the ``others`` say.
    """
    category, style, sober = niche.category, niche.style, lexicon().sober
    is_sober = bool(sober.words.intersection(niche.words))
    voice: Category | Sober = sober if is_sober else category
    says = _without_claims(niche.phrase) or category.title
    taglines = [*voice.taglines, *(style.taglines if niche.is_styled and not is_sober else ())]
    sentences = [
        rng.pick(_unsaid(voice.scenes, others)),
        _with_niche(rng.pick(_unsaid(voice.intros, others)), name, american(says), category),
    ]
    # Sentences of styles fit every niche; those of moods do not.
    if niche.style in lexicon().styles and not is_sober:
        sentences.append(rng.pick(_unsaid(style.turns, others)))
    audience = _plain(preferences.audience, 80)
    if audience:
        sentences.append(f"If you are one of {_those(audience)}, you are in the right place.")
    else:
        sentences.append(rng.pick(_unsaid(voice.beliefs, others)))
    return Voice(
        tone=_tones(preferences.tone, sober.tones if is_sober else niche.style.tones),
        tagline=rng.pick(_unsaid(taglines, others)),
        story=" ".join(sentences),
    )


def _with_niche(intro: str, name: str, niche: str, category: Category) -> str:
    """Return an introduction with the store's name and its niche, whose own “for” does not meet the introduction's."""
    goods, joint, _ = niche.partition(" for ")
    if joint and "{niche} for " in intro:
        niche = f"{goods} {category.goods}" if goods.endswith("ing") else goods
    return intro.format(name=name, niche=niche)


def _without_claims(phrase: str) -> str:
    """Return a niche without the words that claim what no listing has shown; empty if nothing else is left.

    “Eco-friendly” is a claim that no shop may make, and “Japanese” says where goods come from.
    """
    # “Vegan leather” without its first word would be leather.
    phrase = re.sub(r"(?i)\bvegan leather\b", "imitation leather", phrase)
    words = [word for word in phrase.split() if _claims_nothing(word)]
    plain = " ".join(words)
    return plain if plain and _claims_nothing(plain) else ""


PROVED_BY_LISTINGS = frozenset(
    {"free of", "natural", "organic", "certified", "handmade", "waterproof", "recycled", "left-handed", "safe for"}
)
"""Rules of claims that a supplier has to state of each product. The niche's own words are no proof of them."""


def _claims_nothing(text: str) -> bool:
    if text.casefold() in lexicon().words.origins or not is_supported(text, Evidence.of([text])):
        return False
    return not any(claim.rule in PROVED_BY_LISTINGS for claim in unsupported(text, Evidence.of([])))


def _unsaid(options: Sequence[str], others: Sequence[Voice]) -> Sequence[str]:
    """Return the sentences that no other store says; all of them if every one is said."""
    said = " ".join(f"{voice.tagline} {voice.story}" for voice in others)
    # The longest part without the store's name and niche tells a sentence from others.
    unsaid = [one for one in options if max(re.split(r"\{\w+\}", one), key=len) not in said]
    return unsaid or options


def _tones(wish: str | None, fitting: Sequence[str]) -> list[str]:
    asked = [_plain(part, 24).lower() for part in re.split(r"[,;/&\n]| and ", wish or "")]
    tones = [tone for tone in asked if tone]
    own = [tone for tone in fitting if tone not in tones]
    return [*tones, *own][: max(_TONES, min(len(tones), 6))]


def _those(audience: str) -> str:
    """Return an audience in a form that follows “one of”: ``plant parents`` becomes ``the plant parents``."""
    text = audience[:1].lower() + audience[1:] if audience[1:2].islower() else audience
    return text if re.match(r"(?i)(the|those|our|all)\b", text) else f"the {text}"


def _plain(text: str | None, most: int) -> str:
    """Return a merchant's text as one plain line; empty if it is longer than ``most``."""
    line = " ".join(re.sub(r"[<>{}\[\]|\\\x00-\x1f]", " ", text or "").split()).strip(" .,;:!?")
    return line if len(line) <= most else ""
