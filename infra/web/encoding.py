"""The content codings that a client accepts (RFC 9110, section 12.5.3)."""

from starlette.requests import HTTPConnection

PREFERRED = ("br", "gzip")


def best_encoding(request: HTTPConnection) -> str | None:
    """Return the best content coding that the request accepts; None if it accepts only the uncompressed form."""
    weights = _weights(request)
    return next((coding for coding in PREFERRED if weights.get(coding, weights.get("*", 0)) > 0), None)


def accepts_gzip(request: HTTPConnection) -> bool:
    """Whether the request accepts gzip."""
    weights = _weights(request)
    return weights.get("gzip", weights.get("*", 0)) > 0


def _weights(request: HTTPConnection) -> dict[str, float]:
    weights: dict[str, float] = {}
    for item in ",".join(request.headers.getlist("accept-encoding")).lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        weights[coding] = _weight(parameters)
    return weights


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0
    return 1
