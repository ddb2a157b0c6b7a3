#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds planted canaries in files: whole, in part, and in the encodings in which values leak.

    canaries.py CANARIES PATH...     CANARIES: a file with one canary a line, at least 24 bytes each

Searches every 12-byte window of every canary, raw, in hex, base64, UTF-16 and percent-encoded, in every file at or below each PATH. Prints the
files that hold any and exits 1; exits 0 if there are none. The canaries themselves are never printed.
"""
import base64
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

WINDOW = 12
FILES_AT_ONCE = 500


def windows(canary):
    return [canary[i:i + WINDOW] for i in range(len(canary) - WINDOW + 1)]


def patterns(canary):
    """What a leak of at least 12 bytes of the canary looks like."""
    found = set()
    for window in windows(canary):
        found.update((window, window.hex().encode(), window.hex().upper().encode()))
        found.add(window.decode("latin-1").encode("utf-16-le"))
        whole = "".join(f"%{byte:02X}" for byte in window)
        needed = urllib.parse.quote_from_bytes(window, safe="")
        found.update(each.encode() for each in (whole, whole.lower(), needed))
        found.add(re.sub("%..", lambda each: each[0].lower(), needed).encode())
        for shift in range(3):
            # The characters that do not depend on the bytes around the window.
            whole = base64.b64encode(b"\0" * shift + window)
            first = 0 if shift == 0 else 4
            last = len(whole) // 4 * 4 - (4 if (shift + WINDOW) % 3 else 0)
            found.update((whole[first:last], whole[first:last].replace(b"+", b"-").replace(b"/", b"_")))
    return found


def files_below(paths):
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.is_file())
        else:
            yield path


def holds_any(file, wanted):
    content = pathlib.Path(file).read_bytes()
    return any(each in content for each in wanted)


def search(canaries, paths):
    """The files that hold some of a canary."""
    wanted = set().union(*(patterns(canary) for canary in canaries))
    # grep knows lines only: what goes over the end of one is searched for here.
    over_lines = sorted(pattern for pattern in wanted if b"\n" in pattern)
    wanted.difference_update(over_lines)
    with tempfile.NamedTemporaryFile() as listed:
        listed.write(b"\n".join(sorted(wanted)) + b"\n")
        listed.flush()
        environment = dict(os.environ, LC_ALL="C")
        files, hits = [str(each) for each in files_below(paths)], set()
        for first in range(0, len(files), FILES_AT_ONCE):
            some = files[first:first + FILES_AT_ONCE]
            done = subprocess.run(["grep", "-alZF", "-f", listed.name, "--", *some], env=environment,
                                  stdout=subprocess.PIPE)
            if done.returncode > 1:
                raise OSError(f"cannot search {some[0]} or one of the {len(some) - 1} after it")
            hits.update(os.fsdecode(each) for each in done.stdout.split(b"\0") if each)
        if over_lines:
            hits.update(file for file in files if holds_any(file, over_lines))
        return [pathlib.Path(file) for file in files if file in hits]


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    canaries = [line for line in pathlib.Path(sys.argv[1]).read_bytes().splitlines() if line]
    if not canaries or min(map(len, canaries)) < 2 * WINDOW:
        print("canaries.py: a canary has at least 24 bytes", file=sys.stderr)
        return 2
    hits = search(canaries, sys.argv[2:])
    for hit in hits:
        print(hit)
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
