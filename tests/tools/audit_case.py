# SPDX-License-Identifier: Apache-2.0
"""A vault that was used a little, and what every test of its trail does with the tool."""
import json
import os
import shutil
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


def main():
    del sys.argv[1:3]
    unittest.main()
