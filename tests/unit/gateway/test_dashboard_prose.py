"""Two Markdown texts beside each other: what differs is marked, and script stays text."""

from gateway.dashboard.pages.drafts import prose_of, rest_of
from gateway.dashboard.prose import blocks, compared

LIVE = "# Care\n\nWipe it.\n\n- dry\n- cool\n\n| a | b |\n|---|---|\n| 1 | 2 |"


def test_a_text_is_split_into_its_outer_blocks() -> None:
    assert [block[1:3] for block in blocks(LIVE)] == ["h3", "p ", "ul", "ta"]
    assert "".join(blocks("one *line*")) == '<p dir="auto">one <em>line</em></p>'
    assert blocks("") == []


def test_only_blocks_that_differ_are_marked() -> None:
    before, after = compared(LIVE, LIVE.replace("Wipe it.", "Wipe it *dry*."))
    assert before.count("<del>") == after.count("<ins>") == 1
    assert '<del><p dir="auto">Wipe it.</p></del>' in before
    assert '<ins><p dir="auto">Wipe it <em>dry</em>.</p></ins>' in after
    assert compared(LIVE, LIVE) == (compared(LIVE, LIVE)[1],) * 2


def test_a_new_text_is_marked_as_a_whole_and_script_stays_text() -> None:
    before, after = compared("", "<script>x</script>\n\n[a](javascript:x)")
    assert before == ""
    assert after.count("<ins>") == 2
    assert "<script" not in after
    assert "href" not in after


def test_a_description_has_prose_and_other_parts() -> None:
    change = {"field": "DESCRIPTION", "before": None, "proposed": {"description": "**New**", "benefits": ["a"]}}
    texts = prose_of(change)
    assert texts is not None
    assert "<strong>New</strong>" in texts[1]
    assert (rest_of(change, "before"), rest_of(change, "proposed")) == ({}, {"benefits": ["a"]})
    title = {"field": "TITLE", "before": "Old", "proposed": "New"}
    assert (prose_of(title), rest_of(title, "proposed")) == (None, "New")
