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
from figures import Figure  # noqa: E402  (tools/bench has made it reachable)


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


if __name__ == "__main__":
    unittest.main()
