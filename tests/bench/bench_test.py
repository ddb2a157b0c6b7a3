#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""tools/bench measures what it says: bench_test.py BUILD"""
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "tools", "bench")
BUILD = os.path.abspath(sys.argv.pop())

loader = importlib.machinery.SourceFileLoader("bench", SCRIPT)
bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
loader.exec_module(bench)
import gdprbench  # noqa: E402  (tools/bench has made it reachable)
from figures import Figure  # noqa: E402


def path_of(program):
    folder = os.path.join(BUILD, "tests", "bench")
    return os.path.join(folder, program) if program == "bailee_bench" else os.path.join(folder, "peers", program)


def listed(program):
    told = subprocess.run([path_of(program), "--benchmark_list_tests"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.split("/")[0] for line in told.splitlines()}


def built_peers():
    return [peer for peer in bench.PEERS if os.path.exists(path_of(f"bench_{peer}"))]


def runs(**columns):
    return {column: {"runs": [{"ns": value, "cpu_ns": value} for value in values], "median": {"ns": sorted(values)[len(values) // 2]}}
            for column, values in columns.items()}


class Figures(unittest.TestCase):
    def test_are_those_of_the_programs(self):
        named = {name for figure in bench.FIGURES for name in (figure.name, figure.floor) if name is not None}
        self.assertEqual(named, listed("bailee_bench"))
        for peer in built_peers():
            self.assertEqual({figure.name for figure in bench.FIGURES if figure.peers}, listed(f"bench_{peer}"))

    def test_ratios_are_of_each_round_and_aims_are_judged(self):
        figure = Figure("f", "F", floor="FFloor", peers=True, aims={"floor": ("<=", 2), "sqlcipher": (">=", 5)})
        # The machine was ten times as slow in the second round, for all.
        rows = list(bench.rows_of(figure, runs(ours=[3, 30, 3], floor=[1, 10, 1], sqlcipher=[15, 150, 15])))
        self.assertEqual([row["ratio"] for row in rows], [3, 5])
        self.assertEqual([row["aim"] for row in rows], ["<= 2 NOT MET", ">= 5 met"])

    def test_an_aim_in_milliseconds(self):
        figure = Figure("f", "F", aims={"ours": ("<=", 10, 1e6)})
        self.assertIn("10 met", next(bench.rows_of(figure, runs(ours=[9.9e6])))["aim"])
        self.assertIn("NOT MET", next(bench.rows_of(figure, runs(ours=[10.1e6])))["aim"])


class Runs(unittest.TestCase):
    def run_bench(self, only):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "told.json")
            ran = subprocess.run([SCRIPT, "--built", BUILD, "--quick", "--records", "500", "--only", only, "--json", file],
                                 stdout=subprocess.PIPE, text=True, check=False)
            with open(file, encoding="utf-8") as told:
                return ran, json.load(told)

    def test_a_table_and_a_file(self):
        ran, told = self.run_bench("read, warm, audited")
        self.assertEqual(ran.returncode, 0, ran.stdout)
        self.assertEqual(told["machine"]["records"], 500)
        figure, = told["figures"]
        self.assertEqual([row["beside"] for row in figure["table"]], ["floor", *built_peers()])
        for row in figure["table"]:
            if "words" not in row:
                self.assertGreater(row["ratio"], 0)
                self.assertIn(f"{row['ratio']:.2f}", ran.stdout)
        self.assertGreater(figure["measured"]["ours"]["median"]["ns"], 100)

    def test_what_cannot_be_measured_is_said(self):
        figure = Figure("f", "NoSuchFigure", peers=True)
        program = bench.Program("bailee_bench", path_of("bailee_bench"), 100, 0.01)
        told = bench.measure(figure, {"ours": program}, 1)
        program.close()
        self.assertIn("no such figure", next(bench.rows_of(figure, told))["words"])

    def test_a_program_that_dies_is_said(self):
        program = bench.Program("dead", "/bin/false", 100, 0.01)
        program.process.wait()
        self.addCleanup(program.close)
        self.assertIn("ended", program.measure("ReadWarm")["failed"])


class Gdprbench(unittest.TestCase):
    def told(self, seconds, wrong=0):
        return {"seconds": seconds, "first_seconds": 0, "load_seconds": 0, "bytes": 300, "data_bytes": 100, "answers": 7, "wrong": wrong}

    def test_aims_are_judged_and_the_best_peer_is_the_fastest(self):
        told = {"vault": self.told(2), "sqlite": self.told(3), "postgres": self.told(10), "sqlcipher": {"absent": "why"}}
        rows = {row["store"]: row for row in gdprbench.rows_of(told, gdprbench.AIMS["gdprbench-paper"])}
        self.assertEqual(rows["postgres"]["aim"], ">= 5 met")
        self.assertEqual(rows["best peer"]["ratio"], 1.5)
        self.assertEqual(rows["best peer"]["aim"], ">= 2 NOT MET")
        self.assertEqual(rows["vault"]["space"], 3)
        self.assertIn("why", rows["sqlcipher"]["words"])

    def run_bench(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "told.json")
            ran = subprocess.run([SCRIPT, "--built", BUILD, "--gdprbench", *words, "--json", file], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, check=False)
            if not os.path.exists(file):
                return ran, None
            with open(file, encoding="utf-8") as told:
                return ran, json.load(told)

    def test_every_store_answers_the_paper_as_the_model_does(self):
        ran, told = self.run_bench("--records", "200", "--operations", "100")
        self.assertEqual(ran.returncode, 0, ran.stdout)
        self.assertEqual([each["role"] for each in told["gdprbench"]], ["controller", "customer", "processor", "regulator"])
        for each in told["gdprbench"]:
            self.assertEqual([row["store"] for row in each["table"]], ["vault", *built_peers(), "best peer"])
            for row in each["table"][:-1]:
                self.assertTrue("not measured" in row.get("words", "") or row["answers"] > 100, row)

    def test_an_unknown_profile_is_said(self):
        ran, _ = self.run_bench("gdprbench-2031")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("gdprbench-k9db", ran.stderr)

    def test_a_wrong_answer_is_a_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "gdpr"))
            program = gdprbench.path_of(folder, "vault")
            with open(program, "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\n[ $1 = --list ] && echo some 10 10 customer && exit\n"
                           f"echo '{json.dumps(self.told(1, wrong=3))}'; exit 1\n")
            os.chmod(program, 0o755)
            lines = []
            _, failed = gdprbench.measure(folder, ["some"], ["vault"], lambda profile: (10, 10), lines.append)
            self.assertTrue(failed)
            self.assertIn("3 of 7 answers were wrong", "\n".join(lines))


if __name__ == "__main__":
    unittest.main()
