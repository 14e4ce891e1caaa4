"""The brand agent: from a niche to a name, a look and a voice."""

from typing import ClassVar

from commands.brand import AdoptBrand
from consumers.agents.base import StepAgent, StepPorts
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step, StepStarted
from domain.store.aggregate import STORE
from domain.store.brand import BrandProposal
from domain.store.ports import BrandBrief, BrandWriter, MerchantBrands
from schemas.envelope import Envelope

NEIGHBORS = 12
"""A new brand should look unlike the merchant's newest stores, of which it gets this many."""


class BrandAgent(StepAgent):
    """Gives a store a brand when its brand step starts.

    Safe to redeliver: like every step agent. The proposal is recorded, so a crash does not call the writer again.
    """

    name: ClassVar[str] = "brand-agent"
    step: ClassVar[Step] = Step.BRAND

    def __init__(self, writer: BrandWriter, ports: StepPorts, brands: MerchantBrands) -> None:
        super().__init__(ports)
        self._writer = writer
        self._brands = brands

    async def work(self, envelope: Envelope, event: StepStarted) -> AdoptBrand:
        store = await self._aggregates.get(STORE, event.store_id)
        generation = await self._aggregates.get(GENERATION, event.originator_id)
        # The attempt is part of the seed, so a step that runs again proposes another brand.
        brief = BrandBrief(
            niche=store.niche,
            preferences=store.preferences,
            seed=f"{event.originator_id}:{event.attempt}",
            former_name=None if store.brand is None else store.brand.name,
            # A retry may find other neighbors. That is harmless, because the first answer is recorded and counts.
            neighbors=await self._brands.newest(store.merchant_id, other_than=event.store_id, limit=NEIGHBORS),
            reading=generation.reading,
        )
        proposal = await self.ask_once(
            envelope, event, BrandProposal, lambda: self._writer.propose(brief), who="the brand writer"
        )
        names = [f"“{option.name}”" for option in proposal.options]
        await self.report(
            envelope,
            event,
            item="names",
            total=2,
            message=f"Weighed {len(names)} names: {', '.join(names[:-1])} and {names[-1]}",
        )
        return AdoptBrand(generation_id=event.originator_id, attempt=event.attempt, proposal=proposal)
