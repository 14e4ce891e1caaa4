"""Installation of PostGraphile and Vendure from the npm registry."""

from collections.abc import Mapping
from pathlib import Path

from infra.setup.npm import NpmUnavailable, ensure_npm, npm_folder

HERE = Path(__file__).parent
PEERS: Mapping[str, tuple[str, str]] = {
    # 5.1 wants Node 22.
    "postgraphile": ("postgraphile-4.14.1", "node_modules/postgraphile/package.json"),
    "vendure": ("vendure-3.7.3", "node_modules/@vendure/core/package.json"),
}
"""The folder of each peer, and a file that shows that it is installed."""


def peer_folder(peer: str) -> Path:
    """Return the folder of a peer's packages. It may not exist."""
    return npm_folder(PEERS[peer][0])


def missing_peers() -> dict[str, str]:
    """Install the peers. Return the reason for each that cannot be had, by the name of its figure."""
    reasons = {}
    for peer, (name, program) in PEERS.items():
        try:
            ensure_npm(name, HERE / peer, program)
        except NpmUnavailable as unavailable:
            reasons[f"{peer}_per_s"] = str(unavailable)
    return reasons
