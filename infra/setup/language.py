"""Checks what a machine can check of CONTRIBUTING.md's language rules: words, sentence length and commit subjects.

Prose is a docstring, a comment, a string literal with at least three words, a GraphQL description, or a Markdown paragraph.
Names of tests are prose too. Photos' licences, generated documents and lexicons of the writers are not.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_SENTENCE = 30
"""Words. The rule says 20; code names and figures count as words here, so the check leaves room for them."""

WORDS = {
    r"nobody|no one": "name the subject, or use “no caller”, “no process” ...",
    r"whoever|whom|whomever": "name the subject",
    r"for ever": "“without limit”, “permanently”",
    r"anew|afresh": "“again”",
    r"of late": "“recently”",
    r"so many": "“that many” or the number",
    r"be it": "“whether”",
    r"(?:is|are|was|were) told": "“is reported”, “receives”, “sees”",
    r"of ours": "“our”",
    r"there is not|there are not": "“there is no”",
    r"meanwhile": "“until then”, “at the same time”",
    r"mended": "“fixed”",
    r"is no \w+ of": "“is not”",
}
"""Patterns that made readers stop, and what to write instead."""

PUBLIC = ("schemas/schema.graphql", "README.md", "CONTRIBUTING.md", "SECURITY.md", "infra/manual/")
"""Where the length of sentences counts too."""
SKIPPED = ("infra/writers/prompted/prompts/", "infra/writers/rules/brand/naming.py", "infra/writers/rules/brand/writer.py", "schemas/samples/", "uv.lock", "infra/setup/language.py", "tests/unit/infra/setup/test_language.py")  # fmt: skip
LICENSES = frozenset({"LICENSE", "LICENCE"})
"""Names of files whose wording is their author's."""

SUBJECT = re.compile(r"[a-z][a-z0-9-]*(, [a-z][a-z0-9-]*)*: \S.*")
SUBJECT_MOST = 72

_found = {re.compile(rf"\b(?:{words})\b", re.IGNORECASE): advice for words, advice in WORDS.items()}


@dataclass(frozen=True, slots=True)
class Finding:
    """One place to rewrite."""

    path: str
    line: int
    text: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: “{self.text}”: {self.advice}"


def check_words(path: str, line: int, text: str) -> Iterator[Finding]:
    """Yield each word of a text that the rules exclude."""
    for pattern, advice in _found.items():
        for match in pattern.finditer(text):
            yield Finding(path, line + text.count("\n", 0, match.start()), match.group(0), advice)


def check_sentences(path: str, line: int, text: str) -> Iterator[Finding]:
    """Yield each sentence of a text that is too long."""
    prose = re.sub(
        r"```.*?```|^ {4}.*$", lambda code: "\n" * code.group(0).count("\n"), text, flags=re.DOTALL | re.MULTILINE
    )
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*|#] )", prose):
        if paragraph.lstrip().startswith(("|", "#")):
            continue
        for sentence in re.split(r"(?<=[.!?:;])\s+", " ".join(paragraph.split())):
            words = re.findall(r"[\w’'-]+", re.sub(r"`[^`]*`", "code", sentence))
            if len(words) > LONGEST_SENTENCE:
                start = text.find(sentence[:20])
                yield Finding(path, line + text.count("\n", 0, max(start, 0)), sentence[:60], f"{len(words)} words")


def prose_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield every docstring, comment, message and test name of a module, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) >= 3:
            yield node.lineno, node.value
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.replace("_", " ")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def prose_of_graphql(source: str) -> Iterator[tuple[int, str]]:
    """Yield every description of a schema, with its line."""
    for match in re.finditer(r'"""(.*?)"""', source, re.DOTALL):
        yield source.count("\n", 0, match.start()) + 1, match.group(1)


def findings(root: Path, paths: list[str]) -> Iterator[Finding]:
    """Yield everything to rewrite in these files."""
    for path in paths:
        if (
            path.startswith(SKIPPED)
            or Path(path).stem in LICENSES
            or not path.endswith((".py", ".graphql", ".md", ".html"))
        ):
            continue
        source = (root / path).read_text("utf-8")
        if path.endswith(".py"):
            prose = list(prose_of_python(source))
        elif path.endswith(".graphql"):
            prose = list(prose_of_graphql(source))
        else:
            prose = [(1, source)]
        for line, text in prose:
            yield from check_words(path, line, text)
            if path.startswith(PUBLIC):
                yield from check_sentences(path, line, text)


def check_subjects(subjects: list[str]) -> Iterator[Finding]:
    """Yield each commit subject that is not ``area: verb object`` in at most 72 characters."""
    for subject in subjects:
        if subject.startswith(("Merge ", "Revert ")):
            continue
        if not SUBJECT.fullmatch(subject):
            yield Finding("commit", 0, subject, "write “area: verb object”, the area in lower case")
        elif len(subject) > SUBJECT_MOST:
            yield Finding("commit", 0, subject, f"{len(subject)} characters, {SUBJECT_MOST} at most")


def _git(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)  # noqa: S603, S607
    return done.stdout.splitlines()


def _knows(root: Path, commit: str) -> bool:
    """Whether the checkout has the commit; a shallow clone may not."""
    return subprocess.run(["git", "cat-file", "-e", commit], cwd=root, check=False, capture_output=True).returncode == 0  # noqa: S603, S607


def main(root: Path, since: str | None) -> int:
    """Print what is to be rewritten and return the exit status.

    Args:
        root: the checkout.
        since: the commit after which subjects are checked; None checks no subject.
    """
    found = list(findings(root, _git(root, "ls-files")))
    if since is not None and _knows(root, since):
        found += check_subjects(_git(root, "log", "--no-merges", "--format=%s", f"{since}..HEAD"))
    for finding in found:
        print(finding)
    print(f"{len(found)} to rewrite; the rules are in CONTRIBUTING.md." if found else "The language rules hold.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), sys.argv[1] if len(sys.argv) > 1 else None))
