#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shared library exports what is marked BAILEE_EXPORT and nothing else: exports_test.py LIBRARY SOURCE."""

import os
import re
import subprocess
import sys
import unittest

LIBRARY = SOURCE = None
INTERNAL = "audit|crypto|keys|policy|record|store|vault|v1"
# Type information of classes that are themselves not exported, but that exported ones name: exceptions and
# casts across the library's border need them. None today.
UNAVOIDABLE = set()


def exported():
    out = subprocess.run(["nm", "-D", "--defined-only", "--demangle", LIBRARY], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return {line.split(" ", 2)[2].split("@@")[0] for line in out.splitlines()}


def marked():
    """Classes and functions that the public headers mark."""
    classes, functions = set(), set()
    folder = os.path.join(SOURCE, "lib/include/bailee")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        classes |= set(re.findall(r"(?:class|struct) (?:\[\[\w+\]\] )?BAILEE_EXPORT (\w+)", text))
        # A struct that is marked in part: what of it is exported are members with a mark.
        classes |= set(re.findall(r"^struct (\w+) \{(?:(?!^\};).)*?^  BAILEE_EXPORT ", text, re.M | re.S))
        functions |= set(re.findall(r"^BAILEE_EXPORT [^;{]*?(\w+)\(", text, re.M))
    return classes, functions


class Exports(unittest.TestCase):
    def test_every_exported_symbol_is_marked(self):
        classes, functions = marked()
        self.assertGreater(len(classes), 5)
        strangers = set()
        for symbol in exported() - UNAVOIDABLE:
            name = re.sub(r"^(typeinfo name for|typeinfo for|vtable for) ", "", symbol)
            match = re.match(r"bailee::(?:internal::)?(\w+)", name)
            if not match or match.group(1) not in classes | functions:
                strangers.add(symbol)
        self.assertEqual(strangers, set())

    def test_nothing_of_the_inner_namespaces_is_exported(self):
        inner = {symbol for symbol in exported() if re.match(r"(\w+ for )?bailee::(%s)::" % INTERNAL, symbol)}
        self.assertEqual(inner, set())

    def test_nothing_of_the_dependencies_is_exported(self):
        theirs = {symbol for symbol in exported() if re.search(r"\bmdb_|sodium|crypto_|google::|protobuf", symbol)}
        self.assertEqual(theirs, set())

    def test_every_marked_class_is_there(self):
        text = "\n".join(exported())
        for name in sorted(marked()[0]):
            with self.subTest(name=name):
                self.assertRegex(text, r"\b%s\b" % name)


if __name__ == "__main__":
    LIBRARY, SOURCE = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
