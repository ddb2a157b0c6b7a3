# SPDX-License-Identifier: Apache-2.0
"""rectify_test.py BAILEE POLICY: values are put right and what is held is reviewed, through the tool alone."""
import json
import os
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]
WRONG, RIGHT = "ana@wrong.example", "ana@right.example"
PERSON = {"ref": "user-4711", "notice": "checkout-7", "source": "web",
          "records": [{"category": "account", "fields": {"name": "Ana", "email": WRONG, "password": "hunter22"}}]}


class RectifyTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tool = Tool(BAILEE, self.directory.name)
        self.tool.make_vault(POLICY, shop=["--collector"], support=["support"], news=["contact.news"])
        self.assertEqual(self.as_("shop", "collect", stdin=json.dumps(PERSON) + "\n").code, 0)
        self.handle = self.find(WRONG)[0]["handle"]

    def as_(self, actor, *words, stdin=""):
        return self.tool.run("--vault", "vault", "--keyring", f"file:keys/{actor}.keyring", *words, stdin=stdin)

    def find(self, email):
        found = self.as_("support", "subject", "find", "--purpose", "support", "account.email", "--json",
                         stdin=email + "\n")
        return found.json()["found"] if found.code == 0 else []

    def rectify(self, actor, fields, *words, purpose=None):
        return self.as_(actor, "record", "rectify", self.handle, "account", "--purpose", purpose or actor, *words,
                        stdin=json.dumps(fields) + "\n")

    def test_a_value_is_put_right_found_and_in_the_ledger(self):
        done = self.rectify("support", {"email": RIGHT}, "--json")
        self.assertEqual(done.code, 0, done)
        answer = done.json()
        self.assertEqual((answer["schema"], answer["revision"], answer["fields"]),
                         ("bailee.record-rectify/1", 1, ["email"]))
        self.assertNotIn(RIGHT, done.out + done.err)
        self.assertEqual(self.find(RIGHT)[0]["handle"], self.handle)
        self.assertEqual(self.find(WRONG), [])
        shown = self.as_("rights", "ledger", "show", self.handle, "--json").json()
        self.assertEqual([(each["kind"], each["fields"]) for each in shown["entries"]], [("rectified", ["email"])])
        past = self.as_("auditor", "explain", answer["decision"], "--json").json()
        self.assertEqual((past["kind"], past["actor"], past["fields"]), ("rectify", "support", ["email"]))

    def test_rights_put_it_right_too_but_no_password(self):
        self.assertEqual(self.rectify("rights", {"name": "Ana B.", "email": {"hex": RIGHT.encode().hex()}}).code, 0)
        self.assertEqual(self.find(RIGHT)[0]["handle"], self.handle)
        refused = self.rectify("rights", {"password": "hunter23"}, "--json")
        self.assertEqual((refused.code, refused.error()["reasons"][0]), (3, "not-collected-for"), refused)

    def test_what_is_wrong_with_it_is_said_without_the_value(self):
        for fields, code, name in (({"email": "no address"}, 7, "collect.value"), ({}, 7, "input.fields"),
                                   ({"email": 7}, 7, "input.value"), ([], 7, "input.json")):
            with self.subTest(fields):
                ran = self.rectify("support", fields, "--json")
                self.assertEqual((ran.code, ran.error()["name"]), (code, name), ran)
                self.assertNotIn("no address", ran.err)
        ran = self.rectify("news", {"email": RIGHT}, "--json", purpose="contact.news")
        self.assertIn(ran.code, (3, 8), ran)
        self.assertEqual(self.find(WRONG)[0]["handle"], self.handle)

    def test_a_review_counts_and_names_what_nobody_read(self):
        review = self.as_("upkeep", "review", "--unconfirmed-days", "0", "--json")
        self.assertEqual(review.code, 0, review)
        answer = review.json()
        account = next(each for each in answer["categories"] if each["category"] == "account")
        self.assertEqual((answer["schema"], answer["subjects"], account["records"], account["overdue"]),
                         ("bailee.review/1", 1, 1, 0))
        self.assertEqual(account["unconfirmed"], 1)
        self.assertNotIn("never_read", account)
        read = self.as_("upkeep", "review", "--auditor", "file:keys/auditor.keyring", "--since", "1h", "--json")
        self.assertEqual(read.code, 0, read)
        account = next(each for each in read.json()["categories"] if each["category"] == "account")
        self.assertIn("name", account["never_read"])
        self.assertNotIn("email", account["never_read"])  # it was found by it
        words = self.as_("upkeep", "review")
        self.assertRegex(words.out, r"(?m)^account\t1\t")
        refused = self.as_("support", "review", "--json")
        self.assertEqual((refused.code, refused.error()["reasons"]), (3, ["purpose-key-missing"]), refused)
        bad = self.as_("upkeep", "review", "--unconfirmed-days", "-1", "--json")
        self.assertEqual((bad.code, bad.error()["name"]), (7, "review.days"), bad)
        bad = self.as_("upkeep", "review", "--since", "yesterday", "--json")
        self.assertEqual((bad.code, bad.error()["name"]), (2, "usage.when"), bad)


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main()
