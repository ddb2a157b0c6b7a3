# SPDX-License-Identifier: Apache-2.0
"""check.py COMPILER SOURCE INCLUDE...: SOURCE must not compile, with the message its EXPECT line
names (a regular expression), and must compile once FIXED is defined. Otherwise the test would pass
for a missing header as well."""
import re
import subprocess
import sys


def compile_source(compiler, source, includes, fixed):
    command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
    command += ["-I" + directory for directory in includes]
    command += ["-DFIXED"] if fixed else []
    return subprocess.run(command + [source], capture_output=True, text=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})


def main():
    compiler, source, includes = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(source, encoding="utf-8") as file:
        expected = re.search(r"^// EXPECT: (.+)$", file.read(), re.MULTILINE).group(1)
    broken = compile_source(compiler, source, includes, fixed=False)
    if broken.returncode == 0:
        sys.exit("it compiles, and must not")
    if not re.search(expected, broken.stderr):
        sys.exit(f"it fails for another reason than {expected!r}:\n{broken.stderr}")
    fixed = compile_source(compiler, source, includes, fixed=True)
    if fixed.returncode != 0:
        sys.exit(f"its fixed twin does not compile:\n{fixed.stderr}")


main()
