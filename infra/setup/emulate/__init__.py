"""Emulate, which stands in for Google and GitHub in tests, from the npm registry."""

from pathlib import Path

from infra.setup.npm import NpmProgram

EMULATE = NpmProgram(
    name="emulate", version="0.11.2", entry="node_modules/emulate/dist/index.js", pins=Path(__file__).parent
)
