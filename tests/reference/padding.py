# SPDX-License-Identifier: Apache-2.0
"""Padding to buckets: proto/FORMAT.md §5.3."""

from errors import require


def step(size):
    """The size of the buckets around `size`."""
    if size <= 256:
        return 32
    return 1 << (size.bit_length() - 1 - 3)  # an eighth of the largest power of two not above


def padded_size(size):
    """The padded size of `size` bytes of plaintext."""
    size += 1
    return -(-size // step(size)) * step(size)


def unpad(padded):
    require(padded and len(padded) % step(len(padded)) == 0, "padding: no bucket")
    end = padded.rstrip(b"\0")
    require(end[-1:] == b"\x80", "padding: no end")
    require(len(padded) - len(end) < step(len(padded)), "padding: too long")
    return end[:-1]
