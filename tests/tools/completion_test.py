# SPDX-License-Identifier: Apache-2.0
"""completion_test.py BAILEE: the completions in the shells they are for. A shell that is not installed is
skipped, and that is said."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from run_bailee import Tool
from terminal import Terminal

BAILEE = sys.argv[1]


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.tool = Tool(BAILEE, cls.directory.name)
        cls.tree = cls.tool.run("help", "--commands", "--json").json()
        for shell in ("bash", "zsh", "fish"):
            with open(cls.script(shell), "w", encoding="utf-8") as file:
                file.write(cls.tool.run("completion", shell).out)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    @classmethod
    def script(cls, shell):
        return os.path.join(cls.directory.name, "completion." + shell)

    def shell(self, name):
        path = shutil.which(name)
        if path is None:
            print(f"{name} is not installed: its completion was only generated", file=sys.stderr)
            self.skipTest(f"{name} is not installed")
        return path

    def run_shell(self, name, *words, stdin=""):
        done = subprocess.run([self.shell(name), *words], input=stdin, capture_output=True, text=True,
                              env=self.tool.environment, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def expected(self, path):
        """What may follow the words of `path`, by the tree that help shows."""
        above = path.split()
        words = {each["name"] for each in self.tree["global_options"]}
        for each in self.tree["commands"]:
            own = each["path"].split()
            if own[:-1] == above:
                words.add(own[-1])
            if own == above:
                words |= {option["name"] for option in each["options"]}
        return words

    def test_bash_reads_it(self):
        self.run_shell("bash", "-n", self.script("bash"))

    def test_bash_offers_after_every_command_what_may_follow(self):
        paths = [""] + [each["path"] for each in self.tree["commands"]]
        asked = "".join(f"COMP_WORDS=(bailee {path} ''); COMP_CWORD={len(path.split()) + 1}; _bailee\n"
                        "echo \"${COMPREPLY[@]}\"\n" for path in paths)
        answers = self.run_shell("bash", "--norc", stdin=f"source {self.script('bash')}\n{asked}").splitlines()
        self.assertEqual(len(answers), len(paths))
        for path, answer in zip(paths, answers):
            with self.subTest(path):
                self.assertEqual(set(answer.split()), self.expected(path))

    def test_bash_finds_the_command_behind_options_and_their_values(self):
        asked = (f"source {self.script('bash')}\nCOMP_WORDS=(bailee --vault v --json policy l); COMP_CWORD=5\n"
                 "_bailee\necho \"${COMPREPLY[@]}\"\ncomplete -p bailee\n")
        lint, rule = self.run_shell("bash", "--norc", stdin=asked).splitlines()
        self.assertEqual(lint, "lint")
        self.assertIn("-F _bailee", rule)

    def test_bash_completes_what_is_typed_at_a_terminal(self):
        bash = Tool(self.shell("bash"), self.directory.name)
        bash.environment.update({"PS1": "READY> ", "INPUTRC": "/dev/null"})
        terminal = Terminal(bash, "--norc", "--noprofile", "-i")
        self.addCleanup(terminal.close)
        terminal.wait_for(b"READY> ")
        terminal.type(b"bailee() { echo \"GOT:$*:\"; }; source completion.bash\n")
        terminal.wait_for(b"READY> ", after=terminal.shown)
        terminal.type(b"bailee pol\tli\t\n")
        terminal.wait_for(b"GOT:policy lint")
        terminal.type(b"exit\n")
        self.assertEqual(terminal.end(), 0)

    def test_zsh_reads_it_and_offers_what_may_follow(self):
        self.run_shell("zsh", "-n", self.script("zsh"))
        stub = "compdef() { :; }; compadd() { shift; print -l -- $@; }; _files() { :; }\n"
        for path in ["", "policy", "keyring grant"]:
            words = ["bailee", *path.split(), "''"]
            out = self.run_shell("zsh", "-f", stdin=f"{stub}source {self.script('zsh')}\nwords=({' '.join(words)})\n"
                                                    f"CURRENT={len(words)}\n_bailee\n")
            self.assertEqual(set(out.split()), self.expected(path))

    def test_fish_reads_it_and_offers_what_may_follow(self):
        self.run_shell("fish", "--no-execute", self.script("fish"))
        for path in ["", "policy"]:
            out = self.run_shell("fish", "--no-config", "-c",
                                 f"source {self.script('fish')}; complete -C 'bailee {path} '")
            offered = {line.split("\t")[0] for line in out.splitlines()}
            commands = {each for each in self.expected(path) if not each.startswith("--")}
            self.assertLessEqual(commands, offered)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
