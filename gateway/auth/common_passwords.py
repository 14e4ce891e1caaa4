"""Whether a password is one that leaks have often.

``common_passwords.bin`` has digests of 40,000 passwords; ``infra/setup/common_passwords.py`` says from where and builds it. A
password also counts as common if it is a listed one with a few digits and signs around it, or with the usual letters
replaced by digits. So the file covers what online guessing tries first, and not every password that ever leaked.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("common_passwords.bin")
WIDTH = 5
"""Bytes of a digest."""
_AFFIXES = re.compile(r"^[\W\d_]{0,4}(.*?)[\W\d_]{0,6}$", re.DOTALL)
_PLAIN = str.maketrans("01345789@$!", "oleastbgasi")
_SHORTEST_BASE = 4
_RUNS = "01234567890123456789 98765432109876543210 abcdefghijklmnopqrstuvwxyzabcdef qwertyuiopasdfghjklzxcvbnm"


def digest_of(password: str) -> bytes:
    """Return the digest that the file has for a password in any letter case."""
    return hashlib.blake2b(password.casefold().encode(), digest_size=WIDTH).digest()


def is_common(password: str) -> bool:
    """Whether a password, or what remains of it without the usual decoration, is listed or one simple run."""
    lowered = password.casefold()
    base = _base_of(lowered)
    candidates = {lowered, lowered.translate(_PLAIN), base, base.translate(_PLAIN)}
    return any(_listed(each) for each in candidates if each) or _is_run(lowered) or _is_run(base)


def _base_of(lowered: str) -> str:
    match = _AFFIXES.match(lowered)
    base = match[1] if match else ""
    return base if len(base) >= _SHORTEST_BASE else ""


def _listed(text: str) -> bool:
    content, wanted = _content(), digest_of(text)
    low, high = 0, len(content) // WIDTH
    while low < high:
        middle = (low + high) // 2
        if content[middle * WIDTH : (middle + 1) * WIDTH] < wanted:
            low = middle + 1
        else:
            high = middle
    return content[low * WIDTH : (low + 1) * WIDTH] == wanted


def _is_run(text: str) -> bool:
    """Whether a text repeats a short piece, or is a run of the keyboard or the alphabet."""
    if not text:
        return False
    repeats = any(text == (text[:size] * len(text))[: len(text)] for size in range(1, min(4, len(text) // 2) + 1))
    return repeats or any(text in run for run in _RUNS.split())


@cache
def _content() -> bytes:
    return FILE.read_bytes()
