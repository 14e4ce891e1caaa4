"""The TypeScript compiler, which checks the generated client, from the npm registry."""

from pathlib import Path

from infra.setup.npm import NpmProgram

TYPESCRIPT = NpmProgram(
    name="typescript", version="5.9.3", entry="node_modules/typescript/bin/tsc", pins=Path(__file__).parent
)
"""The last version that is written in JavaScript; later ones are programs for each processor."""
