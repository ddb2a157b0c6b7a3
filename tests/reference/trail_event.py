# SPDX-License-Identifier: Apache-2.0
"""Events of the trail: proto/FORMAT.md §13.4."""

from codec import Reader
from errors import require

KINDS = ("open read read-all scan find verify-password list collect subjects ref-of fold-lookups as close audit-full "
         "trail-log trail-verify trail-prove trail-sign trail-pin trail-export trail-prune explain "
         "ledger standing upkeep publish disclose disclosures may-contact suppress report rectify expire export-subject review "
         "erase renew shred compact rotate backup restore check destroyed").split()
OUTCOMES = "allowed refused not-found failed".split()
DETAILS = "of first last tree-size decision entries sequence said notice event count report bucket version epoch key stream root sha256".split()
REASON_MAX = 28


def _word(words, number, what):
    require(1 <= number <= len(words), "event: " + what)
    return words[number - 1]


def _text(reader):
    """Whatever the caller or the system gave: a name of a program need not be UTF-8."""
    return reader.str8().decode(errors="backslashreplace")


def _reasons(bits):
    require(bits & 1 == 0 and bits >> (REASON_MAX + 1) == 0, "event: reasons")
    return [number for number in range(1, REASON_MAX + 1) if bits >> number & 1]


def parse_origin(plain):
    """Who opened an instance: the end of the plaintext of the box in a journal's head."""
    reader = Reader(plain, "origin")
    origin = {"actor": _text(reader), "keyring": reader.take(16).hex(), "uid": reader.uint(4), "pid": reader.uint(4),
              "host": _text(reader), "program": _text(reader)}
    reader.end()
    return origin


def parse_event(plain):
    reader = Reader(plain, "event")
    version = reader.uint(1)
    require(version in (1, 2), "event: version")
    event = {"kind": _word(KINDS, reader.uint(1), "kind"), "outcome": _word(OUTCOMES, reader.uint(1), "outcome"),
             "at": reader.i64(), "transaction": reader.uint(8), "policy_version": reader.uint(4),
             "reasons": _reasons(reader.uint(8)), "repeats": reader.uint(4), "handle": reader.take(16).hex()}
    for name in ("purpose", "on_behalf_of", "category", "case", "recipient", "ground"):
        event[name] = _text(reader)
    event["fields"] = [_text(reader) for _ in range(reader.uint(1))]
    count = reader.uint(4)
    require(version == 1 or count > 0, "event: of no rows")
    event["records"], event["rows"] = [], []
    for _ in range(count):
        event["records"].append([reader.take(size).hex() for size in (16, 8, 16, 16)])
        if version == 2:
            event["rows"].append([reader.uint(4), reader.i64()])
    event["details"] = [[_word(DETAILS, reader.uint(1), "detail"), _text(reader)] for _ in range(reader.uint(1))]
    reader.end()
    return event
