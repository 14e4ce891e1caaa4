"""Judges names: whether they are suitable, and how easy they are to say."""

import re

from domain.store.trademarks import find_mark_in_name
from domain.text import fold

_UNFORTUNATE_WORDS = re.compile(
    r"anal|anus|arse|(?<![a-z])ass|(?<!gl)(?<!gr)(?<!br)(?<!p)ass(?!oc|em|et)|bastard|bitch|boob|cock(?!tail|le)|coon|crap|"
    r"cum|cunt|damn|dick|dyke|fag|fart|fuck|gook|hell(?!o|e)|hitler|homo|horn?y|jizz|kike|kkk|loser|nazi|nigg|nipple|"
    r"orgy|penis|piss|poo[pf]?(?!l|h|d)|porn|prick|puke|puss|rape|rapist|retard|scam|scrot|semen|(?<![a-z])sex|shit|slag|"
    r"slut|smeg|snot|spic(?!e|y)|suck|(?<!s)tit(?!le|an|ude)|turd|twat|urin|vomit|wank|whore|(?<![a-z])dead|death|isis|toxic"
)


def is_unsuitable(name: str) -> bool:
    """Whether a name has an unfortunate word in it, has a known trade mark, or is hard to say."""
    label = _letters(name)
    words = [_letters(word) for word in name.split()]
    if find_mark_in_name(name) is not None or len(label) < 4:
        return True
    if any(_UNFORTUNATE_WORDS.search(text) for text in {label, *words}):
        return True
    # Three equal letters, or a doubled one at the seam of two words in the domain name.
    return bool(re.search(r"(.)\1\1", label)) or bool(re.search(r"[^aeiouy]{5}|[aeiou]{4}", label))


def pronounceability(name: str) -> float:
    """Return how easy a name is to say, from -2 (hard) to 2 (easy)."""
    words = [_letters(word) for word in name.split() if word != "&"]
    syllables = sum(len(re.findall(r"[aeiouy]+", word.removesuffix("e"))) or 1 for word in words)
    score = 1.5 - abs(syllables - 3) * 0.5
    for word in words:
        score -= 0.5 * len(re.findall(r"[^aeiouy]{3,}", word))
        score -= 0.4 * len(re.findall(r"[aeiou]{3,}|[jqxz][^aeiou]", word))
    if len(words) == 2 and words[0][0] == words[1][0]:
        score += 0.4
    return max(-2.0, min(2.0, score))


def _letters(text: str) -> str:
    plain = fold(text.replace("&", "and"))
    return re.sub(r"[^a-z]", "", plain)
