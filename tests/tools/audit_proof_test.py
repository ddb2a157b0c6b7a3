# SPDX-License-Identifier: Apache-2.0
"""audit_proof_test.py BAILEE POLICY: what is proven of a trail outside its vault, what may be
pruned, and decisions explained."""
import json
import os
import shutil
import signal

from audit_case import PERSON, POLICY, RECORD, AuditTest, main


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
    main()
