# SPDX-License-Identifier: Apache-2.0
"""Journals: proto/FORMAT.md §13.2. Nothing here takes a key."""

from collections import namedtuple

from codec import Reader, blake2b
from errors import TooNew, require
from siphash import siphash24

CIPHERTEXT_MAX = 16 << 20
TAG = 16

Head = namedtuple("Head", "raw vault instance opened_at box")
Entry = namedtuple("Entry", "raw number attempt ciphertext")


def first_chain(head):
    return blake2b(32, head, person=b"bailee.chain")


def next_chain(chain, body):
    return blake2b(32, chain + body, person=b"bailee.chain")


def take_head(data):
    """The head at the front of a journal."""
    reader = Reader(data, "journal head")
    require(reader.take(8) == b"BAILEEJN", "journal head: magic")
    if reader.uint(2) != 1:
        raise TooNew("journal head: version")
    vault, instance, opened_at, box = reader.take(16), reader.take(16), reader.i64(), reader.str32()
    checked = reader.at
    require(reader.uint(8) == siphash24(instance, data[:checked]), "journal head: check")
    return Head(bytes(data[:reader.at]), vault, instance, opened_at, box)


def take_entry(instance, data):
    """The entry at the front of these bytes."""
    reader = Reader(data, "journal entry")
    size, number, attempt = reader.uint(4), reader.uint(8), reader.uint(4)
    require(TAG <= size <= CIPHERTEXT_MAX, "journal entry: size")
    checked = data[:reader.at]
    check, ciphertext = reader.uint(8), reader.take(size)
    require(check == siphash24(instance, checked + ciphertext), "journal entry: check")
    return Entry(bytes(data[:reader.at]), number, attempt, ciphertext)


def whole(take, data, *before):
    """What `take` gives of bytes that have nothing left over."""
    taken = take(*before, data)
    require(len(taken.raw) == len(data), "bytes left over")
    return taken
