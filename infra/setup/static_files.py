"""Compresses the files that browsers load, for an image: ``python -m infra.setup.static_files``.

Without it, the first request for a file waits for its compression, once per process.
"""

import sys

from gateway.dashboard.rendering import static_folder as dashboard_files
from gateway.docs import assets
from storefront.rendering.renderer import static_folder


def compress_static_files() -> int:
    """Compress every file of the storefront and the gateway; return how many forms were written."""
    return sum(folder.write_compressed() for folder in (static_folder(), assets(), dashboard_files()))


if __name__ == "__main__":
    sys.stdout.write(f"{compress_static_files()} compressed files written.\n")
