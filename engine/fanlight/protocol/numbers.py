"""Sequence numbers, which run on a circle, and stamps: microseconds of the sender's monotonic clock."""

MAX_SEQ = 0xFFFF_FFFF
MAX_COUNT = 0xFFFF_FFFF
# JSON numbers are exact up to here in every language.
MAX_STAMP = 2**53 - 1


def next_seq(seq: int) -> int:
    """Return the sequence number after `seq`; 0 comes before the first."""
    return seq % MAX_SEQ + 1


def stamp(seconds: float) -> int:
    """Return a time as it stands in messages: microseconds."""
    return round(seconds * 1e6)


def seconds(stamp: int) -> float:
    """Return a message's time in seconds."""
    return stamp / 1e6
