# SPDX-License-Identifier: Apache-2.0
"""vault_test.py BAILEE POLICY: a vault from init to record show, each purpose with its own keyring,
through the tool alone."""
import json
import os
import stat
import sys
import tempfile
import time
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]
PAN = "4111111111111111"
EMAIL = "ana@example.net"
RECORD = "0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e"
PERSON = {
    "ref": "user-4711", "notice": "checkout-7", "source": "web",
    "records": [
        {"category": "account", "fields": {"name": "Ana", "email": EMAIL, "password": "hunter22"}},
        {"category": "payment_card", "record": RECORD,
         "fields": {"pan": PAN, "expiry": "12/30"}}]}


def log_line(when, address="192.0.2.7", user="-"):
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(when))
    return f'{address} - {user} [{stamp}] "GET /a?x=1 HTTP/1.1" 200 5 "-" "Firefox"\n'


class VaultTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.root = cls.directory.name
        cls.tool = Tool(BAILEE, cls.root)
        cls.made = cls.tool.run("init", "vault", "--policy", POLICY, "--keyrings", "keys", "--json")
        assert cls.made.code == 0, cls.made
        cls.grants = {
            "shop": ["--collector"], "billing": ["billing"], "support": ["support"],
            "news": ["contact.news"], "guard": ["security"]}
        for actor, purposes in cls.grants.items():
            ran = cls.tool.run("keyring", "grant", "--from", "keys", "--actor", actor, "--out",
                               f"{actor}.keyring", *purposes)
            assert ran.code == 0, ran
        ran = cls.as_("shop", "collect", "--json", stdin=json.dumps(PERSON) + "\n")
        assert ran.code == 0, ran
        cls.collected = ran
        found = cls.as_("support", "subject", "find", "--purpose", "support", "account.email",
                        "--json", stdin=EMAIL + "\n")
        assert found.code == 0, found
        cls.handle = found.json()["found"][0]["handle"]

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    @classmethod
    def as_(cls, actor, *words, stdin=""):
        return cls.tool.run("--vault", "vault", "--keyring", f"file:{actor}.keyring", *words,
                            stdin=stdin)

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def test_init_writes_keyrings_for_nobody_else(self):
        names = set(os.listdir(self.path("keys")))
        self.assertLessEqual({"authority.keyring", "rights.keyring", "upkeep.keyring", "origins"},
                             names)
        self.assertIn("billing.keyring", os.listdir(self.path("keys", "origins")))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("keys")).st_mode), 0o700)
        for name in names - {"origins"}:
            self.assertEqual(stat.S_IMODE(os.stat(self.path("keys", name)).st_mode), 0o600)
        self.assertIn("bailee keyring grant", self.made.json()["next"])

    def test_init_refuses_keyrings_inside_the_vault(self):
        for vault, keys in (("v2", "v2/keys"), ("v2", "v2"), ("k2/v2", "k2")):
            ran = self.tool.run("init", vault, "--policy", POLICY, "--keyrings", keys, "--json")
            self.assertEqual((ran.code, ran.error()["name"]), (2, "init.keyrings-inside"), ran)
        self.assertFalse(os.path.exists(self.path("v2")))

    def test_init_refuses_what_exists(self):
        ran = self.tool.run("init", "vault", "--policy", POLICY, "--keyrings", "keys3", "--json")
        self.assertEqual(ran.code, 9, ran)

    def test_init_dry_run_writes_nothing(self):
        ran = self.tool.run("init", "v4", "--policy", POLICY, "--keyrings", "k4", "--dry-run")
        self.assertEqual(ran.code, 0, ran)
        self.assertFalse(os.path.exists(self.path("v4")) or os.path.exists(self.path("k4")))

    def test_a_keyring_shows_its_purposes_and_no_key(self):
        ran = self.tool.run("keyring", "show", "billing.keyring", "--json")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(ran.json()["actor"], "billing")
        self.assertEqual(ran.json()["purposes"], ["billing"])
        self.assertEqual(self.tool.run("keyring", "show", "shop.keyring", "--json")
                         .json()["purposes"], [])

    def test_a_grant_never_overwrites_and_needs_a_known_purpose(self):
        ran = self.tool.run("keyring", "grant", "--from", "keys", "--actor", "x", "--out",
                            "billing.keyring", "billing", "--json")
        self.assertEqual(ran.code, 9, ran)
        ran = self.tool.run("keyring", "grant", "--from", "keys", "--actor", "x", "--out",
                            "x.keyring", "nothing", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (12, "key.source-missing"), ran)

    def test_status_counts(self):
        ran = self.as_("billing", "status", "--json")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(ran.json()["policy"], "acme")
        self.assertGreaterEqual(ran.json()["subjects"], 1)
        self.assertEqual(self.as_("billing", "status", "--field", "policy_version").out, "4")

    def test_collecting_the_same_again_changes_nothing(self):
        ran = self.as_("shop", "collect", "--json", stdin=json.dumps(PERSON) + "\n")
        self.assertIn(ran.code, (0, 5), ran)
        self.assertNotIn(EMAIL, ran.out + ran.err)

    def test_a_refused_line_is_partial_and_named_without_its_values(self):
        bad = dict(PERSON, notice="nothing")
        ran = self.as_("shop", "collect", "--json", stdin=json.dumps(bad) + "\n")
        self.assertEqual(ran.code, 5, ran)
        problem = json.loads(ran.err.splitlines()[0])
        self.assertEqual((problem["line"], problem["exit"]), (1, 3), ran)
        self.assertIn("unknown-notice", problem["reasons"])
        self.assertNotIn(EMAIL, ran.err)

    def show(self, actor, purpose, target, *words):
        return self.as_(actor, "record", "show", self.handle, target, "--purpose", purpose,
                        "--record", RECORD, *words)

    def test_billing_reads_the_card(self):
        ran = self.show("billing", "billing", "payment_card.pan,expiry", "--json")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual([each["present"] for each in ran.json()["fields"]], [True, True])
        self.assertNotIn(PAN, ran.out + ran.err)
        ran = self.show("billing", "billing", "payment_card.pan", "--out", "pan.txt")
        self.assertEqual(ran.code, 0, ran)
        with open(self.path("pan.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), PAN)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("pan.txt")).st_mode), 0o600)
        ran = self.show("billing", "billing", "payment_card.pan", "--out", "pan.txt", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (9, "io.exists"))

    def test_several_values_go_out_as_json(self):
        ran = self.show("billing", "billing", "payment_card", "--out", "card.json")
        self.assertEqual(ran.code, 0, ran)
        with open(self.path("card.json"), encoding="utf-8") as file:
            card = json.load(file)
        self.assertEqual((card["pan"], card["pan.last4"]), (PAN, PAN[-4:]))

    def test_support_gets_the_last_four_and_not_the_card(self):
        ran = self.show("support", "support", "payment_card.pan", "--json")
        self.assertEqual(ran.code, 3, ran)
        self.assertIn("not-collected-for", ran.error()["reasons"])
        self.assertIn("pan.last4", ran.error()["hint"])
        ran = self.show("support", "support", "payment_card.pan.last4", "--out", "last4.txt")
        self.assertEqual(ran.code, 0, ran)
        with open(self.path("last4.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), PAN[-4:])

    def test_a_purpose_without_its_key_is_refused(self):
        ran = self.show("support", "billing", "payment_card.pan", "--json")
        self.assertEqual(ran.code, 3, ran)
        self.assertIn("purpose-key-missing", ran.error()["reasons"])

    def test_news_is_not_told_what_there_is(self):
        ran = self.as_("news", "record", "show", self.handle, "account.email", "--purpose",
                       "contact.news", "--json")
        self.assertIn(ran.code, (3, 8), ran)
        nobody = self.as_("news", "record", "show", "0" * 32, "account.email", "--purpose",
                          "contact.news", "--json")
        self.assertEqual(nobody.code, ran.code, nobody)
        self.assertEqual(nobody.err, ran.err)

    def test_a_collector_reads_nothing(self):
        ran = self.show("shop", "billing", "payment_card.pan", "--json")
        self.assertEqual(ran.code, 3, ran)

    def test_reveal_is_for_terminals(self):
        ran = self.show("billing", "billing", "payment_card.pan", "--reveal", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (2, "reveal.not-a-terminal"), ran)
        self.assertIn("--out", ran.error()["hint"])

    def test_listing_and_showing_a_subject(self):
        ran = self.as_("support", "record", "list", self.handle, "--purpose", "support", "--json")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual({each["category"] for each in ran.json()["records"]},
                         {"account", "payment_card"})
        ran = self.as_("support", "subject", "show", self.handle, "--purpose", "support", "--json")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(ran.json()["records"], {"account": 1, "payment_card": 1})
        self.assertNotIn("user-4711", ran.out)

    def test_nobody_is_found_by_an_unknown_value(self):
        ran = self.as_("support", "subject", "find", "--purpose", "support", "account.email",
                       "--json", stdin="nobody@example.net\n")
        self.assertEqual(ran.code, 8, ran)
        self.assertNotIn("nobody@", ran.err)

    def test_wrong_key_no_vault_and_not_a_vault_are_told_apart(self):
        ran = self.tool.run("status", "--vault", "none", "--keyring", "billing.keyring", "--json")
        self.assertEqual(ran.code, 10, ran)
        made = self.tool.run("init", "other", "--policy", POLICY, "--keyrings", "other-keys")
        self.assertEqual(made.code, 0, made)
        ran = self.tool.run("status", "--vault", "other", "--keyring", "billing.keyring", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (12, "key.other-vault"), ran)
        with open(self.path("junk.keyring"), "w", encoding="utf-8") as file:
            file.write("junk")
        os.chmod(self.path("junk.keyring"), 0o600)
        ran = self.tool.run("status", "--vault", "vault", "--keyring", "junk.keyring", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (12, "key.not-a-keyring"), ran)

    def test_a_sealed_keyring_opens_with_its_passphrase_only(self):
        for name, text in (("right", "correct horse"), ("wrong", "incorrect horse")):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text + "\n")
            os.chmod(self.path(name), 0o600)
        ran = self.tool.run("keyring", "grant", "--from", "keys", "--actor", "s", "--out",
                            "sealed.keyring", "--seal-passphrase-file", "right", "billing")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(self.as_("sealed", "status", "--passphrase-file", "right").code, 0)
        for words in ([], ["--passphrase-file", "wrong"]):
            ran = self.as_("sealed", "status", *words, "--json")
            self.assertEqual(ran.code, 12, ran)
        os.chmod(self.path("right"), 0o644)
        ran = self.as_("sealed", "status", "--passphrase-file", "right", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (12, "key.passphrase-file"), ran)
        self.assertEqual(self.tool.run("keyring", "show", "sealed.keyring").code, 0)

    def test_the_policy_in_force_answers_can_i(self):
        ran = self.as_("billing", "can-i", "billing", "payment_card.pan")
        self.assertEqual((ran.code, ran.out), (0, "yes\n"), ran)

    def test_import_stores_drops_what_is_past_retention_and_names_the_rest(self):
        now = time.time()
        text = (log_line(now - 60) + log_line(now - 200 * 86400) + "garbage\n" +
                log_line(now - 30, user="frank") + log_line(now - 20, address="not-an-address"))
        ran = self.as_("guard", "import", "--format", "combined", "--category", "web_log",
                       "--notice", "visit-1", "--source", "web", "--json", "-", stdin=text)
        self.assertEqual(ran.code, 5, ran)
        answer = ran.json()
        self.assertEqual((answer["lines"], answer["stored"], answer["expired"], answer["rejected"]),
                         (5, 1, 1, 3), ran)
        problems = [json.loads(each) for each in ran.err.splitlines()]
        self.assertEqual(sorted(each["line"] for each in problems if each["type"] == "problem"),
                         [3, 4, 5])
        self.assertNotIn("not-an-address", ran.err)

    def test_import_takes_a_line_for_its_views_when_the_whole_is_past_retention(self):
        # LiveLOOK keeps whole addresses for 90 days, the path for 180.
        policy = os.path.join(os.path.dirname(os.path.abspath(POLICY)),
                              "../../proto/policies/livelook_2013.textproto")
        self.tool.run("init", "old", "--policy", policy, "--keyrings", "old-keys")
        self.tool.run("--vault", "old", "keyring", "grant", "--from", "old-keys", "--actor", "web",
                      "--collector", "--out", "old.keyring")
        now = time.time()
        ran = self.tool.run("--vault", "old", "--keyring", "file:old.keyring", "import", "--format",
                            "combined", "--category", "web_log", "--notice", "visit-1", "--source",
                            "web", "--json", "-", stdin=log_line(now - 120 * 86400) +
                            log_line(now - 181 * 86400))
        self.assertEqual((ran.json()["stored"], ran.json()["expired"]), (1, 1), ran)

    def test_a_real_log_can_be_imported_with_its_dates_moved(self):
        log = os.path.join(os.path.dirname(POLICY), "../../../shared/data/access.log")
        if not os.path.exists(log):
            self.skipTest("no real log (shared/data/access.log)")
        ran = self.as_("guard", "import", "--format", "combined", "--category", "web_log",
                       "--notice", "visit-1", "--source", "web", "--shift-dates", "--json", log)
        self.assertIn(ran.code, (0, 5), ran.err[-2000:])
        self.assertGreater(ran.json()["stored"], 9900)

    def test_dump_needs_no_key_and_shows_no_value(self):
        ran = self.tool.run("dump", "--vault", "vault", "--rows", "--json")
        self.assertEqual(ran.code, 0, ran)
        lines = [json.loads(each) for each in ran.out.splitlines()]
        self.assertEqual(lines[-1]["type"], "summary")
        self.assertGreaterEqual(lines[-1]["tables"]["subjects"], 1)
        self.assertTrue(any(each.get("category") == "payment_card" and each["kind"] == "record"
                            for each in lines))
        # Leaves of the trail are numbered, and a number may well be four given digits.
        data = json.dumps([each for each in lines if each.get("table") != "audit_leaf"])
        for value in (EMAIL, PAN, "user-4711", "Ana", "hunter22"):
            self.assertFalse(value in ran.out, "a value is in the dump")
        # A whole text: random hex may well begin with four given digits.
        self.assertFalse(f'"{PAN[-4:]}"' in data, "a value is in the dump")
        self.assertEqual(self.tool.run("dump", "--vault", "none", "--json").code, 10)

    def test_no_file_of_the_vault_holds_a_value(self):
        for directory, _, names in os.walk(self.path("vault")):
            for name in names:
                with open(os.path.join(directory, name), "rb") as file:
                    content = file.read()
                for value in (EMAIL, PAN, "user-4711", "hunter22"):
                    self.assertNotIn(value.encode(), content)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
