"""Word counts, reading ease and keyword density."""

import subprocess
import sys

from infra.writers.copykit.scoring import measure, plain


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


def test_threads_that_measure_their_first_text_at_the_same_time_load_one_dictionary() -> None:
    def peak(threads: int) -> int:
        script = f"""
import resource
from concurrent.futures import ThreadPoolExecutor
from infra.writers.copykit.scoring import measure

with ThreadPoolExecutor({threads}) as threads:
    list(threads.map(measure, ["A lamp for the desk."] * {threads}))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
        return int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)

    assert peak(6) < 1.3 * peak(1)
