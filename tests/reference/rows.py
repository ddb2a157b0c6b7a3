# SPDX-License-Identifier: Apache-2.0
"""Subjects, wraps and records: proto/FORMAT.md §9 and §10. Nothing here holds keys of purposes."""

from collections import namedtuple

import ledger
import suite1
from codec import Reader
from errors import require
from padding import unpad

TRAVELLING = 0xFFFFFFFF
WRITE_ONLY_GENERATIONS_MAX = 4
REF_BYTES_MAX, FIELD_BYTES_MAX, FIELDS_MAX = 255, 1 << 20, 64

Subject = namedtuple("Subject", "handle kind key history ref created_at generation revisions standing")
Wrap = namedtuple("Wrap", "write_only purpose version generation sealed")
Record = namedtuple("Record", "revision collected_at terms entries revisions")  # revisions: sealed, or empty
Entry = namedtuple("Entry", "compartment generation travelling sealed")
# Where a compartment of a record is; `record` is zero for wraps that do not travel.
Place = namedtuple("Place", "vault subject category record compartment terms")


def read_subject(vault, handle, row, shards):
    reader = Reader(row, "subject row").version(1)
    generation, shard_key, revision = reader.uint(4), reader.take(8), reader.uint(4)
    bound = suite1.binding(suite1.SUBJECT_ROW, vault, handle, generation=generation, revision=revision,
                           context=shard_key)
    state = unpad(suite1.open_sealed(shards.get(handle, shard_key), bound, reader.rest(), "subject row"))
    return read_state(handle, generation, state)


def read_state(handle, generation, plain):
    state = Reader(plain, "subject state")
    kind, key, history, ref, created_at = state.uint(1), state.take(32), state.take(32), state.str8(), state.i64()
    require(kind in (1, 2), "subject state: kind")
    standing = ledger.parse_standing(state.str32())
    revisions = {}
    for _ in range(state.uint(4)):
        place = (state.take(8), state.take(16))
        require(place not in revisions, "subject state: a record twice")
        revisions[place] = state.uint(4)
    state.end()
    return Subject(handle, "subject" if kind == 1 else "tag", key, history, ref, created_at, generation,
                   revisions, standing)


def _outer(place):
    return suite1.binding(suite1.WRAPS_ROW, place.vault, place.subject.handle, place.category, place.record,
                          place.compartment, place.terms, generation=place.subject.generation)


def read_wraps(place, row):
    """The wraps of a row, kept by itself or travelling with a record."""
    envelope = Reader(row, "wraps row").version(1).rest()
    reader = Reader(unpad(suite1.open_sealed(place.subject.key, _outer(place), envelope, "wraps")), "wraps")
    wraps = []
    for _ in range(reader.uint(2)):
        kind = reader.uint(1)
        require(kind in (suite1.WRAP, suite1.WRITE_ONLY_WRAP), "wraps: unknown type")
        write_only = kind == suite1.WRITE_ONLY_WRAP
        purpose, version, generation = reader.take(8), reader.uint(2), reader.uint(4)
        size = 32 + (suite1.BOX_OVERHEAD if write_only else suite1.OVERHEAD)
        wraps.append(Wrap(write_only, purpose, version, generation, reader.take(size)))
    reader.end()
    order = [(wrap.generation, wrap.purpose, wrap.version) for wrap in wraps]
    require(all(a < b for a, b in zip(order, order[1:])), "wraps: order")
    symmetric = {wrap.generation for wrap in wraps if not wrap.write_only}
    write_only = {wrap.generation for wrap in wraps} - symmetric
    require(len(write_only) <= WRITE_ONLY_GENERATIONS_MAX, "wraps: too many write-only generations")
    return wraps


def open_wrap(place, wrap, purpose_key):
    """D, with the key of the purpose that the wrap names. Raises WrongKey for another."""
    label = suite1.WRITE_ONLY_WRAP if wrap.write_only else suite1.WRAP
    bound = suite1.binding(label, place.vault, place.subject.handle, place.category, place.record,
                           place.compartment, place.terms, generation=wrap.generation,
                           wrap_for=(wrap.purpose, wrap.version))
    if wrap.write_only:
        return suite1.open_box(suite1.box_secret(purpose_key, wrap.version), bound, wrap.sealed)
    return suite1.open_envelope(purpose_key, bound, wrap.sealed)


def read_record(row):
    reader = Reader(row, "record row")
    mixed = row[:1] == b"\2"
    reader.version(2 if mixed else 1)
    revision, collected_at, terms = reader.uint(4), reader.i64(), reader.take(16)
    count = reader.uint(1)
    revisions = reader.take(suite1.OVERHEAD + 4 * count) if mixed else b""
    entries = [Entry(reader.uint(2), reader.uint(4), reader.str16(), reader.str32()) for _ in range(count)]
    reader.end()
    for entry in entries:
        require((entry.generation == TRAVELLING) == bool(entry.travelling), "record row: generation")
    return Record(revision, collected_at, terms, entries, revisions)


def revision_of(place, record_id, record, entry):
    """The revision that a compartment was sealed in."""
    if not record.revisions:
        return record.revision
    bound = suite1.binding(suite1.REVISIONS, place.vault, place.subject.handle, place.category, record_id,
                           terms=record.terms, revision=record.revision,
                           context=record.collected_at.to_bytes(8, "big", signed=True))
    reader = Reader(suite1.open_sealed(place.subject.history, bound, record.revisions, "revisions"), "revisions")
    revisions = {each.compartment: reader.uint(4) for each in record.entries}
    reader.end()
    require(max(revisions.values()) <= record.revision, "revisions: of the future")
    return revisions[entry.compartment]


def open_compartment(place, record_id, record, entry, key):
    """{field number: value}, with D. Raises WrongKey for another key."""
    bound = suite1.binding(suite1.COMPARTMENT, place.vault, place.subject.handle, place.category, record_id,
                           entry.compartment, record.terms, entry.generation, revision_of(place, record_id, record, entry),
                           record.collected_at.to_bytes(8, "big", signed=True))
    reader = Reader(unpad(suite1.open_envelope(key, bound, entry.sealed)), "fields")
    values, last = {}, -1
    for _ in range(reader.uint(2)):
        field = reader.uint(2)
        require(last < field < FIELDS_MAX, "fields: order")
        values[field], last = reader.str32(), field
        require(len(values[field]) <= FIELD_BYTES_MAX, "fields: too long")
    reader.end()
    return values
