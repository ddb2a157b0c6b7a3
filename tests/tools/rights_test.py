# SPDX-License-Identifier: Apache-2.0
"""rights_test.py BAILEE POLICY: what a person may ask for, and what the one who answers them has to
show: subject export, restrict and unrestrict; ropa; breach-scope."""
import csv
import io
import json
import os
import stat
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]
PAN = "4111111111111111"
EMAIL = "ana@example.net"
REF = "user-4711"
RECORD = "0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e"
PERSON = {
    "ref": REF, "notice": "checkout-7", "source": "web",
    "records": [
        {"category": "account", "fields": {"name": "Ana", "email": EMAIL, "password": "hunter22"}},
        {"category": "payment_card", "record": RECORD,
         "fields": {"pan": PAN, "expiry": "12/30"}}]}
BROWSER = {
    "tag": "cookie-9f2c", "notice": "visit-1", "source": "web",
    "records": [{"category": "web_log",
                 "fields": {"ip": "192.0.2.7", "at": "2016-08-02T10:11:12Z",
                            "agent": "Firefox"}}]}


class Rights(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.root = cls.directory.name
        cls.tool = Tool(BAILEE, cls.root)
        cls.tool.make_vault(POLICY, shop=["--collector"], support=["support"], billing=["billing"])
        lines = "".join(json.dumps(each) + "\n" for each in (PERSON, BROWSER))
        ran = cls.as_("shop", "collect", "--json", stdin=lines)
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

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return json.load(file)

    def record_of(self, document, category):
        return next(each for each in document["records"] if each["category"] == category)

    def test_an_export_is_a_whole_new_file_for_nobody_else(self):
        ran = self.as_("rights", "subject", "export", "--out", "ana.json", "--json",
                       stdin=REF + "\n")
        self.assertEqual(ran.code, 0, ran)
        answer = ran.json()
        self.assertEqual((answer["records"], answer["damaged"], answer["complete"]), (2, 0, True))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("ana.json")).st_mode), 0o600)
        self.assertNotIn(PAN, ran.out + ran.err)
        self.assertNotIn(EMAIL, ran.out + ran.err)
        file = self.read("ana.json")
        self.assertEqual(file["schema"], "bailee.subject/1")
        self.assertEqual((file["handle"], file["ref"]), (self.handle, REF))
        self.assertEqual((file["count"], file["about"]), (2, "person"))
        self.assertNotIn("looks", file)
        account = self.record_of(file, "account")
        self.assertEqual(account["values"]["email"], EMAIL)
        self.assertNotIn("password", account["values"])
        self.assertEqual(account["not_included"],
                         [{"field": "password", "reason": "not-collected-for"}])
        self.assertEqual((account["notice"], account["source"], account["source_role"]),
                         ("checkout-7", "web", "OWN"))
        card = self.record_of(file, "payment_card")
        self.assertEqual((card["values"]["pan"], card["record"]), (PAN, RECORD))
        uses = {each["purpose"]: each for each in card["purposes"]}
        self.assertEqual(uses["support"]["fields"], ["pan.last4"])
        self.assertEqual(uses["support"]["why_not_others"], ["not-collected-for"])

        again = self.as_("rights", "subject", "export", "--out", "ana.json", "--json",
                         stdin=REF + "\n")
        self.assertEqual((again.code, again.error()["name"]), (9, "io.exists"), again)

    def test_by_handle_with_who_looked_and_why(self):
        looked = self.as_("billing", "record", "show", self.handle, "payment_card.pan",
                          "--purpose", "billing", "--record", RECORD, "--json")
        self.assertEqual(looked.code, 0, looked)
        ran = self.as_("rights", "subject", "export", self.handle, "--out", "looks.json",
                       "--trail", "keys/auditor.keyring", "--json")
        self.assertEqual(ran.code, 0, ran)
        looks = self.read("looks.json")["looks"]
        self.assertEqual(len(looks), ran.json()["looks"])
        reads = [each for each in looks if each["kind"] == "read" and each["actor"] == "billing"]
        self.assertEqual((reads[0]["purpose"], reads[0]["fields"], reads[0]["outcome"]),
                         ("billing", ["pan"], "allowed"))
        self.assertTrue(any(each["kind"] == "export-subject" for each in looks))

    def test_the_trail_needs_the_auditor_and_leaves_no_half_file(self):
        ran = self.as_("rights", "subject", "export", self.handle, "--out", "half.json",
                       "--trail", "keys/rights.keyring", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (12, "key.auditor-missing"), ran)
        self.assertFalse(os.path.exists(self.path("half.json")))

    def test_a_tags_holder_has_their_own(self):
        ran = self.as_("rights", "subject", "export", "--tag", "--out", "tag.json", "--json",
                       stdin="cookie-9f2c\n")
        self.assertEqual(ran.code, 0, ran)
        file = self.read("tag.json")
        self.assertEqual((file["about"], file["ref"], file["count"]), ("browser", "cookie-9f2c", 1))
        self.assertEqual(file["records"][0]["values"]["ip"], "192.0.2.7")

    def test_nobody_and_nowhere(self):
        ran = self.as_("rights", "subject", "export", "--out", "none.json", "--json",
                       stdin="nobody\n")
        self.assertEqual(ran.code, 8, ran)
        self.assertFalse(os.path.exists(self.path("none.json")))
        ran = self.as_("rights", "subject", "export", self.handle, "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (2, "export.nowhere"), ran)
        ran = self.as_("rights", "subject", "export", self.handle, "--reveal", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (2, "reveal.not-a-terminal"), ran)

    def test_only_rights_may(self):
        ran = self.as_("billing", "subject", "export", self.handle, "--out", "b.json", "--json")
        self.assertEqual(ran.code, 3, ran)
        self.assertEqual(ran.error()["reasons"], ["purpose-key-missing"])
        self.assertFalse(os.path.exists(self.path("b.json")))

    def test_a_controller_that_is_none(self):
        ran = self.as_("rights", "subject", "export", self.handle, "--out", "c.json",
                       "--on-behalf-of", "nobody", "--json")
        self.assertEqual((ran.code, ran.error()["reasons"]), (3, ["outside-instructions"]), ran)

    def test_restricting_stops_use_and_not_the_export(self):
        person = dict(PERSON, ref="user-2")
        self.assertEqual(self.as_("shop", "collect", stdin=json.dumps(person) + "\n").code, 0)
        ran = self.as_("shop", "subject", "restrict", "--method", "web-form", "--json",
                       stdin="user-2\n")
        self.assertEqual(ran.code, 0, ran)
        handle = ran.json()["handle"]
        self.assertTrue(ran.json()["restricted"])
        self.assertGreater(ran.json()["wraps_removed"], 0)
        shown = self.as_("support", "record", "show", handle, "account.email", "--purpose",
                         "support", "--json")
        self.assertNotEqual(shown.code, 0, shown)
        ran = self.as_("rights", "subject", "export", handle, "--out", "two.json", "--json")
        self.assertEqual(ran.code, 0, ran)
        file = self.read("two.json")
        self.assertTrue(file["restricted"])
        self.assertEqual([each["kind"] for each in file["ledger"]], ["restricted"])
        self.assertEqual(self.record_of(file, "account")["values"]["email"], EMAIL)
        ran = self.as_("support", "subject", "unrestrict", handle, "--json")
        self.assertEqual((ran.code, ran.json()["restricted"]), (0, False), ran)
        self.as_("upkeep", "upkeep")
        shown = self.as_("support", "record", "show", handle, "account.email", "--purpose",
                         "support", "--json")
        self.assertEqual(shown.code, 0, shown)

    def test_the_record_of_processing(self):
        ran = self.tool.run("ropa", "--policy", POLICY, "--json")
        self.assertEqual(ran.code, 0, ran)
        answer = ran.json()
        self.assertEqual(answer["schema"], "bailee.ropa/1")
        self.assertIn("data_protection_officer", answer["missing"])
        found = {(each["purpose"], each["category"]): each for each in answer["activities"]}
        support = found[("support", "payment_card")]
        self.assertEqual(support["fields"], ["pan.last4"])
        self.assertEqual(support["basis"], ["NECESSARY"])
        self.assertEqual(support["sources"], ["web"])
        self.assertEqual(support["retention"], "90 days from collection")
        self.assertEqual(support["persons"], "persons")
        self.assertEqual(found[("security", "web_log")]["persons"], "browsers")
        self.assertEqual(found[("contact.news", "account")]["basis"], ["OPT_IN"])
        self.assertNotIn(("billing", "account"), found)
        in_force = self.as_("rights", "ropa", "--json")
        self.assertEqual(in_force.json()["activities"], answer["activities"])

    def test_the_record_of_processing_as_csv(self):
        ran = self.tool.run("ropa", "--policy", POLICY, "--csv")
        self.assertEqual(ran.code, 0, ran)
        rows = list(csv.reader(io.StringIO(ran.out, newline="")))
        self.assertEqual(rows[0][:4], ["controller", "purpose", "purpose_says", "category"])
        self.assertTrue(all(len(row) == len(rows[0]) for row in rows))
        listed = self.tool.run("ropa", "--policy", POLICY, "--json").json()["activities"]
        self.assertEqual([(row[1], row[3]) for row in rows[1:]],
                         [(each["purpose"], each["category"]) for each in listed])
        both = self.tool.run("ropa", "--policy", POLICY, "--csv", "--json")
        self.assertEqual((both.code, both.error()["name"]), (2, "usage.csv"), both)

    def test_no_cell_is_a_formula(self):
        with open(POLICY, encoding="utf-8") as file:
            text = file.read()
        evil = text.replace("Charge and refund", "=HYPERLINK(\\\"http://evil\\\";\\\"a, b\\\")")
        self.assertNotEqual(evil, text)
        with open(self.path("evil.textproto"), "w", encoding="utf-8") as file:
            file.write(evil)
        ran = self.tool.run("ropa", "--policy", "evil.textproto", "--csv")
        self.assertEqual(ran.code, 0, ran)
        for row in csv.reader(io.StringIO(ran.out, newline="")):
            for cell in row:
                self.assertFalse(cell[:1] in ("=", "+", "-", "@", "\t", "\r"), cell)
        self.assertIn("\"'=HYPERLINK(\"\"http://evil\"\";\"\"a, b\"\")\"", ran.out)

    def test_what_a_leaked_keyring_opens(self):
        ran = self.as_("rights", "breach-scope", "keys/support.keyring", "--handles", "--json")
        self.assertEqual(ran.code, 0, ran)
        *concerned, answer = [json.loads(line) for line in ran.out.splitlines()]
        self.assertIn(self.handle, {each["handle"] for each in concerned})
        self.assertEqual(len(concerned), answer["subjects"])
        self.assertEqual((answer["actor"], answer["storage"]), ("support", True))
        cards = next(each for each in answer["categories"] if each["category"] == "payment_card")
        self.assertEqual([use["purpose"] for use in cards["purposes"]], ["support"])
        self.assertEqual([field["name"] for field in cards["purposes"][0]["fields"]], ["pan.last4"])
        self.assertNotIn("web_log", {each["category"] for each in answer["categories"]})
        self.assertEqual([each["lookup"] for each in answer["lookups"]], ["account.email/support"])
        self.assertNotIn(EMAIL, ran.out + ran.err)

    def test_a_leaked_collector_opens_no_record(self):
        ran = self.as_("rights", "breach-scope", "keys/shop.keyring", "--json")
        self.assertEqual(ran.code, 0, ran)
        answer = ran.json()
        self.assertEqual((answer["subjects"], answer["categories"]), (0, []))
        self.assertEqual(answer["refs_and_ledgers"], answer["subjects_all"])

    def test_a_leaked_auditor_is_named_by_its_role(self):
        ran = self.as_("rights", "breach-scope", "keys/auditor.keyring", "--json")
        self.assertEqual((ran.code, ran.json()["roles"]), (0, ["auditor"]), ran)

    def test_breach_scope_is_for_rights_and_this_vault(self):
        ran = self.as_("billing", "breach-scope", "keys/support.keyring", "--json")
        self.assertEqual((ran.code, ran.error()["reasons"]), (3, ["purpose-key-missing"]), ran)
        made = self.tool.run("init", "vault2", "--policy", POLICY, "--keyrings", "keys2")
        self.assertEqual(made.code, 0, made)
        ran = self.as_("rights", "breach-scope", "keys2/rights.keyring", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (12, "key.other-vault"), ran)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
