# SPDX-License-Identifier: Apache-2.0
"""backup_test.py BAILEE POLICY: a vault is backed up, verified and restored through the tool alone."""
import json
import os
import signal
import stat
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]


def person(number):
    return {"ref": f"user-{number}", "notice": "checkout-7", "source": "web",
            "records": [{"category": "account", "fields": {"name": "Ana", "email": f"a{number}@example.net",
                                                           "password": "hunter22"}}]}


class BackupTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tool = Tool(BAILEE, self.directory.name)
        self.vault = self.tool.make_vault(POLICY, shop=["--collector"], support=["support"])
        self.collect(range(3))

    def collect(self, numbers):
        lines = "".join(json.dumps(person(each)) + "\n" for each in numbers)
        self.assertEqual(self.as_("shop", "collect", stdin=lines).code, 0)

    def as_(self, actor, *words, stdin="", vault="vault"):
        return self.tool.run("--vault", vault, "--keyring", f"file:keys/{actor}.keyring", *words, stdin=stdin)

    def ok(self, *arguments, **named):
        ran = self.as_(*arguments, "--json", **named)
        self.assertEqual(ran.code, 0, ran)
        return ran.json()

    def find(self, number, vault="vault"):
        found = self.as_("support", "subject", "find", "--purpose", "support", "account.email", "--json",
                         stdin=f"a{number}@example.net\n", vault=vault)
        return found.json()["found"] if found.code == 0 else []

    def restore(self, *files, into="restored"):
        return self.as_("upkeep", "restore", *files, "--from", "keys", "--json", vault=into)

    def test_a_vault_is_taken_verified_and_restored_without_whom_was_erased(self):
        self.ok("upkeep", "upkeep")
        data = self.ok("upkeep", "backup", "data", "monday.data")
        self.assertEqual((data["schema"], data["stream"], data["base"]), ("bailee.backup-data/1", "data", None))
        handle = self.find(1)[0]["handle"]
        self.assertEqual(self.as_("rights", "subject", "erase", handle, "--confirm", self.vault).code, 0)
        keys = self.ok("upkeep", "backup", "keys", "acme.keys")
        self.assertEqual((keys["subjects"], keys["unreadable"]), (2, []))
        for name in ("monday.data", "acme.keys"):
            mode = os.stat(os.path.join(self.directory.name, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
        verified = self.tool.run("backup", "verify", "acme.keys", "monday.data", "--keyring", "keys/backup.keyring",
                                 "--json")
        self.assertEqual(verified.code, 0, verified)
        self.assertEqual([each["stream"] for each in verified.json()["streams"]], ["data", "keys"])
        done = self.restore("monday.data", "acme.keys")
        self.assertEqual(done.code, 0, done)
        answer = done.json()
        self.assertEqual((answer["subjects"], answer["records"], answer["records_of_erased"]), (2, 2, 1))
        self.assertEqual([len(self.find(each, "restored")) for each in range(3)], [1, 0, 1])
        self.assertEqual(self.find(0, "restored")[0]["handle"], self.find(0)[0]["handle"])
        upkeep = self.as_("upkeep", "upkeep", "--json", vault="restored")
        self.assertEqual(upkeep.code, 0, upkeep)
        past = self.as_("auditor", "explain", answer["decision"], "--json", vault="restored")
        self.assertEqual((past.code, past.json()["kind"]), (0, "restore"), past)
        # What took the data stream had not ended then: nobody can say what else it did.
        trail = self.as_("auditor", "audit", "verify", "--entries", "--json", vault="restored")
        self.assertEqual(trail.code, 4, trail)

    def test_what_the_keys_know_and_the_data_does_not_exits_4(self):
        self.ok("upkeep", "backup", "data", "first")
        self.collect([7])
        self.ok("upkeep", "backup", "keys", "keys.stream")
        done = self.restore("first", "keys.stream")
        self.assertEqual(done.code, 4, done)
        answer = done.json()
        self.assertEqual((answer["subjects_lacking"], answer["lacking"][0]["known"]), (1, 1))
        self.assertEqual(answer["lacking"][0]["handle"], self.find(7)[0]["handle"])
        second = self.ok("upkeep", "backup", "data", "second", "--base", "first")
        self.assertLess(second["rows_carried"], second["rows"])
        self.ok("upkeep", "backup", "keys", "keys.stream")
        self.assertEqual(self.restore("first", "second", "keys.stream", into="whole").code, 0)
        self.assertEqual(len(self.find(7, "whole")), 1)

    def test_failures_are_typed_and_write_nothing(self):
        self.ok("upkeep", "backup", "data", "data")
        self.ok("upkeep", "backup", "keys", "keys.stream")
        self.assertEqual(self.as_("upkeep", "backup", "data", "data", "--json").code, 9)
        self.assertEqual(self.restore("data").code, 2)
        self.assertEqual(self.restore("keys/upkeep.keyring", "keys.stream").code, 10)
        wrong = self.tool.run("backup", "verify", "data", "--keyring", "keys/upkeep.keyring", "--json")
        self.assertEqual((wrong.code, wrong.error()["name"]), (12, "key.role-missing"), wrong)
        path = os.path.join(self.directory.name, "data")
        with open(path, "r+b") as file:
            file.seek(-200, os.SEEK_END)
            byte = file.read(1)
            file.seek(-200, os.SEEK_END)
            file.write(bytes([byte[0] ^ 1]))
        self.assertEqual(self.restore("data", "keys.stream").code, 13)
        self.assertFalse(os.path.exists(os.path.join(self.directory.name, "restored")))

    def test_interrupted_it_leaves_nothing(self):
        self.collect(range(10, 110))
        running = self.tool.start("--vault", "vault", "--keyring", "file:keys/upkeep.keyring", "backup", "data", "big",
                                  "--json")
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
        self.assertIn(running.returncode, (0, 130, -signal.SIGTERM))
        left = [each for each in os.listdir(self.directory.name) if each.startswith("big")]
        self.assertEqual(left, ["big"] if running.returncode == 0 else [])


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main()
