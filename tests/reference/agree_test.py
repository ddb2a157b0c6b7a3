#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The library and the reader written from proto/FORMAT.md read the same: agree_test.py MAKE_VAULT."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import lmdb
from nacl import bindings, exceptions

import codec
import errors
import ledger
import padding
import policy
import read_vault
import rows
import suite1
from keyring import Keyring
from vault import Vault

OUT = None  # what MAKE_VAULT made
EXPECTED = None
PASSWORDS = {"correct horse", "battery staple"}
REJECTIONS = (errors.Damage, errors.TooNew, errors.WrongKey)


def path(name):
    return os.path.join(OUT, name)


def load(name, unlock=None):
    return read_vault.open_keyring(path(name + ".keyring"), unlock)


def opened(keyring_name, which="pending", unlock=None):
    return Vault(path(which), load(keyring_name, unlock))


def by_place(values):
    return {"%(handle)s %(category)s %(record)s %(field)s" % each: each["value"] for each in values}


def without_passwords(values):
    return {place: value for place, value in values.items() if not place.endswith(" password")}


class Agreement(unittest.TestCase):
    def test_every_keyring_opens_exactly_what_the_library_releases(self):
        total = 0
        for which in ("pending", "folded"):
            for actor in EXPECTED["actors"]:
                with self.subTest(which=which, purposes=actor["purposes"]):
                    read = read_vault.read_values(opened(actor["keyring"], which))
                    self.assertEqual(without_passwords(by_place(read["values"])), actor["values"])
                    total += len(actor["values"])
        self.assertGreater(total, 200)

    def test_no_key_of_a_keyring_opens_what_is_outside_its_purposes(self):
        tried = 0
        for actor in EXPECTED["actors"]:
            with self.subTest(purposes=actor["purposes"]):
                read = read_vault.read_values(opened(actor["keyring"]), force=True)
                self.assertEqual(read["forced"], 0)
                self.assertGreater(read["closed"], 0 if actor["purposes"] != ["rights"] else -1)
                tried += read["tries"]
        self.assertGreater(tried, 10000)

    def test_trying_every_key_does_open_what_is_inside(self):
        """The attempts above would notice."""
        import force
        vault = opened("actor-billing")
        found = 0
        for subject, category, record_id, record in vault.records():
            for entry in record.entries:
                if vault.open_entry(subject, category, record_id, record, entry) is not None:
                    found += force.force_entry(vault, subject, category, record_id, record, entry)[1]
        self.assertGreater(found, 10)

    def test_a_collector_opens_nothing(self):
        self.assertEqual(read_vault.read_values(opened("actor-collector"))["values"], [])

    def test_upkeep_opens_every_compartment(self):
        self.assertEqual(read_vault.read_values(self.with_storage("upkeep"))["closed"], 0)

    def test_tally_opens_the_inputs_of_reports_alone(self):
        values = read_vault.read_values(self.with_storage("tally"))["values"]
        self.assertEqual({each["field"] for each in values}, {"ip.region", "at"})

    @staticmethod
    def with_storage(name):
        keyring = load(name)
        if keyring.storage is None:
            storage = load("storage")
            keyring.storage = storage.storage
            keyring.header["storage_version"] = storage.header["storage_version"]
        return Vault(path("pending"), keyring)

    def test_a_passphrase_or_key_file_opens_the_same(self):
        plain = read_vault.read_values(opened("actor-billing"))
        with open(path("pass"), "rb") as file:
            passphrase = file.read()
        with open(path("key"), "rb") as file:
            key_file = file.read()
        self.assertEqual(read_vault.read_values(opened("actor-passphrase", unlock=passphrase)), plain)
        self.assertEqual(read_vault.read_values(opened("actor-keyfile", unlock=key_file)), plain)
        with self.assertRaises(errors.WrongKey):
            load("actor-passphrase", passphrase + b"!")
        with self.assertRaises(errors.WrongKey):
            load("actor-keyfile", bytes(32))

    def test_passwords_are_verifiers(self):
        values = by_place(read_vault.read_values(opened("actor-service"))["values"])
        verifiers = [bytes.fromhex(value) for place, value in values.items() if place.endswith(" password")]
        self.assertEqual(len(verifiers), 2)
        for verifier in verifiers:
            self.assertTrue(verifier.startswith(b"$argon2id$v=19$"))
            self.assertEqual(sum(self.verifies(verifier, each) for each in PASSWORDS | {"wrong"}), 1)

    @staticmethod
    def verifies(verifier, attempt):
        try:
            return bindings.crypto_pwhash_str_verify(verifier, attempt.encode())
        except exceptions.InvalidkeyError:
            return False

    def test_ledgers_say_what_the_library_says_and_come_to_the_standing(self):
        for which in ("pending", "folded"):
            vault = opened("actor-collector", which)
            for handle, expected in EXPECTED["ledgers"].items():
                with self.subTest(which=which, handle=handle):
                    entries = vault.ledger(vault.subjects[bytes.fromhex(handle)])
                    self.assertEqual([[*entry[:11], entry.record.hex(), entry.fields] for entry in entries], expected)
        said = {entry[1] for entries in EXPECTED["ledgers"].values() for entry in entries}
        self.assertEqual(said, set(ledger.KINDS) - {"signal"})

    def test_refs_lead_to_handles_and_back(self):
        vault = opened("actor-collector")
        self.assertEqual({subject.ref for subject in vault.subjects.values()},
                         {b"user-%d" % i for i in range(7)} | {b"browser-1"})
        for subject in vault.subjects.values():
            is_tag = subject.kind == "tag"
            self.assertEqual(vault.find_ref(subject.ref, is_tag), [subject.handle])
            self.assertEqual(vault.find_ref(subject.ref, not is_tag), [])

    def test_values_lead_to_records_pending_or_not(self):
        found = 0
        for which in ("pending", "folded"):
            for actor in EXPECTED["actors"]:
                vault = opened(actor["keyring"], which)
                for each in actor["found"]:
                    with self.subTest(which=which, index=each["index"], value=each["value"]):
                        hits = read_vault.look_up(vault, each["index"] + " " + each["value"].lower())
                        self.assertEqual(set(hits) & self.holding(actor, each), set(each["found"]))
                        found += len(hits)
        self.assertGreater(found, 20)

    @staticmethod
    def holding(actor, query):
        """Places of records that still hold the value: rows of overwritten values stay until upkeep."""
        category, field = query["index"].split("/")[0].split(".", 1)
        wanted = bytes.fromhex(query["value"]).lower()
        return {place.split()[0] + " " + place.split()[2] for place, value in actor["values"].items()
                if place.split()[1] == category and place.split()[3] == field
                and bytes.fromhex(value).lower() == wanted}

    def test_lookups_were_pending_and_are_not_any_more(self):
        for index, actor in (("payment_card.pan/billing", "actor-billing"), ("communication.from/support", "actor-reader3")):
            with self.subTest(index=index):
                self.assertGreater(len(opened(actor).pending(index)), 0)
                self.assertEqual(opened(actor, "folded").pending(index), [])

    def test_some_wraps_travel_and_some_records_were_overwritten(self):
        vault = opened("actor-collector")
        records = list(vault.records())
        self.assertTrue(any(entry.travelling for *_, record in records for entry in record.entries))
        self.assertTrue(any(record.revision == 2 for *_, record in records))
        self.assertTrue(any(record.revisions for *_, record in records))
        write_only, symmetric = set(), set()
        for subject, category, record_id, record in records:
            for entry in record.entries:
                for wrap in vault.wraps(vault.place(subject, category, record_id, record, entry), entry):
                    (write_only if wrap.write_only else symmetric).add(wrap.generation)
        self.assertTrue(symmetric)
        self.assertGreaterEqual(write_only, {1, 2, 3, 4})

    def test_compartments_are_numbered_alike(self):
        for each in EXPECTED["policies"]:
            read = policy.Policy(bytes.fromhex(each["binary"]), 1)
            self.assertEqual(len(read.categories), len(each["categories"]))
            for name, fields in each["categories"].items():
                with self.subTest(category=name):
                    category = read.categories[codec.name_id(name)]
                    self.assertEqual([list(pair) for pair in zip(category.fields, category.compartment_of)], fields)


class Damaged(unittest.TestCase):
    """Works on a copy whose rows are changed."""

    def setUp(self):
        self.copy = tempfile.mkdtemp(prefix="bailee-reference-")
        self.addCleanup(shutil.rmtree, self.copy)
        shutil.copy(path("pending/data.mdb"), self.copy)
        shutil.copy(path("pending/epoch"), self.copy)
        self.keyring = load("actor-billing")
        self.good = self.read()

    def read(self):
        vault = Vault(self.copy, self.keyring)
        try:
            lookups = [(vault.find_ref(subject.ref, subject.kind == "tag")) for subject in vault.subjects.values()]
            pending = vault.pending("payment_card.pan/billing")
            return read_vault.read_values(vault), lookups, pending
        finally:
            vault.close()

    def change(self, table, key, value):
        """Puts a row, or deletes it if `value` is None; returns what was there."""
        environment = lmdb.open(self.copy, max_dbs=64, map_size=1 << 30)
        try:
            database = environment.open_db(table.encode(), create=False)
            with environment.begin(write=True, db=database) as transaction:
                old = transaction.get(key)
                if value is None:
                    transaction.delete(key)
                else:
                    transaction.put(key, value)
                return old
        finally:
            environment.close()

    def all_rows(self, table, wanted=lambda key, row: True):
        vault = Vault(self.copy, self.keyring)
        try:
            return [(key, row) for key, row in vault.rows(table) if wanted(key, row)]
        finally:
            vault.close()

    def assert_rejected(self, table, key, value, what):
        old = self.change(table, key, value)
        try:
            with self.assertRaises(REJECTIONS, msg=what):
                self.read()
        finally:
            self.change(table, key, old)

    def assert_every_kind_of_damage_is_rejected(self, table, key, row, bits=6):
        step = max(1, len(row) // bits)
        for at in list(range(0, len(row), step)) + [len(row) - 1]:
            flipped = bytearray(row)
            flipped[at] ^= 1 << (at % 8)
            self.assert_rejected(table, key, bytes(flipped), "%s: bit of byte %d" % (table, at))
        self.assert_rejected(table, key, row[:-1], table + ": a byte short")
        self.assert_rejected(table, key, row + b"\0", table + ": a byte more")

    def test_an_unchanged_copy_is_read(self):
        self.assertEqual(self.read(), self.good)

    def test_a_changed_manifest_policy_or_terms_row_is_rejected(self):
        for table, wanted in (("meta", lambda key, _: key in (b"vault", b"manifest", b"secrets")),
                              ("policies", lambda *_: True), ("terms", lambda *_: True)):
            for key, row in self.all_rows(table, wanted):
                if key == b"vault":  # the last bytes are a time in clear
                    row, rest = row[:26], row[26:]
                    for at in range(26):
                        bad = bytearray(row + rest)
                        bad[at] ^= 1
                        self.assert_rejected(table, key, bytes(bad), "vault %d" % at)
                    continue
                if table == "terms" and not self.is_used(key):
                    continue
                self.assert_every_kind_of_damage_is_rejected(table, key, row)

    def is_used(self, terms):
        return any(row[13:29] == terms for _, row in self.all_rows("records"))

    def test_a_changed_shard_key_or_epoch_is_rejected(self):
        group = min(key[0] for key, _ in self.all_rows("subjects"))
        rows = dict(self.all_rows("meta"))
        for key in b"groups" + bytes([group // 16]), b"shards" + bytes([group]):
            self.assert_every_kind_of_damage_is_rejected("meta", key, rows[key], bits=40)
        key, row = self.all_rows("meta", lambda key, _: key == b"epoch")[0]
        self.assert_rejected("meta", key, (int.from_bytes(row[:8], "big") + 1).to_bytes(8, "big") + row[8:],
                             "another epoch")
        self.assert_rejected("meta", key, row[:-1], "meta epoch: a byte short")

    def test_a_changed_file_of_epochs_is_rejected(self):
        with open(os.path.join(self.copy, "epoch"), "rb") as file:
            good = file.read()
        size = next(len(good) - at for at, byte in enumerate(reversed(good)) if byte)
        for at in range(4096, size):
            bad = bytearray(good)
            bad[at] ^= 1 << (at % 8)
            with open(os.path.join(self.copy, "epoch"), "wb") as file:
                file.write(bad)
            with self.assertRaises((errors.Damage, errors.WrongKey, errors.TooNew), msg=at):
                Vault(self.copy, self.keyring)

    def test_a_changed_subject_is_rejected(self):
        key, row = self.all_rows("subjects", lambda key, _: key[16] == 0)[0]
        self.assert_every_kind_of_damage_is_rejected("subjects", key, row, bits=40)

    def test_a_changed_wraps_row_is_rejected(self):
        key, row = self.used_wraps_row()
        self.assert_every_kind_of_damage_is_rejected("subjects", key, row, bits=20)
        self.assert_rejected("subjects", key, None, "a missing wraps row")

    def used_wraps_row(self):
        vault = Vault(self.copy, self.keyring)
        try:
            for subject, category, _, record in vault.records():
                for entry in record.entries:
                    if not entry.travelling:
                        key = (subject.handle + b"\1" + codec.name_id(category.name) +
                               entry.compartment.to_bytes(2, "big") + record.terms)
                        return key, vault.get("subjects", key)
        finally:
            vault.close()

    def test_a_changed_record_is_rejected(self):
        for travels in (False, True):
            key, row = self.card(travels)
            self.assert_every_kind_of_damage_is_rejected("records", key, row, bits=25)

    def card(self, travels):
        """A card of which billing opens every compartment."""
        vault = Vault(self.copy, self.keyring)
        try:
            for subject, category, record_id, record in vault.records():
                if category.name != "payment_card" or travels != any(entry.travelling for entry in record.entries):
                    continue
                if all(vault.open_entry(subject, category, record_id, record, entry) is not None for entry in record.entries):
                    key = subject.handle + codec.name_id(category.name) + record_id
                    return key, vault.get("records", key)
        finally:
            vault.close()
        self.fail("there is no such card")

    def test_a_record_moved_is_rejected(self):
        (key, row), (other, _) = self.card(False), self.card(True)
        self.assert_rejected("records", other, row, "another record's row")
        self.assert_rejected("records", key[:24] + bytes(16), row, "a row under another id")

    def test_an_older_revision_put_back_is_rejected(self):
        key, row = next((key, row) for key, row in self.all_rows("records") if rows.read_record(row).revision == 2)
        self.assert_rejected("records", key, row[:1] + (0).to_bytes(4, "big") + row[5:], "an older revision")

    def test_a_missing_compartment_is_rejected(self):
        key, row = self.card(False)
        record = rows.read_record(row)
        last = record.entries[-1]
        size = 12 + len(last.travelling) + len(last.sealed)
        self.assert_rejected("records", key, row[:29] + bytes([row[29] - 1]) + row[30:-size], "one compartment less")

    def test_a_changed_lookup_is_rejected(self):
        card = codec.name_id("payment_card.pan/billing")
        for kind in (1, 2, 4):
            key, row = self.all_rows("lookup", lambda key, _: key[0] == kind and (kind != 4 or key[1:9] == card))[0]
            self.assert_every_kind_of_damage_is_rejected("lookup", key, row)

    def test_a_changed_shard_is_rejected(self):
        handle = self.all_rows("subjects")[0][0]
        key = b"shards" + handle[:1]
        self.assert_every_kind_of_damage_is_rejected("meta", key, dict(self.all_rows("meta"))[key])

    def test_a_pinned_number_above_the_manifest_is_rejected(self):
        self.keyring.header["manifest_min"] += 1
        with self.assertRaises(errors.Damage):
            self.read()


class Parts(unittest.TestCase):
    def test_every_bit_of_a_keyring_counts(self):
        with open(path("actor-billing.keyring"), "rb") as file:
            good = file.read()
        for at in range(len(good)):
            bad = bytearray(good)
            bad[at] ^= 1 << (at % 8)
            with self.assertRaises((errors.NotAKeyring,) + REJECTIONS):
                Keyring(bytes(bad))
            # With the checksum made right again: whoever can write the file can do that.
            body = bytes(bad[:-32])
            if at < len(body):
                with self.assertRaises((errors.NotAKeyring,) + REJECTIONS, msg="byte %d" % at):
                    Keyring(body + codec.blake2b(32, body, person=b"bailee.keyring"))

    def test_every_truncation_of_a_keyring_is_rejected(self):
        with open(path("actor-billing.keyring"), "rb") as file:
            good = file.read()
        for size in range(len(good)):
            with self.assertRaises((errors.NotAKeyring,) + REJECTIONS):
                Keyring(good[:size])

    def test_padding_is_as_the_vectors_say(self):
        for size in list(range(0, 600)) + [4095, 4096, 65535, 65536]:
            padded = b"x" * size + b"\x80" + bytes(padding.padded_size(size) - size - 1)
            self.assertEqual(padding.unpad(padded), b"x" * size)
            with self.assertRaises(errors.Damage):
                padding.unpad(padded[:size] + bytes(len(padded) - size))

    def test_a_box_from_an_all_zero_point_is_refused(self):
        with self.assertRaises(errors.Damage):
            suite1.open_box(b"k" * 32, b"", bytes(32) + bytes(suite1.OVERHEAD))


def main():
    global OUT, EXPECTED
    make_vault = sys.argv.pop(1)
    with tempfile.TemporaryDirectory(prefix="bailee-reference-") as OUT:
        subprocess.run([make_vault, OUT], check=True, timeout=200)
        with open(path("expected.json")) as file:
            EXPECTED = json.load(file)
        program = unittest.main(exit=False, verbosity=1)
    sys.exit(not program.result.wasSuccessful())


if __name__ == "__main__":
    main()
