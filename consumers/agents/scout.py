"""The scout agent: from a niche to the listings a store starts with."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

from commands.sourcing import ImportFewProducts, ImportProducts, Pick
from commands.step import AskForAttention
from consumers.agents.base import StepAgent, StepPorts, call_context
from consumers.agents.outside_calls import GivenUp
from domain.calls.ports import WorkBudget
from domain.generation.aggregate import GENERATION
from domain.generation.events import Attention, AttentionCode, Step, StepStarted
from domain.merchant.aggregate import MERCHANT, Merchant
from domain.merchant.events import SupplierProvider
from domain.sourcing.alternatives import Alternatives, alternatives
from domain.sourcing.landed import DEFAULT_DESTINATION, Destination
from domain.sourcing.listing import Listing
from domain.sourcing.phrases import plain_reading, search_phrases
from domain.sourcing.ports import ImageFingerprints, KeywordWriter, SupplierCatalogs
from domain.sourcing.ranking import HANDFUL, Candidate, Key, Pool, Ranking, candidates, rank
from domain.sourcing.screening import describe_rejections
from domain.store.aggregate import STORE, Store
from domain.store.events import SupplierReport
from domain.store.niche import NicheReading
from domain.store.ports import NicheReader
from schemas.envelope import Envelope
from schemas.internal.call_meter import current_meter

CANDIDATES_EACH = 150
"""Most listings from one supplier."""
COMPARED = 48
"""The most photos that are compared."""
COMPARING_SECONDS = 60.0
"""Time limit for comparing photos; titles are always compared."""

T = TypeVar("T")
_Compared: TypeAlias = tuple[SupplierProvider, str, str | None]
"""A listing's key and its main photo's fingerprint; None if it is not known.

Fingerprints are hexadecimal text: JSON readers may lose digits of a 64-bit number.
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _SearchResult:
    """The result of a search at one supplier."""

    report: SupplierReport
    listings: Sequence[Listing] = ()


class ScoutAgent(StepAgent):
    """Stocks a store when its scout step starts.

    Safe to redeliver: like every step agent. The suppliers' answers are recorded, so a crash does not search again.
    """

    name: ClassVar[str] = "scout-agent"
    step: ClassVar[Step] = Step.SCOUT

    def __init__(
        self,
        catalogs: SupplierCatalogs,
        keywords: KeywordWriter,
        fingerprints: ImageFingerprints,
        ports: StepPorts,
        *,
        niches: NicheReader,
        country: str = DEFAULT_DESTINATION,
        budget: WorkBudget | None = None,
    ) -> None:
        super().__init__(ports)
        self._budget = budget
        self._catalogs = catalogs
        self._keywords = keywords
        self._fingerprints = fingerprints
        self._niches = niches
        self._country = country

    async def work(self, envelope: Envelope, event: StepStarted) -> ImportProducts | AskForAttention:
        store = await self._aggregates.get(STORE, event.store_id)
        merchant = await self._aggregates.get(MERCHANT, event.merchant_id)
        providers, note = _providers(merchant)
        total = len(providers) + 2

        async def report(item: str, message: str) -> None:
            await self.report(envelope, event, item=item, total=total, message=message)

        reading = await self._reading(envelope, event, store)
        phrases = await self._phrases(envelope, event, store.niche, reading)
        await report(
            "keywords", f"Thought of {_count(phrases, 'search phrase')}, such as “{phrases[min(1, len(phrases) - 1)]}”"
        )

        async def search(provider: SupplierProvider) -> _SearchResult:
            result = await self._search(envelope, event, provider, phrases)
            name = provider.display_name
            if result.report.error is None:
                await report(f"search:{provider}", f"Found {_count(result.listings, 'candidate')} at {name}{note}")
            else:
                await report(f"search:{provider}", f"Nothing from {name}: {result.report.error}")
            return result

        results = await _gather([search(provider) for provider in providers])
        reports = [result.report for result in results]
        if all(report.error is not None for report in reports):
            raise GivenUp(_names(providers), " ".join(report.error or "" for report in reports))
        listings = [listing for result in results for listing in result.listings]
        country = self._country if merchant.business is None else merchant.business.country
        destination = Destination(country=country, on=event.occurred_at.date())
        pool = candidates(listings, reading, destination=destination, promise_days=store.delivery_promise_days)
        ranking = await self._choose(envelope, event, pool)
        if len(ranking.chosen) < HANDFUL:
            return self._ask(event, phrases, reports, ranking, alternatives(pool.candidates, reading))
        await report("ranking", _outcome(ranking))
        return ImportProducts(**_imported(event, phrases, reports, ranking))

    def _ask(
        self,
        event: StepStarted,
        phrases: list[str],
        reports: list[SupplierReport],
        ranking: Ranking,
        offered: Alternatives,
    ) -> ImportFewProducts | AskForAttention:
        """Return the command that imports the few products, if any, and asks the merchant what to do."""
        message = _question(ranking, _names([report.provider for report in reports]))
        suggestions = list(offered.niches)
        available = list(offered.categories)
        code = AttentionCode.FEW_PRODUCTS_FIT
        if not ranking.chosen:
            return AskForAttention(
                generation_id=event.originator_id,
                step=Step.SCOUT,
                attempt=event.attempt,
                code=code,
                message=message,
                suggestions=suggestions,
                available=available,
            )
        attention = Attention(code=code, message=message, suggestions=suggestions, available=available)
        return ImportFewProducts(**_imported(event, phrases, reports, ranking), attention=attention)

    async def _reading(self, envelope: Envelope, event: StepStarted, store: Store) -> NicheReading:
        """Return what the niche means: as the generation recorded it, else as it is read now, else its own words."""
        generation = await self._aggregates.get(GENERATION, event.originator_id)
        if generation.reading is not None and generation.reading.things:
            return generation.reading

        async def read() -> NicheReading:
            return await self._niches.read(store.niche, preferences=store.preferences)

        reading = await self.ask_once(envelope, event, NicheReading, read, who="the niche reader", part="niche")
        return reading if reading.things else plain_reading(store.niche)

    async def _phrases(self, envelope: Envelope, event: StepStarted, niche: str, reading: NicheReading) -> list[str]:
        # The attempt is part of the seed, so a step that runs again searches for other phrases too.
        seed = f"{event.originator_id}:{event.attempt}"

        async def write() -> list[str]:
            return list(await self._keywords.keywords(niche, seed=seed))

        phrases = await self.ask_once(envelope, event, list[str], write, who="the keyword writer", part="keywords")
        return search_phrases(niche, reading, phrases)

    async def _search(
        self, envelope: Envelope, event: StepStarted, provider: SupplierProvider, phrases: Sequence[str]
    ) -> _SearchResult:
        """Search one supplier. An outage becomes part of the result: it must not stop the other suppliers."""
        catalog = await self._catalogs.of(event.merchant_id, provider)
        if catalog is None:
            error = (
                f"{_capital(provider.display_name)} is connected, but cannot be searched by this installation. Disconnect it, "
                f"or connect {_names(sorted(self._catalogs.providers))} too, and run this step again."
            )
            return _SearchResult(SupplierReport(provider=provider, candidates=0, error=error))

        async def ask() -> list[Listing]:
            current_meter().provider = provider.value
            if self._budget is not None:
                await self._budget.take(call_context(event, f"search:{provider}"), supplier_calls=len(phrases))
            return list(await catalog.search(phrases, limit=CANDIDATES_EACH))

        try:
            listings = await self.ask_once(
                envelope, event, list[Listing], ask, who=provider.display_name, part=f"search:{provider}"
            )
        except GivenUp as given_up:
            return _SearchResult(SupplierReport(provider=provider, candidates=0, error=given_up.reason))
        return _SearchResult(SupplierReport(provider=provider, candidates=len(listings)), listings)

    async def _choose(self, envelope: Envelope, event: StepStarted, pool: Pool) -> Ranking:
        def choose(compared: Sequence[_Compared]) -> Ranking:
            fingerprints: dict[Key, int] = {
                (provider, source_id): int(text, 16) for provider, source_id, text in compared if text is not None
            }
            return rank(pool, fingerprints=fingerprints)

        async def compare() -> list[_Compared]:
            left = (event.deadline - self._clock.now()).total_seconds() / 2
            return await self._compare(choose, seconds=max(0.0, min(COMPARING_SECONDS, left)))

        name = f"{self.name}:fingerprints"
        context = call_context(event, "fingerprints")
        return choose(await self._calls.once(envelope, name, list[_Compared], compare, context=context))

    async def _compare(self, choose: Callable[[Sequence[_Compared]], Ranking], *, seconds: float) -> list[_Compared]:
        """Fingerprint the main photos of the chosen listings, then of those that replace duplicates among them.

        Each photo costs a download. The chosen ones are needed anyway, so only duplicates cost one more.
        """
        compared: list[_Compared] = []
        ends = time.monotonic() + seconds
        while True:
            known = {(provider, source_id) for provider, source_id, _ in compared}
            new = [each for each in choose(compared).chosen if each.key not in known][: COMPARED - len(compared)]
            if not new:
                logger.info("Compared %d photos", sum(text is not None for _, _, text in compared))
                return compared
            hashes = await self._photos(new, seconds=max(0.0, ends - time.monotonic()))
            compared.extend((*each.key, text) for each, text in zip(new, hashes, strict=True))

    async def _photos(self, compared: Sequence[Candidate], *, seconds: float) -> list[str | None]:
        """Return the fingerprints of the main photos; None for a photo that took too long or failed."""
        tasks = [
            asyncio.create_task(self._fingerprints.fingerprint(candidate.listing.image_urls[0]))
            for candidate in compared
        ]
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=seconds)
        finally:
            for task in tasks:
                task.cancel()
            known = await asyncio.gather(*tasks, return_exceptions=True)
        return [f"{value:016x}" if isinstance(value, int) else None for value in known]


async def _gather(coroutines: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Run coroutines side by side; the first failure cancels the others and is raised without a group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


def _providers(merchant: Merchant) -> tuple[Sequence[SupplierProvider], str]:
    """Return the suppliers to search, and a note for the merchant if the sample supplier stands in."""
    if merchant.suppliers:
        return sorted(merchant.suppliers), ""
    return [SupplierProvider.SAMPLE], ", which stands in because no supplier is connected"


def _pick(candidate: Candidate) -> Pick:
    return Pick(
        listing=candidate.listing,
        price=candidate.pricing.price,
        score=candidate.score,
    )


def _names(providers: Sequence[SupplierProvider]) -> str:
    names = [provider.display_name for provider in providers]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _imported(
    event: StepStarted, phrases: list[str], reports: list[SupplierReport], ranking: Ranking
) -> dict[str, Any]:
    """Return the fields of the command that imports the chosen products."""
    return {
        "generation_id": event.originator_id,
        "attempt": event.attempt,
        "keywords": phrases,
        "suppliers": reports,
        "duplicates": ranking.duplicates,
        "fitting": ranking.fitting,
        "rejected": {str(reason): count for reason, count in ranking.rejected.items()},
        "picks": [_pick(candidate) for candidate in ranking.chosen],
    }


def _outcome(ranking: Ranking) -> str:
    """Return what became of the candidates: ``3 of 150 candidates fit the niche. Chose the best 3 products``."""
    left_out = describe_rejections(ranking.rejected)
    best = "the best " if len(ranking.chosen) > 1 else ""
    chosen = f"Chose {best}{_count(ranking.chosen, 'product')}" + (f"; {left_out}" if left_out else "")
    return f"{_fitting(ranking)}. {chosen}"


def _question(ranking: Ranking, names: str) -> str:
    """Return what the merchant is asked about the few products that fit."""
    if not ranking.total:
        return f"Nothing in this niche was found at {names}. Choose another niche, or connect another supplier."
    left_out = describe_rejections(ranking.rejected)
    if not ranking.chosen:
        return (
            f"{_fitting(ranking)}, and none can be sold: {left_out}. Choose another niche, or connect another supplier."
        )
    return f"{_outcome(ranking)}. Go on with them, choose another niche, or connect another supplier."


def _fitting(ranking: Ranking) -> str:
    return f"{ranking.fitting} of {_counted(ranking.total, 'candidate')} fit{'s' if ranking.fitting == 1 else ''} the niche"


def _count(things: Sequence[object], noun: str) -> str:
    return _counted(len(things), noun)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
