"""What a store's niche was understood to mean. The merchant sees it and can correct it."""

from domain.kernel import Value


class NicheReading(Value):
    """What a niche sells, its audience, setting and style. All texts are English, lower case and singular."""

    things: list[str] = []
    """Goods to sell, the most typical first, narrower kinds included: ``cat toy``, ``cat wand``, ``puzzle feeder``."""
    categories: list[str] = []
    """Categories of these goods, the most typical first: ``pet toy``."""
    audience: list[str] = []
    """The people or animals that the goods are for: ``senior cat``."""
    setting: list[str] = []
    """Places and occasions of use: ``desk``, ``rainy day``."""
    style: list[str] = []
    """Looks, materials and moods: ``cyberpunk``, ``linen``."""
    unknown: list[str] = []
    """Words of the niche that were not understood. They lead to a question."""
    separate: list[str] = []
    """Goods that do not belong in one store, in the niche's words: ``yoga mats``, ``fishing lures``. They lead to a question."""
    suggestions: list[str] = []
    """Niches that may have been meant, if some words are unknown or no goods are named."""
    read_by: str = "house"
    """Who read the niche: ``house`` for the rules, a model's name, or ``merchant``."""
