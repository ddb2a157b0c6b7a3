# SPDX-License-Identifier: Apache-2.0
"""erase_test.py BAILEE POLICY: a person is erased and the file written anew, through the tool alone."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]
RECEIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../reference/receipt.py")
EMAIL = "ana@example.net"
PERSON = {"ref": "user-4711", "notice": "checkout-7", "source": "web",
          "records": [{"category": "account", "fields": {"name": "Ana", "email": EMAIL, "password": "hunter22"}}]}


class EraseTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tool = Tool(BAILEE, self.directory.name)
        self.vault = self.tool.make_vault(POLICY, shop=["--collector"], support=["support"])
        self.assertEqual(self.as_("shop", "collect", stdin=json.dumps(PERSON) + "\n").code, 0)
        self.handle = self.find()[0]["handle"]

    def as_(self, actor, *words, stdin=""):
        return self.tool.run("--vault", "vault", "--keyring", f"file:keys/{actor}.keyring", *words, stdin=stdin)

    def find(self):
        found = self.as_("support", "subject", "find", "--purpose", "support", "account.email", "--json",
                         stdin=EMAIL + "\n")
        return found.json()["found"] if found.code == 0 else []

    def erase(self, *words, actor="rights", stdin=""):
        return self.as_(actor, "subject", "erase", *words, "--json", stdin=stdin)

    def test_the_file_of_epochs_may_lie_elsewhere(self):
        with tempfile.TemporaryDirectory() as elsewhere:
            apart = os.path.join(elsewhere, "epoch")
            tool = Tool(BAILEE, elsewhere)
            tool.environment["BAILEE_EPOCH"] = apart
            tool.make_vault(POLICY, shop=["--collector"])
            self.assertTrue(os.path.exists(apart))
            self.assertFalse(os.path.exists(os.path.join(elsewhere, "vault", "epoch")))
            shop = ("--vault", "vault", "--keyring", "file:keys/shop.keyring")
            upkeep = ("--vault", "vault", "--keyring", "file:keys/upkeep.keyring")
            self.assertEqual(tool.run(*shop, "collect", stdin=json.dumps(PERSON) + "\n").code, 0)
            for words in (("check",), ("doctor",), ("upkeep",), ("backup", "data", "data"), ("backup", "keys", "keys.stream")):
                self.assertIn(tool.run(*upkeep, *words).code, (0, 4), words)
            del tool.environment["BAILEE_EPOCH"]
            self.assertNotEqual(tool.run(*shop, "status").code, 0)
            self.assertEqual(tool.run(*shop, "status", "--epoch", apart).code, 0)
            self.assertNotEqual(tool.run(*shop, "check").code, 0)
            again = os.path.join(elsewhere, "again")
            restored = tool.run("--vault", "restored", "--keyring", "file:keys/upkeep.keyring", "--epoch", again,
                                "restore", "data", "keys.stream", "--from", "keys")
            self.assertEqual(restored.code, 0, restored)
            self.assertTrue(os.path.exists(again))

    def test_an_erasure_that_waits_for_a_hold_is_said(self):
        self.assertEqual(self.as_("shop", "ledger", "record", "hold", self.handle, "--case", "CASE-7").code, 0)
        self.assertEqual(self.erase(self.handle, "--confirm", self.vault).code, 3)
        self.assertEqual(self.as_("upkeep", "upkeep", "--json").json()["erasures_held"], [self.handle])
        released = self.as_("shop", "ledger", "record", "release", self.handle, "--case", "CASE-7", "--json")
        self.assertEqual(released.code, 0, released)
        self.assertTrue(released.json()["erasure_due"])
        self.assertEqual(self.as_("upkeep", "upkeep", "--json").json()["erasures_due"], [self.handle])
        self.assertEqual(self.erase(self.handle, "--confirm", self.vault).code, 0)

    def test_a_person_is_erased_by_handle_and_unknown_afterwards(self):
        done = self.erase(self.handle, "--confirm", self.vault, "--case", "DSR-7")
        self.assertEqual(done.code, 0, done)
        answer = done.json()
        self.assertEqual((answer["schema"], answer["records"], answer["suppressed"]),
                         ("bailee.subject-erase/1", 1, 1))
        self.assertEqual((answer["shredded"]["grade"], answer["shredded"]["epoch"], answer["shredded"]["waiting_for"]),
                         ("shredded", 2, []))
        self.assertEqual(self.find(), [])
        self.assertEqual(self.erase(self.handle, "--confirm", self.vault).code, 8)
        past = self.as_("auditor", "explain", answer["decision"], "--json").json()
        self.assertEqual((past["kind"], past["outcome"], past["case"]), ("erase", "allowed", "DSR-7"))

    def test_the_person_gets_a_receipt_that_holds_without_the_vault(self):
        done = self.erase(self.handle, "--confirm", self.vault, "--case", "DSR-7").json()
        early = self.as_("auditor", "audit", "receipt", done["decision"], "--out", "early", "--json")
        self.assertEqual((early.code, early.error()["name"]), (8, "audit.no-checkpoint"), early)
        signed = self.as_("log", "audit", "sign", "--json").json()
        made = self.as_("auditor", "audit", "receipt", done["decision"], "--out", "receipt", "--json")
        self.assertEqual((made.code, made.json()["grade"]), (0, "shredded"), made)
        refused = self.as_("support", "audit", "receipt", done["decision"], "--out", "other", "--json")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.auditor-missing"), refused)
        shutil.rmtree(os.path.join(self.directory.name, "vault"))
        log = ("--origin", signed["origin"], "--log-key", signed["log_key"])
        held = self.tool.run("audit", "check-receipt", "receipt", *log, "--json")
        self.assertEqual(held.code, 0, held)
        said = held.json()
        self.assertEqual((said["handle"], said["case"], said["records"], said["grade"], said["decision"]),
                         (self.handle, "DSR-7", 1, "shredded", done["decision"]))
        read = subprocess.run([sys.executable, "-B", RECEIPT, log[1], log[3], os.path.join(self.directory.name, "receipt")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(read.returncode, 0, read.stderr)
        for name, value in json.loads(read.stdout).items():
            self.assertEqual(said[name], value, name)
        other = self.tool.run("audit", "check-receipt", "receipt", "--origin", log[1], "--log-key", "00" * 32, "--json")
        self.assertEqual(other.code, 14, other)

    def test_the_receipt_says_that_the_operator_destroyed_the_key_streams(self):
        before = self.as_("upkeep", "backup", "keys", "acme.keys", "--json").json()
        with open(os.path.join(self.directory.name, "acme.keys"), "rb") as stream:
            self.assertEqual(before["sha256"], hashlib.sha256(stream.read()).hexdigest())
        done = self.erase(self.handle, "--confirm", self.vault).json()
        self.assertEqual(self.as_("upkeep", "compact").code, 0)
        self.assertEqual(self.as_("upkeep", "backup", "keys", "acme.keys").code, 0)
        wrong = self.as_("upkeep", "backup", "destroyed", "4711", "--json")
        self.assertEqual((wrong.code, wrong.error()["name"]), (7, "backup.sha256"), wrong)
        stated = self.as_("upkeep", "backup", "destroyed", before["sha256"], "--case", "DSR-7", "--json")
        self.assertEqual((stated.code, stated.json()["schema"]), (0, "bailee.backup-destroyed/1"), stated)
        past = self.as_("auditor", "explain", stated.json()["decision"], "--json").json()
        self.assertEqual((past["kind"], past["case"]), ("destroyed", "DSR-7"))
        signed = self.as_("log", "audit", "sign", "--json").json()
        made = self.as_("auditor", "audit", "receipt", done["decision"], "--out", "receipt", "--json").json()
        self.assertEqual((made["grade"], made["destroyed_sha256"]), ("absent from backups", before["sha256"]))
        read = subprocess.run([sys.executable, "-B", RECEIPT, signed["origin"], signed["log_key"],
                               os.path.join(self.directory.name, "receipt")], capture_output=True, text=True, check=False)
        self.assertEqual(read.returncode, 0, read.stderr)
        for name, value in json.loads(read.stdout).items():
            self.assertEqual(made[name], value, name)

    def test_by_ref_from_standard_input_and_the_rest_by_upkeep(self):
        done = self.erase("--defer", "--confirm", self.vault, stdin="user-4711\n")
        self.assertEqual((done.code, done.json()["shredded"]["grade"]), (0, "inaccessible"), done)
        upkeep = self.as_("upkeep", "upkeep", "--json")
        self.assertEqual((upkeep.code, upkeep.json()["shredded"]["grade"]), (0, "shredded"), upkeep)

    def test_it_wants_to_be_meant_and_the_rights_keyring(self):
        self.assertEqual(self.erase(self.handle).code, 6)
        self.assertEqual(self.erase(self.handle, "--confirm", "0" * 32).code, 6)
        refused = self.erase(self.handle, "--confirm", self.vault, actor="support")
        self.assertEqual((refused.code, refused.error()["reasons"]), (3, ["purpose-key-missing"]), refused)
        self.assertEqual(len(self.find()), 1)

    def test_the_file_is_written_anew_and_its_trail_still_verifies(self):
        self.assertEqual(self.erase(self.handle, "--confirm", self.vault).code, 0)
        done = self.as_("upkeep", "compact", "--json")
        self.assertEqual(done.code, 0, done)
        self.assertLess(done.json()["bytes_after"], done.json()["bytes_before"])
        size = os.path.getsize(os.path.join(self.directory.name, "vault", "data.mdb"))
        self.assertLess(size, 2 * done.json()["bytes_before"])
        verified = self.as_("auditor", "audit", "verify", "--entries", "--json")
        self.assertEqual(verified.code, 0, verified)
        self.assertEqual(self.as_("shop", "collect", stdin=json.dumps(PERSON) + "\n").code, 0)
        self.assertNotEqual(self.find()[0]["handle"], self.handle)


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main()
