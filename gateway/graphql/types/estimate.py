"""What a store would take, before it is requested."""

import strawberry

from domain.editing import revision_of
from domain.generation.correction import reading_parts
from domain.generation.understanding import cautions_of, question_about
from domain.store.events import Preferences
from domain.store.niche import NicheReading, sellable_niche
from gateway.api.validation import check_text
from gateway.graphql.types.job import AttentionType, NicheUnderstanding
from gateway.ports import GatewayDependencies


@strawberry.type(description="What a niche would be understood to mean, and what a store for it takes.")
class NicheEstimate:
    understanding: NicheUnderstanding = strawberry.field(
        description="As the built-in rules read it. A model that reads the niche later may understand more."
    )
    seconds: int = strawberry.field(description="Until a store of usual size can be reviewed on this installation.")
    cost_usd_max: str = strawberry.field(
        description="The bound of what language models may cost for the store, in US dollars. `0` if only rules write."
    )


async def estimate_niche(deps: GatewayDependencies, niche: str, audience: str | None) -> NicheEstimate:
    """Return what a store for a niche would take.

    Raises:
        InvalidInput: a store may not be requested for the niche.
    """
    cleaned = sellable_niche(niche)
    preferences = Preferences(audience=check_text("audience", audience))
    reading = NicheReading() if deps.niches is None else await deps.niches.read(cleaned, preferences=preferences)
    question = None if deps.niches is None else question_about(cleaned, reading)
    return NicheEstimate(
        understanding=NicheUnderstanding(
            things=list(reading.things),
            categories=list(reading.categories),
            audience=list(reading.audience),
            setting=list(reading.setting),
            style=list(reading.style),
            unknown=list(reading.unknown),
            question=AttentionType.of(question),
            cautions=list(cautions_of(cleaned, preferences)),
            read_by=reading.read_by,
            revision=revision_of(reading_parts(reading)),
        ),
        seconds=deps.usual_generation.seconds,
        cost_usd_max=f"{deps.usual_generation.cost_usd_max.normalize():f}",
    )
