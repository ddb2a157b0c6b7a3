#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A search that finds nothing proves nothing unless it finds what was planted."""
import base64
import pathlib
import secrets
import tempfile
import unittest
import urllib.parse

import canaries


class Search(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.directory.name) / "file"
        self.canary = secrets.token_hex(24).encode()

    def tearDown(self):
        self.directory.cleanup()

    def found(self, content):
        self.path.write_bytes(secrets.token_bytes(5000) + content + secrets.token_bytes(5000))
        return bool(canaries.search([self.canary], [self.directory.name]))

    def test_finds_every_encoding(self):
        for leak in (self.canary, self.canary.hex().encode(), self.canary.hex().upper().encode(),
                     self.canary.decode().encode("utf-16-le"), "".join(f"%{each:02x}" for each in self.canary).encode()):
            self.assertTrue(self.found(leak))

    def test_finds_what_a_url_cannot_hold(self):
        self.canary = bytes(range(200, 224))
        self.assertTrue(self.found(urllib.parse.quote_from_bytes(self.canary, safe="").encode()))
        self.assertTrue(self.found(urllib.parse.quote_from_bytes(self.canary, safe="").lower().encode()))

    def test_finds_base64_at_every_alignment(self):
        for before in range(3):
            self.assertTrue(self.found(base64.b64encode(b"x" * before + self.canary + b"yz")))
            self.assertTrue(self.found(base64.urlsafe_b64encode(b"x" * before + self.canary + b"yz")))

    def test_finds_a_part(self):
        for start in range(len(self.canary) - canaries.WINDOW + 1):
            self.assertTrue(self.found(self.canary[start:start + canaries.WINDOW]))

    def test_finds_a_raw_canary_of_any_bytes(self):
        self.canary = secrets.token_bytes(48)
        self.assertTrue(self.found(self.canary))

    def test_finds_a_part_that_goes_over_the_end_of_a_line(self):
        self.canary = secrets.token_bytes(20) + b"\n" + secrets.token_bytes(20)
        part = self.canary[14:14 + canaries.WINDOW]
        self.assertTrue(self.found(part))
        self.assertTrue(self.found(part.decode("latin-1").encode("utf-16-le")))

    def test_does_not_find_what_is_not_there(self):
        self.assertFalse(self.found(b""))


if __name__ == "__main__":
    unittest.main()
