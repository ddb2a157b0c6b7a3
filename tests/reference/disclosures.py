# SPDX-License-Identifier: Apache-2.0
"""The accounting, parcels and the list of addresses: proto/FORMAT.md §15."""

from collections import namedtuple

import suite1
from codec import Reader, blake2b, name_id
from errors import require
from padding import unpad
from policy import EMAIL, index_form

ACCOUNTING, PARCEL = 15, 18
NO_END = 2**63 - 1

Row = namedtuple("Row", "sequence at until policy_version parcel recipient ground purpose controller category case "
                        "decision fields records")
Parcel = namedtuple("Parcel", "vault id recipient at until purpose ground category records")


def _until(reader):
    until = reader.i64()
    return None if until == NO_END else until


def open_row(vault_id, subject, sequence, row):
    bound = suite1.binding(ACCOUNTING, vault_id, subject.handle, context=sequence.to_bytes(8, "big"))
    envelope = Reader(row, "accounting").version(1).rest()
    return _read_plain(sequence, suite1.open_sealed(subject.history, bound, envelope, "accounting"))


def open_kept_row(vault_id, handle, sequence, row, rights, version):
    """A row of somebody who was erased, with the key of `rights`."""
    reader = Reader(row, "accounting").version(2)
    require(reader.uint(2) == version, "accounting: another key of rights")
    bound = suite1.binding(suite1.KEPT_DISCLOSURE, vault_id, handle, context=sequence.to_bytes(8, "big"),
                           wrap_for=(name_id("rights"), version))
    return _read_plain(sequence, suite1.open_sealed(rights, bound, reader.rest(), "accounting"))


def _read_plain(sequence, plain):
    reader = Reader(unpad(plain), "disclosure").version(1)
    head = [reader.i64(), _until(reader), reader.uint(4), reader.take(16)]
    texts = [reader.str8().decode() for _ in range(7)]
    fields = [reader.str8().decode() for _ in range(reader.uint(1))]
    records = [reader.take(16) for _ in range(reader.uint(2))]
    reader.end()
    require(fields and 1 <= len(records) <= 1000, "disclosure: counts")
    return Row(sequence, *head, *texts, fields, records)


def accounting(vault, subject):
    rows = []
    for key, row in vault.rows("disclosures", subject.handle):
        require(len(key) == 24, "disclosures: length of a key")
        sequence = int.from_bytes(key[16:], "big")
        require(sequence == len(rows) + 1, "disclosures: a gap")
        rows.append(open_row(vault.id, subject, sequence, row))
    return rows


def _value(reader):
    name, present, value = reader.str8().decode(), reader.uint(1), reader.str32()
    require(present in (0, 1) and (present or not value), "parcel: a value")
    return name, value if present else None


def open_parcel(secret, data):
    """What a recipient does with the secret half of its key, and nothing of the vault."""
    reader = Reader(data, "parcel")
    require(reader.take(8) == b"BAILEEPC", "parcel: magic")
    require(reader.uint(2) == 1, "parcel: version")
    vault, parcel, recipient = reader.take(16), reader.take(16), reader.str8()
    bound = suite1.binding(PARCEL, vault, record=parcel, wrap_for=(name_id(recipient.decode()), 1))
    contents = Reader(unpad(suite1.open_box(secret, bound, reader.rest())), "parcel")
    head = [contents.i64(), _until(contents)] + [contents.str8().decode() for _ in range(3)]
    records = []
    for _ in range(contents.uint(2)):
        record, collected_at = contents.take(16), contents.i64()
        records.append((record, collected_at, dict(_value(contents) for _ in range(contents.uint(1)))))
    contents.end()
    return Parcel(vault, parcel, recipient.decode(), *head, records)


def is_suppressed(vault, address):
    key = blake2b(32, b"", person=b"bailee.suppkey", key=vault.ref_key)
    tag = blake2b(16, index_form(EMAIL, address), person=b"bailee.suppress", key=key)
    rows = list(vault.rows("ledger", b"\2" + tag))
    require(all(len(key) == 17 and row == b"\1" for key, row in rows), "list of addresses: a row")
    return len(rows) == 1
