#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the policy decision in one way after another; the comparison must notice each.

    ctest --preset check -R policy_mutants           a sample
    ctest --preset check -C Full -R policy_mutants   all

Builds nothing: build exhaustive_test first. For every line of mutations.py: replaces the text in a copy of the source, compiles it, links it in
front of the library, whose own definitions then yield, into a copy of the comparison, and runs that. Exit 0 if all are caught; 1 if one
survives, or if one does not compile or does not match exactly once (then it must follow the code).
An unchanged source goes through the same first, and must pass.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

from mutations import MUTATIONS

RUN_SECONDS_MAX = 120
# Half of a mutant's time would go into copying debug information.
LINKER = ["-Wl,--strip-all", "-Wl,-z,muldefs"] + (["-fuse-ld=lld"] if shutil.which("ld.lld") else [])


class Broken(Exception):
    """The mutant could not be made: nothing is known about it."""


def compile_arguments(commands):
    """How the build compiles the library, without source, output, warnings and debugging."""
    for entry in json.loads(commands.read_text()):
        if "bailee_objects.dir" not in entry["command"]:
            continue
        words = shlex.split(entry["command"])
        kept = []
        skip = False
        for word in words:
            if skip or word in ("-c", "-o"):
                skip = word == "-o"
                continue
            if word.startswith(("-W", "-O", "-g")):
                continue
            if not word.startswith("-") and word != words[0] and word.endswith((".cc", ".cxx", ".o")):
                continue
            kept.append(word)
        return kept
    raise Broken(f"{commands} does not say how the library is compiled")


def run_or_break(words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise Broken(done.stderr[-2000:])


def build(options, folder, source, text):
    """Returns the comparison with `text` in place of `source`."""
    folder.mkdir(parents=True)
    copy = folder / source.name
    copy.write_text(text)
    arguments = compile_arguments(options.commands)
    run_or_break(arguments + ["-O1", "-w", "-c", str(copy), "-o", str(folder / "mutant.o")])
    binary = folder / "comparison"
    run_or_break([arguments[0], *LINKER, "-o", str(binary), str(folder / "mutant.o"), *options.link])
    return binary


def passes(binary):
    """Whether the comparison finds no difference. A crash is a difference; so is a hang."""
    environment = dict(os.environ, BAILEE_MODEL="brief")
    words = [str(binary), "--gtest_filter=Exhaustive.DecideIsItsObviousTwin"]
    try:
        done = subprocess.run(words, capture_output=True, env=environment, timeout=RUN_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def mutant(options, file, name, search, replace):
    source = options.policy / file
    text = source.read_text()
    if text.count(search) != 1:
        raise Broken(f"its text occurs {text.count(search)} times in {file}, not once")
    folder = options.work / name
    try:
        return passes(build(options, folder, source, text.replace(search, replace)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def attempt(options, mutation):
    try:
        return "survived" if mutant(options, *mutation) else "caught"
    except Broken as error:
        return f"broken: {error}"


def control(options):
    source = options.policy / MUTATIONS[0][0]
    if not passes(build(options, options.work / "control", source, source.read_text())):
        sys.exit("mutate.py: the unchanged source fails already: nothing can be said of mutants")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--policy", type=pathlib.Path, required=True, help="lib/policy")
    parser.add_argument("--commands", type=pathlib.Path, required=True, help="compile_commands.json")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder to be replaced")
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    parser.add_argument("--every", type=int, default=1, help="only every so many")
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("link", nargs="+", help="what the comparison is linked from")
    options = parser.parse_args()
    if len({name for _, name, _, _ in MUTATIONS}) != len(MUTATIONS):
        sys.exit("mutate.py: two mutants have one name")
    shutil.rmtree(options.work, ignore_errors=True)
    started = time.monotonic()
    control(options)
    chosen = [mutation for mutation in MUTATIONS if options.only in mutation[1]][:: options.every]
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        outcomes = []
        for outcome in pool.map(lambda mutation: attempt(options, mutation), chosen):
            file, name = chosen[len(outcomes)][:2]
            print(f"{outcome:10} {file}: {name}", flush=True)
            outcomes.append(outcome)
    shutil.rmtree(options.work, ignore_errors=True)
    caught = outcomes.count("caught")
    print(f"{caught} of {len(chosen)} mutants caught in {time.monotonic() - started:.0f} s")
    return 0 if chosen and caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
