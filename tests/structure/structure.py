# SPDX-License-Identifier: Apache-2.0
"""What the source tree promises of its own shape. Each check takes the tree's root and returns its problems as texts."""

import os
import re

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE",
             "proto", "lib", "tools", "tests"}
# Which modules of lib/ a module may include; every one may include itself and bailee/*.
MODULES = {
    "base": set(),
    "crypto": {"base"},
    "store": {"base"},
    "policy": {"base"},
    "record": {"base", "crypto"},
    "keys": {"base", "crypto", "record", "store"},
    "audit": {"base", "crypto", "store"},
    "vault": {"base", "crypto", "store", "policy", "record", "keys", "audit"},
}
# Which rooms of lib/vault/ a room may include. What lies in lib/vault/ itself puts them together and sees all.
ROOMS = {
    "frame": set(),
    "ledger": {"frame"},
    "report": {"frame"},
    "disclose": {"frame"},
    "trail": {"frame"},
    "collect": {"frame", "ledger", "report"},
    "read": {"frame", "collect"},
    "rights": {"frame", "ledger", "collect"},
    "erase": {"frame", "ledger", "disclose", "rights"},
    "retention": {"frame", "ledger", "erase"},
    "publish": {"frame", "retention"},
    "rotate": {"frame", "ledger", "collect", "disclose", "report", "erase", "retention", "publish"},
    "backup": {"frame", "ledger", "disclose"},
    "check": {"frame", "ledger", "disclose", "report", "retention"},
}
# Where a dependency may be seen at all.
SODIUM = re.compile(r"lib/crypto/[^/]+|lib/base/arena\.cc")
LMDB = re.compile(r"lib/store/lmdb[^/]*")
MAXMIND = {"lib/record/region_file.cc"}
PROTOBUF = {"lib/policy/binary.cc", "lib/policy/text.cc", "lib/policy/translate.cc", "lib/policy/translate.h",
            "lib/keys/keyring_header.cc", "lib/keys/manifest.cc", "lib/keys/proto_bytes.h"}
OF_DEPENDENCIES = re.compile(r"sodium(\.h|/)|lmdb\.h|maxminddb\.h|.*\.pb\.h|google/")
STANDARD = re.compile(r"[a-z_]+(\.h)?|(sys|net|arpa|netinet|linux)/[a-z_]+\.h")
TOOL_LIBRARIES = re.compile(r"CLI/|fmt/|nlohmann/")
LINES_MAX = 400
# What reads bytes and needs no fuzz target that names it: their callers have one.
FUZZED_THROUGH = {"ParseExactly", "ParseFromArray", "ParseRow", "DecodeRecordKey"}
SOURCES = (".cc", ".h")


def files(root, *folders):
    """Paths below the folders, relative to the root, with /."""
    for folder in folders:
        for where, directories, names in os.walk(os.path.join(root, folder)):
            directories[:] = sorted(each for each in directories if each != "__pycache__")
            for name in sorted(names):
                yield os.path.relpath(os.path.join(where, name), root).replace(os.sep, "/")


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def includes(root, path):
    """(what, whether in quotes) of each #include."""
    return [(what, quote == '"') for quote, what in re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)', read(root, path), re.M)]


def sources(root, *folders):
    return (path for path in files(root, *folders) if path.endswith(SOURCES))


def top_level(root):
    ignored = {line.strip().strip("/") for line in read(root, ".gitignore").splitlines()}
    return ["%s does not belong at the top level" % name for name in sorted(os.listdir(root))
            if not name.startswith(".") and name not in TOP_LEVEL | ignored]


def module_graph(root):
    problems = ["lib/%s is no module" % name for name in sorted(os.listdir(os.path.join(root, "lib")))
                if os.path.isdir(os.path.join(root, "lib", name)) and name not in MODULES and name != "include"]
    for path in sources(root, "lib"):
        module = path.split("/")[1]
        if module not in MODULES:
            continue
        for what, quoted in includes(root, path):
            other = what.split("/")[0] if "/" in what else None
            if quoted and other is None:
                problems.append("%s: %s is not named from lib/" % (path, what))
            elif quoted and other not in MODULES[module] | {module, "bailee"}:
                problems.append("%s: %s must not see %s" % (path, module, what))
    return problems


def room_graph(root):
    """The rooms of lib/vault/, the same way."""
    problems = []
    for path in sources(root, "lib/vault"):
        room = path.split("/")[2] if path.count("/") > 2 else None
        if room not in ROOMS:
            if room is not None:
                problems.append("%s: lib/vault/%s is no room" % (path, room))
            continue
        for what, _ in includes(root, path):
            other = what.split("/")[1] if what.startswith("vault/") else room
            if other not in ROOMS[room] | {room}:
                problems.append("%s: %s must not see %s" % (path, room, what))
    return problems


def test_folders(root):
    """A folder of tests that is not built fails nothing."""
    listed = set(re.findall(r"[\w-]+", read(root, "tests/CMakeLists.txt")))
    return ["tests/%s is not built" % name for name in sorted(os.listdir(os.path.join(root, "tests")))
            if os.path.exists(os.path.join(root, "tests", name, "CMakeLists.txt")) and name not in listed]


def public_headers(root):
    """They include one another and the standard library alone."""
    problems = []
    for path in sources(root, "lib/include"):
        for what, quoted in includes(root, path):
            if quoted != what.startswith("bailee/") or OF_DEPENDENCIES.match(what) or (
                    not quoted and not re.fullmatch(r"[a-z_]+", what)):
                problems.append("%s: a public header must not see %s" % (path, what))
    return problems


def dependencies(root):
    problems = []
    for path in sources(root, "lib", "tools"):
        for what, _ in includes(root, path):
            allowed = True
            if re.match(r"sodium(\.h|/)", what):
                allowed = SODIUM.fullmatch(path)
            elif what == "lmdb.h":
                allowed = LMDB.fullmatch(path)
            elif what == "maxminddb.h":
                allowed = path in MAXMIND
            elif what.endswith(".pb.h") or what.startswith("google/"):
                allowed = path in PROTOBUF
            if not allowed:
                problems.append("%s: must not see %s" % (path, what))
    return problems


def tools(root):
    """A tool sees what any program can see."""
    problems = []
    for path in sources(root, "tools"):
        for what, quoted in includes(root, path):
            own = quoted and os.path.exists(os.path.join(root, os.path.dirname(path), what))
            public = quoted and what.startswith("bailee/") and os.path.exists(os.path.join(root, "lib/include", what))
            others = not quoted and (STANDARD.fullmatch(what) or TOOL_LIBRARIES.match(what))
            if not (own or public or others) or OF_DEPENDENCIES.match(what):
                problems.append("%s: a tool must not see %s" % (path, what))
    return problems


def sizes(root):
    return ["%s: %d lines, the most is %d" % (path, lines, LINES_MAX) for path in files(root, "lib", "tools")
            for lines in [read(root, path).count("\n")] if lines > LINES_MAX]


def parsers_fuzzed(root):
    """Each Parse… and Decode… that a header declares is called by a fuzz target."""
    targets = "\n".join(read(root, path) for path in sources(root, "tests/fuzz"))
    called = set(re.findall(r"\b((?:Parse|Decode)[A-Z]\w*)\(", targets))
    return ["%s: no fuzz target calls %s" % (path, name) for path in sources(root, "lib", "tools") if path.endswith(".h")
            for name in sorted(set(re.findall(r"\b((?:Parse|Decode)[A-Z]\w*)\(", read(root, path))))
            if name not in called | FUZZED_THROUGH]


def licences(root):
    return [path + ": does not begin with its licence" for path in sources(root, "lib", "tools", "tests")
            if not read(root, path).startswith(("// SPDX-License-Identifier: Apache-2.0\n", "// Generated by "))]


def test_names(root):
    """(names of GoogleTest cases, patterns of names of CTests)."""
    cases, tests = set(), set()
    for path in files(root, "tests"):
        if path.endswith(SOURCES):
            found = re.findall(r"^\s*(?:TYPED_)?(?:TEST(?:_F|_P)?|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+)",
                               read(root, path), re.M)
            cases |= {suite + "." + name for suite, name in found}
        elif path.endswith("CMakeLists.txt"):
            for name in re.findall(r"add_test\(\s*NAME\s+(\S+)", read(root, path)):
                tests.add(re.sub(r"\\\$\\\{\w+\\\}", r"[\\w.+-]+", re.escape(name)))
    return cases, tests


def guarantees(root):
    """SECURITY.md: each `G<number>. … Tests: `A.B`, `c`` names tests that there are. Its end is a blank line or the next."""
    blocks = re.findall(r"^(?:[-*|] *)?\**G(\d+)\.(.*?)(?=^\s*$|^(?:[-*|] *)?\**G\d+\.|\Z)", read(root, "SECURITY.md"), re.M | re.S)
    if not blocks:
        return ["SECURITY.md gives no guarantees: write lines `G1. … Tests: `Suite.Name`, …`"]
    problems = []
    if [int(number) for number, _ in blocks] != list(range(1, len(blocks) + 1)):
        problems.append("SECURITY.md: the guarantees are not numbered 1 to %d" % len(blocks))
    cases, tests = test_names(root)
    for number, text in blocks:
        named = re.findall(r"`([^`]+)`", text.rpartition("Tests:")[2]) if "Tests:" in text else []
        if not named:
            problems.append("SECURITY.md: G%s names no test" % number)
        problems += ["SECURITY.md: G%s names %s, and there is no such test" % (number, name) for name in named
                     if name not in cases and not any(re.fullmatch(test, name) for test in tests)]
    return problems
