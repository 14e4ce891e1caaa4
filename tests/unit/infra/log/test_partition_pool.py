"""Partitions are distributed evenly over processes."""

from hypothesis import given
from hypothesis import strategies as st

from infra.log.partition_pool import share_out

sizes = st.dictionaries(st.integers(0, 63), st.integers(0, 1_000_000), min_size=1)


@given(sizes, st.integers(1, 16))
def test_every_partition_has_one_process_and_the_shares_are_even(sizes: dict[int, int], processes: int) -> None:
    shares = share_out(sizes, processes)
    assert sorted(number for share in shares for number in share) == sorted(sizes)
    assert len(shares) == min(processes, len(sizes))
    assert all(shares)
    heaviest = max(shares, key=lambda share: sum(sizes[number] for number in share))
    lightest = min(sum(sizes[number] for number in share) for share in shares)
    assert sum(sizes[number] for number in heaviest) - lightest <= max(sizes[number] for number in heaviest)
