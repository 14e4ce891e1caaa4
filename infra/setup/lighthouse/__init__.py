"""Lighthouse, which measures pages in Chromium, from the npm registry.

The folder has ``package.json``. It pins a package that another one wants as “latest”, which no lock file can hold.
"""

from pathlib import Path

from infra.setup.npm import NpmProgram

LIGHTHOUSE = NpmProgram(
    name="lighthouse", version="12.8.2", entry="node_modules/lighthouse/cli/index.js", pins=Path(__file__).parent
)
"""The last version for Node 18 to 22; version 13 wants Node 22.19."""
