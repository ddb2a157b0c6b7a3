# SPDX-License-Identifier: Apache-2.0
"""versions_test.py BAILEE POLICY: a vault's policy gets a second version, by the tool alone."""
import os
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE = sys.argv[1]
POLICIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto", "policies")


def second_version(wider):
    with open(os.path.join(POLICIES, "livelook_2013.textproto"), encoding="utf-8") as file:
        text = file.read()
    fields = '["name", "email", "email.domain"]' if wider else '["name", "email"]'
    for old, new in [
            ("version: 1\n", "version: 2\n"), ('effective: "2013-05-24"', 'effective: "2013-06-20"'),
            ('purpose { id: "contact.policy"',
             'purpose { id: "contact.sms"  says: "Send messages" }\npurpose { id: "contact.policy"'
             if wider else 'purpose { id: "contact.policy"'),
            ('field: ["name", "email"]  clause: "LL-06"', f'field: {fields}  clause: "LL-06"'),
            ('notice {\n  id: "news-1"',
             'notice { id: "change-2" purpose: ["support", "contact.sms"] }\nnotice {\n  id: "news-1"'
             if wider else 'notice {\n  id: "news-1"')]:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


class Versions(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.tool = Tool(BAILEE, self.directory.name)
        for name, wider in (("wider", True), ("same", False)):
            with open(os.path.join(self.directory.name, name), "w", encoding="utf-8") as file:
                file.write(second_version(wider))
        self.old = os.path.join(POLICIES, "livelook_2013.textproto")
        self.must("init", "vault", "--policy", self.old, "--keyrings", "keys")
        self.storage = ("--vault", "vault", "--keyring", "file:keys/origins/storage.keyring")

    def tearDown(self):
        self.directory.cleanup()

    def must(self, *words):
        ran = self.tool.run(*words)
        self.assertEqual(ran.code, 0, ran)
        return ran

    def publish(self, *words):
        return self.tool.run("policy", "publish", "wider", "--vault", "vault", "--from", "keys",
                             *words, "--json")

    def test_diff_says_what_is_wider_and_exits_4(self):
        ran = self.tool.run("policy", "diff", self.old, "wider", "--json")
        self.assertEqual(ran.code, 4, ran)
        answer = ran.json()
        self.assertEqual((answer["from"], answer["to"], answer["breaks"]), (1, 2, 0))
        self.assertEqual(answer["widened_purposes"], ["support", "contact.sms"])
        self.assertIn("account: support may use email.domain (NECESSARY)",
                      [each["words"] for each in answer["changes"]])
        self.assertEqual(self.must("policy", "diff", self.old, "same", "--json").json()["changes"], [])
        self.assertEqual(self.tool.run("policy", "diff", "wider", *self.storage).code, 4)
        self.assertEqual(self.tool.run("policy", "diff", "missing", "wider", "--json").code, 8)

    def test_publish_is_refused_without_a_notice_and_changes_nothing_when_dry(self):
        ran = self.publish()
        self.assertEqual((ran.code, ran.error()["name"]), (7, "publish.notice-owed"))
        ran = self.publish("--notice", "change-2", "--announced", "2013-06-20")
        self.assertEqual(ran.error()["name"], "publish.announced-late")
        ran = self.publish("--notice", "change-2", "--announced", "soon")
        self.assertEqual((ran.code, ran.error()["name"]), (2, "usage.when"))
        ran = self.publish("--notice", "change-2", "--announced", "2013-06-10", "--dry-run")
        self.assertEqual((ran.code, ran.json()["keyrings"]), (0, ["contact.sms"]), ran)
        self.assertFalse(os.path.exists(
            os.path.join(self.directory.name, "keys/origins/contact.sms.keyring")))
        self.assertEqual(self.must("status", *self.storage, "--json").json()["policy_version"], 1)

    def test_published_once_it_is_in_force_and_its_keyrings_can_be_granted(self):
        ran = self.publish("--notice", "change-2", "--announced", "2013-06-10")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(ran.json()["version"], 2)
        again = self.publish("--notice", "change-2", "--announced", "2013-06-10")
        self.assertEqual((again.code, again.error()["name"]), (9, "publish.in-force"))
        self.must("keyring", "grant", "--from", "keys", "--actor", "sms", "--out", "sms.keyring",
                  "contact.sms")
        history = self.must("policy", "history", *self.storage, "--json").json()["versions"]
        self.assertEqual([(each["version"], each["notice"]) for each in history],
                         [(1, ""), (2, "change-2")])
        self.must("can-i", "support", "account.email.domain", *self.storage)
        before = self.tool.run("can-i", "support", "account.email.domain", "--as-of",
                               history[0]["since"], *self.storage, "--json")
        self.assertEqual((before.code, before.json()["policy_version"]), (3, 1), before)
        never = self.tool.run("can-i", "support", "account.email", "--as-of", "2012-01-01",
                              *self.storage, "--json")
        self.assertEqual((never.code, never.error()["name"]), (8, "policy.none-then"))

    def test_a_category_goes_with_a_plan_for_its_records_that_is_confirmed(self):
        line = ('{"ref": "user-1", "notice": "checkout-1", "source": "web", "records": [{"category": '
                '"bank_account", "fields": {"iban": "DE89370400440532013000"}}]}\n')
        self.assertEqual(self.tool.run("collect", *self.storage, stdin=line).code, 0)
        blocks, block = [], ""
        for row in second_version(False).splitlines(keepends=True):
            block += row
            if block.count("{") == block.count("}"):
                blocks.append(block)
                block = ""
        with open(os.path.join(self.directory.name, "fewer"), "w", encoding="utf-8") as file:
            file.write("".join(each for each in blocks if '"bank_account"' not in each))

        def publish(*words):
            return self.tool.run("policy", "publish", "fewer", "--vault", "vault", "--from", "keys",
                                 *words, "--json")
        self.assertEqual((publish().code, publish().error()["name"]), (9, "publish.breaks"))
        wrong = publish("--plan", "forget:bank_account")
        self.assertEqual((wrong.code, wrong.error()["name"]), (2, "usage.plan"))
        unneeded = publish("--plan", "keep:payment_card.holder")
        self.assertEqual((unneeded.code, unneeded.error()["name"]), (7, "publish.plan-unneeded"))
        plan = ("--plan", "delete:bank_account")
        self.assertEqual(publish(*plan).code, 6, "not confirmed")
        dry = publish(*plan, "--dry-run")
        self.assertEqual((dry.code, dry.json()["records_deleted"]), (0, 1), dry)
        status = self.must("status", *self.storage, "--json").json()
        self.assertEqual((status["policy_version"], status["records"]), (1, 1))
        done = publish(*plan, "--confirm", status["vault_id"])
        self.assertEqual((done.code, done.json()["records_deleted"]), (0, 1), done)
        self.assertEqual(self.must("status", *self.storage, "--json").json()["records"], 0)

    def test_due_are_those_whose_ledger_does_not_show_the_notice(self):
        line = ('{"ref": "user-1", "notice": "signup-1", "source": "web", "records": '
                '[{"category": "account", "fields": {"email": "ada@analytical.example"}}]}\n')
        stored = self.tool.run("collect", *self.storage, stdin=line)
        self.assertEqual(stored.code, 0, stored)
        self.publish("--notice", "change-2", "--announced", "2013-06-10")
        refused = self.tool.run("notice", "due", *self.storage, "--json")
        self.assertEqual((refused.code, refused.error()["reasons"]), (3, ["purpose-key-missing"]))
        rights = ("--vault", "vault", "--keyring", "file:keys/rights.keyring")
        ran = self.must("notice", "due", *rights, "--json")
        lines = ran.out.splitlines()
        self.assertEqual(len(lines), 2, ran)
        self.assertIn('"due":1', lines[-1])
        none = self.tool.run("notice", "due", "--vault", "vault", "--json")
        self.assertEqual(none.code, 2, none)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
