# SPDX-License-Identifier: Apache-2.0
"""GDPRbench for tools/bench: runs roles of profiles on the vault and on each peer, and says how long they took and whether every
answer was right. gdpr/ has the programs, and README.md what is compared."""
import dataclasses
import json
import os
import subprocess

OURS = "vault"
DEFAULT_PROFILE = "gdprbench-paper"
# {profile: {beside: (sign, ratio)}}; "best peer" is the one that was fastest.
AIMS = {"gdprbench-paper": {"postgres": (">=", 5), "best peer": (">=", 2)}}
ABSENT = 77


@dataclasses.dataclass
class Profile:
    name: str
    records: int  # as published
    operations: int
    roles: list


def path_of(folder, store):
    return os.path.join(folder, "gdpr", f"gdpr_{store}")


def profiles_in(folder):
    """What the programs know, by name."""
    listed = subprocess.run([path_of(folder, OURS), "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout
    profiles = {}
    for line in listed.splitlines():
        name, records, operations, *roles = line.split()
        profiles[name] = Profile(name, int(records), int(operations), roles)
    return profiles


def run(folder, store, profile, role, records, operations):
    """What the program says; with "failed" or "absent" in words."""
    words = [path_of(folder, store), profile, role, str(records), str(operations)]
    ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    try:
        told = json.loads(ran.stdout)
    except json.JSONDecodeError:
        return {"failed": f"gdpr_{store} ended with {ran.returncode}"}
    if ran.returncode == ABSENT:
        return told
    if ran.returncode != 0:
        told["failed"] = f"{told['wrong']} of {told['answers']} answers were wrong"
    return told


def judged(aim, value):
    if aim is None:
        return ""
    return f"{aim[0]} {aim[1]:g} {'met' if value >= aim[1] else 'NOT MET'}"


def row_of(store, told, ours, aims):
    """A line of the table, of a store beside ours."""
    if "failed" in told or "absent" in told:
        words = f"FAILED: {told['failed']}" if "failed" in told else f"not measured: {told['absent']}"
        return {"store": store, "words": words}
    row = {"store": store, "seconds": told["seconds"], "first_seconds": told["first_seconds"], "load_seconds": told["load_seconds"],
           "space": told["bytes"] / told["data_bytes"], "answers": told["answers"]}
    if store != OURS and "seconds" in ours and "failed" not in ours:
        row["ratio"] = told["seconds"] / ours["seconds"]
        row["aim"] = judged(aims.get(store), row["ratio"])
    return row


def rows_of(told, aims):
    """Lines of the table of one role: {store: what its program said}."""
    rows = [row_of(store, each, told[OURS], aims) for store, each in told.items()]
    ratios = [row["ratio"] for row in rows if "ratio" in row]
    if ratios and "best peer" in aims:
        rows.append({"store": "best peer", "ratio": min(ratios), "aim": judged(aims["best peer"], min(ratios))})
    return rows


HEAD = f"{'role':<12} {'store':<11} {'seconds':>9} {'ratio':>7} {'first':>8} {'load':>8} {'space':>7} {'answers':>8}  aim"
FOOT = """
seconds: of all operations, one after the other; ratio: a peer's to ours (above 1: ours is faster); first: making sure that what had the
shortest TTL is gone; space: bytes, without the log, for each of the personal data itself; answers: all compared with a model's, and right"""


def line(role, row):
    def spoken(key, digits):
        return f"{row[key]:.{digits}f}" if row.get(key) is not None else ""
    rest = row.get("words") or row.get("aim", "")
    return (f"{role:<12} {row['store']:<11} {spoken('seconds', 3):>9} {spoken('ratio', 2):>7} {spoken('first_seconds', 2):>8} "
            f"{spoken('load_seconds', 1):>8} {spoken('space', 1):>7} {spoken('answers', 0):>8}  {rest}").rstrip()


def measure(folder, names, stores, scale, report):
    """Runs all roles of the profiles; `report` is given lines of the table. What it came to, and whether anything was wrong.
    `scale(profile)` is (records, operations)."""
    known = profiles_in(folder)
    results, failed = [], False
    for name in names:
        profile = known[name]
        records, operations = scale(profile)
        published = " (as published)" if (records, operations) == (profile.records, profile.operations) else ""
        report(f"\n{name}: {records:,} records, {operations:,} operations{published}\n{HEAD}")
        for role in profile.roles:
            told = {store: run(folder, store, name, role, records, operations) for store in stores}
            rows = rows_of(told, AIMS.get(name, {}))
            for number, row in enumerate(rows):
                report(line(role if number == 0 else "", row))
            failed |= any("failed" in each for each in told.values())
            results.append({"profile": name, "role": role, "records": records, "operations": operations, "table": rows, "measured": told})
    report(FOOT)
    return results, failed
