#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The source tree keeps its shape: structure_test.py SOURCE. Each check is also shown to see what it is there for."""

import os
import sys
import tempfile
import unittest

import structure

SOURCE = None


class Tree(unittest.TestCase):
    """The tree as it is."""

    def assert_no_problems(self, check):
        problems = check(SOURCE)
        self.assertEqual(problems, [], "\n" + "\n".join(problems))

    def test_only_what_belongs_is_at_the_top_level(self):
        self.assert_no_problems(structure.top_level)

    def test_modules_see_one_another_in_one_direction(self):
        self.assert_no_problems(structure.module_graph)

    def test_rooms_of_the_vault_see_one_another_in_one_direction(self):
        self.assert_no_problems(structure.room_graph)
        for room, seen in structure.ROOMS.items():
            with self.subTest(room=room):
                self.assertNotIn(room, self.seen_through(seen))

    def seen_through(self, rooms):
        """The rooms, and those that they may include, and so on."""
        return set(rooms).union(*(self.seen_through(structure.ROOMS[room]) for room in rooms))

    def test_every_folder_of_tests_is_built(self):
        self.assert_no_problems(structure.test_folders)

    def test_public_headers_see_public_headers_alone(self):
        self.assert_no_problems(structure.public_headers)

    def test_dependencies_are_seen_only_where_they_belong(self):
        self.assert_no_problems(structure.dependencies)

    def test_tools_see_public_headers_alone(self):
        self.assert_no_problems(structure.tools)

    def test_files_are_short(self):
        self.assert_no_problems(structure.sizes)

    def test_every_parser_is_fuzzed(self):
        self.assert_no_problems(structure.parsers_fuzzed)

    def test_sources_begin_with_their_licence(self):
        self.assert_no_problems(structure.licences)

    def test_the_files_that_translate_do_so(self):
        """The list of exceptions names nothing that needs none."""
        for path in structure.PROTOBUF:
            with self.subTest(path=path):
                self.assertTrue(any(what.endswith(".pb.h") or what.startswith("google/")
                                    for what, _ in structure.includes(SOURCE, path)))

    def test_guarantees_name_tests_that_exist(self):
        if not os.path.exists(os.path.join(SOURCE, "SECURITY.md")):
            print("SECURITY.md is not written yet: no guarantee is checked", file=sys.stderr)
            return
        self.assert_no_problems(structure.guarantees)


class Checks(unittest.TestCase):
    """The checks, on trees that are wrong."""

    def problems(self, check, **texts):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "lib"))
            for path, text in dict({".gitignore": "/build/\n"}, **texts).items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return check(root)

    def assert_problem(self, check, path, text):
        self.assertEqual(len(self.problems(check, **{path: text})), 1, text)

    def test_a_stranger_at_the_top_level(self):
        self.assert_problem(structure.top_level, "docs/x.md", "")
        self.assertEqual(self.problems(structure.top_level, **{"build/x": "", ".ci/run": "", "lib/a": ""}), [])

    def test_a_back_edge(self):
        self.assert_problem(structure.module_graph, "lib/base/a.cc", '#include "crypto/aead.h"\n')
        self.assert_problem(structure.module_graph, "lib/policy/a.cc", '#include "record/row.h"\n')
        self.assert_problem(structure.module_graph, "lib/audit/a.cc", '#include "keys/wraps.h"\n')
        self.assert_problem(structure.module_graph, "lib/base/a.cc", '#include "b.h"\n')
        self.assert_problem(structure.module_graph, "lib/other/a.cc", "")
        self.assertEqual(self.problems(structure.module_graph, **{"lib/keys/a.cc": '#include "record/row.h"\n'}), [])

    def test_a_room_that_looks_back(self):
        self.assert_problem(structure.room_graph, "lib/vault/frame/a.cc", '#include "vault/erase/erase.h"\n')
        self.assert_problem(structure.room_graph, "lib/vault/frame/a.cc", '#include "vault/vault.h"\n')
        self.assert_problem(structure.room_graph, "lib/vault/other/a.cc", "")
        self.assertEqual(self.problems(structure.room_graph, **{
            "lib/vault/erase/a.cc": '#include "vault/frame/due.h"\n#include "base/try.h"\n',
            "lib/vault/vault.cc": '#include "vault/erase/erase.h"\n'}), [])

    def test_a_folder_of_tests_that_is_not_built(self):
        built = {"tests/CMakeLists.txt": "foreach(module a b)\n", "tests/a/CMakeLists.txt": "", "tests/support/x.h": ""}
        self.assertEqual(self.problems(structure.test_folders, **built), [])
        self.assertEqual(len(self.problems(structure.test_folders, **built, **{"tests/c/CMakeLists.txt": ""})), 1)

    def test_a_public_header_that_shows_an_inner_one(self):
        for include in ('"base/codec.h"', "<sodium.h>", "<lmdb.h>", '"bailee/v1/policy.pb.h"', "<google/protobuf/message.h>",
                        "<sys/stat.h>"):
            self.assert_problem(structure.public_headers, "lib/include/bailee/a.h", "#include %s\n" % include)

    def test_a_dependency_out_of_its_place(self):
        self.assert_problem(structure.dependencies, "lib/vault/a.cc", "#include <sodium.h>\n")
        self.assert_problem(structure.dependencies, "lib/base/secret.cc", "#include <sodium.h>\n")
        self.assert_problem(structure.dependencies, "lib/store/scan.cc", "#include <lmdb.h>\n")
        self.assert_problem(structure.dependencies, "lib/record/view.cc", "#include <maxminddb.h>\n")
        self.assert_problem(structure.dependencies, "lib/vault/a.cc", '#include "bailee/v1/policy.pb.h"\n')
        self.assert_problem(structure.dependencies, "tools/bailee/a.cc", "#include <lmdb.h>\n")

    def test_a_tool_that_looks_inside(self):
        self.assert_problem(structure.tools, "tools/bailee/a.cc", '#include "vault/frame/vault_impl.h"\n')
        self.assert_problem(structure.tools, "tools/bailee/a.cc", "#include <google/protobuf/message.h>\n")

    def test_a_file_too_long(self):
        self.assert_problem(structure.sizes, "lib/base/a.cc", "\n" * 401)
        self.assertEqual(self.problems(structure.sizes, **{"lib/base/a.cc": "\n" * 400}), [])

    def test_a_parser_that_nobody_fuzzes(self):
        self.assert_problem(structure.parsers_fuzzed, "lib/keys/a.h", "Result<A> ParseThing(ByteView bytes);\n")
        self.assertEqual(self.problems(structure.parsers_fuzzed, **{
            "lib/keys/a.h": "Result<A> ParseThing(ByteView bytes);\n", "tests/fuzz/a.cc": "ParseThing(input);\n"}), [])

    def test_a_source_without_licence(self):
        self.assert_problem(structure.licences, "tests/a_test.cc", "#pragma once\n")

    def test_a_guarantee_without_tests(self):
        tests = {"tests/a_test.cc": "TEST(Card, IsSealed) {\n", "tests/CMakeLists.txt": "add_test(NAME part_${x}_test\n"}
        good = "# Security\n\nG1. Cards are sealed,\nall of them. Tests: `Card.IsSealed`,\n`part_one_test`\n\nG2. So. Tests: `Card.IsSealed`\n"
        self.assertEqual(self.problems(structure.guarantees, **{"SECURITY.md": good}, **tests), [])
        for bad in ("# Security\n", "G1. Sealed.\n", "G1. Sealed. Tests: `Card.IsOpen`\n", "G2. Sealed. Tests: `Card.IsSealed`\n",
                    "G1. Sealed. Tests: `part__test`\n", good + "G3. No blank. Tests: none\n"):
            self.assertEqual(len(self.problems(structure.guarantees, **{"SECURITY.md": bad}, **tests)), 1, bad)


if __name__ == "__main__":
    SOURCE = sys.argv.pop(1)
    unittest.main()
