# SPDX-License-Identifier: Apache-2.0
"""SipHash-2-4 with a digest of 8 bytes, as its paper defines it (Aumasson and Bernstein, 2012)."""

import struct

MASK = (1 << 64) - 1


def _turn(value, bits):
    return ((value << bits) | (value >> (64 - bits))) & MASK


def _rounds(v, count):
    a, b, c, d = v
    for _ in range(count):
        a, c = (a + b) & MASK, (c + d) & MASK
        b, d = _turn(b, 13) ^ a, _turn(d, 16) ^ c
        a = _turn(a, 32)
        c, a = (c + b) & MASK, (a + d) & MASK
        b, d = _turn(b, 17) ^ c, _turn(d, 21) ^ a
        c = _turn(c, 32)
    return a, b, c, d


def siphash24(key, data):
    """The digest as a number; `key` has 16 bytes."""
    low, high = struct.unpack("<QQ", key)
    v = (low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573)
    whole = len(data) - len(data) % 8
    last = data[whole:].ljust(7, b"\0") + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", data[:whole] + last):
        a, b, c, d = _rounds((v[0], v[1], v[2], v[3] ^ word), 2)
        v = (a ^ word, b, c, d)
    a, b, c, d = _rounds((v[0], v[1], v[2] ^ 0xFF, v[3]), 4)
    return a ^ b ^ c ^ d
