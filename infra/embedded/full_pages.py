"""Fills the gaps between a process's objects before it is copied.

A copy shares pages with its origin until it writes to them. Its first new objects would go into gaps of such pages, and each
would cost a page: half a megabyte of gaps made six copies 20 MB larger. With full pages, new objects lie beside each other.
"""

import ctypes
import sys

POOL_BYTES, STEP_BYTES, LARGEST_BYTES = 16 * 1024, 16, 512
"""Python's allocator: the size of a pool, which holds objects of one size; the step between sizes; the largest size."""
EMPTY_BYTES = sys.getsizeof(b"")
SMALLEST_BYTES = 48
"""Smaller objects are numbers, which this module needs itself, and have little room between them."""
LARGEST_GAP_BYTES = 64 * 1024
"""Larger gaps of the C library's heap are left: they hold many objects."""

_fillers: list[list[bytes]] = []


class _HeapState(ctypes.Structure):
    """``struct mallinfo2`` of the C library."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "end",
        )
    ]


def fill_pages() -> None:
    """Fill the gaps of Python's pools and of the C library's heap for as long as this process and its copies live."""
    for size in range(SMALLEST_BYTES, LARGEST_BYTES + 1, STEP_BYTES):
        _fill_pools(size)
    _fill_heap()


def _fill_pools(size: int) -> None:
    """Make objects of a size until one pool is new: its objects lie one after the other."""
    objects: list[bytes] = []
    last = run = 0
    while run < POOL_BYTES // size - 2:
        each = bytes(size - EMPTY_BYTES)
        objects.append(each)
        run = run + 1 if id(each) == last + size else 0
        last = id(each)
    del objects[-run - 1 :]
    _fillers.append(objects)


def _fill_heap() -> None:
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return  # another C library
    library.mallinfo2.restype = _HeapState
    library.sbrk.restype = library.malloc.restype = ctypes.c_size_t
    library.malloc.argtypes, library.free.argtypes = [ctypes.c_size_t], [ctypes.c_size_t]
    library.sbrk.argtypes = [ctypes.c_ssize_t]
    # Behind the last object; what comes from there lies in no gap.
    end = library.sbrk(0) - library.mallinfo2().end
    size = LARGEST_GAP_BYTES
    while size >= STEP_BYTES:
        place = library.malloc(size)
        if place >= end:
            library.free(place)
            size -= 1024 if size > 1024 else STEP_BYTES
