#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What leaves, by a recipient that has proto/FORMAT.md §15 and its own key: disclosure_test.py MAKE_DISCLOSURES."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import disclosures
import errors
import read_vault
import suite1
from vault import Vault

OUT = None
SECRET = os.urandom(32)


def read(name):
    with open(os.path.join(OUT, name), "rb") as file:
        return file.read()


class Disclosed(unittest.TestCase):
    def test_a_recipient_opens_its_parcel_with_its_key_alone(self):
        parcel = disclosures.open_parcel(SECRET, read("parcel"))
        self.assertEqual((parcel.recipient, parcel.ground, parcel.category, parcel.purpose),
                         ("acquirer", "ON_OUR_BEHALF", "payment_card", "billing"))
        self.assertEqual(parcel.until - parcel.at, 86_400_000)
        (record, _, values), = parcel.records
        self.assertEqual(record, b"\7" + bytes(15))
        self.assertEqual(values, {"pan": b"4111111111111111", "expiry": b"2015-12", "holder": None})

    def test_nobody_else_does(self):
        with self.assertRaises(errors.WrongKey):
            disclosures.open_parcel(os.urandom(32), read("parcel"))

    def test_a_changed_parcel_does_not_open(self):
        parcel = read("parcel")
        for place in range(len(parcel)):
            changed = bytearray(parcel)
            changed[place] ^= 1
            with self.assertRaises((errors.Damage, errors.WrongKey, UnicodeDecodeError), msg=place):
                disclosures.open_parcel(SECRET, bytes(changed))
        for size in range(len(parcel)):
            with self.assertRaises((errors.Damage, errors.WrongKey), msg=size):
                disclosures.open_parcel(SECRET, parcel[:size])
        with self.assertRaises((errors.Damage, errors.WrongKey)):
            disclosures.open_parcel(SECRET, parcel + b"\0")

    def test_the_accounting_says_what_the_library_says(self):
        expected = json.loads(read("expected.json"))
        vault = Vault(os.path.join(OUT, "vault"), read_vault.open_keyring(os.path.join(OUT, "storage.keyring")))
        rows = disclosures.accounting(vault, vault.subjects[bytes.fromhex(expected["handle"])])
        self.assertEqual([{"sequence": row.sequence, "at": row.at, "until": row.until, "recipient": row.recipient,
                           "ground": row.ground, "purpose": row.purpose, "category": row.category,
                           "case": row.case, "decision": row.decision, "sealed": row.parcel != bytes(16),
                           "fields": row.fields, "records": [each.hex() for each in row.records]}
                          for row in rows], expected["rows"])
        self.assertEqual(len(rows), 2)
        self.assertEqual(rows[0].parcel, disclosures.open_parcel(SECRET, read("parcel")).id)

    def test_the_list_knows_an_address_in_whatever_case(self):
        vault = Vault(os.path.join(OUT, "vault"), read_vault.open_keyring(os.path.join(OUT, "storage.keyring")))
        self.assertTrue(disclosures.is_suppressed(vault, b"grace@cobol.example"))
        self.assertTrue(disclosures.is_suppressed(vault, b"GRACE@cobol.example"))
        self.assertFalse(disclosures.is_suppressed(vault, b"ada@example.org"))


if __name__ == "__main__":
    maker = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as OUT:
        subprocess.run([maker, OUT, suite1.box_public(SECRET).hex()], check=True)
        unittest.main(verbosity=0)
