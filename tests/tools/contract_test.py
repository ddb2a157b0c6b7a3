# SPDX-License-Identifier: Apache-2.0
"""contract_test.py BAILEE POLICY: walks the table of commands and holds each to the contract of
the command line: help with examples first, --json on success and on failure, exit codes that agree,
hints, streams, no option that could carry a secret."""
import json
import os
import re
import sys
import tempfile
import unittest

from run_bailee import Tool

BAILEE, POLICY = sys.argv[1], sys.argv[2]

# Something for each positional, so that a command gets as far as it can without a vault.
POSITIONALS = {
    "DIR": "new-vault", "FILE": "missing.textproto", "SOURCE": "file:missing.keyring",
    "PURPOSE": "billing", "WHAT": "purpose", "CATEGORY[.FIELD]": "payment_card.pan", "CATEGORY.FIELD": "account.email",
    "PURPOSE|DECISION": "0" * 32 + ".r17", "INDEX|DECISION": "0", "PROOF": "missing.tlog-proof",
    "CATEGORY[.FIELDS]": "account.email", "HANDLE": "0" * 32, "CATEGORY": "account", "SHELL": "bash", "WORD": "formats",
    "DECISION": "0" * 32 + ".w3", "RECEIPT": "missing.receipt", "SHA256": "00" * 32,
    "REPORT": "sessions_by_region_day", "KIND": "restricted", "PLAN": "missing.json",
}
OPTIONS = {
    "--policy": "missing.textproto", "--keyrings": "keys", "--from": "missing", "--actor": "web",
    "--out": "out.keyring", "--purpose": "billing", "--format": "combined",
    "--leaf": "missing.leaf", "--origin": "acme", "--log-key": "0" * 64,
    "--checkpoint": "missing.checkpoint", "--older-than": "400d",
    "--until": "2016-08-02", "--recipient": "acquirer", "--ground": "ON_OUR_BEHALF",
    "--category": "web_log", "--notice": "visit-1", "--source": "web",
}
# Commands that need neither a vault nor a file: they succeed as they are.
SUCCEED = {"doctor", "help", "completion", "version"}


class Contract(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.tool = Tool(BAILEE, cls.directory.name)
        tree = cls.tool.run("help", "--commands", "--json").json()
        cls.tree = tree
        cls.commands = [each for each in tree["commands"] if not each["group"]]
        cls.groups = [each for each in tree["commands"] if each["group"]]

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def line(self, command):
        """A command line that the parser accepts."""
        words = command["path"].split()
        for option in command["options"]:
            if option["required"]:
                words += [option["name"], OPTIONS[option["name"]]]
        for positional in command["positionals"]:
            if positional["required"]:
                words.append(POSITIONALS[positional["name"]])
        return words

    def check_failure(self, ran, code=None):
        """A failure under --json: nothing on stdout, the error object as the last line."""
        self.assertNotEqual(ran.code, 0, ran)
        self.assertEqual(ran.out, "", ran)
        for line in ran.err.splitlines():
            json.loads(line)
        error = ran.error()
        self.assertEqual(error["type"], "error", ran)
        self.assertEqual(error["exit"], ran.code, ran)
        if code is not None:
            self.assertEqual(ran.code, code, ran)
        self.assertRegex(error["name"], r"^[a-z]+(\.[a-z0-9-]+)+$")
        self.assertTrue(error["message"], ran)
        self.assertTrue(error["hint"], ran)
        self.assertIsInstance(error["reasons"], list)

    def test_there_are_the_commands_of_this_milestone(self):
        paths = {each["path"] for each in self.commands}
        self.assertLessEqual({"init", "status", "policy lint", "policy test", "policy show",
                              "policy codegen", "can-i", "explain", "keyring grant", "keyring show",
                              "collect", "import", "subject find", "subject show", "record list",
                              "record show", "audit log", "audit verify", "audit pin", "audit sign",
                              "audit prove", "audit check-proof", "audit export", "audit prune",
                              "dump", "help", "completion", "version"}, paths)

    def test_every_command_has_help_with_examples_first(self):
        for command in self.tree["commands"]:
            with self.subTest(command["path"]):
                ran = self.tool.run(*command["path"].split(), "--help")
                self.assertEqual(ran.code, 0, ran)
                self.assertEqual(ran.err, "")
                self.assertLess(ran.out.find("Examples") if not command["group"] else 0,
                                ran.out.find("Usage"), ran)
                if not command["group"]:
                    self.assertIn("Examples", ran.out)

    def test_help_may_stand_anywhere_and_knows_json(self):
        ran = self.tool.run("policy", "--json", "lint", "-h")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(ran.json()["schema"], "bailee.help/1")

    def test_every_command_fails_in_json(self):
        for command in self.commands:
            if command["path"] in SUCCEED or command["path"] == "collect":
                continue
            with self.subTest(command["path"]):
                self.check_failure(self.tool.run(*self.line(command), "--json"))

    def test_every_command_fails_in_words(self):
        for command in self.commands:
            if command["path"] in SUCCEED:
                continue
            with self.subTest(command["path"]):
                ran = self.tool.run(*self.line(command))
                self.assertNotEqual(ran.code, 0, ran)
                self.assertEqual(ran.out, "", ran)
                lines = ran.err.splitlines()
                self.assertTrue(any(each.startswith("bailee: error: ") for each in lines), ran)
                self.assertTrue(lines[-1].startswith("bailee: hint: "), ran)

    def test_every_command_refuses_an_unknown_option(self):
        for command in self.commands:
            with self.subTest(command["path"]):
                self.check_failure(
                    self.tool.run(*command["path"].split(), "--frobnicate", "--json"), 2)

    def test_every_command_names_what_is_missing(self):
        for command in self.commands:
            required = [each for each in command["options"] + command["positionals"]
                        if each["required"]]
            if not required:
                continue
            with self.subTest(command["path"]):
                self.check_failure(self.tool.run(*command["path"].split(), "--json"), 2)

    def test_every_group_alone_is_a_usage_error(self):
        for group in self.groups:
            with self.subTest(group["path"]):
                self.check_failure(self.tool.run(group["path"], "--json"), 2)
        self.check_failure(self.tool.run("--json"), 2)

    def test_an_unknown_command_is_answered_with_the_nearest_and_not_run(self):
        ran = self.tool.run("statsu", "--json")
        self.check_failure(ran, 2)
        self.assertIn("bailee status", ran.error()["hint"])
        ran = self.tool.run("policy", "lnt", "x", "--json")
        self.check_failure(ran, 2)
        self.assertIn("bailee policy lint", ran.error()["hint"])

    def test_an_unknown_option_is_answered_with_the_nearest(self):
        ran = self.tool.run("status", "--keyrng", "x", "--json")
        self.check_failure(ran, 2)
        self.assertIn("--keyring", ran.error()["hint"])

    def test_no_argument_is_repeated_in_an_error(self):
        for words in (["ana@example.net"], ["status", "ana@example.net"],
                      ["subject", "ana@example.net"], ["status", "--ana@example.net"],
                      ["status", "--format", "ana@example.net"],
                      ["record", "list", "ana@example.net", "--purpose", "x"],
                      ["can-i", "billing", "account", "ana@example.net"]):
            with self.subTest(words):
                ran = self.tool.run(*words)
                self.assertNotEqual(ran.code, 0, ran)
                self.assertNotIn("ana@example", ran.out + ran.err)

    def test_no_option_takes_a_secret_or_an_identifier(self):
        banned = re.compile(r"password$|secret|passphrase$|email|address|phone|^--key$|^--ref$")
        for command in self.tree["commands"]:
            for option in command["options"] + self.tree["global_options"]:
                self.assertNotRegex(option["name"], banned)

    def test_quiet_leaves_the_exit_code_alone(self):
        ran = self.tool.run("policy", "lint", "missing", "-q")
        self.assertEqual((ran.code, ran.out, ran.err), (8, "", ""))

    def test_every_topic_has_help_and_the_codes_are_all_there(self):
        for topic in ("audit-trail", "environment", "exit-codes", "formats", "key-sources"):
            ran = self.tool.run("help", topic)
            self.assertEqual(ran.code, 0, ran)
            self.assertGreater(len(ran.out), 200)
        codes = self.tool.run("help", "exit-codes").out
        for code in range(20):
            self.assertRegex(codes, rf"(?m)^ *{code}  ")

    def test_the_manual_and_completions_name_every_command(self):
        texts = [self.tool.run("help", "--markdown").out, self.tool.run("help", "--man").out]
        texts += [self.tool.run("completion", each).out for each in ("bash", "zsh", "fish")]
        for text in texts:
            for command in self.commands:
                self.assertIn(command["path"].split()[-1], text.replace("\\-", "-"))

    def test_help_and_version_succeed_in_json(self):
        for words in (["help"], ["help", "policy", "lint"], ["completion", "fish"], ["version"]):
            ran = self.tool.run(*words, "--json")
            self.assertEqual(ran.code, 0, ran)
            self.assertTrue(ran.json()["schema"].startswith("bailee."), ran)

    def test_nothing_to_ask_a_passphrase_on_is_no_hang(self):
        ran = self.tool.run("status", "--vault", "v", "--keyring", "file:none", "--json")
        self.check_failure(ran)


class PolicyCommands(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tool = Tool(BAILEE, self.directory.name)

    def write(self, text):
        path = os.path.join(self.directory.name, "p.textproto")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_a_good_policy_lints_and_passes_its_tests(self):
        self.assertEqual(self.tool.run("policy", "lint", POLICY).code, 0)
        ran = self.tool.run("policy", "test", POLICY, "--json")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual((ran.json()["tests"], ran.json()["failed"]), (2, 0))

    def test_a_bad_policy_lists_each_finding_and_exits_15(self):
        path = self.write('name: "x" version: 1 effective: "2016-01-01"\npurpose { idd: "a" }\n')
        ran = self.tool.run("policy", "lint", path, "--json")
        self.assertEqual(ran.code, 15, ran)
        self.assertGreaterEqual(ran.json()["errors"], 1)
        self.assertEqual(ran.json()["findings"][0]["line"], 2)
        self.assertEqual(ran.error()["exit"], 15)

    def test_a_failing_test_exits_4(self):
        with open(POLICY, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("expect: ALLOWED", text)
        path = self.write(text.replace("expect: ALLOWED", "expect: REFUSED"))
        ran = self.tool.run("policy", "test", path, "--json")
        self.assertEqual(ran.code, 4, ran)
        self.assertEqual(ran.json()["failed"], 1)

    def test_show_says_who_may_read_what(self):
        ran = self.tool.run("policy", "show", POLICY)
        self.assertEqual(ran.code, 0, ran)
        rows = [each.split("\t") for each in ran.out.splitlines()]
        self.assertIn(["field", "payment_card.pan", "PAN", "billing"], rows)
        self.assertIn(["field", "payment_card.pan.last4", "PAN", "billing, support"], rows)
        self.assertIn(["field", "account.password", "PASSWORD", "nobody; verified only"], rows)

    def test_can_i_is_0_for_yes_and_3_for_no(self):
        ran = self.tool.run("can-i", "billing", "payment_card.pan", "--policy", POLICY)
        self.assertEqual((ran.code, ran.out), (0, "yes\n"), ran)
        ran = self.tool.run("can-i", "support", "payment_card.pan", "--policy", POLICY)
        self.assertEqual(ran.code, 3, ran)
        self.assertTrue(ran.out.startswith("no\tnot-collected-for"), ran)
        self.assertEqual(ran.err, "")
        ran = self.tool.run("can-i", "support", "payment_card.pan", "--policy", POLICY, "--json")
        self.assertEqual(ran.json()["answer"], "no")
        self.assertIn("not-collected-for", ran.json()["reasons"])
        self.assertEqual(ran.error()["exit"], 3)

    def test_can_i_names_the_unknown(self):
        ran = self.tool.run("can-i", "nothing", "payment_card.pan", "--policy", POLICY, "--json")
        self.assertEqual(ran.code, 3, ran)
        self.assertIn("unknown-purpose", ran.json()["reasons"])
        ran = self.tool.run("can-i", "billing", "nothing", "--policy", POLICY, "--json")
        self.assertIn("unknown-category", ran.json()["reasons"])

    def test_explain_names_rule_clause_and_what_would_change_it(self):
        ran = self.tool.run("explain", "support", "payment_card.pan", "--policy", POLICY, "--json")
        self.assertEqual(ran.code, 0, ran)
        field = ran.json()["fields"][0]
        self.assertEqual(field["outcome"], "refused")
        self.assertIn("pan.last4", field["offer"])
        ran = self.tool.run("explain", "billing", "payment_card.pan", "--policy", POLICY, "--json")
        rule = ran.json()["fields"][0]["rules"][0]
        self.assertEqual(rule["basis"], "NECESSARY")
        self.assertEqual(rule["clause"], "A-2")
        self.assertGreater(rule["line"], 0)

    def test_explain_needs_a_category_unless_it_is_given_a_decision(self):
        ran = self.tool.run("explain", "support", "--policy", POLICY, "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (2, "usage.missing"), ran)
        ran = self.tool.run("explain", "0" * 32 + ".r17", "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (2, "usage.no-vault-named"), ran)

    def test_codegen_is_the_header_that_is_checked_in(self):
        ran = self.tool.run("policy", "codegen", "--lang", "cpp", "--namespace", "acme", POLICY)
        self.assertEqual(ran.code, 0, ran)
        with open(os.path.join(os.path.dirname(POLICY), "acme_policy.h"), encoding="utf-8") as file:
            self.assertEqual(ran.out, file.read())

    def test_codegen_refuses_a_namespace_that_is_none(self):
        for name in ("", "1x", "a::", "a b", "a;b"):
            ran = self.tool.run("policy", "codegen", POLICY, f"--namespace={name}", "--json")
            self.assertEqual(ran.code, 2, ran)

    def test_codegen_never_overwrites(self):
        path = self.write("mine")
        ran = self.tool.run("policy", "codegen", POLICY, "-o", path, "--json")
        self.assertEqual((ran.code, ran.error()["name"]), (9, "io.exists"), ran)


class Collecting(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tool = Tool(BAILEE, self.directory.name)

    def good(self, **changed):
        line = {"ref": "user-1", "notice": "n", "source": "web",
                "records": [{"category": "account", "fields": {"email": "ana@example.net"}}]}
        line.update(changed)
        return {name: value for name, value in line.items() if value is not None}

    def reject_of(self, line):
        text = line if isinstance(line, str) else json.dumps(line)
        ran = self.tool.run("collect", "--dry-run", "--json", stdin=text + "\n")
        self.assertEqual(ran.code, 5, ran)
        self.assertNotIn("ana@example", ran.err)
        problem = json.loads(ran.err.splitlines()[0])
        self.assertEqual((problem["type"], problem["line"]), ("problem", 1))
        return problem["name"]

    def test_good_lines_are_good(self):
        lines = [self.good(), self.good(ref=None, tag="t"), self.good(ref=None, handle="0" * 32),
                 self.good(on_behalf_of="acme", collected_at="2016-01-01T00:00:00Z"),
                 self.good(records=[{"category": "c", "record": "a" * 32,
                                     "fields": {"f": {"hex": "00ff"}}}])]
        text = "\n\n".join(json.dumps(each) for each in lines)
        ran = self.tool.run("collect", "--dry-run", "--json", stdin=text)
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual((ran.json()["lines"], ran.json()["good"], ran.json()["records"]), (5, 5, 5))

    def test_bad_lines_are_named_and_their_values_are_not(self):
        self.assertEqual(self.reject_of("not json ana@example.net"), "input.json")
        self.assertEqual(self.reject_of("[]"), "input.json")
        self.assertEqual(self.reject_of(self.good(extra="ana@example.net")), "input.member")
        self.assertEqual(self.reject_of(self.good(ref=None)), "input.who")
        self.assertEqual(self.reject_of(self.good(tag="t")), "input.who")
        self.assertEqual(self.reject_of(self.good(ref="a" * 256)), "input.who")
        self.assertEqual(self.reject_of(self.good(ref=None, handle="ana@example.net")),
                         "input.handle")
        self.assertEqual(self.reject_of(self.good(notice=None)), "input.missing")
        self.assertEqual(self.reject_of(self.good(collected_at="yesterday")), "input.time")
        self.assertEqual(self.reject_of(self.good(records=[])), "input.records")
        self.assertEqual(self.reject_of(self.good(records=[{"category": "c"}])), "input.fields")
        self.assertEqual(self.reject_of(self.good(records=[{"category": "c", "fields": {"f": 1}}])),
                         "input.value")
        self.assertEqual(
            self.reject_of(self.good(records=[{"category": "c", "fields": {"f": {"hex": "0"}}}])),
            "input.hex")

    def test_a_line_too_long_is_one_bad_line(self):
        text = "x" * (9 << 20) + "\n" + json.dumps(self.good()) + "\n"
        ran = self.tool.run("collect", "--dry-run", "--json", stdin=text)
        self.assertEqual(ran.code, 5, ran.err)
        self.assertEqual((ran.json()["lines"], ran.json()["rejected"]), (2, 1))


class Importing(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tool = Tool(BAILEE, self.directory.name)

    def run_import(self, text, *words, log_format="combined"):
        return self.tool.run("import", "--format", log_format, "--category", "web_log", "--notice",
                             "visit-1", "--source", "web", "--dry-run", "--policy", POLICY,
                             "--json", *words, "-", stdin=text)

    LINE = ('192.0.2.7 - - [10/Oct/2015:13:55:36 -0700] "GET /a HTTP/1.0" 200 5 "-" "Firefox"\n')

    def test_lines_are_read_and_bad_ones_named(self):
        ran = self.run_import(self.LINE + "garbage\n" + self.LINE)
        self.assertEqual(ran.code, 5, ran)
        self.assertEqual((ran.json()["good"], ran.json()["rejected"]), (2, 1))
        self.assertEqual(json.loads(ran.err.splitlines()[0])["line"], 2)
        self.assertNotIn("garbage", ran.err)

    def test_a_named_user_is_refused_unless_mapped_or_dropped(self):
        named = self.LINE.replace("- -", "- frank")
        ran = self.run_import(named)
        self.assertEqual(ran.code, 5, ran)
        self.assertEqual(json.loads(ran.err.splitlines()[0])["name"], "log.named-user")
        self.assertNotIn("frank", ran.err)
        self.assertEqual(self.run_import(named, "--map", "%u=").code, 0)

    def test_maps_must_fit_format_and_category(self):
        for words in (["--map", "%D=ip"], ["--map", "%h=nothing"], ["--map", "%h"],
                      ["--map", "%h=at", "--map", "%t=at"], ["--tag-cookie", "visitor"]):
            ran = self.run_import(self.LINE, *words)
            self.assertEqual((ran.code, ran.error()["name"]), (2, "log.map"), ran)

    def test_a_format_that_cannot_be_read_back_is_a_usage_error(self):
        ran = self.run_import(self.LINE, log_format="%h%l")
        self.assertEqual((ran.code, ran.error()["name"]), (2, "log.format"), ran)

    def test_the_map_is_shown_with_v(self):
        ran = self.run_import(self.LINE, "-v")
        notes = [json.loads(each).get("message", "") for each in ran.err.splitlines()]
        self.assertTrue(any("%h -> ip" in each and "%r:path -> url" in each for each in notes), ran)

    def test_shifted_dates_are_said(self):
        path = os.path.join(self.directory.name, "log")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.LINE)
        ran = self.tool.run("import", "--format", "combined", "--category", "web_log", "--notice",
                            "visit-1", "--source", "web", "--dry-run", "--policy", POLICY,
                            "--shift-dates", path)
        self.assertEqual(ran.code, 0, ran)
        self.assertIn("moved by", ran.err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
