# SPDX-License-Identifier: Apache-2.0
"""key_test.py BAILEE POLICY: keys are replaced through the tool alone, and SECURITY.md's answer to a leaked keyring."""
import json
import os
import re
import shlex
import shutil
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

    def playbook(self, heading="## A keyring leaked"):
        with open(SECURITY, encoding="utf-8") as file:
            text = file.read()
        block = re.search("\n" + heading + r"\n.*?```sh\n(.*?)```", text, re.S).group(1)
        return block.replace("/root/acme-keys", "keys").splitlines()

    def play(self, heading):
        for line in self.playbook(heading):
            ran = self.tool.run(*shlex.split(line)[1:])
            self.assertEqual(ran.code, 0, (line, ran))
        return ran

    def sign(self, keyring, *words):
        return self.with_(keyring, "audit", "sign", *words, "--json")

    def prove(self, checkpoint, name):
        made = self.as_("auditor", "audit", "prove", "1", "--checkpoint", checkpoint, "--out", name + ".proof",
                        "--leaf", name + ".leaf", "--json")
        self.assertEqual(made.code, 0, made)
        return made.json()

    def check_proof(self, name, origin, keys):
        each = [word for key in keys for word in ("--log-key", key)]
        return self.tool.run("audit", "check-proof", name + ".proof", "--leaf", name + ".leaf", "--origin", origin,
                             *each, "--json")

    def test_a_new_key_of_the_log_signs_and_the_old_one_goes_on_counting(self):
        self.assertEqual(self.sign("keys/log.keyring", "--out", "c").code, 0)
        self.prove("c", "before")
        shutil.copy(self.path("keys/log.keyring"), self.path("old-log.keyring"))
        begun = self.rotate("log")
        self.assertEqual((begun.code, begun.json()["step"], begun.json()["to"]), (0, "ready", 2), begun)
        self.assertEqual(begun.json()["keyrings"], ["keys/log.keyring"])
        self.assertEqual(self.sign("old-log.keyring", "--out", "c").code, 0)
        done = self.rotate("log", "--finish")
        self.assertEqual((done.code, done.json()["step"]), (0, "done"), done)
        refused = self.sign("old-log.keyring", "--out", "c")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.retired"), refused)
        signed = self.sign("keys/log.keyring", "--out", "c").json()
        self.assertEqual((len(signed["log_keys"]), signed["log_keys"][1]), (2, signed["log_key"]))
        made = self.prove("c", "after")
        self.assertIn(" --log-key ".join(["", *signed["log_keys"]]), made["next"])
        for name in ("before", "after"):
            ran = self.check_proof(name, signed["origin"], signed["log_keys"])
            self.assertEqual(ran.code, 0, ran)
        self.assertEqual(self.check_proof("before", signed["origin"], signed["log_keys"][1:]).code, 14)
        key, size = signed["log_keys"][0].split("@")
        for keys, code in (([f"{key}@0"], 14), ([f"{key}@{size}:{'0' * 64}"], 14), ([f"{key}@x"], 2), ([f"{key}@"], 2),
                           ([f"{key}@{size}:"], 2), ([f"{key}@{size}", f"{key}"], 2), ([f"{key}@-1"], 2)):
            self.assertEqual(self.check_proof("before", signed["origin"], keys).code, code, keys)

    def test_the_answer_to_a_leaked_log_keyring_is_what_security_md_says(self):
        signed = self.sign("keys/log.keyring", "--out", "acme.checkpoint").json()
        self.prove("acme.checkpoint", "good")
        shutil.copy(self.path("keys/log.keyring"), self.path("leaked.keyring"))
        last = self.play("### The log's keyring leaked")
        keys = json.loads(last.out)
        self.assertEqual(len(keys), 2)
        self.assertTrue(keys[0].endswith(f"@{signed['size']}:{signed['root']}"), keys)
        refused = self.sign("leaked.keyring", "--out", "x")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.retired"), refused)
        self.assertEqual(self.check_proof("good", signed["origin"], keys).code, 0)
        self.assertEqual(self.check_proof("good", signed["origin"], keys[1:]).code, 14)

    def test_a_new_authority_and_what_was_granted_under_the_old_one(self):
        begun = self.rotate("authority")
        self.assertEqual((begun.code, begun.json()["step"]), (0, "ready"), begun)
        self.assertIn("keys/authority.keyring", begun.json()["keyrings"])
        self.assertIn("keys/origins/billing.keyring", begun.json()["keyrings"])
        self.assertNotIn("keys/billing.keyring", begun.json()["keyrings"])
        self.assertEqual(self.find("billing").code, 0)
        self.grant("billing-2", "billing")
        done = self.rotate("authority", "--finish")
        self.assertEqual((done.code, done.json()["step"]), (0, "done"), done)
        refused = self.find("billing")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.retired"), refused)
        self.assertEqual(len(self.find("billing-2").json()["found"]), 1)
        self.assertEqual(self.as_("auditor", "audit", "verify", "--entries", "--json").code, 0)
        self.assertEqual(self.as_("log", "audit", "sign", "--out", "c", "--json").code, 0)
        checked = self.as_("billing-2", "check", "--json")
        self.assertEqual(checked.code, 0, checked)
        # And whatever else is replaced, under the new one.
        for words in (("purpose", "billing"), ("storage",), ("log",), ("authority",)):
            done = self.rotate(*words, "--now")
            self.assertEqual((done.code, done.json()["step"]), (0, "done"), done)

    def test_a_new_authority_needs_every_keyring_that_is_kept(self):
        self.rename("keys/auditor.keyring", "auditor.keyring")
        refused = self.rotate("authority")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.source-missing"), refused)
        self.assertEqual([name for name in os.listdir(self.path("keys")) if name.endswith(".next")], [])
        self.rename("auditor.keyring", "keys/auditor.keyring")
        self.assertEqual(self.rotate("authority", "--now").code, 0)

    def test_the_answer_to_a_leaked_authority_keyring_is_what_security_md_says(self):
        shutil.copy(self.path("keys/authority.keyring"), self.path("leaked.keyring"))
        shutil.copytree(self.path("keys"), self.path("old-keys"))
        last = self.play("### The authority's keyring leaked")
        self.assertIn("no rotation", last.out)
        self.assertEqual(len(self.find_with("billing-web.keyring").json()["found"]), 1)
        refused = self.find("billing")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.retired"), refused)
        # What the thief grants opens nothing.
        ran = self.tool.run("keyring", "grant", "--from", "old-keys", "--actor", "thief", "--out", "thief.keyring", "billing")
        self.assertEqual(ran.code, 0, ran)
        refused = self.find_with("thief.keyring")
        self.assertEqual((refused.code, refused.error()["name"]), (12, "key.retired"), refused)

    def test_keyrings_that_had_not_taken_their_places_do_so(self):
        for what in ("log", "authority", "storage"):
            shutil.copytree(self.path("keys"), self.path("as-before"))
            self.assertEqual(self.rotate(what).code, 0)
            # As if it had ended after the vault was told, and before the files were renamed.
            for directory, _, names in os.walk(self.path("as-before")):
                for name in names:
                    here = os.path.join(directory, name).replace("as-before", "keys")
                    before = os.path.join(directory, name)
                    with open(here, "rb") as now, open(before, "rb") as then:
                        if now.read() == then.read():
                            continue
                    os.rename(here, here + ".next")
                    os.rename(before, here)
            shutil.rmtree(self.path("as-before"))
            done = self.rotate(what, "--finish")
            self.assertEqual((done.code, done.json()["step"]), (0, "done"), done)
            left = [name for _, _, names in os.walk(self.path("keys")) for name in names if name.endswith(".next")]
            self.assertEqual(left, [])
        # And those of a beginning that never was are thrown away.
        shutil.copytree(self.path("keys"), self.path("tried"))
        self.write_next("keys/authority.keyring", "keys/origins/storage.keyring")
        self.assertEqual(self.rotate("log", "--now").code, 0)

    def write_next(self, *paths):
        """Keyrings of another vault in the place of new ones."""
        other = Tool(BAILEE, self.path("other"))
        os.mkdir(self.path("other"))
        other.environment["BAILEE_VAULT"] = "vault"
        other.make_vault(POLICY)
        for path in paths:
            shutil.copy(self.path("other/" + path), self.path(path + ".next"))

    def path(self, name):
        return os.path.join(self.directory.name, name)

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
