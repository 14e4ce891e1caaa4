"""Names of devices in a list of sessions."""

import pytest

from gateway.auth.devices import device_name

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 {}Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME.format("X11; Linux x86_64", ""), "Chrome on Linux"),
        (CHROME.format("Windows NT 10.0; Win64; x64", "") + " Edg/140.0", "Edge on Windows"),
        (CHROME.format("Linux; Android 15; Pixel", "Mobile "), "Chrome on Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on macOS"),
        ("curl/8.5.0", "curl"),
        ("evil\x00\x1b[31m" + "x" * 1000, "evil[31m" + "x" * 52),
        ("", None),
        (None, None),
    ],
)
def test_a_device_is_named_without_versions(agent: str | None, name: str | None) -> None:
    assert device_name(agent) == name
