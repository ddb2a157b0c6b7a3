#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the library signs and proves of a tree convinces a verifier written from the format: trail_proof_test.py MAKE_TRAIL_PROOFS."""

import base64
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

import trail_proof
from trail_proof import NotProven

TRAIL = None  # what MAKE_TRAIL_PROOFS made
VERIFIER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trail_proof.py")


def mutations(data):
    """Every truncation, a bit of every byte, and something more at the end."""
    for size in range(len(data)):
        yield data[:size]
    for at in range(len(data)):
        yield data[:at] + bytes([data[at] ^ (1 << (at % 7))]) + data[at + 1:]
    for more in (b"\n", b" ", b"x\n", b"\0"):
        yield data + more


class Trail(unittest.TestCase):
    def setUp(self):
        self.origin, self.key = TRAIL["origin"], bytes.fromhex(TRAIL["key"])
        self.sizes = TRAIL["sizes"]
        self.last = self.sizes[-1]

    def verify(self, checkpoint):
        return trail_proof.verify_checkpoint(checkpoint, self.origin, self.key)

    def test_every_checkpoint_is_what_was_signed(self):
        for each in self.sizes:
            with self.subTest(size=each["size"]):
                self.assertEqual(self.verify(each["checkpoint"].encode()),
                                 (self.origin, each["size"], bytes.fromhex(each["root"]), TRAIL["time"]))

    def test_every_changed_checkpoint_proves_nothing_or_less(self):
        good = self.last["checkpoint"].encode()
        right = self.verify(good)
        for bad in mutations(good):
            try:
                verified = self.verify(bad)
            except NotProven:
                continue
            # The cosignature became a stranger's, or went.
            self.assertEqual(verified, right._replace(time=None))

    def test_another_key_or_origin_is_refused(self):
        good = self.last["checkpoint"].encode()
        with self.assertRaises(NotProven):
            trail_proof.verify_checkpoint(good, self.origin + "0", self.key)
        with self.assertRaises(NotProven):
            trail_proof.verify_checkpoint(good, self.origin, bytes([self.key[0] ^ 1]) + self.key[1:])

    def test_every_proof_of_a_leaf_convinces(self):
        count = 0
        for each in self.sizes:
            for leaf, proof in each["proofs"].items():
                with self.subTest(size=each["size"], leaf=leaf):
                    index, checkpoint = trail_proof.verify_proof(proof.encode(), leaf.encode(), self.origin, self.key)
                    self.assertEqual((index, checkpoint.size), (int(leaf.split()[1]), each["size"]))
                    with self.assertRaises(NotProven):
                        trail_proof.verify_proof(proof.encode(), leaf.encode() + b"0", self.origin, self.key)
                    count += 1
        self.assertGreater(count, 30)

    def test_every_changed_proof_of_a_leaf_is_refused_or_proves_less(self):
        for leaf in ("leaf 2", "leaf 599"):
            good = self.last["proofs"][leaf].encode()
            right = trail_proof.verify_proof(good, leaf.encode(), self.origin, self.key)
            for bad in mutations(good):
                try:
                    index, checkpoint = trail_proof.verify_proof(bad, leaf.encode(), self.origin, self.key)
                except NotProven:
                    continue
                self.assertEqual(index, right[0])
                self.assertIn(checkpoint, (right[1], right[1]._replace(time=None)))
                if checkpoint.time is not None:  # only the extra data may have changed, which proves nothing
                    self.assertEqual(leaf, "leaf 2")
                    self.assertEqual(bad.split(b"\n")[2:], good.split(b"\n")[2:])

    def test_every_size_is_consistent_with_the_last(self):
        newer = (self.last["size"], bytes.fromhex(self.last["root"]))
        for each in self.sizes:
            with self.subTest(size=each["size"]):
                older = (each["size"], bytes.fromhex(each["root"]))
                proof = [base64.b64decode(line) for line in each["consistency"]]
                trail_proof.verify_consistency(older, newer, proof)
                for bad in self.changed(proof):
                    with self.assertRaises(NotProven):
                        trail_proof.verify_consistency(older, newer, bad)
                with self.assertRaises(NotProven):
                    trail_proof.verify_consistency((older[0], bytes(32)), newer, proof)
                if each["size"] > 0:
                    with self.assertRaises(NotProven):
                        trail_proof.verify_consistency(older, (newer[0], bytes(32)), proof)

    @staticmethod
    def changed(proof):
        yield proof + [bytes(32)]
        for at, value in enumerate(proof):
            yield proof[:at] + proof[at + 1:]
            yield proof[:at] + [value] + proof[at:]
            bit = random.Random(at).randrange(256)
            yield proof[:at] + [(int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(32, "big")] + proof[at + 1:]

    def test_it_is_a_program_too(self):
        with tempfile.TemporaryDirectory(prefix="bailee-trail-") as folder:
            def store(name, text):
                with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
                    file.write(text)
                return file.name
            older, newer = store("older", self.sizes[4]["checkpoint"]), store("newer", self.last["checkpoint"])
            hashes = store("hashes", "".join(line + "\n" for line in self.sizes[4]["consistency"]))
            proof, leaf = store("proof", self.last["proofs"]["leaf 200"]), store("leaf", "leaf 200")
            for code, arguments in ((0, ("checkpoint", newer)), (1, ("checkpoint", proof)), (0, ("proof", proof, leaf)),
                                    (1, ("proof", proof, hashes)), (0, ("consistency", older, newer, hashes)),
                                    (1, ("consistency", newer, older, hashes))):
                done = subprocess.run([sys.executable, "-B", VERIFIER, arguments[0], self.origin, TRAIL["key"], *arguments[1:]],
                                      text=True, capture_output=True, timeout=60, check=False)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn("size 600" if code == 0 else "not proven", done.stdout + done.stderr)


def main():
    global TRAIL
    make_trail_proofs = sys.argv.pop(1)
    with tempfile.TemporaryDirectory(prefix="bailee-trail-") as folder:
        subprocess.run([make_trail_proofs, folder], check=True, timeout=200)
        with open(os.path.join(folder, "trail.json"), encoding="utf-8") as file:
            TRAIL = json.load(file)
    program = unittest.main(exit=False, verbosity=1)
    sys.exit(not program.result.wasSuccessful())


if __name__ == "__main__":
    main()
