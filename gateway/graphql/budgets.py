"""Budgets: maximum sizes of a GraphQL document, its variables and its answer."""

from dataclasses import dataclass, fields

from graphql import GraphQLError

SATURATED = 1 << 40
"""Maximum of every count. All limits are far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Maximum sizes of a document, its variables and its answer."""

    characters: int
    """Characters of the text."""
    lines: int
    """Lines of the text. Each error counts lines to find its position."""
    tokens: int
    """Words and punctuation marks of the text."""
    operations: int
    fragments: int
    levels: int
    """Nesting depth of fields, with fragments expanded."""
    size: int
    """Fields, fragments, arguments, directives and variable definitions, with fragments expanded."""
    aliases: int
    """Aliases, with fragments expanded."""
    directives: int
    """Directives in the text."""
    repetition: int
    """Comparisons between fields with the same response name. n equal fields need n times n-1."""
    introspections: float
    """Size of the introspection answer, in answers to the standard introspection query."""
    answer: int
    """Fields of the answer, estimated from the page sizes."""
    variables: int
    """Values in the variables, including list elements and object fields."""


AUTHENTICATED = Budget(
    characters=100_000,
    lines=3_000,
    tokens=4_000,
    operations=20,
    fragments=50,
    levels=15,
    size=2_000,
    aliases=30,
    directives=100,
    repetition=5_000,
    introspections=2,
    answer=50_000,
    variables=5_000,
)
"""For callers with an access token."""

ANONYMOUS = Budget(
    characters=20_000,
    lines=1_000,
    tokens=1_000,
    operations=5,
    fragments=20,
    levels=15,
    size=600,
    aliases=10,
    directives=20,
    repetition=1_000,
    introspections=1.1,
    answer=10_000,
    variables=500,
)
"""For anonymous callers. It is enough to register, to log in, and for the standard introspection query."""


class TooLarge(GraphQLError):
    """A document or its variables exceed the caller's budget. Retrying does not help."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "INVALID_QUERY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The size of a document, in the units of :class:`Budget`."""

    operations: int
    fragments: int
    directives: int
    size: int = 0
    levels: int = 0
    aliases: int = 0
    introspections: float = 0
    repetition: int = 0

    def check(self, budget: Budget) -> None:
        """Compare the measure with a budget.

        Raises:
            TooLarge: names the exceeded limit, the value, and what to do.
        """
        for each in fields(self):
            value, most = getattr(self, each.name), getattr(budget, each.name)
            if value > most:
                raise TooLarge(_SENTENCES[each.name].format(value=_readable(value), most=f"{most:,}"))


_SENTENCES = {
    "operations": "The document has {value} operations. Send at most {most}.",
    "fragments": "The document defines {value} fragments. Use at most {most}.",
    "directives": "The document has {value} directives. Use at most {most}.",
    "size": (
        "The document has {value} fields, fragments and arguments after expanding its fragments. "
        "Send at most {most} at once."
    ),
    "levels": "The document nests fields {value} levels deep. Use at most {most} levels.",
    "aliases": "The document has {value} aliases. Use at most {most}.",
    "introspections": (
        "The document's introspection is {value} times as large as the standard introspection query. "
        "At most {most} times is allowed; ask for less of the schema."
    ),
    "repetition": (
        "The document selects the same fields repeatedly: validation needs {value} comparisons. "
        "At most {most} are allowed; select each field once."
    ),
}


def _readable(value: float) -> str:
    if value >= SATURATED:
        return "too many"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def check_variables(variables: object, budget: Budget) -> None:
    """Check the number of values in an operation's variables.

    Raises:
        TooLarge: there are more values than the budget allows.
    """
    count, pending = 0, [variables]
    while pending:
        match pending.pop():
            case dict() as values:
                count += len(values)
                pending.extend(values.values())
            case list() as values:
                count += len(values)
                pending.extend(values)
        if count > budget.variables:
            raise TooLarge(f"The variables have more than {budget.variables:,} values. Send fewer.")


def check_text(text: str, budget: Budget) -> None:
    """Check the length of a document's text.

    Raises:
        TooLarge: the text is longer than the budget allows.
    """
    if len(text) > budget.characters:
        raise TooLarge(f"The document has {len(text):,} characters. Send at most {budget.characters:,}.")
    lines = text.count("\n") + text.count("\r") + 1
    if lines > budget.lines:
        raise TooLarge(
            f"The document has {lines:,} lines. Send at most {budget.lines:,}; use variables for long texts."
        )
