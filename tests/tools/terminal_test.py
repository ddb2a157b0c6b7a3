# SPDX-License-Identifier: Apache-2.0
"""terminal_test.py BAILEE POLICY: the tool on a terminal of its own: --reveal, a passphrase that is asked
for, and Ctrl-C while it works and while it asks."""
import json
import os
import signal
import sys
import tempfile
import time
import unittest

from run_bailee import Tool
from terminal import SECONDS_MAX, Terminal

BAILEE, POLICY = sys.argv[1], sys.argv[2]
PAN = "4111111111111111"
RECORD = "0c2b4b6d9a1e0f3a2b4c5d6e6f1c0d5e"
PERSON = {
    "ref": "user-4711", "notice": "checkout-7", "source": "web",
    "records": [
        {"category": "account", "fields": {"name": "Ana", "email": "ana@example.net"}},
        {"category": "payment_card", "record": RECORD, "fields": {"pan": PAN, "expiry": "12/30"}}]}
PASSPHRASE = "correct horse battery"
CTRL_C = b"\x03"


def log_lines(count):
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(time.time() - 60))
    return [f'192.0.2.7 - - [{stamp}] "GET /{number} HTTP/1.1" 200 5 "-" "Firefox"\n'
            for number in range(count)]


class OnATerminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.tool = Tool(BAILEE, cls.directory.name)
        with open(cls.path("passphrase"), "w", encoding="utf-8") as file:
            file.write(PASSPHRASE + "\n")
        os.chmod(cls.path("passphrase"), 0o600)
        cls.must("init", "vault", "--policy", POLICY, "--keyrings", "keys")
        for actor, words in {"shop": ["--collector"], "billing": ["billing"], "support": ["support"],
                             "guard": ["security"],
                             "sealed": ["--seal-passphrase-file", "passphrase", "billing"]}.items():
            cls.must("keyring", "grant", "--from", "keys", "--actor", actor, "--out",
                     f"{actor}.keyring", *words)
        cls.must(*cls.as_("shop", "collect"), stdin=json.dumps(PERSON) + "\n")
        found = cls.must(*cls.as_("support", "subject", "find", "--purpose", "support",
                                  "account.email", "--json"), stdin="ana@example.net\n")
        cls.handle = found.json()["found"][0]["handle"]

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory.name, name)

    @classmethod
    def must(cls, *words, stdin=""):
        ran = cls.tool.run(*words, stdin=stdin)
        assert ran.code == 0, ran
        return ran

    @staticmethod
    def as_(actor, *words):
        return ["--vault", "vault", "--keyring", f"file:{actor}.keyring", *words]

    def on_terminal(self, actor, *words, stdin=None):
        terminal = Terminal(self.tool, *self.as_(actor, *words), stdin=stdin)
        self.addCleanup(terminal.close)
        return terminal

    def show(self, *words):
        return self.on_terminal("billing", "record", "show", self.handle, "payment_card.pan,expiry",
                                "--record", RECORD, "--purpose", "billing", *words)

    def test_reveal_shows_the_values_and_nothing_else_does(self):
        terminal = self.show("--reveal")
        self.assertEqual(terminal.end(), 0, terminal.shown)
        lines = terminal.shown.decode().replace("\r", "").splitlines()
        self.assertIn(f"pan  {PAN}", lines)
        self.assertIn("expiry  2030-12", lines)
        terminal = self.show()
        self.assertEqual(terminal.end(), 0, terminal.shown)
        self.assertIn(b"present", terminal.shown)
        self.assertNotIn(PAN.encode(), terminal.shown)

    def test_reveal_refuses_json_on_a_terminal_too(self):
        terminal = self.show("--reveal", "--json")
        self.assertEqual(terminal.end(), 2, terminal.shown)
        self.assertIn(b"reveal.not-a-terminal", terminal.shown)
        self.assertNotIn(PAN.encode(), terminal.shown)

    def test_a_stored_value_cannot_drive_the_terminal(self):
        person = {"ref": "user-\x1b[2J\x9b31m\n", "notice": "checkout-7", "source": "web",
                  "records": [{"category": "account", "fields": {"email": "eve@example.net"}}]}
        self.must(*self.as_("shop", "collect"), stdin=json.dumps(person) + "\n")
        found = self.must(*self.as_("support", "subject", "find", "--purpose", "support",
                                    "account.email", "--json"), stdin="eve@example.net\n")
        terminal = self.on_terminal("support", "subject", "show", found.json()["found"][0]["handle"],
                                    "--reveal", "--color", "never")
        self.assertEqual(terminal.end(), 0, terminal.shown)
        self.assertIn(b"ref  user-", terminal.shown)
        self.assertNotIn(b"\x1b", terminal.shown)
        self.assertNotIn(b"\x9b", terminal.shown)
        self.assertEqual([each for each in terminal.shown if each < 32 and each not in b"\r\n"], [])

    def test_a_value_is_asked_for_on_the_terminal(self):
        terminal = self.on_terminal("support", "subject", "find", "--purpose", "support", "account.email")
        terminal.wait_for(b"ends with Enter")
        terminal.type(b"ana@example.net\n")
        self.assertEqual(terminal.end(), 0, terminal.shown)
        self.assertIn(self.handle.encode(), terminal.shown)

    def test_a_passphrase_is_asked_for_and_not_shown(self):
        terminal = self.on_terminal("sealed", "status")
        terminal.wait_for(b"passphrase of ")
        self.assertFalse(terminal.echoes())
        terminal.type(PASSPHRASE.encode() + b"\n")
        self.assertEqual(terminal.end(), 0, terminal.shown)
        self.assertTrue(terminal.echoes())
        self.assertNotIn(PASSPHRASE.encode()[:6], terminal.shown)

    def test_ctrl_c_at_a_passphrase_leaves_a_terminal_that_shows_what_is_typed(self):
        terminal = self.on_terminal("sealed", "status")
        terminal.wait_for(b"passphrase of ")
        self.assertFalse(terminal.echoes())
        terminal.type(b"corr" + CTRL_C)
        self.assertEqual(terminal.end(), -signal.SIGINT, terminal.shown)  # a shell calls it 130
        self.assertTrue(terminal.echoes())
        self.assertNotIn(b"corr", terminal.shown)

    def interrupt(self, lines, rest, stop):
        """Imports `lines` from a pipe that then stays open and silent, or goes on with `rest`; interrupts
        it with `stop` once more than a batch was read."""
        before = self.count()
        readable, writable = os.pipe()
        terminal = self.on_terminal(
            "guard", "import", "--format", "combined", "--category", "web_log", "--notice", "visit-1",
            "--source", "web", "-", stdin=readable)
        os.close(readable)
        with os.fdopen(writable, "wb", buffering=0) as pipe:
            pipe.write("".join(lines).encode())
            pipe.write(rest)
            # The first batch is stored before the second is read to its end.
            until = time.monotonic() + SECONDS_MAX
            while self.count() < before + 1000 and time.monotonic() < until:
                self.assertIsNone(terminal.process.poll(), terminal.shown)
            stop(terminal)
            code = terminal.end()
        rows = dict(line.split(None, 1) for line in terminal.shown.decode().replace("\r", "").splitlines()
                    if line.split(None, 1)[1:] and line.split(None, 1)[1].strip().isdigit())
        self.assertIn(b"interrupted", terminal.shown)
        self.assertIn("stored", rows, terminal.shown)
        return code, int(rows["stored"]), self.count() - before

    def count(self):
        """The records of the log, by the word of the vault itself; which must therefore be in order."""
        ran = self.must("--vault", "vault", "dump", "--json", "--rows", "--category", "web_log")
        rows = [json.loads(line) for line in ran.out.splitlines()]
        return sum(each["type"] == "row" and each["kind"] == "record" for each in rows)

    def test_ctrl_c_while_an_import_waits_for_more_stores_what_it_has_and_exits_130(self):
        code, stored, there = self.interrupt(log_lines(1500), b'192.0.2.8 - - [half a li',
                                             lambda terminal: terminal.type(CTRL_C))
        self.assertEqual((code, stored, there), (130, 1500, 1500))

    def test_a_service_manager_can_stop_an_import_too(self):
        code, stored, there = self.interrupt(log_lines(1200), b"",
                                             lambda terminal: terminal.process.terminate())
        self.assertEqual((code, stored, there), (130, 1200, 1200))

    def test_ctrl_c_in_the_midst_of_an_import_keeps_what_was_acknowledged(self):
        lines = log_lines(60_000)
        log = self.path("long.log")
        with open(log, "w", encoding="utf-8") as file:
            file.writelines(lines)
        before = self.count()
        with open(log, "rb") as stdin:
            terminal = self.on_terminal(
                "guard", "import", "--format", "combined", "--category", "web_log", "--notice", "visit-1",
                "--source", "web", "-", stdin=stdin)
            terminal.wait_for(b" lines")  # the bar, which is drawn between lines
            terminal.type(CTRL_C)
            self.assertEqual(terminal.end(), 130, terminal.shown)
        answer = terminal.shown.decode().replace("\r", "\n").splitlines()
        stored = [int(line.split()[1]) for line in answer if line.startswith("stored")]
        self.assertEqual([self.count() - before], stored)
        self.assertTrue(0 < stored[0] < len(lines), stored)
        self.must(*self.as_("guard", "status"))
        again = self.must(*self.as_("guard", "import", "--format", "combined", "--category", "web_log",
                                    "--notice", "visit-1", "--source", "web", "--json", "-"),
                          stdin="".join(log_lines(5)))
        self.assertEqual(again.json()["stored"], 5)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
