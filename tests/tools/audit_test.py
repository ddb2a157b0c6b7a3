# SPDX-License-Identifier: Apache-2.0
"""audit_test.py BAILEE POLICY: the trail of a vault through the tool alone: what happened is in it,
it is proven outside the vault, and what is changed or taken away is found."""
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]
PAN = "4111111111111111"
EMAIL = "ana@example.net"
RECORD = "0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e"
PERSON = {
    "ref": "user-4711", "notice": "checkout-7", "source": "web",
    "records": [
        {"category": "account", "fields": {"name": "Ana", "email": EMAIL}},
        {"category": "payment_card", "record": RECORD,
         "fields": {"pan": PAN, "expiry": "12/30"}}]}


class AuditTest(unittest.TestCase):
    """Each test begins with a copy of one vault that was used a little."""

    @classmethod
    def setUpClass(cls):
        cls.template = tempfile.TemporaryDirectory()
        tool = Tool(BAILEE, cls.template.name)
        assert tool.run("init", "vault", "--policy", POLICY, "--keyrings", "keys").code == 0
        for actor, purposes in {"shop": ["--collector"], "billing": ["billing"],
                                "support": ["support"], "news": ["contact.news"]}.items():
            ran = tool.run("keyring", "grant", "--from", "keys", "--actor", actor, "--out",
                           f"{actor}.keyring", *purposes)
            assert ran.code == 0, ran
        for name in ("auditor", "log"):
            shutil.copy2(os.path.join(cls.template.name, "keys", f"{name}.keyring"),
                         cls.template.name)

        def run(actor, *words, stdin="", code=0):
            ran = tool.run("--vault", "vault", "--keyring", f"{actor}.keyring", *words, "--json",
                           stdin=stdin)
            assert ran.code == code, ran
            return ran
        run("shop", "collect", stdin=json.dumps(PERSON) + "\n")
        cls.handle = run("support", "subject", "find", "--purpose", "support", "account.email",
                         stdin=EMAIL + "\n").json()["found"][0]["handle"]
        cls.read = ["record", "show", cls.handle, "payment_card.pan,expiry", "--purpose", "billing",
                    "--record", RECORD]
        run("billing", *cls.read)
        cls.refused = run("support", "record", "show", cls.handle, "payment_card.pan", "--purpose",
                          "support", "--record", RECORD, code=3).error()
        cls.no_key = run("support", *cls.read, code=3).error()

    @classmethod
    def tearDownClass(cls):
        cls.template.cleanup()

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = os.path.join(self.directory.name, "work")
        shutil.copytree(self.template.name, self.root)
        self.tool = Tool(BAILEE, self.root)

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def as_(self, actor, *words, stdin="", vault="vault"):
        return self.tool.run("--vault", vault, "--keyring", f"{actor}.keyring", *words,
                             stdin=stdin)

    def ok(self, actor, *words, **more):
        ran = self.as_(actor, *words, "--json", **more)
        self.assertEqual(ran.code, 0, ran)
        return ran.json()

    def fails(self, code, name, actor, *words, **more):
        ran = self.as_(actor, *words, "--json", **more)
        self.assertEqual((ran.code, ran.error()["name"]), (code, name), ran)
        self.assertEqual(ran.error()["exit"], code)
        self.assertTrue(ran.error()["hint"], ran)
        return ran

    def log(self, *words):
        ran = self.as_("auditor", "audit", "log", *words, "--json")
        self.assertEqual(ran.code, 0, ran)
        lines = [json.loads(each) for each in ran.out.splitlines()]
        self.assertEqual(lines[-1]["schema"], "bailee.audit-log/1")
        self.assertEqual(lines[-1]["type"], "summary")
        self.assertEqual(lines[-1]["entries"], len(lines) - 1)
        self.assertTrue(all(each["type"] == "entry" for each in lines[:-1]))
        return lines[:-1]

    def file(self, name, mode="r"):
        with open(self.path(name), mode, encoding=None if "b" in mode else "utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def state(self, suffix):
        """The file that the tool keeps of the vault outside it."""
        directory = self.path(".local", "state", "bailee")
        names = [each for each in os.listdir(directory) if each.endswith(suffix)]
        self.assertEqual(len(names), 1, os.listdir(directory))
        return os.path.join(".local", "state", "bailee", names[0])

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def in_tables(self, table, change):
        import lmdb
        environment = lmdb.open(self.path("vault"), max_dbs=64, map_size=1 << 30)
        try:
            database = environment.open_db(table.encode(), create=False)
            with environment.begin(write=True, db=database) as transaction:
                change(transaction)
        finally:
            environment.close()


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

    def test_status_shows_the_trail(self):
        status = self.ok("billing", "status")
        self.assertTrue(status["audit_writable"])
        self.assertEqual(status["audit_problem"], "")
        self.assertGreater(status["audit_leaves"], 5)
        self.assertIn("audit head\t", self.as_("billing", "status").out)


class Proofs(AuditTest):
    def sign(self, *words):
        return self.ok("log", "audit", "sign", *words)

    def test_the_pin_is_a_text_to_keep_elsewhere(self):
        ran = self.as_("billing", "audit", "pin")
        self.assertEqual((ran.code, ran.err, len(ran.out.splitlines())), (0, "", 3), ran)
        pin = self.ok("billing", "audit", "pin", "--out", "kept.pin")
        self.assertEqual(self.file("kept.pin").splitlines()[:2], [pin["origin"], str(pin["size"])])
        self.assertEqual(self.mode("kept.pin"), 0o600)
        self.fails(9, "io.exists", "billing", "audit", "pin", "--out", "kept.pin")
        self.assertEqual(self.ok("billing", "audit", "verify", "--pin", "kept.pin")["pinned_size"],
                         pin["size"])

    def test_each_checkpoint_extends_the_last(self):
        ran = self.as_("log", "audit", "sign", "--json")
        self.assertEqual(ran.code, 0, ran)
        self.assertTrue(ran.json()["first"])
        self.assertIn("this one is the first", ran.err)
        kept = self.state(".checkpoint")
        self.assertEqual(self.mode(kept), 0o600)
        first = self.file(kept)
        second = self.sign()
        self.assertEqual((second["first"], os.path.basename(second["file"])),
                         (False, os.path.basename(kept)))
        self.assertGreater(second["size"], ran.json()["size"])
        self.assertNotEqual(self.file(kept), first)
        self.assertEqual(self.ok("billing", "audit", "verify", "--pin", kept)["verdict"], "good")

    def test_signing_takes_the_log_keyring(self):
        for actor in ("billing", "auditor"):
            self.fails(12, "key.log-missing", actor, "audit", "sign")

    def test_a_history_that_does_not_extend_the_checkpoint_is_not_signed(self):
        shutil.copytree(self.path("vault"), self.path("older"))
        self.ok("billing", *self.read)
        self.sign("--out", "kept.checkpoint")
        kept = self.file("kept.checkpoint")
        for words in (["--out", "kept.checkpoint"],
                      ["--previous", "kept.checkpoint", "--out", "new.checkpoint"]):
            ran = self.as_("log", "audit", "sign", *words, "--json", vault="older")
            self.assertEqual(ran.code, 14, ran)
        self.assertEqual(self.file("kept.checkpoint"), kept)
        self.assertFalse(os.path.exists(self.path("new.checkpoint")))
        self.fails(8, "io.not-found", "log", "audit", "sign", "--previous", "none")

    def test_the_heartbeat_signs_until_it_is_told_to_stop(self):
        beat = self.tool.start("--vault", "vault", "--keyring", "log.keyring", "audit", "sign",
                               "--every", "1s", "--json")
        try:
            lines = [json.loads(beat.stdout.readline()) for _ in range(3)]
            self.assertEqual([each["type"] for each in lines], ["checkpoint"] * 3)
            self.assertEqual([each["first"] for each in lines], [True, False, False])
            beat.send_signal(signal.SIGTERM)
            beat.communicate(timeout=60)
            self.assertEqual(beat.returncode, 0)
        finally:
            beat.kill()
            beat.communicate()
        self.fails(2, "usage.interval", "log", "audit", "sign", "--every", "soon")

    def test_a_proof_holds_without_the_vault(self):
        signed = self.sign("--out", "c")
        entry = self.log("--kind", "read")[0]
        for target, name in ((str(entry["index"]), "by-index"), (entry["decision"], "by-decision")):
            made = self.ok("auditor", "audit", "prove", target, "--checkpoint", "c", "--out",
                           f"{name}.proof", "--leaf", f"{name}.leaf")
            self.assertEqual(made["index"], entry["index"])
        self.assertEqual(self.file("by-index.proof"), self.file("by-decision.proof"))
        shutil.rmtree(self.path("vault"))
        check = ["audit", "check-proof", "by-index.proof", "--origin", signed["origin"], "--json"]
        ran = self.tool.run(*check, "--leaf", "by-index.leaf", "--log-key", signed["log_key"])
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual((ran.json()["proven"], ran.json()["index"], ran.json()["size"]),
                         (True, entry["index"], signed["size"]))
        self.write("other.leaf", "other")
        ran = self.tool.run(*check, "--leaf", "other.leaf", "--log-key", signed["log_key"])
        self.assertEqual(ran.code, 14, ran)
        ran = self.tool.run(*check, "--leaf", "by-index.leaf", "--log-key", "0" * 64)
        self.assertEqual(ran.code, 14, ran)
        ran = self.tool.run(*check, "--leaf", "by-index.leaf", "--log-key", "0" * 63)
        self.assertEqual((ran.code, ran.error()["name"]), (2, "usage.log-key"), ran)

    def test_a_proof_goes_to_standard_output_and_takes_the_kept_checkpoint(self):
        self.fails(8, "audit.no-checkpoint", "billing", "audit", "prove", "0")
        self.sign()
        ran = self.as_("billing", "audit", "prove", "0")
        self.assertEqual(ran.code, 0, ran)
        self.assertTrue(ran.out.startswith("c2sp.org/tlog-proof@v1\n"), ran)
        self.fails(8, "audit.beyond-tree", "billing", "audit", "prove", "999999")
        self.fails(2, "usage.leaf", "billing", "audit", "prove", "minus-one")

    def test_an_export_is_whole_private_and_never_overwrites(self):
        signed = self.sign("--out", "c")
        made = self.ok("billing", "audit", "export", "--checkpoint", "c", "--out", "trail")
        self.assertEqual((made["leaves"], made["bytes"]),
                         (signed["size"], os.path.getsize(self.path("trail"))))
        self.assertEqual(self.mode("trail"), 0o600)
        self.fails(9, "io.exists", "billing", "audit", "export", "--checkpoint", "c", "--out",
                   "trail")
        later = self.ok("billing", "audit", "export", "--checkpoint", "c", "--from", "2", "--out",
                        "part")
        self.assertEqual(later["leaves"], signed["size"] - 2)
        self.fails(8, "io.not-found", "billing", "audit", "export", "--checkpoint", "none",
                   "--out", "x")
        self.assertEqual([each for each in os.listdir(self.root) if each.endswith(".tmp")], [])

    def test_pruning_needs_the_name_and_keeps_a_year(self):
        self.sign("--out", "c")
        prune = ["audit", "prune", "--checkpoint", "c", "--older-than", "400d"]
        ran = self.fails(6, "confirm.none", "auditor", *prune)
        name = ran.error()["hint"].split("--confirm=")[1]
        self.fails(6, "confirm.other", "auditor", *prune, "--confirm=vault")
        self.fails(12, "key.auditor-missing", "billing", *prune, f"--confirm={name}")
        self.fails(8, "audit.nothing-to-prune", "auditor", *prune, f"--confirm={name}")

    def test_pruning_deletes_what_was_exported_and_the_rest_stays_proven(self):
        lines = [json.dumps(dict(PERSON, ref=f"user-{number}", records=PERSON["records"][:1]))
                 for number in range(300)]
        self.ok("shop", "collect", stdin="\n".join(lines))
        name = self.sign("--out", "c")["vault_id"]
        self.ok("billing", "audit", "export", "--checkpoint", "c", "--out", "trail")
        self.ok("billing", "audit", "verify")
        prune = ["audit", "prune", "--checkpoint", "c", f"--confirm={name}"]
        self.fails(8, "audit.nothing-to-prune", "auditor", *prune, "--older-than", "0s")
        done = self.ok("auditor", *prune, "--older-than", "0s", "--keep-days", "0")
        self.assertEqual(done["leaves"], 256)
        report = self.ok("auditor", "audit", "verify", "--entries")
        self.assertEqual((report["verdict"], report["pruned"]), ("good", 256))
        self.assertGreaterEqual(self.log()[0]["index"], 256)
        self.fails(8, "audit.leaf-pruned", "billing", "audit", "prove", "3", "--checkpoint", "c")


class Explain(AuditTest):
    def test_a_refusal_names_its_decision_and_an_auditor_explains_it(self):
        self.assertRegex(self.refused["decision"], r"^[0-9a-f]{32}\.r\d+$")
        past = self.ok("auditor", "explain", self.refused["decision"])
        self.assertEqual((past["kind"], past["outcome"], past["actor"], past["purpose"]),
                         ("read", "refused", "support", "support"))
        # The policy alone refused it, so nobody was looked up.
        self.assertEqual((past["category"], past["fields"], past["handle"]),
                         ("payment_card", ["pan"], ""))
        self.assertIn({"reason": "not-collected-for",
                       "says": "the data were not collected for this purpose"}, past["why"])
        self.assertEqual((past["rules"][0]["clause"], past["rules"][0]["rule"]),
                         (self.refused["clause"], self.refused["rule"]))
        self.assertEqual(past["proof"], f"bailee audit prove {past['index']}")
        words = self.as_("auditor", "explain", self.refused["decision"])
        self.assertIn("why\tnot-collected-for\tthe data were not collected for this purpose",
                      words.out)

    def test_a_refused_session_and_a_refused_collection_name_theirs(self):
        past = self.ok("auditor", "explain", self.no_key["decision"])
        self.assertEqual((past["kind"], past["reasons"]), ("as", ["purpose-key-missing"]))
        bad = dict(PERSON, notice="nothing")
        ran = self.as_("shop", "collect", "--json", stdin=json.dumps(bad) + "\n")
        problem = json.loads(ran.err.splitlines()[0])
        past = self.ok("auditor", "explain", problem["decision"])
        self.assertEqual((past["kind"], past["outcome"], past["actor"]),
                         ("collect", "refused", "shop"))
        words = self.as_("shop", "collect", stdin=json.dumps(bad) + "\n")
        self.assertRegex(words.err, r"line 1: .* \(decision [0-9a-f]{32}\.[rw]\d+\)")

    def test_people_are_told_how_to_explain_a_refusal(self):
        ran = self.as_("support", "record", "show", self.handle, "payment_card.pan", "--purpose",
                       "support", "--record", RECORD)
        self.assertEqual(ran.code, 3, ran)
        self.assertRegex(ran.err, r"bailee: hint: .*: bailee explain [0-9a-f]{32}\.r\d+\n")
        self.assertTrue(ran.err.splitlines()[-1].startswith("bailee: hint: "), ran)

    def test_what_may_not_be_told_has_no_decision(self):
        answers = []
        for handle in (self.handle, "0" * 32):
            for words in (["--json"], []):
                ran = self.as_("news", "record", "show", handle, "account.email", "--purpose",
                               "contact.news", *words)
                self.assertEqual(ran.code, 8, ran)
                self.assertNotIn("decision", ran.err)
                self.assertNotIn("explain", ran.err)
                answers.append(ran.err)
        self.assertEqual(answers[:2], answers[2:])

    def test_an_allowed_read_is_explained_too(self):
        read = self.log("--kind", "read", "--outcome", "allowed")[0]
        past = self.ok("auditor", "explain", read["decision"], "--policy", POLICY)
        self.assertEqual((past["outcome"], past["why"]), ("allowed", []))
        self.assertEqual(past["rules"][0]["clause"], "A-2")

    def test_a_policy_of_another_version_does_not_explain_it(self):
        with open(POLICY, encoding="utf-8") as file:
            self.write("later.textproto", file.read().replace("version: 4", "version: 5", 1))
        self.fails(7, "explain.other-version", "auditor", "explain", self.refused["decision"],
                   "--policy", "later.textproto")

    def test_only_the_auditor_explains_and_only_what_there_is(self):
        self.fails(12, "key.auditor-missing", "support", "explain", self.refused["decision"])
        self.fails(8, "audit.no-such-decision", "auditor", "explain", "0" * 32 + ".r0")


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main()
