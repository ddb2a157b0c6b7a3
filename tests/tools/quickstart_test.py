#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The README's quickstart, compiled from its text, does what it says: quickstart_test.py BAILEE QUICKSTART POLICY"""
import os
import subprocess
import sys
import tempfile
import unittest

BAILEE = QUICKSTART = POLICY = None


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.bailee("init", self.path("vault"), "--policy", POLICY, "--keyrings", self.path("keys"))

    def tearDown(self):
        self.directory.cleanup()

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def bailee(self, *words):
        subprocess.run([BAILEE, *words], check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def run_with(self, purpose):
        keyring = self.path(purpose + ".keyring")
        self.bailee("keyring", "grant", "--from", self.path("keys"), "--actor", purpose, "--out", keyring, purpose)
        return subprocess.run([QUICKSTART, self.path("vault"), keyring], capture_output=True, text=True)

    def test_billing_charges_the_card(self):
        ran = self.run_with("billing")
        self.assertEqual((ran.returncode, ran.stdout), (0, "charged the card ending in 1111\n"), ran.stderr)

    def test_support_is_refused(self):
        ran = self.run_with("support")
        self.assertEqual((ran.returncode, ran.stdout), (3, ""))
        self.assertIn("purpose-key-missing", ran.stderr)


if __name__ == "__main__":
    BAILEE, QUICKSTART, POLICY = (sys.argv.pop(1) for _ in range(3))
    unittest.main()
