# SPDX-License-Identifier: Apache-2.0
"""audit_test.py BAILEE POLICY: the trail of a vault through the tool alone: what happened is in it,
and what is changed or taken away is found."""
import json
import os
import shutil
import signal

from audit_case import EMAIL, PAN, POLICY, RECORD, AuditTest, main


class Log(AuditTest):
    def test_it_holds_what_was_done_and_refused(self):
        entries = self.log()
        kinds = {each["kind"] for each in entries}
        self.assertLessEqual({"open", "collect", "find", "read", "as"}, kinds)
        read = [each for each in entries if each["kind"] == "read"]
        self.assertEqual([each["outcome"] for each in read], ["allowed", "refused"])
        self.assertEqual((read[0]["actor"], read[0]["purpose"], read[0]["category"],
                          read[0]["fields"], read[0]["handle"]),
                         ("billing", "billing", "payment_card", ["pan", "expiry"], self.handle))
        self.assertEqual(read[0]["records"][0]["record"], RECORD)
        self.assertIn("not-collected-for", read[1]["reasons"])
        self.assertEqual([each["index"] for each in entries],
                         sorted(each["index"] for each in entries))

    def test_it_holds_no_value(self):
        ran = self.as_("auditor", "audit", "log", "--json")
        for value in (PAN, EMAIL, "user-4711", "Ana"):
            self.assertNotIn(f'"{value}"', ran.out)

    def test_the_filters_leave_out_what_does_not_match(self):
        for words, right in (
                (["--purpose", "billing"], lambda each: each["purpose"] == "billing"),
                (["--actor", "shop"], lambda each: each["actor"] == "shop"),
                (["--outcome", "refused"], lambda each: each["outcome"] == "refused"),
                (["--kind", "collect"], lambda each: each["kind"] == "collect"),
                (["--category", "payment_card"],
                 lambda each: each["category"] == "payment_card" or "payment_card" in
                 [about["category"] for about in each["records"]]),
                (["--handle", self.handle],
                 lambda each: self.handle in [each["handle"]] +
                 [about["handle"] for about in each["records"]])):
            with self.subTest(words):
                entries = self.log(*words)
                self.assertTrue(entries)
                self.assertTrue(all(right(each) for each in entries), entries)
                self.assertLess(len(entries), len(self.log()))

    def test_since_and_until_take_days_times_and_lengths(self):
        everything = len(self.log())
        self.assertGreaterEqual(len(self.log("--since", "1h")), everything)
        self.assertEqual(self.log("--until", "1h"), [])
        self.assertEqual(self.log("--since", "2999-01-01"), [])
        self.assertGreaterEqual(len(self.log("--since", "2016-01-01T00:00:00Z")), everything)
        self.fails(2, "usage.when", "auditor", "audit", "log", "--since", "yesterday")

    def test_last_and_limit_take_that_many(self):
        everything = [each["index"] for each in self.log()]
        self.assertEqual([each["index"] for each in self.log("--limit", "2")], everything[:2])
        last = self.log("--last", "2", "--kind", "read")
        self.assertEqual([each["outcome"] for each in last], ["allowed", "refused"])
        self.fails(2, "usage.excludes", "auditor", "audit", "log", "--last", "2", "--limit", "2")

    def test_a_list_can_be_gone_on_with(self):
        lines = self.as_("auditor", "audit", "log", "--json").out.splitlines()
        after = self.log("--from", str(json.loads(lines[-1])["next"]))
        self.assertEqual({each["actor"] for each in after}, {"auditor"})

    def test_without_json_it_is_one_line_an_entry(self):
        ran = self.as_("auditor", "audit", "log", "--kind", "read")
        self.assertEqual(ran.code, 0, ran)
        rows = [each.split("\t") for each in ran.out.splitlines()]
        self.assertEqual([len(each) for each in rows], [8, 8], ran)
        self.assertEqual(rows[0][1:7], ["billing", "billing", "read", "payment_card.pan,expiry",
                                        self.handle, "allowed"])
        self.assertEqual(rows[1][1:7], ["support", "support", "read", "payment_card.pan", "-",
                                        "refused not-collected-for"])
        self.assertEqual(rows[1][7], self.refused["decision"])

    def test_only_the_auditor_reads_it(self):
        for actor in ("billing", "log"):
            self.fails(12, "key.auditor-missing", actor, "audit", "log")
        tries = [each for each in self.log("--kind", "trail-log") if each["outcome"] == "failed"]
        self.assertEqual([each["actor"] for each in tries], ["billing", "log"])

    def test_following_shows_what_comes_and_ends_with_0(self):
        follow = self.tool.start("--vault", "vault", "--keyring", "auditor.keyring", "audit", "log",
                                 "--json", "--follow", "--since", "1h")
        try:
            seen = []
            while not any(each["kind"] == "read" and each["outcome"] == "refused" for each in seen):
                seen.append(json.loads(follow.stdout.readline()))
            self.ok("billing", *self.read)
            while True:
                entry = json.loads(follow.stdout.readline())
                # What it does itself while it follows is not shown, or it would never be quiet.
                self.assertFalse(entry["kind"] == "trail-log" and entry["pid"] == follow.pid and
                                 int(entry["details"]["first"]) > 0, entry)
                if entry["kind"] == "read":
                    break
            self.assertEqual(entry["actor"], "billing")
            follow.send_signal(signal.SIGINT)
            out, err = follow.communicate(timeout=60)
            self.assertEqual((follow.returncode, err), (0, ""), out)
        finally:
            follow.kill()
            follow.communicate()


class Verify(AuditTest):
    def test_the_first_look_keeps_a_pin_and_the_next_extends_it(self):
        first = self.ok("billing", "audit", "verify")
        self.assertEqual((first["verdict"], first["first"], first["findings"]), ("good", True, []))
        pin = self.state(".pin")
        self.assertEqual(os.path.basename(pin), first["vault_id"] + ".pin")
        self.assertEqual((self.mode(pin), self.mode(os.path.dirname(pin))), (0o600, 0o700))
        self.assertEqual(self.file(pin).splitlines()[:2], [first["origin"], str(first["size"])])
        second = self.ok("support", "audit", "verify")
        self.assertEqual((second["first"], second["pinned_size"]), (False, first["size"]))
        self.assertGreater(second["size"], first["size"])
        self.assertEqual(self.file(pin).splitlines()[1], str(second["size"]))

    def test_the_first_look_frightens_nobody(self):
        ran = self.as_("billing", "audit", "verify")
        self.assertEqual((ran.code, ran.err), (0, ""), ran)
        self.assertIn("first look from here", ran.out)
        self.assertIn("ok\t", ran.out)

    def test_a_vault_that_was_just_made_is_good(self):
        made = self.tool.run("init", "new", "--policy", POLICY, "--keyrings", "new-keys")
        self.assertEqual(made.code, 0, made)
        shutil.copy2(self.path("new-keys", "auditor.keyring"), self.path("new.keyring"))
        self.assertEqual(self.ok("new", "audit", "verify", "--entries", vault="new")["verdict"],
                         "good")

    def test_the_entries_take_the_auditor(self):
        report = self.ok("auditor", "audit", "verify", "--entries")
        self.assertTrue(report["entries_opened"])
        self.assertGreater(report["entries"], 5)
        self.fails(12, "key.auditor-missing", "billing", "audit", "verify", "--entries")

    def test_the_state_directory_is_that_of_the_user(self):
        self.tool.environment["XDG_STATE_HOME"] = self.path("state")
        self.ok("billing", "audit", "verify")
        self.assertEqual(len(os.listdir(self.path("state", "bailee"))), 1)
        self.assertFalse(os.path.exists(self.path(".local")))

    def test_without_a_pin_nothing_is_kept(self):
        report = self.ok("billing", "audit", "verify", "--no-pin")
        self.assertEqual((report["pin"], report["pin_moved"]), ("", False))
        self.assertFalse(os.path.exists(self.path(".local")))

    def test_a_broken_pin_or_one_of_another_vault_is_no_alarm(self):
        self.write("broken.pin", "no pin at all\n")
        ran = self.fails(7, "pin.malformed", "billing", "audit", "verify", "--pin", "broken.pin")
        self.assertIn("says nothing about the vault", ran.error()["hint"])
        self.ok("billing", "audit", "verify", "--pin", "good.pin")
        lines = self.file("good.pin").splitlines()
        self.write("other.pin", "\n".join(["another-log"] + lines[1:]) + "\n")
        self.fails(7, "pin.other-log", "billing", "audit", "verify", "--pin", "other.pin")
        self.assertEqual(self.file("broken.pin"), "no pin at all\n")

    def test_a_pin_that_history_does_not_extend_is_14_and_stays(self):
        self.ok("billing", "audit", "verify", "--pin", "good.pin")
        origin, size, root = self.file("good.pin").splitlines()
        flipped = ("B" if root[0] == "A" else "A") + root[1:]
        for text, name in ((f"{origin}\n{size}\n{flipped}\n", "trail.forked"),
                           (f"{origin}\n{int(size) + 1000}\n{root}\n", "trail.cut-off")):
            self.write("changed.pin", text)
            ran = self.fails(14, "trail.broken", "billing", "audit", "verify", "--pin",
                             "changed.pin")
            report = ran.json()
            self.assertEqual((report["verdict"], report["pin_moved"]), ("broken", False))
            self.assertIn(name, [each["name"] for each in report["findings"]])
            self.assertEqual(self.file("changed.pin"), text)

    def test_an_older_copy_put_back_is_14(self):
        shutil.copytree(self.path("vault"), self.path("older"))
        for _ in range(3):
            self.ok("billing", *self.read)
        self.ok("billing", "audit", "verify")
        shutil.rmtree(self.path("vault"))
        os.rename(self.path("older"), self.path("vault"))
        ran = self.fails(14, "trail.broken", "billing", "audit", "verify")
        self.assertEqual({each["name"] for each in ran.json()["findings"]} &
                         {"trail.cut-off", "trail.forked"} != set(), True, ran)

    def test_a_leaf_that_was_taken_away_is_14_and_named(self):
        self.ok("billing", "audit", "verify")
        index = [each for each in self.log("--kind", "read")][0]["index"]
        self.in_tables("audit_leaf", lambda rows: rows.delete(index.to_bytes(8, "big")))
        ran = self.fails(14, "trail.broken", "billing", "audit", "verify")
        self.assertIn(index, [each["leaf"] for each in ran.json()["findings"]], ran)
        words = self.as_("billing", "audit", "verify")
        self.assertEqual(words.code, 14, words)
        self.assertIn(f"at leaf {index}", words.out)
        self.assertIn("bailee: error: the audit trail was changed", words.err)

    def test_a_leaf_that_was_changed_is_14(self):
        index = [each for each in self.log("--kind", "read")][0]["index"]
        key = index.to_bytes(8, "big")

        def flip(rows):
            leaf = bytearray(rows.get(key))
            leaf[-1] ^= 1
            rows.put(key, bytes(leaf))
        self.in_tables("audit_leaf", flip)
        self.fails(14, "trail.broken", "billing", "audit", "verify")

    def test_an_end_that_nobody_can_prove_is_4_and_the_pin_moves_on(self):
        self.ok("billing", "audit", "verify")
        dying = self.tool.start("--vault", "vault", "--keyring", "shop.keyring", "collect")
        dying.stdin.write("no json\n")
        dying.stdin.flush()
        self.assertIn("line 1", dying.stderr.readline())  # so the vault is open
        dying.kill()
        dying.communicate()
        journals = self.path("vault", "journal")
        journal = os.path.join(journals, os.listdir(journals)[0])
        with open(journal, "ab") as file:  # as a loss of power leaves it: half an entry
            file.write((100).to_bytes(4, "big") + bytes(7))
        ran = self.as_("billing", "audit", "verify", "--json")
        self.assertEqual((ran.code, ran.json()["verdict"]), (4, "unproven"), ran)
        self.assertTrue(all(each["weight"] == "unproven" for each in ran.json()["findings"]))
        self.assertTrue(ran.json()["pin_moved"])
        again = self.as_("billing", "audit", "verify", "--json")
        self.assertEqual((again.code, again.json()["verdict"]), (0, "good"), again)
        self.assertEqual([each["weight"] for each in again.json()["findings"]],
                         ["known"] * len(ran.json()["findings"]), "said again, and no reason for alarm")
        without = self.as_("billing", "audit", "verify", "--no-pin", "--json")
        self.assertEqual((without.code, without.json()["verdict"]), (4, "unproven"), without)

    def test_status_shows_the_trail(self):
        status = self.ok("billing", "status")
        self.assertTrue(status["audit_writable"])
        self.assertEqual(status["audit_problem"], "")
        self.assertGreater(status["audit_leaves"], 5)
        self.assertIn("audit head\t", self.as_("billing", "status").out)


if __name__ == "__main__":
    main()
