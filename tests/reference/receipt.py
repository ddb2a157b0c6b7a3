#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks a receipt of erasing without the vault: proto/FORMAT.md §13.9, and nothing of the library.

  receipt.py ORIGIN KEY RECEIPT

KEY is the log's public key as trail_proof.py takes it. Says as JSON what is proven. Exit code 0 if it holds, 1 if not.
"""

import json
import re
import sys

import suite1
from codec import Reader
from errors import Damage, WrongKey, require
from padding import unpad
from trail_event import parse_event
from trail_proof import NotProven, parse_keys, verify_proof

STEPS = ("erase", "shred", "compact", "destroyed")
BEFORE = {"erase": (), "shred": ("erase",), "compact": ("shred",), "destroyed": ("shred",)}
WRITE = 3
WRITE_EVENT = 13


def open_leaf(vault, key, leaf):
    """(decision, event) of the leaf of a write."""
    reader = Reader(leaf, "leaf").version(1)
    require(reader.uint(1) == WRITE, "leaf: not a write")
    instance, number = reader.take(16), reader.uint(8)
    transaction, envelope = reader.uint(8), reader.rest()
    bound = suite1.binding(WRITE_EVENT, vault, record=instance, context=number.to_bytes(8, "big"))
    event = parse_event(unpad(suite1.open_sealed(key, bound, envelope, "event")))
    require(event["transaction"] == transaction, "event: another transaction")
    return "%s.w%d" % (instance.hex(), number), event


def grade(shown):
    if "shred" not in shown:
        return "inaccessible"
    if "compact" not in shown:
        return "shredded"
    return "absent from backups" if "destroyed" in shown else "compacted"


def verify_receipt(data, origin, log_key):
    reader = Reader(data, "receipt")
    require(reader.take(8) == b"BAILEERC" and reader.uint(2) == 2, "receipt: magic or version")
    vault, count = reader.take(16), reader.uint(1)
    require(1 <= count <= len(STEPS), "receipt: count")
    said, shown = {"vault": vault.hex()}, []
    before, head = -1, None
    for _ in range(count):
        key, leaf, proof = reader.take(32), reader.str32(), reader.str32()
        require(not proof.split(b"\n")[1].startswith(b"extra "), "proof: extra")
        index, checkpoint = verify_proof(proof, leaf, origin, log_key)
        require(index > before and head in (None, checkpoint), "receipt: order or checkpoints")
        before, head = index, checkpoint
        decision, event = open_leaf(vault, key, leaf)
        step, details = event["kind"], dict(event["details"])
        require(step in STEPS and event["outcome"] == "allowed", "receipt: another event")
        require(step not in shown and all(each in shown for each in BEFORE[step]), "receipt: out of its place")
        shown.append(step)
        if step == "erase":
            said.update(decision=decision, handle=event["handle"], case=event["case"], records=int(details["count"]))
        require(step != "shred" or details["count"] == "0", "receipt: something is still owed")
        if step == "destroyed":
            require(re.fullmatch("[0-9a-f]{64}", details["sha256"]), "receipt: no hash")
            said.update(destroyed_sha256=details["sha256"])
    reader.end()
    return dict(said, grade=grade(shown))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    try:
        with open(sys.argv[3], "rb") as file:
            print(json.dumps(verify_receipt(file.read(), sys.argv[1], parse_keys(sys.argv[2]))))
    except (NotProven, Damage, WrongKey) as reason:
        sys.exit("not proven: %s" % reason)
