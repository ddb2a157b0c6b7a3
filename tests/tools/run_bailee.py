# SPDX-License-Identifier: Apache-2.0
"""Runs the tool without a shell, without a terminal, and with none of the caller's settings."""
import json
import os
import subprocess


class Ran:
    """What a command said and how it ended."""

    def __init__(self, arguments, done):
        self.arguments = arguments
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out)

    def error(self):
        """The last line of stderr, which under --json must be the error object."""
        lines = self.err.splitlines()
        assert lines, f"{self.arguments}: nothing on stderr"
        return json.loads(lines[-1])

    def __repr__(self):
        return f"bailee {' '.join(self.arguments)} -> {self.code}\n{self.out}{self.err}"


class Tool:
    """The tool at a path. `setsid` takes the terminal away, so that nothing can be asked."""

    def __init__(self, path, cwd):
        self.path = path
        self.cwd = cwd
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": cwd, "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def start(self, *arguments):
        """The command as a process that goes on, with pipes for all three streams."""
        return subprocess.Popen([self.path, *arguments], text=True, cwd=self.cwd,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.environment,
                                start_new_session=True)

    def run(self, *arguments, stdin=""):
        arguments = [str(each) for each in arguments]
        done = subprocess.run([self.path, *arguments], input=stdin, text=True, cwd=self.cwd,
                              capture_output=True, env=self.environment, timeout=240,
                              start_new_session=True, check=False)
        return Ran(arguments, done)

    def make_vault(self, policy, **actors):
        """`vault` and, in `keys`, its keyrings and one for each actor with the words that grant it. Returns the vault's id."""
        made = self.run("init", "vault", "--policy", policy, "--keyrings", "keys", "--json")
        assert made.code == 0, made
        for actor, words in actors.items():
            ran = self.run("keyring", "grant", "--from", "keys", "--actor", actor, "--out", f"keys/{actor}.keyring", *words)
            assert ran.code == 0, ran
        return made.json()["vault_id"]
