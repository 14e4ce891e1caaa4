"""The rule-based brand writer: makes a complete brand from a niche and a seed."""

from collections.abc import Sequence

from domain.store.brand import Availability, BrandIdentity, BrandProposal, NameOption, Palette
from domain.store.events import Preferences
from domain.store.ports import BrandBrief, DomainRegistry
from domain.store.trademarks import find_mark_in_name
from infra.writers.brandkit.domains import clean_name, describe_availability, domain_label, find_domains
from infra.writers.brandkit.logo import draw_logo
from infra.writers.brandkit.looks import Taste, draw_look
from infra.writers.brandkit.marks import MARKS
from infra.writers.brandkit.palette import color_distance, hex_color, tune
from infra.writers.brandkit.schemes import SCHEMES
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.rules.brand.lexicon import NicheProfile, lexicon, read_niche
from infra.writers.rules.brand.naming import Candidate, propose_names
from infra.writers.rules.brand.voice import write_voice

_COLORS_APART = 4
"""A store's main color should differ from those of this many stores before it."""
_WORTH = {Availability.FREE: 1.5, Availability.UNKNOWN: 0.0, Availability.TAKEN: -1.5}


class RuleBrandWriter:
    """Implements :class:`domain.store.ports.BrandWriter`.

    The same brief gives the same brand in every process. Only the choice among the five names also depends on the
    registry's answers.
    """

    def __init__(self, registry: DomainRegistry) -> None:
        self._registry = registry

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        """Return a complete brand. If the registry is unavailable, domains are reported as unknown."""
        rng = SeededRandom(brief.seed, brief.niche.casefold())
        wishes = brief.preferences
        niche = read_niche(brief.niche, rng.fork("reading"), reading=brief.reading, tone=wishes.tone)
        candidates = _candidates(niche, brief, rng.fork("names"))
        domains = await find_domains([candidate.name for candidate in candidates], self._registry)
        options = [
            NameOption(
                name=candidate.name,
                domain=domains[candidate.name][0],
                availability=domains[candidate.name][1],
                rationale=candidate.rationale,
            )
            for candidate in candidates
        ]
        chosen, reason = _choose(candidates, options, by_merchant=bool(clean_name(wishes.name or "")))
        palette = _palette(niche, wishes, brief.neighbors, rng)
        look, fonts = draw_look(_taste(niche), brief.neighbors, rng.fork("look"))
        return BrandProposal(
            brand=BrandIdentity(
                name=chosen,
                logo=draw_logo(_symbol(niche, rng.fork("symbol")), palette, rng.fork("logo"), name=chosen),
                palette=palette,
                fonts=fonts,
                voice=write_voice(
                    chosen, niche, wishes, rng.fork("voice"), others=[brand.voice for brand in brief.neighbors]
                ),
                look=look,
            ),
            options=options,
            reason=reason,
            written_by="house",
        )


def _candidates(niche: NicheProfile, brief: BrandBrief, rng: SeededRandom) -> list[Candidate]:
    wishes, worn = brief.preferences, [brand.name for brand in brief.neighbors]
    ideas = propose_names(niche, rng, audience=wishes.audience, but=brief.former_name, others=worn)
    name = clean_name(wishes.name or "")
    if not name:
        return ideas
    asked = Candidate(name, "wished", frozenset({name.lower()}), "The name you asked for.", 10.0)
    others = [candidate for candidate in ideas if domain_label(candidate.name) != domain_label(name)]
    return [asked, *others[:4]]


def _choose(candidates: Sequence[Candidate], options: Sequence[NameOption], *, by_merchant: bool) -> tuple[str, str]:
    """Return the best name and the reason for the merchant."""
    if by_merchant:
        asked = options[0]
        mark = find_mark_in_name(asked.name)
        caution = "" if mark is None else f"“{mark}” is a well-known trade mark: check that you may use it. "
        return asked.name, (
            f"“{asked.name}” is the name you asked for; {describe_availability(asked.domain, asked.availability)}. "
            f"{caution}Four alternatives are kept in case you change your mind."
        )
    # Candidates are sorted by score, so max() takes the better of two equal options.
    best = max(range(len(options)), key=lambda n: candidates[n].score + _WORTH[options[n].availability])
    chosen, kind = options[best], candidates[best].kind
    letters = len(domain_label(chosen.name))
    reason = f"“{chosen.name}” is the strongest of the five: {_STRENGTHS[kind]}, {letters} letters as a web address"
    if all(option.availability is Availability.UNKNOWN for option in options):
        return chosen.name, (
            f"{reason}. Whether {chosen.domain} is free could not be checked, because no registry answered: the choice "
            "rests on sound, length and fit alone."
        )
    reason += f", and {describe_availability(chosen.domain, chosen.availability)}."
    if best != 0 and options[0].availability is Availability.TAKEN:
        reason += f" “{options[0].name}” read slightly better, but {options[0].domain} is taken."
    return chosen.name, reason


_STRENGTHS = {
    "compound": "one short word with a picture in it",
    "pair": "two plain words that make a picture at once",
    "partners": "two words that belong together and are easy to remember",
    "foreign": "a short word with a meaning worth telling",
    "founder": "it sounds like somebody you could ask for advice",
    "coined": "a word of its own that nobody else is using in this field",
}


def _schemes(niche: NicheProfile) -> Sequence[str]:
    return niche.style.schemes if niche.is_styled and niche.style.schemes else niche.category.schemes


def _palette(
    niche: NicheProfile, wishes: Preferences, neighbors: Sequence[BrandIdentity], rng: SeededRandom
) -> Palette:
    """Return the palette of one of the niche's schemes, the one whose main color is least like the neighbors'."""
    near = [brand.palette.primary for brand in neighbors[:_COLORS_APART]]
    schemes = [SCHEMES[name] for name in rng.fork("scheme").shuffled(_schemes(niche))]
    scheme = max(
        schemes, key=lambda one: min((color_distance(hex_color(one.primary), other) for other in near), default=0.0)
    )
    return tune(scheme, rng.fork("palette"), wishes.colours)


def _taste(niche: NicheProfile) -> Taste:
    """Return what suits a niche: its style's moods and fonts, or those of all styles that its category comes in."""
    if niche.is_styled:
        return Taste(moods=niche.style.looks, fonts=niche.style.fonts, strict=True)
    styles = [style for style in lexicon().moods if style.key in niche.category.styles]
    moods = dict.fromkeys(mood for style in styles for mood in style.looks)
    return Taste(moods=tuple(moods), fonts=(*niche.category.fonts, *niche.style.fonts))


_LITERAL = {
    "cat": "cat", "kitten": "cat", "dog": "paw", "puppy": "paw", "bird": "bird", "parrot": "bird", "fish": "fish",
    "aquarium": "fish", "cactus": "cactus", "succulent": "cactus", "lamp": "lamp", "lighting": "lamp", "chair": "chair",
    "candle": "candle", "vase": "vase", "pottery": "vase", "keyboard": "keycap", "vinyl": "record", "bicycle": "wheel",
    "bike": "wheel", "ring": "band", "engagement": "band", "camera": "aperture", "lens": "aperture", "moon": "moon",
    "book": "book", "bee": "honeycomb", "beekeeping": "honeycomb", "honey": "honeycomb", "tent": "tent", "surf": "wave",
    "sailing": "wave", "tea": "cup", "coffee": "cup", "mug": "cup", "watch": "dial", "clock": "dial", "bag": "bag",
    "handbag": "bag", "tote": "bag", "pencil": "pencil", "drawing": "pencil", "sewing": "needle", "knitting": "needle",
    "embroidery": "needle", "diamond": "gem", "gemstone": "gem", "basketball": "ball", "perfume": "bottle",
    "wine": "bottle", "sauce": "bottle", "mountain": "peaks", "hiking": "peaks", "ski": "peaks", "flower": "bloom",
    "astronomy": "orbit", "window": "window", "curtain": "window", "guitar": "levels", "audio": "levels",
    "arcade": "pixel", "cooking": "pot", "cookware": "pot",
}  # fmt: skip
"""Words of niches that have a symbol of their own."""


def _symbol(niche: NicheProfile, rng: SeededRandom) -> str:
    literal = [_LITERAL[word] for word in niche.words if word in _LITERAL]
    if literal and (niche.category.key == "pets" or rng.flip(0.5)):
        return literal[0]
    own, styled = niche.category.symbols, niche.style.symbols
    pool = styled if niche.is_styled and styled and rng.flip(0.45) else own
    return rng.pick([symbol for symbol in pool if symbol in MARKS])
