"""The language check finds what the rules exclude, and nothing else."""

import pytest

from infra.setup.language import check_sentences, check_subjects, check_words, prose_of_graphql, prose_of_python


@pytest.mark.parametrize("text", ["Nobody waits.", "It is made anew.", "The caller is told.", "A program of ours."])
def test_an_excluded_word_is_found(text: str) -> None:
    assert [finding.line for finding in check_words("a.py", 3, text)] == [3]


@pytest.mark.parametrize("text", ["The runner retries.", "Renewed tokens.", "A hotel of hours.", "toldness"])
def test_a_plain_sentence_passes(text: str) -> None:
    assert list(check_words("a.py", 1, text)) == []


def test_a_finding_names_the_line_inside_a_long_text() -> None:
    assert [finding.line for finding in check_words("a.py", 10, "First.\n\nNobody waits.")] == [12]


def test_docstrings_comments_messages_and_test_names_are_prose_and_code_is_not() -> None:
    source = '''"""A module docstring here."""

told = {"told": 1}  # a comment


def test_a_name_is_a_sentence() -> None:
    raise ValueError("a message for people")
'''
    assert sorted(text for _, text in prose_of_python(source)) == [
        "# a comment",
        "A module docstring here.",
        "a message for people",
        "test a name is a sentence",
    ]


def test_descriptions_of_a_schema_are_prose() -> None:
    assert list(prose_of_graphql('"""One."""\ntype A {\n  """Two."""\n  b: Int\n}\n')) == [(1, "One."), (3, "Two.")]


def test_a_sentence_of_more_than_thirty_words_is_found_once() -> None:
    text = "Short one. " + "word " * 31 + "end.\n\n| a table " + "cell " * 40 + "|"
    assert [finding.advice for finding in check_sentences("README.md", 1, text)] == ["32 words"]


@pytest.mark.parametrize("subject", ["storefront: show order status", "domain, commands: name refusals", "Merge x"])
def test_a_commit_subject_with_an_area_passes(subject: str) -> None:
    assert list(check_subjects([subject])) == []


@pytest.mark.parametrize("subject", ["Shows order status", "storefront show", "Storefront: show", "a: " + "x" * 80])
def test_another_commit_subject_is_found(subject: str) -> None:
    assert len(list(check_subjects([subject]))) == 1
