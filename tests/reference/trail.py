#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Replays the trail of a vault and opens what an auditor may. An independent reader of proto/FORMAT.md §13; shares no code with lib/.

  trail.py VAULT [KEYRING]

Prints JSON: first a line about the tree, then one for each event if KEYRING is the auditor's, then one for each journal.
Exit status: 0 whole; 12 wrong key; 13 damage or not whole; 17 a later format.
"""

import json
import os
import re
import sys
from collections import namedtuple

import lmdb
from nacl import bindings, exceptions

import suite1
from codec import Reader, blake2b, name_id
from errors import Damage, NotAKeyring, TooNew, WrongKey, require
from keyring import Keyring
from padding import unpad
from trail_event import parse_event, parse_origin
from trail_journal import take_entry, take_head
from trail_replay import replay

AUDITOR = 3
HEAD, WRITE_EVENT = 12, 13
OF_JOURNAL, OF_WRITES = 1, 2
TRAIL_TABLES = ("meta", "audit_leaf", "audit_node")

# What a journal holds beyond its watermark: whole entries, and bytes after them that are none.
Tail = namedtuple("Tail", "instance head entries left_over bytes_waiting")


# Rows and files


def read_rows(path):
    """{table: {key: value}} of what the trail is made of, in one transaction."""
    env = lmdb.open(path, readonly=True, lock=False, max_dbs=64)
    try:
        tables = {name: env.open_db(name.encode(), create=False) for name in TRAIL_TABLES}
        with env.begin() as transaction:
            return {name: dict(transaction.cursor(db=table)) for name, table in tables.items()}
    finally:
        env.close()


def vault_id(rows):
    reader = Reader(rows["meta"].get(b"vault", b""), "meta vault")
    require(reader.take(8) == b"BAILEEVT", "meta vault: magic")
    if reader.uint(2) != 1:
        raise TooNew("meta vault: format")
    vault = reader.take(16)
    reader.i64()
    reader.end()
    return vault


def replay_rows(rows):
    return replay(vault_id(rows), rows["meta"], rows["audit_leaf"], rows["audit_node"])


def read_journals(path):
    """{instance: bytes} of the journals of a vault."""
    journals = {}
    for name in sorted(os.listdir(os.path.join(path, "journal"))):
        if re.fullmatch("[0-9a-f]{32}[.]journal", name):
            try:
                with open(os.path.join(path, "journal", name), "rb") as file:
                    journals[bytes.fromhex(name[:32])] = file.read()
            except FileNotFoundError:
                pass  # its owner closed it; whoever misses it says so
    return journals


def read_still(path):
    """(rows, journals) of one moment: of a vault that is in use, once nothing was committed between two looks."""
    for _ in range(100):
        before, journals = read_rows(path), read_journals(path)
        if read_rows(path)["meta"] == before["meta"]:
            return before, journals
    raise Damage("the vault does not stand still")


# Journals against the tree


def _is_or_was(data, at, raw):
    """Whether these bytes are there, or were given back as far as they are not."""
    there = data[at : at + len(raw)]
    return there == raw or (len(there) == len(raw) and all(a in (0, b) for a, b in zip(there, raw)))


def read_tail(trail, name, data):
    instance = trail.instances.get(name)
    if instance is None and name in trail.marked:  # it ended among the leaves deleted
        waiting = len(data) - trail.marked[name][2]
        require(waiting >= 0, "journal: shorter than its watermark says")
        return Tail(name, None, [], waiting, waiting)
    if instance is None:  # nothing of it is in the tree yet
        try:
            head = take_head(data)
        except Damage:
            return Tail(name, None, [], len(data), len(data))
        require(head.vault == trail.vault and head.instance == name, "journal: another's")
        at, number = len(head.raw), 0
    else:
        head, at, number = instance.head, instance.offset, instance.journal_number
        require(name in trail.marked, "journal: of an instance that is gone")
        require(len(data) >= at, "journal: shorter than its watermark says")
        for offset, raw in [(0, head.raw)] + instance.raw_entries:
            require(_is_or_was(data, offset, raw), "journal: not what is in the tree")
    entries, waiting = [], len(data) - at
    while at < len(data):
        try:
            entry = take_entry(name, data[at:])
        except Damage:
            break
        if entry.number != number:
            break
        entries.append(entry)
        at, number = at + len(entry.raw), number + 1
    return Tail(name, head, entries, len(data) - at, waiting)


def read_tails(trail, journals):
    for name, instance in trail.instances.items():
        require(instance.ended or name in journals, "journal: missing")
    return [read_tail(trail, name, data) for name, data in journals.items()]


# Keys


class Chain:
    """The entry keys of one chain of an instance, from the first on."""

    def __init__(self, number, vault, instance, key):
        self.place, self.key, self.at = bytes([number]) + vault + instance, key, 0

    def _step(self):
        both = blake2b(64, self.place + self.at.to_bytes(8, "big"), person=b"bailee.trail", key=self.key)
        self.key, self.at = both[32:], self.at + 1
        return both[:32]

    def entry_key(self, number):
        require(number >= self.at, "a key that was passed")
        while self.at < number:
            self._step()
        return self._step()


class Opened:
    """The two chains of an instance and who opened it."""

    def __init__(self, head, secret):
        bound = suite1.binding(HEAD, head.vault, record=head.instance,
                               context=head.opened_at.to_bytes(8, "big", signed=True), wrap_for=(name_id("auditor"), 1))
        plain = Reader(unpad(suite1.open_box(secret, bound, head.box)), "journal box")
        self.head = head
        self.chains = {number: Chain(number, head.vault, head.instance, plain.take(32)) for number in (OF_JOURNAL, OF_WRITES)}
        self.origin = parse_origin(plain.rest())

    def open_journal(self, entry):
        nonce = entry.attempt.to_bytes(4, "big") + bytes(8)
        key = self.chains[OF_JOURNAL].entry_key(entry.number)
        try:
            padded = bindings.crypto_aead_chacha20poly1305_ietf_decrypt(entry.ciphertext, None, nonce, key)
        except exceptions.CryptoError as failure:
            raise Damage("journal entry: does not open") from failure
        return parse_event(unpad(padded))

    def open_write(self, number, body):
        transaction, envelope = body
        bound = suite1.binding(WRITE_EVENT, self.head.vault, record=self.head.instance, context=number.to_bytes(8, "big"))
        key = self.chains[OF_WRITES].entry_key(number)
        event = parse_event(unpad(suite1.open_sealed(key, bound, envelope, "write's event")))
        require(event["transaction"] == transaction, "write's event: another transaction")
        return event


class Auditor:
    """Opens what the auditor's X25519 secret opens of one trail."""

    def __init__(self, trail, secret):
        self.trail, self.secret, self.opened, self.seen = trail, secret, {}, {}

    def _opened(self, name, head):
        if name not in self.opened:
            self.opened[name] = Opened(head, self.secret)
        return self.opened[name]

    def _complete(self, opened, is_write, number, event):
        """Adds what the instance says, once the event is checked against those before it."""
        chain = opened.head.instance, is_write
        self._check_repeats(chain, number, event)
        self.seen[chain + (number,)] = event
        return dict(event, id="%s.%s%d" % (chain[0].hex(), "w" if is_write else "r", number), **opened.origin)

    def _check_repeats(self, chain, number, event):
        of = [text for word, text in event["details"] if word == "of"]
        require(len(of) == (event["repeats"] > 0), "event: repeats of nothing, or nothing repeated")
        if not of:
            return
        require(re.fullmatch("0|[1-9][0-9]{0,19}", of[0]) is not None and int(of[0]) < number, "event: repeats a later one")
        first = self.seen.get(chain + (int(of[0]),))
        require(first is not None or self.trail.first > 0, "event: repeats one that is not there")
        if first is not None:
            same = ("kind", "outcome", "reasons", "handle", "purpose", "on_behalf_of", "category", "case", "recipient",
                    "ground", "fields", "records", "policy_version")
            require(all(event[name] == first[name] for name in same), "event: repeats another")
            require([each for each in event["details"] if each[0] != "of"] == first["details"], "event: repeats another")

    def _check_closings(self):
        """The leaf of a close anybody can make, the event of it only the instance."""
        for name, instance in self.trail.instances.items():
            if not instance.ended or instance.adoption is not None:
                continue
            last = self.seen.get((name, True, instance.write_number - 1))
            if last is None:
                require(self.trail.first > 0, "close: not said by its instance")
            else:
                said = last["kind"] == "close" and ["entries", str(instance.journal_number)] in last["details"]
                require(said, "close: not as its instance says")

    def events(self):
        """Every event of the tree, in its order."""
        for name, instance in self.trail.instances.items():
            self._opened(name, instance.head)
        for sealed in self.trail.entries:
            opened = self.opened[sealed.instance]
            event = (opened.open_write(sealed.number, sealed.body) if sealed.is_write else opened.open_journal(sealed.body))
            yield dict(self._complete(opened, sealed.is_write, sealed.number, event), index=sealed.index)
        self._check_closings()

    def tail_events(self, tail):
        """The events that wait in a journal; call it after `events`."""
        if tail.head is None:
            return
        opened = self._opened(tail.instance, tail.head)
        for entry in tail.entries:
            yield self._complete(opened, False, entry.number, opened.open_journal(entry))


# The program


def summary(trail, tails):
    """What somebody without keys can say."""
    return {"vault": trail.vault.hex(), "size": trail.tree.size, "root": trail.tree.root().hex(), "pruned": trail.first,
            "entries": len(trail.entries), "instances": len(trail.instances),
            "open": sum(not each.ended for each in trail.instances.values()),
            "waiting_bytes": sum(tail.bytes_waiting for tail in tails)}


def auditor_secret(keyring, vault):
    require(keyring.vault == vault, "the keyring is of another vault")
    if AUDITOR not in keyring.roles:
        raise WrongKey("not the auditor's keyring")
    return keyring.roles[AUDITOR]


def main(path, *keyrings):
    rows, journals = read_still(path)
    trail = replay_rows(rows)
    tails = read_tails(trail, journals)
    print(json.dumps(summary(trail, tails)))
    auditor = None
    if keyrings:
        with open(keyrings[0], "rb") as file:
            auditor = Auditor(trail, auditor_secret(Keyring(file.read()), trail.vault))
        for event in auditor.events():
            print(json.dumps(event))
    for tail in tails:
        waiting = list(auditor.tail_events(tail)) if auditor else len(tail.entries)
        print(json.dumps({"journal": tail.instance.hex(), "waiting": waiting, "left_over": tail.left_over}))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    try:
        main(*sys.argv[1:])
    except (Damage, NotAKeyring, WrongKey, TooNew) as failure:
        print("trail: error: %s" % failure, file=sys.stderr)
        sys.exit({WrongKey: 12, TooNew: 17}.get(type(failure), 13))
