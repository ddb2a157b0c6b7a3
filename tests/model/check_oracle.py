# SPDX-License-Identifier: Apache-2.0
"""Proves that the oracle is made of nothing the decision is made of: its files, and whatever of the
project they include, include only each other, the words of the answer and the standard library."""

import pathlib
import re
import sys

FILES = ("oracle.h", "oracle.cc", "oracle_lookup.h", "oracle_lookup.cc", "oracle_outside.h", "oracle_outside.cc")
MAY_INCLUDE = {"model/oracle.h", "model/oracle_lookup.h", "model/oracle_outside.h", "bailee/reason.h", "bailee/clock.h"}


def main():
    folder = pathlib.Path(sys.argv[1])
    wrong = []
    seen = 0
    for name in FILES:
        text = (folder / name).read_text()
        for line in re.findall(r"^\s*#\s*include.*$", text, re.MULTILINE):
            seen += 1
            quoted = re.fullmatch(r'\s*#\s*include\s+"([^"]+)"\s*', line)
            standard = re.fullmatch(r"\s*#\s*include\s+<[a-z_]+>\s*", line)
            if not standard and not (quoted and quoted.group(1) in MAY_INCLUDE):
                wrong.append(f"{name}: {line.strip()}")
        if re.search(r"\bpolicy::|namespace policy", text):
            wrong.append(f"{name}: names something of lib/policy")
    for line in wrong:
        print(line)
    print(f"{seen} includes of {len(FILES)} files checked")
    return 1 if wrong or seen == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
