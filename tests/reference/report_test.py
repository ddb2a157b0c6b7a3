#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What reports keep, by a reader that has proto/FORMAT.md §16 and the keyring of tally: report_test.py MAKE_REPORTS."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import errors
import read_vault
import reports
from codec import name_id
from vault import Vault

OUT = None
DAY = 86_400_000


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(OUT, "expected.json"), encoding="utf-8") as file:
            cls.expected = json.load(file)
        cls.vault = Vault(os.path.join(OUT, "vault"), read_vault.open_keyring(os.path.join(OUT, "tally.keyring")))
        (cls.tally, cls.version), = [(key, version) for (name, version), key in cls.vault.keyring.purposes.items()
                                     if name == name_id("tally")]

    def cells(self, key, row):
        return reports.open_cells(self.vault.id, key, row, self.tally, self.version)

    def test_the_cells_of_a_bucket_are_those_that_the_library_shows(self):
        self.assertEqual([len(each["cells"]) for each in self.expected["visits"]], [2, 0])
        for each in self.expected["visits"]:
            key = reports.key_of(1, "visits", 1, each["from"])
            bucket = self.cells(key, self.vault.get("reports", key))
            self.assertEqual(
                {"from": each["from"], "computed_at": bucket.computed_at, "policy_version": bucket.policy_version,
                 "min_subjects": bucket.min_subjects, "by": bucket.by, "counts_records": bucket.counts_records,
                 "cells": [[values, shown] for values, shown in bucket.cells]}, each)

    def test_a_bucket_holds_no_exact_number_and_nobody_who_is_alone(self):
        key = reports.key_of(1, "visits", 1, self.expected["visits"][0]["from"])
        bucket = self.cells(key, self.vault.get("reports", key))
        self.assertEqual([values for values, _ in bucket.cells], [["AT"], ["DE"]])
        self.assertTrue(all(shown % 5 == 0 for _, shown in bucket.cells))

    def test_a_changed_or_moved_row_does_not_open(self):
        first, second = (reports.key_of(1, "visits", 1, each["from"]) for each in self.expected["visits"])
        row = self.vault.get("reports", first)
        for place in range(len(row)):
            with self.assertRaises(errors.Damage, msg=place):
                self.cells(first, row[:place] + bytes([row[place] ^ 1]) + row[place + 1:])
            with self.assertRaises(errors.Damage, msg=place):
                self.cells(first, row[:place])
        with self.assertRaises(errors.Damage):
            self.cells(second, row)
        with self.assertRaises(errors.Damage):
            self.cells(reports.key_of(1, "views", 1, self.expected["visits"][0]["from"]), row)

    def test_what_collecting_filled_opens_with_the_storage_key(self):
        key = reports.key_of(2, "orders", 1, self.expected["today"])
        by, cells = reports.open_feed(self.vault.id, self.vault.tag_key, key, self.vault.get("reports", key))
        self.assertEqual(by, ["country"])
        self.assertEqual([(values, records) for values, _, records, _ in cells], [(["AT"], 2), (["DE"], 5)])
        self.assertTrue(all(subjects <= records for _, subjects, records, _ in cells))

    def test_counters_say_what_was_disregarded(self):
        self.assertEqual(reports.counters(self.vault), {(1, name_id("ping")): 3})
        self.assertEqual(self.expected["disregarded"], {"ping": 3})


if __name__ == "__main__":
    maker = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as OUT:
        subprocess.run([maker, OUT], check=True)
        unittest.main(verbosity=0)
