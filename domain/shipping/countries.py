"""The countries that checkout takes orders from."""

DELIVERABLE = frozenset({
    "AE", "AR", "AT", "AU", "BE", "BG", "BR", "CA", "CH", "CL", "CO", "CY", "CZ", "DE",
    "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HK", "HR", "HU", "IE", "IL", "IN", "IS",
    "IT", "JP", "KR", "LI", "LT", "LU", "LV", "MT", "MX", "MY", "NL", "NO", "NZ", "PH",
    "PL", "PT", "RO", "SA", "SE", "SG", "SI", "SK", "TH", "TR", "TW", "US", "VN", "ZA",
})  # fmt: skip
"""ISO 3166 codes. The checkout form knows how their addresses are written."""
