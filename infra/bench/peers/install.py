"""Installation of PostGraphile and Vendure from the npm registry."""

from collections.abc import Mapping
from pathlib import Path

from infra.setup.npm import NpmProgram, NpmUnavailable

HERE = Path(__file__).parent
PEERS: Mapping[str, NpmProgram] = {
    program.name: program
    for program in (
        # 5.1 wants Node 22.
        NpmProgram(
            name="postgraphile",
            version="4.14.1",
            entry="node_modules/postgraphile/package.json",
            pins=HERE / "postgraphile",
        ),
        NpmProgram(
            name="vendure",
            version="3.7.3",
            entry="node_modules/@vendure/core/package.json",
            pins=HERE / "vendure",
        ),
    )
}


def peer_folder(peer: str) -> Path:
    """Return the folder of a peer's packages. It may not exist."""
    return PEERS[peer].folder


def missing_peers() -> dict[str, str]:
    """Install the peers. Return the reason for each that cannot be had, by the name of its figure."""
    reasons = {}
    for peer, program in PEERS.items():
        try:
            program.ensure()
        except NpmUnavailable as unavailable:
            reasons[f"{peer}_per_s"] = str(unavailable)
    return reasons
