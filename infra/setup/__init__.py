"""What ``make`` installs besides Python packages; each is one module that can be run: ``python -m infra.setup.model``."""
