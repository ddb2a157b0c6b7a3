#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""constant_time_test.py VALGRIND PROGRAM: what PROGRAM does with secrets has, as valgrind sees it, no branch and no index that depends on
one; and where one is planted, valgrind sees it. Exits with 77, and says why, where that cannot be tried."""
import subprocess
import sys
import unittest

SKIPPED = 77
FOUND = 99


def run(valgrind, program, what):
    return subprocess.run([valgrind, "--quiet", f"--error-exitcode={FOUND}", program, what], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=240, check=False)


class ConstantTime(unittest.TestCase):
    valgrind = ""
    program = ""

    def finds(self, what):
        ran = run(self.valgrind, self.program, what)
        self.assertIn(ran.returncode, (0, FOUND), ran.stdout)
        return ran.stdout if ran.returncode == FOUND else ""

    def test_nothing_depends_on_a_secret(self):
        for what in ("compare", "envelopes", "boxes", "lookups", "purpose-keys"):
            with self.subTest(what):
                self.assertEqual(self.finds(what), "")

    def test_a_loop_that_ends_at_the_first_difference_is_found(self):
        self.assertIn("Conditional jump", self.finds("planted-loop"))

    def test_an_index_is_found(self):
        self.assertIn("Use of uninitialised value", self.finds("planted-index"))


def main():
    ConstantTime.valgrind, ConstantTime.program = sys.argv[1:3]
    if not ConstantTime.valgrind or ConstantTime.valgrind.endswith("-NOTFOUND"):
        print("skipped: there is no valgrind, which tells what depends on a secret")
        sys.exit(SKIPPED)
    if not ConstantTime.program:
        print("skipped: there is no valgrind/memcheck.h, or a sanitizer runs along")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
