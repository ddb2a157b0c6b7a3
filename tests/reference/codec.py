# SPDX-License-Identifier: Apache-2.0
"""Integers, prefixed bytes, hashes and names: proto/FORMAT.md §1 and §5.1."""

import hashlib

from errors import require


def blake2b(size, data, person=b"", key=b""):
    return hashlib.blake2b(data, digest_size=size, person=person, key=key).digest()


def name_id(name):
    return blake2b(8, name.encode(), person=b"bailee.name")


def label16(text):
    """A signature's domain: the text filled up with zero bytes to 16."""
    return text.encode().ljust(16, b"\0")


class Reader:
    """Takes values off the front of bytes; whatever is missing or left over is damage."""

    def __init__(self, data, what):
        self.data, self.at, self.what = bytes(data), 0, what

    def take(self, size):
        require(len(self.data) - self.at >= size, self.what + ": too short")
        self.at += size
        return self.data[self.at - size : self.at]

    def uint(self, size):
        return int.from_bytes(self.take(size), "big")

    def i64(self):
        return int.from_bytes(self.take(8), "big", signed=True)

    def str8(self):
        return self.take(self.uint(1))

    def str16(self):
        return self.take(self.uint(2))

    def str32(self):
        return self.take(self.uint(4))

    def rest(self):
        return self.take(len(self.data) - self.at)

    def version(self, known):
        require(self.uint(1) == known, self.what + ": unknown version")
        return self

    def end(self):
        require(self.at == len(self.data), self.what + ": bytes left over")
