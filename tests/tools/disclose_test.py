# SPDX-License-Identifier: Apache-2.0
"""disclose_test.py BAILEE POLICY: what leaves, and who is written to, through the tool alone."""
import json
import os
import stat
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE = sys.argv[1]
POLICY = os.path.join(os.path.dirname(sys.argv[2]), "../../proto/policies/livelook_2013.textproto")
EMAIL = "ada@analytical.example"
PERSON = {"ref": "user-4711", "notice": "signup-1", "source": "web",
          "records": [{"category": "account", "fields": {"name": "Ada", "email": EMAIL}}]}


class DiscloseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.root = cls.directory.name
        cls.tool = Tool(BAILEE, cls.root)
        cls.tool.make_vault(POLICY, web=["--collector"], legal=["legal.process"], support=["support"])
        ran = cls.as_("web", "collect", "--json", stdin=json.dumps(PERSON) + "\n")
        assert ran.code == 0, ran
        found = cls.as_("support", "subject", "find", "--purpose", "support", "account.email",
                        "--json", stdin=EMAIL + "\n")
        assert found.code == 0, found
        cls.handle = found.json()["found"][0]["handle"]

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    @classmethod
    def as_(cls, actor, *words, stdin=""):
        return cls.tool.run("--vault", "vault", "--keyring", f"file:keys/{actor}.keyring", *words,
                            stdin=stdin)

    def disclose(self, *more, actor="legal"):
        return self.as_(actor, "disclose", self.handle, "account.email", "--purpose",
                        "legal.process", "--recipient", "authority", "--json", *more)

    def path(self, name):
        return os.path.join(self.root, name)

    def test_values_leave_to_a_file_of_ours_and_are_accounted_for(self):
        before = self.as_("rights", "disclosures", "list", self.handle, "--json").json()
        ran = self.disclose("--ground", "LAW", "--case", "2013-CV-17", "--out", "answer.txt")
        self.assertEqual(ran.code, 0, ran)
        self.assertNotIn(EMAIL, ran.out + ran.err)
        with open(self.path("answer.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), EMAIL)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("answer.txt")).st_mode), 0o600)
        rows = self.as_("rights", "disclosures", "list", self.handle, "--json").json()["disclosures"]
        self.assertEqual(len(rows), len(before["disclosures"]) + 1)
        self.assertEqual((rows[-1]["recipient"], rows[-1]["ground"], rows[-1]["case"]),
                         ("authority", "LAW", "2013-CV-17"))
        self.assertEqual(rows[-1]["decision"], ran.json()["decision"])
        again = self.disclose("--ground", "LAW", "--case", "2013-CV-17", "--out", "answer.txt")
        self.assertEqual(again.code, 9, again)

    def test_what_does_not_fit_is_refused_and_writes_nothing(self):
        for more, code, word in (
                (("--ground", "LAW"), 3, "case-missing"),
                (("--ground", "LAW", "--case", "a b"), 3, "case-missing"),
                (("--ground", "BECAUSE", "--case", "C-1"), 3, "ground-not-met"),
                (("--ground", "LAW", "--case", "C-1", "--until", "2001-02-03"), 7,
                 "disclose.until-past"),
                (("--ground", "LAW", "--case", "C-1", "--until", "soon"), 2, "usage.when"),
                (("--ground", "LAW", "--case", "C-1", "--record", "x"), 7, "")):
            ran = self.disclose(*more, "--out", "never")
            self.assertEqual(ran.code, code, ran)
            self.assertIn(word, ran.err)
            self.assertFalse(os.path.exists(self.path("never")))
        ran = self.disclose("--ground", "LAW", "--case", "C-1")
        self.assertEqual((ran.code, ran.error()["name"]), (2, "disclose.nowhere"), ran)

    def test_the_accounting_takes_rights(self):
        ran = self.as_("support", "disclosures", "list", self.handle, "--json")
        self.assertEqual(ran.code, 3, ran)
        self.assertIn("purpose-key-missing", ran.err)

    def test_shares_that_ended_are_listed(self):
        ran = self.as_("rights", "disclosures", "due", "--json")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(json.loads(ran.out.splitlines()[-1])["ended"], 0)

    def check(self, address, actor="web", *more):
        return self.as_(actor, "contact", "check", "contact.news", "--json", *more,
                        stdin=address + "\n")

    def test_nobody_is_written_to_without_permission(self):
        for ran in (self.check("grace@cobol.example"), self.check(EMAIL, "support"),
                    self.check(EMAIL, "web", "--handle", self.handle)):
            self.assertEqual(ran.code, 3, ran)
            self.assertEqual(ran.error()["reasons"], ["consent-missing"])
        ran = self.check("nonsense")
        self.assertEqual(ran.code, 7, ran)
        self.assertNotIn("nonsense", ran.err)

    def test_the_list_goes_on_and_off(self):
        address = "bob@example.org"
        ran = self.as_("web", "contact", "suppress", "--json", stdin=address + "\n")
        self.assertEqual((ran.code, ran.json()["changed"]), (0, True), ran)
        self.assertEqual(self.check(address).error()["reasons"][0], "contact-suppressed")
        ran = self.as_("web", "contact", "unsuppress", "--json", stdin=address + "\n")
        self.assertEqual(ran.code, 3, ran)
        ran = self.as_("rights", "contact", "unsuppress", "--json", stdin=address + "\n")
        self.assertEqual((ran.code, ran.json()["changed"]), (0, True), ran)
        self.assertEqual(self.check(address).error()["reasons"], ["consent-missing"])

    def test_a_list_is_imported_by_line_and_comes_back_as_tags(self):
        good = "".join(f"user{i}@example.net\n" for i in range(2500))
        bad = "no address\n" + "x" * 5000 + "@example.net\n" + "a@b@c\n"
        ran = self.as_("web", "contact", "import", "--json", stdin=good + bad + "USER1@example.net")
        self.assertEqual(ran.code, 5, ran)
        counts = ran.json()
        self.assertEqual((counts["lines"], counts["added"], counts["known"], counts["rejected"]),
                         (2504, 2500, 1, 3))
        lines = [json.loads(line)["line"] for line in ran.err.splitlines()[:3]]
        self.assertEqual(lines, [2501, 2502, 2503])
        self.assertNotIn("example.net", ran.err)

        ran = self.as_("web", "contact", "export", "--out", "list.tags", "--json")
        self.assertEqual(ran.code, 0, ran)
        with open(self.path("list.tags"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(stat.S_IMODE(os.stat(self.path("list.tags")).st_mode), 0o600)
        self.assertNotIn("@", text)
        ran = self.as_("web", "contact", "import", "--json", stdin=text)
        self.assertEqual((ran.code, ran.json()["added"]), (0, 0), ran)
        head, rest = text.split("\n", 1)
        foreign = "bailee-suppression-1 " + "0" * 32 + "\n" + rest
        ran = self.as_("web", "contact", "import", "--json", stdin=foreign)
        self.assertEqual((ran.code, ran.error()["name"]), (7, "contact.other-vault"), ran)
        ran = self.as_("web", "contact", "import", "--json", stdin=head + "\nzz\n")
        self.assertEqual((ran.code, ran.json()["rejected"]), (5, 1), ran)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
