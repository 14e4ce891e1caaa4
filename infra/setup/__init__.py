"""Installation of things that are not Python packages. Each module is a script: ``python -m infra.setup.model``."""
