# SPDX-License-Identifier: Apache-2.0
"""key_test.py BAILEE POLICY: keys are replaced through the tool alone, and SECURITY.md's answer to a leaked keyring."""
import json
import os
import re
import shlex
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]
SECURITY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "SECURITY.md")
PAN = "4111111111111111"
RECORD = "0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e"
PERSON = {"ref": "user-4711", "notice": "checkout-7", "source": "web",
          "records": [{"category": "payment_card", "record": RECORD, "fields": {"pan": PAN, "expiry": "12/30"}}]}


class KeyTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tool = Tool(BAILEE, self.directory.name)
        self.tool.environment["BAILEE_VAULT"] = "vault"
        self.tool.make_vault(POLICY, shop=["--collector"], billing=["billing"], support=["support"])
        self.collect("shop")

    def grant(self, actor, *purposes):
        ran = self.tool.run("keyring", "grant", "--from", "keys", "--actor", actor, "--out", f"keys/{actor}.keyring",
                            *purposes)
        self.assertEqual(ran.code, 0, ran)

    def collect(self, actor):
        ran = self.as_(actor, "collect", stdin=json.dumps(PERSON) + "\n")
        self.assertEqual(ran.code, 0, ran)

    def as_(self, actor, *words, stdin=""):
        return self.with_(f"keys/{actor}.keyring", *words, stdin=stdin)

    def with_(self, keyring, *words, stdin=""):
        return self.tool.run("--keyring", f"file:{keyring}", *words, stdin=stdin)

    def rotate(self, *words):
        return self.tool.run("key", "rotate", *words, "--from", "keys", "--json")

    def find(self, actor):
        return self.find_with(f"keys/{actor}.keyring")

    def find_with(self, keyring):
        return self.with_(keyring, "subject", "find", "--purpose", "billing", "payment_card.pan", "--json", stdin=PAN + "\n")

    def rename(self, old, new):
        os.rename(os.path.join(self.directory.name, old), os.path.join(self.directory.name, new))

    def test_the_planned_road_loses_nothing_and_ends_the_old_keyring(self):
        begun = self.rotate("purpose", "billing")
        self.assertEqual(begun.code, 0, begun)
        answer = begun.json()
        self.assertEqual((answer["schema"], answer["from"], answer["to"], answer["step"]),
                         ("bailee.key-rotate/1", 1, 2, "ready"))
        self.assertEqual(answer["keyrings"], ["keys/origins/billing.keyring"])
        self.assertEqual(self.find("billing").code, 0)
        self.grant("billing-2", "billing")
        self.assertEqual(len(self.find("billing-2").json()["found"]), 1)
        status = self.as_("support", "key", "status", "--json").json()
        self.assertEqual([(each["key"], each["step"]) for each in status["rotations"]], [("purpose/billing", "ready")])
        self.assertEqual(self.as_("support", "status", "--json").json()["rotations"], ["purpose/billing"])
        done = self.rotate("purpose", "billing", "--finish")
        self.assertEqual((done.code, done.json()["step"]), (0, "done"), done)
        refused = self.find("billing")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.retired"), refused)
        self.assertEqual(len(self.find("billing-2").json()["found"]), 1)
        self.grant("billing-3", "billing")
        self.assertEqual(len(self.find("billing-3").json()["found"]), 1)
        self.assertEqual(self.as_("support", "key", "status", "--json").json()["rotations"], [])
        log = self.as_("auditor", "audit", "log", "--kind", "rotate", "--json")
        self.assertEqual(log.code, 0, log)
        verified = self.as_("auditor", "audit", "verify", "--entries", "--json")
        self.assertEqual(verified.code, 0, verified)

    def test_reserved_keys_are_replaced_where_they_lie(self):
        for purpose in ("rights", "upkeep", "tally"):
            done = self.rotate("purpose", purpose, "--now")
            self.assertEqual((done.code, done.json()["step"]), (0, "done"), done)
            self.assertEqual(done.json()["keyrings"], [f"keys/{purpose}.keyring"])
        self.assertEqual(self.as_("upkeep", "upkeep", "--json").code, 0)

    def test_the_storage_key_and_an_index_have_two_versions_until_they_are_finished(self):
        for words in (("index", "payment_card.pan/billing"), ("storage",)):
            begun = self.rotate(*words)
            self.assertEqual((begun.code, begun.json()["step"]), (0, "ready"), begun)
            self.assertEqual(len(self.find("billing").json()["found"]), 1)
        self.grant("billing-2", "billing")
        self.assertEqual(len(self.find("billing-2").json()["found"]), 1)
        for words in (("index", "payment_card.pan/billing"), ("storage",)):
            done = self.rotate(*words, "--finish")
            self.assertEqual((done.code, done.json()["step"]), (0, "done"), done)
        refused = self.find("billing")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.retired"), refused)
        self.assertEqual(len(self.find("billing-2").json()["found"]), 1)

    def playbook(self):
        with open(SECURITY, encoding="utf-8") as file:
            text = file.read()
        block = re.search(r"## A keyring leaked\n.*?```sh\n(.*?)```", text, re.S).group(1)
        return block.replace("/root/acme-keys", "keys").splitlines()

    def test_the_answer_to_a_leaked_keyring_is_what_security_md_says(self):
        self.rename("keys/billing.keyring", "leaked.keyring")
        commands = [shlex.split(line) for line in self.playbook()]
        self.assertEqual({words[0] for words in commands}, {"bailee"})
        ran = [self.tool.run(*words[1:]) for words in commands]
        for each in ran:
            self.assertEqual(each.code, 0, each)
        self.assertIn('"records":1', ran[0].out.replace(" ", ""))
        refused = self.find_with("leaked.keyring")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.retired"), refused)
        self.assertEqual(len(self.find_with("billing-web.keyring").json()["found"]), 1)
        self.assertIn("no rotation", ran[-1].out)
        # The commands once more, for the next one that leaks.
        self.rename("billing-web.keyring", "leaked-too.keyring")
        for words in commands[1:4]:
            self.assertEqual(self.tool.run(*words[1:]).code, 0)

    def test_failures_are_told_apart(self):
        for words, code, name in ((("purpose", "nobody"), 12, "key.source-missing"),
                                  (("purpose",), 2, "usage.missing"),
                                  (("storage", "x"), 2, "usage.excludes"),
                                  (("purpose", "billing", "--finish"), 8, "rotate.none")):
            ran = self.rotate(*words)
            self.assertEqual((ran.code, ran.error()["name"]), (code, name), ran)


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main()
