"""What a list of sessions calls a device."""

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_LONGEST = 60


def device_name(user_agent: str | None) -> str | None:
    """Return browser and system of a ``User-Agent``, or a program's name; None without one.

    Versions are left out, so that the name stays the same after an update.
    """
    agent = "".join(char for char in (user_agent or "")[:500] if char.isprintable()).strip()
    if not agent:
        return None
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    browser = next((name for mark, name in _BROWSERS if mark in agent), None)
    if browser is not None:
        return browser if system is None else f"{browser} on {system}"
    return agent.partition("/")[0].partition(" ")[0][:_LONGEST] or None
