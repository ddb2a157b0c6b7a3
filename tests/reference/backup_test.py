#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Backup streams say the same to the library and to the reader of backup.py: backup_test.py MAKE_BACKUP."""

import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest

import backup
import errors
import read_vault
from vault import Vault

OUT = None
EXPECTED = None
IN_DATA = {"meta", "terms", "subjects", "records", "lookup", "keywork", "audit_leaf", "audit_node"}


def path(name):
    return os.path.join(OUT, name)


def content(name):
    with open(path(name), "rb") as file:
        return file.read()


def stream(name):
    return backup.Stream(content(name), read_vault.open_keyring(path("backup.keyring"), None))


def reader():
    for each in glob.glob(path("granted-*.keyring")):
        keyring = read_vault.open_keyring(each, None)
        if keyring.header["actor"] == "reader":
            return keyring
    raise AssertionError("no keyring")


class BackupAgreement(unittest.TestCase):
    def test_counts_are_those_of_the_library(self):
        for name, said in EXPECTED["streams"].items():
            with self.subTest(name):
                read = stream(name)
                self.assertEqual(read.id.hex(), said["id"])
                self.assertEqual((read.end["rows"], read.end["tree_size"], read.end["transaction"]),
                                 (said["rows"], said["tree_size"], said["transaction"]))
                carried = sum(map(len, read.rows.values())) + len(read.taken)
                self.assertEqual((carried, len(read.ranges), len(read.taken)),
                                 (said["rows_carried"], said["ranges"], said["subjects"]))
                self.assertEqual(sum(each.carried for each in read.ranges), said["ranges_carried"])

    def test_the_second_carries_less_and_shows_all(self):
        first, second = stream("first"), stream("second")
        self.assertTrue(any(not each.carried for each in second.ranges))
        rows = backup.chain_rows([first, second])
        self.assertEqual(sum(map(len, rows.values())), second.end["rows"])
        with self.assertRaises(errors.Damage):
            backup.chain_rows([second])

    def test_rows_are_those_of_the_vault(self):
        rows = backup.chain_rows([stream("first"), stream("second")])
        self.assertLessEqual({table for table in rows if rows[table]}, IN_DATA)
        original = Vault(path("vault"), reader())
        self.addCleanup(original.close)
        for table in ("terms", "records"):
            there = dict(original.rows(table))
            for key, value in rows[table]:
                self.assertEqual(there[key], value)
        self.assertTrue(all(len(key) == 43 for key, _ in rows["subjects"]), "no keys of anybody")
        self.assertEqual({key[0] for key, _ in rows["lookup"]} - {4, 5}, set())

    def test_keys_are_those_of_the_vault(self):
        keys = stream("keys")
        original = Vault(path("vault"), reader())
        self.addCleanup(original.close)
        self.assertEqual({each.subject.handle: each.subject for each in keys.taken}, original.subjects)
        self.assertEqual(dict(keys.rows["ledger"]), dict(original.rows("ledger")))
        self.assertEqual(sum(each.records for each in keys.taken), len(list(original.rows("records"))))
        names = {key for key, _ in keys.rows["meta"]}
        self.assertLessEqual({b"vault", b"manifest", b"secrets", b"clock"}, names)
        self.assertFalse({name for name in names if name.startswith((b"shards", b"groups", b"epoch", b"trail", b"tree"))})

    def test_a_holder_of_the_storage_key_made_them_and_reads_the_index(self):
        original = Vault(path("vault"), reader())
        self.addCleanup(original.close)
        for name in ("first", "second", "keys"):
            read = stream(name)
            self.assertTrue(read.made_with(original.ref_key))
            self.assertFalse(read.made_with(bytes(32)))
            if name != "keys":
                self.assertEqual(read.index(original.ref_key), read.ranges)

    def test_what_was_restored_reads_as_what_the_streams_hold(self):
        restored = Vault(path("restored"), reader())
        self.addCleanup(restored.close)
        original = Vault(path("vault"), reader())
        self.addCleanup(original.close)
        self.assertEqual(restored.subjects, original.subjects)
        self.assertEqual(len(restored.subjects), EXPECTED["restored"]["subjects"])
        self.assertEqual(restored.manifest["log_origin"], EXPECTED["restored"]["log_origin"])
        self.assertEqual(restored.manifest["number"], original.manifest["number"] + 1)
        held = {json.dumps(each, sort_keys=True) for each in read_vault.read_values(original)["values"]}
        back = {json.dumps(each, sort_keys=True) for each in read_vault.read_values(restored)["values"]}
        self.assertTrue(back < held, "one person came after the data stream")
        self.assertEqual(len(list(restored.rows("records"))), EXPECTED["restored"]["records"])

    def test_damage_is_found(self):
        keyring = read_vault.open_keyring(path("backup.keyring"), None)
        for name in ("first", "keys"):
            whole = content(name)
            for at in list(range(0, 400)) + list(range(400, len(whole), 997)) + list(range(len(whole) - 50, len(whole))):
                changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
                with self.assertRaises((errors.Damage, errors.TooNew, errors.WrongKey), msg=f"{name} {at}"):
                    backup.Stream(changed, keyring)
            for size in list(range(0, 400, 7)) + list(range(400, len(whole), 1009)) + [len(whole) - 1]:
                with self.assertRaises((errors.Damage, errors.TooNew, errors.WrongKey), msg=f"{name} {size}"):
                    backup.Stream(whole[:size], keyring)
            with self.assertRaises(errors.Damage):
                backup.Stream(whole + b"\0", keyring)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        OUT = os.path.join(directory, "out")
        subprocess.run([sys.argv[1], OUT], check=True)
        with open(path("expected.json"), encoding="utf-8") as file:
            EXPECTED = json.load(file)
        unittest.main(argv=sys.argv[:1])
