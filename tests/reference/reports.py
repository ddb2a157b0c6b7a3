# SPDX-License-Identifier: Apache-2.0
"""Cells of reports, what collecting fills, and counters: proto/FORMAT.md §16."""

from collections import namedtuple

import suite1
from codec import Reader, blake2b, name_id
from errors import require
from padding import unpad

CELLS, FEED = 16, 17
CELLS_MAX, FED_CELLS_MAX = 4096, 1024
SUBJECTS, RECORDS = 1, 2

Bucket = namedtuple("Bucket", "policy_version computed_at min_subjects counts_records by cells")


def _texts(reader, count):
    return [reader.str8().decode() for _ in range(count)]


def _place(key):
    reader = Reader(key, "reports: a key")
    kind, report, unit, start = reader.uint(1), reader.take(8), reader.uint(1), reader.take(8)
    reader.end()
    require(unit in (1, 2, 3), "reports: a bucket")
    return kind, report, unit, start


def _ascending(cells):
    require(all(before < after for before, after in zip(cells, cells[1:])), "reports: the order of cells")


def open_cells(vault_id, key, row, tally, version):
    """What may be shown of a closed bucket, with the key of `tally`."""
    kind, report, unit, start = _place(key)
    require(kind == 1, "reports: not the cells of a bucket")
    reader = Reader(row, "cells").version(1)
    require(reader.uint(2) == version, "cells: another key of tally")
    bound = suite1.binding(CELLS, vault_id, category=report, compartment=unit, generation=version, context=start)
    reader = Reader(unpad(suite1.open_sealed(tally, bound, reader.rest(), "cells")), "cells")
    head = [reader.uint(4), reader.i64(), reader.uint(4)]
    count = reader.uint(1)
    require(count in (SUBJECTS, RECORDS), "cells: what is counted")
    by = _texts(reader, reader.uint(1))
    total = reader.uint(4)
    require(total <= CELLS_MAX, "cells: too many")
    cells = [(_texts(reader, len(by)), reader.uint(8)) for _ in range(total)]
    reader.end()
    _ascending([values for values, _ in cells])
    return Bucket(*head, count == RECORDS, by, cells)


def open_feed(vault_id, tag_key, key, row):
    """What collecting filled so far: [(values, subjects, records, of nobody known)], for whoever has the storage key."""
    kind, report, unit, start = _place(key)
    require(kind == 2, "reports: not a feed")
    feed_key = blake2b(32, b"", person=b"bailee.feed", key=tag_key)
    bound = suite1.binding(FEED, vault_id, category=report, compartment=unit, context=start)
    envelope = Reader(row, "feed").version(1).rest()
    reader = Reader(unpad(suite1.open_sealed(feed_key, bound, envelope, "feed")), "feed")
    by = _texts(reader, reader.uint(1))
    total = reader.uint(4)
    require(total <= FED_CELLS_MAX, "feed: too many cells")
    cells = []
    for _ in range(total):
        start = reader.at
        values = _texts(reader, len(by))
        cells.append((reader.data[start:reader.at], values, reader.uint(8), reader.uint(8), reader.uint(8)))
    reader.end()
    _ascending([raw for raw, *_ in cells])
    return by, [cell[1:] for cell in cells]


def counters(vault):
    """{(why, name id): count}"""
    found = {}
    for key, row in vault.rows("reports", b"\3"):
        require(len(key) == 10 and key[1] in (1, 2) and len(row) == 8, "reports: a counter")
        found[key[1], key[2:]] = int.from_bytes(row, "big")
    return found


def key_of(kind, report, unit, start):
    return bytes([kind]) + name_id(report) + bytes([unit]) + start.to_bytes(8, "big", signed=True)
