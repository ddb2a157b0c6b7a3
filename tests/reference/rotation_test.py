#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The reader written from proto/FORMAT.md reads a vault before, during and after rotations: rotation_test.py MAKE."""

import os
import subprocess
import sys
import tempfile
import unittest

import errors
import manifest
import read_vault
import rotation
import trail_proof
from codec import name_id
from vault import Vault

OUT = None
BILLING = name_id("billing")
INDEX = "payment_card.pan/billing"
PAN, OTHER_PAN = b"4111111111111111", b"5555555555554444"


def keyring(name):
    return read_vault.open_keyring(os.path.join(OUT, name + ".keyring"))


def opened(which, keys):
    return Vault(os.path.join(OUT, which), keyring(keys))


class Rotations(unittest.TestCase):
    def pans(self, which, keys):
        values = read_vault.read_values(opened(which, keys))["values"]
        return sorted(bytes.fromhex(each["value"]) for each in values if each["field"] == "pan")

    def test_every_value_is_there_with_either_keyring_while_both_are_open_and_with_the_new_afterwards(self):
        self.assertEqual(self.pans("before", "before"), sorted([PAN] + 8 * [OTHER_PAN]))
        for keys in ("before", "open"):
            self.assertEqual(self.pans("open", keys), sorted([PAN] + 11 * [OTHER_PAN]))
        for keys in ("open", "after"):
            self.assertEqual(self.pans("after", keys), sorted([PAN] + 13 * [OTHER_PAN]))

    def test_the_old_keyring_is_refused_afterwards(self):
        with self.assertRaises(errors.WrongKey):
            opened("after", "before")

    def test_every_generation_has_a_wrap_under_both_and_then_under_the_new_alone(self):
        self.assertEqual(set(rotation.versions_of_wraps(opened("before", "before"), "billing")), {1})
        both = rotation.versions_of_wraps(opened("open", "open"), "billing")
        self.assertEqual(set(both), {1, 2})
        self.assertEqual(both[1], both[2])
        self.assertEqual(set(rotation.versions_of_wraps(opened("after", "after"), "billing")), {2})

    def test_every_value_is_found_under_each_key_that_is_open(self):
        for which, versions in (("before", {1}), ("open", {1, 2}), ("after", {2})):
            vault = opened(which, which)
            self.assertEqual(set(rotation.versions_of_lookups(vault, INDEX)), versions)
            self.assertEqual({version for held, version in vault.keyring.indexes}, versions)
            hits = vault.find(INDEX, PAN)
            self.assertEqual((len(hits), len(set(hits))), (len(versions), 1))

    def test_what_is_under_way_is_said(self):
        self.assertEqual(opened("before", "before").rotations, {})
        self.assertEqual(opened("open", "open").rotations,
                         {key: ("ready", 1, 2, False)
                          for key in ("purpose/billing", "index/" + INDEX, "storage", "log", "authority")})
        self.assertEqual(opened("after", "after").rotations, {})

    def test_the_retired_key_opens_with_the_backup_keyring_and_is_the_old_one(self):
        vault = opened("after", "after")
        self.assertEqual(list(vault.retired), [(BILLING, 1)])
        key = rotation.open_retired(vault, (BILLING, 1), keyring("backup").roles[4])
        self.assertEqual(key, keyring("before").purposes[BILLING, 1])
        self.assertNotIn((BILLING, 1), keyring("after").purposes)

    def test_each_checkpoint_counts_as_the_manifest_says(self):
        keys = {which: manifest.log_keys(opened(which, which).manifest) for which in ("before", "open", "after")}
        self.assertEqual([len(keys[which]) for which in ("before", "open", "after")], [1, 2, 2])
        self.assertEqual((keys["open"][0], keys["after"][1]), (keys["before"][0], keys["open"][1]))
        old, size = keys["after"][0].split("@")
        self.assertEqual(old, keys["before"][0])
        origin = opened("after", "after").manifest["log_origin"]

        def verify(which, *texts):
            with open(os.path.join(OUT, which + ".checkpoint"), "rb") as file:
                return trail_proof.verify_checkpoint(file.read(), origin, trail_proof.parse_keys(",".join(texts)))

        for which in ("before", "open", "after"):
            self.assertGreater(verify(which, *keys["after"]).size, 0)
        self.assertLessEqual(verify("before", *keys["after"]).size, int(size))
        head = verify("before", old)
        for bound in ("@%d" % (head.size - 1), "@%d:%s" % (head.size, "0" * 64), "@%d:%s" % (head.size + 1, head.root.hex())):
            with self.assertRaises(trail_proof.NotProven):
                verify("before", old + bound, keys["after"][1])
        leaked = verify("before", "%s@%d:%s" % (old, head.size, head.root.hex()), keys["after"][1])
        self.assertEqual(leaked, head._replace(time=None))

    def test_the_new_authority_is_followed_by_statements_alone(self):
        old, new = (keyring(which).header["authority_public"] for which in ("before", "open"))
        self.assertNotEqual(old, new)
        vault = opened("open", "before")
        meta = dict(vault.rows("meta"))
        self.assertEqual(manifest.read_manifest_for(meta.get, vault.id, old, 1), (vault.manifest, new))
        self.assertEqual(vault.manifest["open_authority"], old)
        row = meta[b"authority" + old]
        for at in range(len(row)):
            changed = {**meta, b"authority" + old: row[:at] + bytes([row[at] ^ 1]) + row[at + 1:]}
            with self.assertRaises((errors.Damage, errors.WrongKey)):
                manifest.read_manifest_for(changed.get, vault.id, old, 1)
        without = {key: value for key, value in meta.items() if not key.startswith(b"authority")}
        with self.assertRaises((errors.Damage, errors.WrongKey)):
            manifest.read_manifest_for(without.get, vault.id, old, 1)
        before = dict(opened("before", "before").rows("meta"))
        with self.assertRaises((errors.Damage, errors.WrongKey)):
            manifest.read_manifest_for({**meta, b"manifest": before[b"manifest"]}.get, vault.id, old, 1)
        after = dict(opened("after", "after").rows("meta"))
        with self.assertRaises(errors.WrongKey):
            manifest.read_manifest_for(after.get, vault.id, old, 1)
        self.assertEqual(manifest.read_manifest_for(after.get, vault.id, new, 1)[1], new)

    def test_whoever_has_the_newer_storage_key_has_the_older_while_both_are_open(self):
        vault = opened("open", "open")
        self.assertEqual(rotation.open_older(vault, vault.get("meta", b"rotatestorage")), keyring("before").storage)
        self.assertEqual(keyring("after").header["storage_version"], 2)


def main():
    global OUT
    make = sys.argv.pop(1)
    with tempfile.TemporaryDirectory(prefix="bailee-reference-") as OUT:
        subprocess.run([make, OUT], check=True, timeout=200)
        program = unittest.main(exit=False, verbosity=1)
    sys.exit(not program.result.wasSuccessful())


if __name__ == "__main__":
    main()
