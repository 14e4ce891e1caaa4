"""What mails about a store's own domains say."""

from typing import Any
from uuid import UUID

from domain.store.domain_events import DomainFailed, DomainProblem, DomainProofLost
from domain.store.domain_names import shown_domain
from domain.store.domains import proof_name, proof_value, token_of

PROBLEMS = {
    DomainProblem.NO_RECORD: "There is no TXT record at the name that proves it.",
    DomainProblem.OTHER_RECORD: "The TXT record at the name that proves it has another text.",
    DomainProblem.DNS_ERROR: "The name servers of the domain give no usable answer.",
    DomainProblem.TAKEN: "Another shop proved it first.",
}


def domain_facts(store_id: UUID, event: DomainProofLost | DomainFailed) -> tuple[str, dict[str, Any]]:
    """Return the subject and the facts of the mail about an event."""
    domain = shown_domain(event.name)
    facts = {
        "domain": domain,
        "problem": PROBLEMS[event.problem],
        "proof_name": proof_name(event.name),
        "proof_value": proof_value(token_of(store_id, event.name)),
    }
    if isinstance(event, DomainProofLost):
        return f"Publish the TXT record of {domain} again", facts | {"off_at": event.off_at}
    if event.problem is DomainProblem.TAKEN:
        facts["proof_name"] = ""
    return f"{domain} is not connected to your shop", facts
