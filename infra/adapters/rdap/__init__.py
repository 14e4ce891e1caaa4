"""Domain availability by RDAP."""
