# SPDX-License-Identifier: Apache-2.0
"""The ledger and the standing it comes to: proto/FORMAT.md §9.1 and §14."""

from collections import namedtuple

import suite1
from codec import Reader
from errors import require
from padding import unpad

KINDS = ("given withdrawn objected declined signal notice-shown event hold release restricted unrestricted "
         "agreed rectified erasure-asked").split()
CHOICES = "given withdrawn objected declined".split()

Entry = namedtuple("Entry", "sequence kind recorded_at at policy_version purpose category notice name reference "
                            "method record fields")
# Each part is what the row says, in its order.
Standing = namedtuple("Standing", "entries restricted erasure_waits choices events holds notices agreed")
NOTHING = Standing(0, False, False, [], [], [], [], [])


def _text(reader):
    return reader.str8().decode()


def parse_standing(data):
    if not data:
        return NOTHING
    reader = Reader(data, "standing").version(1)
    entries, flags = reader.uint(8), reader.uint(1)
    require(entries > 0 and flags < 4, "standing: entries or flags")
    choices = []
    for _ in range(reader.uint(2)):
        choice = reader.uint(1)
        require(1 <= choice <= len(CHOICES), "standing: choice")
        choices.append((CHOICES[choice - 1], _text(reader), _text(reader), _text(reader), reader.uint(8), reader.uint(4)))
    events = [(_text(reader), reader.i64()) for _ in range(reader.uint(2))]
    holds = [(_text(reader), _text(reader)) for _ in range(reader.uint(2))]
    notices = [(_text(reader), reader.i64()) for _ in range(reader.uint(2))]
    agreed = [reader.uint(4) for _ in range(reader.uint(2))]
    reader.end()
    return Standing(entries, bool(flags & 1), bool(flags & 2), choices, events, holds, notices, agreed)


def open_entry(vault_id, subject, sequence, row):
    envelope = Reader(row, "ledger row").version(1).rest()
    bound = suite1.binding(suite1.LEDGER, vault_id, subject.handle, context=sequence.to_bytes(8, "big"))
    reader = Reader(unpad(suite1.open_sealed(subject.history, bound, envelope, "ledger row")), "ledger entry")
    kind = reader.uint(1)
    require(1 <= kind <= len(KINDS), "ledger entry: kind")
    entry = Entry(sequence, KINDS[kind - 1], reader.i64(), reader.i64(), reader.uint(4), *(_text(reader) for _ in range(6)),
                  reader.take(16), [_text(reader) for _ in range(reader.uint(1))])
    reader.end()
    return entry


def fold(entries):
    """What the table of §14.1 says each kind does, one entry after the other."""
    restricted, waits, choices, events, holds, notices, agreed = False, False, {}, [], [], {}, []
    for entry in entries:
        choice = "objected" if entry.kind == "signal" else entry.kind
        if choice in CHOICES:
            choices[choice, entry.purpose, entry.category, entry.notice] = entry.sequence, entry.policy_version
        elif entry.kind == "notice-shown":
            notices[entry.notice] = min(notices.get(entry.notice, entry.at), entry.at)
        elif entry.kind == "event":
            events.append((entry.name, entry.at))
        elif entry.kind in ("hold", "release"):
            holds = [hold for hold in holds if hold != (entry.category, entry.reference)]
            if entry.kind == "hold":
                holds.append((entry.category, entry.reference))
        elif entry.kind in ("restricted", "unrestricted"):
            restricted = entry.kind == "restricted"
        elif entry.kind == "erasure-asked":
            waits = True
        elif entry.kind == "agreed":
            agreed = [version for version in agreed if version != entry.policy_version] + [entry.policy_version]
    return Standing(len(entries), restricted, waits, sorted((*key, *said) for key, said in choices.items()), events, holds,
                    sorted(notices.items()), agreed)


def in_order_of_names(standing):
    return standing._replace(choices=sorted(standing.choices), notices=sorted(standing.notices))
