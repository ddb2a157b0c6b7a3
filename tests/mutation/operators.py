# SPDX-License-Identifier: Apache-2.0
"""The small mistakes a source can have: every place where one of them could be made, and what the source is with it."""
import dataclasses
import re

# What stands for nothing that runs: replaced by blanks of the same length, so that places stay where they are.
BLANK = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|^[ \t]*#[^\n]*', re.MULTILINE | re.DOTALL)
# Lines on which a change says nothing about the tests: it does not compile, or checks itself.
PASSED_OVER = re.compile(r"\b(static_assert|BAILEE_CHECK|template|typename|using|namespace|enum|operator|default)\b|^\s*(case|public|private)\b")

SWAPS = (
    ("boundary", r"(?<=\s)<(?=\s)", "<="), ("boundary", r"(?<=\s)<=(?=\s)", "<"),
    ("boundary", r"(?<=\s)>(?=\s)", ">="), ("boundary", r"(?<=\s)>=(?=\s)", ">"),
    ("equality", r"(?<=\s)==(?=\s)", "!="), ("equality", r"(?<=\s)!=(?=\s)", "=="),
    ("logic", r"(?<=\s)&&(?=\s)", "||"), ("logic", r"(?<=\s)\|\|(?=\s)", "&&"),
    ("sign", r"(?<=\w\s)\+(?=\s)", "-"), ("sign", r"(?<=[\w)]\s)-(?=\s)", "+"),
    ("step", r"(?<=\s)\+=(?=\s)", "-="), ("step", r"(?<=\s)-=(?=\s)", "+="),
    ("truth", r"\btrue\b", "false"), ("truth", r"\bfalse\b", "true"),
    ("negation", r"(?<=[\s(])!(?=[\w(])", ""),
    ("number", r"(?<![\w.'{])0(?![\w.'x}])", "1"), ("number", r"(?<![\w.'{])1(?![\w.'}])", "0"),
    ("number", r"(?<![\w.'{])(?:[2-9]|[1-9]\d+)(?![\w.'}])", lambda found: str(int(found) + 1)),
)
CONDITION = re.compile(r"\bif \((?!constexpr)")
# A statement of one line whose result nobody takes.
STATEMENT = re.compile(r"^ +(?:BAILEE_RETURN_IF_ERROR\(.*\)|[A-Za-z_][\w.:>-]*\([^{}]*\)|[A-Za-z_][\w.\[\]>-]* [|&+-]?= [^{}=][^{}]*);$")
DECLARATION = re.compile(r"^ +(?:return|throw|break|continue|delete|new)\b")


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str
    line: int  # counted from 1
    operator: str
    before: str  # the line, without the blanks around it
    after: str

    def of(self, text):
        lines = text.split("\n")
        old = lines[self.line - 1]
        lines[self.line - 1] = old[: len(old) - len(old.lstrip())] + self.after
        return "\n".join(lines)

    def name(self):
        return f"{self.file}:{self.line} {self.operator}"


def blanked(text):
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0]) if match[0][0] in "/#" or match[0].lstrip().startswith("#") else re.sub(r"[^\n]", "_", match[0])

    return BLANK.sub(blank, text)


def closing(line, at):
    """Where the parenthesis that opens at `at` closes, or None if it does not on this line."""
    depth = 0
    for place in range(at, len(line)):
        depth += {"(": 1, ")": -1}.get(line[place], 0)
        if depth == 0:
            return place
    return None


def changes(seen, line):
    """(operator, line with one mistake) of a line, of which `seen` is what runs."""
    for operator, pattern, replacement in SWAPS:
        for match in re.finditer(pattern, seen):
            new = replacement(match[0]) if callable(replacement) else replacement
            yield operator, line[: match.start()] + new + line[match.end():]
    for match in CONDITION.finditer(seen):
        end = closing(seen, match.end() - 1)
        if end is not None and ";" not in seen[match.end():end]:
            yield "condition", line[: match.end()] + "!(" + line[match.end(): end] + ")" + line[end:]
    if STATEMENT.match(seen) and not DECLARATION.match(seen):
        yield "statement", ";"


def mutants_of(file, text):
    for number, (seen, line) in enumerate(zip(blanked(text).split("\n"), text.split("\n")), start=1):
        if PASSED_OVER.search(seen):
            continue
        for operator, changed in changes(seen, line):
            yield Mutant(file, number, operator, line.strip(), changed.strip())
