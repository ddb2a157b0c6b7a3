# SPDX-License-Identifier: Apache-2.0
"""ledger_test.py BAILEE POLICY: what people said, and what is over, through the tool alone. Uses the LiveLOOK policy."""
import json
import os
import sys
import tempfile
import time
import unittest

from run_bailee import Tool

BAILEE = sys.argv[1]
POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../proto/policies/livelook_2013.textproto")
MAIL = "ada@analytical.example"
DAY = 86400


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class LedgerTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = self.directory.name
        self.tool = Tool(BAILEE, self.root)
        self.vault_id = self.tool.make_vault(POLICY, shop=["--collector"], service=["service"], develop=["develop"])
        person = {"ref": "user-1", "notice": "signup-1", "source": "web",
                  "records": [{"category": "account", "fields": {"name": "Ada", "email": MAIL}}]}
        self.assertEqual(self.as_("shop", "collect", stdin=json.dumps(person) + "\n").code, 0)

    def as_(self, keyring, *words, stdin=""):
        return self.tool.run("--vault", "vault", "--keyring", f"file:keys/{keyring}.keyring", *words, stdin=stdin)

    def say(self, *words, who="user-1\n", keyring="shop"):
        return self.as_(keyring, "ledger", "record", *words, "--json", stdin=who)

    def read_domain(self, handle):
        return self.as_("develop", "record", "show", "account", "--subject", handle, "--purpose", "develop",
                        "--fields", "email.domain", "--json")

    def test_what_is_said_comes_back_in_order_and_as_a_receipt(self):
        given = self.say("given", "--purpose", "develop", "--notice", "develop-1", "--method", "web-form")
        self.assertEqual(given.code, 0, given)
        self.assertTrue(given.json()["key_work_left"])
        handle = given.json()["handle"]
        gone = self.as_("shop", "ledger", "record", "withdrawn", handle, "--purpose", "develop", "--json")
        self.assertEqual((gone.code, gone.json()["sequence"]), (0, 2), gone)
        shown = self.as_("rights", "ledger", "show", handle, "--json")
        self.assertEqual([each["kind"] for each in shown.json()["entries"]], ["given", "withdrawn"], shown)
        self.assertEqual(shown.json()["entries"][0]["method"], "web-form")
        receipt = self.as_("rights", "ledger", "receipt", handle, "--json").json()
        self.assertEqual(receipt["processing"][0]["state"], "consent withdrawn")
        self.assertEqual(len(receipt["processing"][0]["events"]), 2)
        self.assertIn("pii_controllers", receipt["missing"])

    def test_a_ledger_is_shown_to_rights_alone(self):
        handle = self.say("restricted").json()["handle"]
        for command in ("show", "receipt"):
            ran = self.as_("service", "ledger", command, handle, "--json")
            self.assertEqual((ran.code, ran.error()["reasons"]), (3, ["purpose-key-missing"]), ran)

    def test_upkeep_does_what_waits_and_says_what_is_left(self):
        self.say("given", "--purpose", "develop", "--notice", "develop-1")
        left = self.as_("shop", "upkeep", "--json")
        self.assertEqual((left.code, left.json()["left"], left.json()["complete"]), (5, 1, False), left)
        done = self.as_("upkeep", "upkeep", "--json")
        self.assertEqual((done.code, done.json()["left"], done.json()["complete"]), (0, 0, True), done)

    def test_bad_input_is_said_and_nothing_is_recorded(self):
        for words, code, name in (
                (["foo"], 2, "usage.ledger-kind"),
                (["given", "--purpose", "marketing", "--notice", "develop-1"], 3, "refused.unknown-purpose"),
                (["given", "--purpose", "develop", "--notice", "nope"], 3, "refused.unknown-notice"),
                (["given", "--purpose", "develop", "--notice", "news-1"], 7, "ledger.notice"),
                (["hold", "--case", "a b"], 7, "ledger.reference"),
                (["event", "--name", "acount_closed"], 7, "ledger.unknown-event"),
                (["restricted", "--purpose", "develop"], 2, "ledger.unused"),
                (["restricted", "--at", "2999-01-01"], 7, "ledger.future"),
                (["restricted", "--at", "soon"], 2, "usage.when"),
                (["withdrawn", "zz", "--purpose", "develop"], 7, None),
                (["withdrawn", "00" * 16, "--purpose", "develop"], 8, None)):
            with self.subTest(words=words):
                ran = self.say(*words, who="user-2\n")
                self.assertEqual(ran.code, code, ran)
                if name:
                    self.assertEqual(ran.error()["name"], name)
                self.assertTrue(ran.error()["hint"])
        self.assertEqual(self.as_("rights", "ledger", "show", "00" * 16).code, 8)

    def collect_old_line(self, age_days):
        line = {"ref": "user-9", "notice": "visit-1", "source": "web", "collected_at": stamp(time.time() - age_days * DAY),
                "records": [{"category": "web_log", "fields": {"request": "https://shop.example/a", "ip": "192.0.2.7",
                                                               "at": stamp(time.time() - age_days * DAY)}}]}
        ran = self.as_("shop", "collect", stdin=json.dumps(line) + "\n")
        self.assertEqual(ran.code, 0, ran)

    def test_retention_is_planned_and_run(self):
        self.collect_old_line(10)
        planned = self.as_("upkeep", "retention", "plan", "--out", "plan.json", "--json")
        self.assertEqual(planned.code, 0, planned)
        self.assertEqual({each["category"]: each["over"] for each in planned.json()["categories"]},
                         {"account": 0, "web_log": 0})
        ran = self.as_("upkeep", "retention", "run", "plan.json", "--confirm", self.vault_id, "--json")
        self.assertEqual((ran.code, ran.json()["deleted"], ran.json()["complete"]), (0, 0, True), ran)

    def test_retention_wants_upkeep_and_a_confirmation(self):
        self.assertEqual(self.as_("service", "retention", "plan", "--json").error()["reasons"], ["purpose-key-missing"])
        self.as_("upkeep", "retention", "plan", "--out", "plan.json")
        self.assertEqual(self.as_("upkeep", "retention", "run", "plan.json").code, 6)
        self.assertEqual(self.as_("upkeep", "retention", "run", "plan.json", "--confirm", "yes").code, 6)
        self.assertEqual(self.as_("upkeep", "retention", "plan", "--out", "plan.json").code, 9)

    def test_a_hostile_plan_is_refused(self):
        self.as_("upkeep", "retention", "plan", "--out", "plan.json")
        with open(os.path.join(self.root, "plan.json")) as file:
            good = json.load(file)
        changes = [("as_of", "2999-01-01T00:00:00Z", 7), ("as_of", "never", 7), ("policy_version", 2, 9),
                   ("policy_version", -1, 7), ("policy_version", 1 << 40, 7), ("vault_id", "00" * 16, 9),
                   ("vault_id", "x", 7), ("vault_id", None, 7), ("categories", 5, 7),
                   ("categories", [{"category": 5}], 7)]
        texts = [(json.dumps({**good, name: value}), code) for name, value, code in changes]
        texts += [("", 7), ("[", 7), ("[]", 7), ("null", 7), ("{}", 7), ('"\udcff"', 7), ("[" * 100000, 7)]
        for number, (text, code) in enumerate(texts):
            with self.subTest(text=text[:60]):
                name = f"bad{number}.json"
                with open(os.path.join(self.root, name), "w", errors="surrogateescape") as file:
                    file.write(text)
                ran = self.as_("upkeep", "retention", "run", name, "--confirm", self.vault_id, "--json")
                confirm = self.as_("upkeep", "retention", "run", name, "--confirm", "00" * 16, "--json")
                self.assertIn(code, (ran.code, confirm.code), (ran, confirm))
                self.assertNotIn(0, (ran.code, confirm.code))
        self.assertEqual(self.as_("upkeep", "retention", "run", "missing.json").code, 8)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
