"""Writes product copy by rules: sentences from the supplier's facts first, then a few that claim nothing."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from domain.product.ports import CopyBrief, ProductCopy
from infra.writers.copykit.description import as_markdown, one_line, tag_keywords
from infra.writers.copykit.grammar import running
from infra.writers.copykit.scoring import measure
from infra.writers.rules.copy.product import Draft, draft_of
from infra.writers.rules.copy.rotation import Rotation

WRITTEN_BY = "house"
SHELVES = 8
"""Shelves whose drafts are kept. A store's products are written one by one, from the same drafts."""


class RuleCopywriter:
    """Implements ``domain.product.ports.ProductCopywriter`` offline. The same brief gives the same copy."""

    async def write(self, brief: CopyBrief) -> ProductCopy:
        """Return the copy. No supplier text raises."""
        # In a thread: the first copy loads dictionaries.
        return await asyncio.to_thread(compose, brief)


def compose(brief: CopyBrief) -> ProductCopy:
    """Return the copy of one product, synchronously."""
    shelf = tuple(brief.shelf) or (brief,)
    at = next((at for at, other in enumerate(shelf) if other.seed == brief.seed), None)
    # A brief that is not on its own shelf stands alone.
    draft = _drafts(shelf)[at] if at is not None else _drafts((brief,))[0]
    description = as_markdown(draft.opening, draft.features, draft.benefits, draft.call_to_action)
    keywords = [running(draft.title.core), draft.title.noun, *tag_keywords(brief)]
    return ProductCopy(
        title=draft.title.text,
        description=description,
        features=list(draft.features),
        benefits=list(draft.benefits),
        call_to_action=draft.call_to_action,
        meta_title=draft.meta_title,
        meta_description=draft.meta_description,
        scores=measure(description, keywords),
        written_by=WRITTEN_BY,
    )


_kept: OrderedDict[object, Sequence[Draft]] = OrderedDict()
_keeping = Lock()


def _drafts(shelf: Sequence[CopyBrief]) -> Sequence[Draft]:
    """Return the drafts of all products of a store, in their order, so that each knows what those before it said."""
    key = tuple(map(_key, shelf))
    with _keeping:
        if key not in _kept:
            rotation = Rotation(shelf[0].seed, shared=len(shelf) > 1)
            _kept[key] = [draft_of(brief, rotation) for brief in shelf]
            if len(_kept) > SHELVES:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return _kept[key]


def _key(brief: CopyBrief) -> object:
    voice = brief.brand.voice
    return (
        brief.seed,
        brief.original_title,
        brief.original_description,
        brief.category,
        tuple(brief.options),
        tuple(brief.attributes.items()),
        brief.price,
        one_line(brief.brand.name),
        tuple(voice.tone),
    )
