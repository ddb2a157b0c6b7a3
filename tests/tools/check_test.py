# SPDX-License-Identifier: Apache-2.0
"""check_test.py BAILEE POLICY: a vault is checked, damaged and checked again; the machine is looked at."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]
SLICES = 20  # of 5 %


def person(number):
    return json.dumps({"ref": f"user-{number}", "notice": "checkout-7", "source": "web", "records": [
        {"category": "account", "fields": {"name": "Ana", "email": f"ana{number}@example.net",
                                           "password": "hunter22"}}]})


class CheckTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tool = Tool(BAILEE, self.directory.name)
        self.vault = self.tool.make_vault(POLICY, shop=["--collector"], support=["support"])
        people = "".join(person(number) + "\n" for number in range(40))
        self.assertEqual(self.as_("shop", "collect", stdin=people).code, 0)

    def as_(self, actor, *words, stdin=""):
        return self.tool.run("--vault", "vault", "--keyring", f"file:keys/{actor}.keyring", *words, stdin=stdin)

    def lines(self, ran):
        return [json.loads(line) for line in ran.out.splitlines()]

    def data(self):
        return os.path.join(self.directory.name, "vault", "data.mdb")

    def test_a_clean_vault_says_so_and_what_it_looked_at(self):
        ran = self.as_("shop", "check", "--json")
        self.assertEqual(ran.code, 0, ran)
        (summary,) = self.lines(ran)
        self.assertEqual((summary["schema"], summary["verdict"], summary["damages"], summary["notes"], summary["next"]),
                         ("bailee.check/1", "ok", 0, 0, ""))
        self.assertEqual(summary["tables"]["records"], {"rows": 40, "good": 40, "damaged": 0, "unsure": 0})
        past = self.as_("auditor", "explain", summary["decision"], "--json").json()
        self.assertEqual((past["kind"], past["outcome"], past["actor"]), ("check", "allowed", "shop"))

    def test_with_the_auditors_keyring_rows_are_held_to_events(self):
        held = self.as_("shop", "check", "--auditor", "file:keys/auditor.keyring", "--json")
        self.assertEqual(held.code, 0, held)
        (summary,) = self.lines(held)
        self.assertEqual(summary["events_passes"], 1)
        self.assertGreaterEqual(summary["events_read"], 40)
        self.assertEqual(self.as_("shop", "check", "--json").json()["events_read"], 0)
        self.assertEqual(self.as_("shop", "check", "--auditor", "file:keys/log.keyring").code, 12)

    def test_slices_are_named_and_read_everything_together(self):
        ran = self.as_("support", "check", "--read-data=100%", "--json").json()
        self.assertEqual((ran["slices"], ran["slice"]), (1, 0))
        compartments = ran["compartments_closed"]
        self.assertGreater(compartments, 0)
        self.assertIn(self.as_("support", "check", "--read-data=5%", "--json").json()["slice"], range(SLICES))
        closed = 0
        for number in range(4):
            part = self.as_("support", "check", "--read-data=25%", "--slice", number, "--json").json()
            self.assertEqual((part["slices"], part["slice"]), (4, number))
            closed += part["compartments_closed"]
        self.assertEqual(closed, compartments)
        for bad in ("0", "101%", "x", "5%%"):
            self.assertEqual(self.as_("support", "check", f"--read-data={bad}").code, 2, bad)
        self.assertEqual(self.as_("support", "check", "--read-data=50%", "--slice", "2").code, 2)
        self.assertEqual(self.as_("support", "check", "--from", "x").code, 2)

    def test_damaged_pages_are_named_with_what_is_still_good_and_exit_13(self):
        with open(self.data(), "rb") as file:
            sound = file.read()
        leaves = [at for at in range(2 * 4096, len(sound), 4096) if sound[at + 10] == 2]
        # Some are free: what lies there is nobody's.
        for page in reversed(leaves):
            with open(self.data(), "wb") as file:
                file.write(sound[:page] + bytes(4096) + sound[page + 4096:])
            ran = self.as_("shop", "check", "--json")
            if ran.code != 0:
                break
        self.assertEqual((ran.code, ran.error()["name"]), (13, "check.damage"), ran)
        *findings, summary = self.lines(ran)
        self.assertFalse(summary["opened"])
        self.assertTrue(findings)
        for each in findings:
            self.assertEqual((each["type"], each["weight"], each["kind"]), ("finding", "damage", "file.pages"))
            self.assertIn("page", each["at"])
        self.assertTrue(any(table["good"] for table in summary["tables"].values()), summary)

    def test_a_damaged_epoch_file_is_named(self):
        with open(os.path.join(self.directory.name, "vault", "epoch"), "r+b") as file:
            file.write(bytes(8192))
        ran = self.as_("shop", "check", "--json")
        self.assertEqual(ran.code, 13, ran)
        self.assertEqual(self.lines(ran)[0]["kind"], "epoch.damaged")

    def test_no_value_ref_or_key_is_said(self):
        ran = self.as_("support", "check", "--read-data=100%", "-v")
        self.assertEqual(ran.code, 0, ran)
        for word in ("Ana", "example.net", "user-1", "hunter22"):
            self.assertNotIn(word, ran.out + ran.err)

    def test_control_c_names_where_to_go_on(self):
        with open(os.path.join(self.directory.name, "keys", "shop.keyring"), "rb") as file:
            keyring = file.read()
        process = subprocess.Popen([BAILEE, "--vault", "vault", "--keyring", "fd:0", "check", "--json"],
                                   cwd=self.directory.name, env=self.tool.environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # It waits for its keyring; the signal comes once it listens.
        while not self.catches(process.pid, signal.SIGINT):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(keyring, timeout=60)
        self.assertEqual(process.returncode, 5, err)
        place = json.loads(out)["next"]
        self.assertTrue(place.startswith(self.vault), place)
        self.assertEqual(json.loads(err.splitlines()[-1])["name"], "check.stopped")
        rest = self.as_("shop", "check", "--from", place, "--json")
        self.assertEqual((rest.code, rest.json()["next"]), (0, ""), rest)

    def catches(self, pid, number):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            caught = next(line for line in file if line.startswith("SigCgt"))
        return int(caught.split()[1], 16) >> (number - 1) & 1

    def test_other_failures_have_codes_of_their_own(self):
        self.assertEqual(self.as_("authority", "check").code, 12)
        self.assertEqual(self.tool.run("--vault", "nowhere", "--keyring", "keys/shop.keyring", "check").code, 10)
        self.assertEqual(self.tool.run("--vault", "vault", "check").code, 2)

    def test_doctor_needs_nothing_and_sees_modes(self):
        machine = self.tool.run("doctor", "--json")
        self.assertIn(machine.code, (0, 4), machine)
        names = [point["name"] for point in machine.json()["points"]]
        self.assertEqual(names, ["memory.locked", "core.dumps", "swap", "clock", "lmdb.version"])
        keyring = os.path.join(self.directory.name, "keys", "shop.keyring")
        points = self.as_("shop", "doctor", "--also", "keys/upkeep.keyring", "--json").json()["points"]
        files = [point for point in points if point["name"] == "file.mode"]
        self.assertEqual({point["verdict"] for point in files}, {"ok"}, files)
        self.assertEqual(len([point for point in points if point["name"] == "keyring.age"]), 2)
        os.chmod(keyring, 0o644)
        ran = self.as_("shop", "doctor", "--json")
        self.assertEqual(ran.code, 4, ran)
        self.assertEqual(ran.json()["verdict"], "problem")
        worst = [point for point in ran.json()["points"] if point["verdict"] == "problem" and "shop" in point["found"]]
        self.assertIn("chmod", worst[0]["hint"])


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main()
