#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the library says of a trail is what a reader written from the format finds in it: trail_test.py MAKE_TRAIL."""

import collections
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import lmdb

import siphash
import trail
import trail_replay
from codec import blake2b, name_id
from errors import Damage, TooNew, WrongKey
from keyring import Keyring
from trail_forge import key, with_chains, with_leaves
from trail_proof import NotProven

OUT, MAKE = None, None
TORN = 40  # bytes
SHOWN = {}  # by name: what the library said
REJECTIONS = (Damage, TooNew)
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trail.py")


def path(*names):
    return os.path.join(OUT, *names)


def make(command, day, **options):
    return subprocess.run([MAKE, command, OUT, str(day)], **options)  # its status is the caller's to check


def start(command, day):
    """Starts one that says where it is and waits for a line."""
    return subprocess.Popen([MAKE, command, OUT, str(day)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def keep(name):
    """Keeps a copy of the vault as it is."""
    shutil.copytree(path("vault"), path(name))


def show(name, day):
    make("show", day, check=True)
    with open(path("expected.json"), encoding="utf-8") as file:
        SHOWN[name] = json.load(file)
    with open(path("entries.jsonl"), encoding="utf-8") as file:
        SHOWN[name]["entries"] = [json.loads(line) for line in file]
    keep(name)


def tear_journal():
    """Adds what a process leaves that is killed while it writes an entry."""
    (name,) = os.listdir(path("vault", "journal"))
    with open(path("vault", "journal", name), "ab") as file:
        file.write(b"\0\0\1\0" + bytes(TORN - 4))


@contextlib.contextmanager
def write_lock():
    """Nobody commits anything meanwhile."""
    environment = lmdb.open(path("vault"), max_dbs=64, map_size=1 << 30)
    try:
        transaction = environment.begin(write=True)
        yield
        transaction.abort()
    finally:
        environment.close()


def make_everything():
    make("create", 0, check=True)
    make("use", 0, check=True)
    with start("die", 0) as dying:
        assert dying.stdout.readline() == "collected\n"
        with write_lock():
            dying.communicate("\n")
        assert dying.returncode == -9
    tear_journal()
    keep("died")
    with start("hold", 0) as holder:
        assert holder.stdout.readline() == "ready\n"
        SHOWN["live"] = trail.read_still(path("vault"))
        show("shown", 0)
        holder.communicate("\n")
        assert holder.returncode == 0
    make("read", 1, check=True)
    keep("whole")
    make("prune", 400, check=True)
    show("pruned", 401)


def secret():
    with open(path("auditor.keyring"), "rb") as file:
        return Keyring(file.read()).roles[trail.AUDITOR]


def read(name):
    """(replay, tails, rows) of a vault that was kept."""
    rows, journals = trail.read_still(path(name))
    replay = trail.replay_rows(rows)
    return replay, trail.read_tails(replay, journals), rows


def as_shown(event):
    """An event of the library, with ids where it has names of categories."""
    records = [[handle, about if len(about) == 16 and not about.strip("0123456789abcdef") else name_id(about).hex(), record, terms]
               for handle, about, record, terms in event["records"]]
    return dict(event, records=records)


class Agreement(unittest.TestCase):
    maxDiff = 4000

    def test_every_event_is_what_the_library_shows(self):
        for name, least in (("shown", 40), ("pruned", 110)):
            with self.subTest(name):
                replay, _, _ = read(name)
                shown = SHOWN[name]
                events = [event for event in trail.Auditor(replay, secret()).events() if event["index"] < shown["next"]]
                self.assertEqual(len(events), len(shown["entries"]))
                self.assertGreaterEqual(len(events), least)
                for event, expected in zip(events, shown["entries"]):
                    rows = event.pop("rows")
                    self.assertEqual(event, as_shown(expected))
                    # Which row each record has is said by what leaves rows behind alone.
                    leaves = event["outcome"] == "allowed" and event["kind"] in ("collect", "rectify")
                    self.assertEqual(len(rows), len(event["records"]) if leaves else 0)
                    for revision, collected_at in rows:
                        self.assertGreaterEqual(revision, 0 if event["kind"] == "collect" else 1)
                        self.assertLessEqual(collected_at, event["at"])

    def test_the_trail_has_something_of_everything(self):
        kinds = {(event["kind"], event["outcome"]) for event in SHOWN["shown"]["entries"]}
        for kind in "open collect read find verify-password list read-all scan subjects ref-of close".split():
            self.assertIn((kind, "allowed"), kinds)
        self.assertLessEqual({("read", "refused"), ("read", "not-found")}, kinds)
        self.assertEqual({leaf[1] for leaf in read("shown")[0].leaves}, {1, 2, 3, 4, 5})

    def test_of_a_flood_of_refusals_each_is_recorded_or_counted(self):
        refusals = collections.Counter()
        for event in SHOWN["shown"]["entries"]:
            if (event["kind"], event["outcome"], event["purpose"]) == ("read", "refused", "service"):
                refusals[event["id"][:32]] += event["repeats"] or 1
        with open(path("refusals"), encoding="utf-8") as file:
            self.assertEqual(max(refusals.values()), int(file.read()))
        self.assertTrue(any(event["repeats"] for event in SHOWN["shown"]["entries"]))

    def test_size_root_and_counts_are_those_of_the_library(self):
        for name in ("shown", "pruned"):
            with self.subTest(name):
                replay, _, _ = read(name)
                shown, report = SHOWN[name], SHOWN[name]["report"]
                self.assertEqual(replay.root_at(shown["head"][0]).hex(), shown["head"][1])
                self.assertEqual(replay.root_at(report["size"]).hex(), report["root"])
                self.assertEqual(replay.first, report["pruned"])
                then = [leaf[1] for leaf in replay.leaves[: report["size"] - replay.first]]
                self.assertEqual(then.count(2) + then.count(3), report["entries"])
                self.assertEqual(report["findings"], ["trail.end-unproven"] if name == "shown" else [])

    def test_a_killed_process_leaves_a_journal_whose_events_are_adopted(self):
        replay, tails, _ = read("died")
        self.assertEqual(len(tails), 1)
        (tail,) = tails
        self.assertEqual(sum(len(entry.raw) for entry in tail.entries) + tail.left_over, tail.bytes_waiting)
        self.assertFalse(replay.instances[tail.instance].ended)
        auditor = trail.Auditor(replay, secret())
        before = [event["id"] for event in auditor.events()]
        waiting = list(auditor.tail_events(tail))
        self.assertEqual([event["kind"] for event in waiting[-6:]], ["read"] * 6)
        after, _, _ = read("shown")
        events = {event["id"]: event for event in trail.Auditor(after, secret()).events()}
        for event in waiting:
            self.assertNotIn(event["id"], before)
            self.assertEqual(dict(event, index=events[event["id"]]["index"]), events[event["id"]])
        adopted = after.instances[tail.instance]
        self.assertTrue(adopted.ended)
        self.assertIn(adopted.adoption.adopter, after.instances)
        self.assertEqual((adopted.adoption.left_over, tail.left_over), (TORN, TORN))
        self.assertEqual(adopted.adoption.unproven, replay.instances[tail.instance].journal_number)
        self.assertEqual(adopted.journal_number, adopted.adoption.unproven + len(waiting))

    def test_a_living_process_has_recorded_all_it_released(self):
        rows, journals = SHOWN["live"]
        replay = trail.replay_rows(rows)
        auditor = trail.Auditor(replay, secret())
        recorded = list(auditor.events())
        for tail in trail.read_tails(replay, journals):
            self.assertEqual(tail.left_over, 0)
            recorded += auditor.tail_events(tail)
        living = [name for name, each in replay.instances.items() if not each.ended]
        living += [name for name in journals if name not in replay.instances]
        self.assertEqual(len(living), 1)
        mine = [event for event in recorded if event["id"].startswith(living[0].hex())]
        self.assertEqual([event["kind"] for event in mine if ".r" in event["id"]], ["open"] + ["read"] * 6)
        shown = {event["id"]: event for event in read_events("whole")}
        for event in mine:
            self.assertEqual({**event, "index": 0}, {**shown[event["id"]], "index": 0})

    def test_waiting_bytes_are_those_of_the_library(self):
        rows, journals = SHOWN["live"]
        live = sum(tail.bytes_waiting for tail in trail.read_tails(trail.replay_rows(rows), journals))
        # Between the two looks the living process may have brought them to the tree.
        self.assertIn(SHOWN["shown"]["report"]["waiting_bytes"], (live, 0))
        self.assertEqual(SHOWN["pruned"]["report"]["waiting_bytes"], 0)
        replay, tails, _ = read("died")
        self.assertGreater(tails[0].bytes_waiting, 0)
        adopted = read("shown")[0].instances[tails[0].instance]
        self.assertEqual(adopted.offset + tails[0].left_over, replay.instances[tails[0].instance].offset + tails[0].bytes_waiting)

    def test_an_export_is_read_without_the_vault(self):
        with open(path("export"), "rb") as file:
            export = file.read()
        whole, _, _ = read("whole")
        origin, log = SHOWN["pruned"]["origin"], bytes.fromhex(SHOWN["pruned"]["log_key"])
        replay, checkpoint = trail_replay.read_export(export, whole.vault, origin, log)
        self.assertEqual(replay.leaves[: len(whole.leaves)], whole.leaves)
        events = list(trail.Auditor(replay, secret()).events())
        self.assertEqual(len(events), len(replay.entries))
        self.assertEqual(checkpoint.size, replay.tree.size)
        for at in list(range(30)) + list(range(30, len(export), len(export) // 60)):
            bad = export[:at] + bytes([export[at] ^ 1]) + export[at + 1 :]
            with self.assertRaises(REJECTIONS + (NotProven,), msg="byte %d" % at):
                _, changed = trail_replay.read_export(bad, whole.vault, origin, log)
                self.assertEqual(changed, checkpoint._replace(time=None))
                raise NotProven("only the cosignature became a stranger's")
        for bad in (export[:-1], export + b"\0"):
            with self.assertRaises(REJECTIONS):
                trail_replay.read_export(bad, whole.vault, origin, log)

    def test_it_is_a_program_too(self):
        def run(*arguments):
            return subprocess.run([sys.executable, "-B", PROGRAM, *arguments], text=True, capture_output=True, check=False)

        opened = run(path("whole"), path("auditor.keyring"))
        self.assertEqual(opened.returncode, 0, opened.stderr)
        lines = [json.loads(line) for line in opened.stdout.splitlines()]
        self.assertEqual(len(lines), 1 + lines[0]["entries"])
        self.assertEqual(len(run(path("whole")).stdout.splitlines()), 1)
        self.assertEqual(run(path("whole"), path("log.keyring")).returncode, 12)


def read_events(name):
    replay, _, _ = read(name)
    return list(trail.Auditor(replay, secret()).events())


class Tampering(unittest.TestCase):
    def setUp(self):
        self.replay, _, self.rows = read("whole")
        self.leaves = self.replay.leaves
        self.assertEqual(with_leaves(self.rows, self.leaves), self.rows)
        self.assertEqual(with_chains(self.leaves), self.leaves)

    def assert_refused(self, rows, what):
        with self.assertRaises(REJECTIONS, msg=what):
            trail.replay_rows(rows)

    def changed(self, table, at, value):
        rows = {name: dict(each) for name, each in self.rows.items()}
        if value is None:
            del rows[table][at]
        else:
            rows[table][at] = value
        return rows

    def test_a_changed_leaf_is_refused(self):
        for index in range(0, 60, 5):
            good = self.leaves[index]
            for at in (0, 1, 17, 25, 26, len(good) - 1):
                bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
                self.assert_refused(self.changed("audit_leaf", key(index), bad), "leaf %d, byte %d" % (index, at))

    def test_a_changed_leaf_is_refused_in_a_tree_made_right_again(self):
        for index in range(0, 60, 7):
            good = self.leaves[index]
            for at in (0, 1, 17, 25, 26, len(good) - 1):
                bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
                if good[1] == 5 and at >= 106:
                    continue  # how it was adopted is in no chain: only the tree and its checkpoints hold it
                leaves = self.leaves[:index] + [bad] + self.leaves[index + 1 :]
                self.assert_refused(with_leaves(self.rows, leaves), "leaf %d, byte %d" % (index, at))

    def test_a_changed_entry_is_refused_by_the_key_when_all_else_was_made_right_again(self):
        for kind in (2, 3):
            index = next(index for index, leaf in enumerate(self.leaves) if leaf[1] == kind)
            good = self.leaves[index]
            bad = good[:-1] + bytes([good[-1] ^ 1])
            if kind == 2:
                check = siphash.siphash24(good[2:18], bad[26:42] + bad[50:])
                bad = bad[:42] + check.to_bytes(8, "big") + bad[50:]
            leaves = with_chains(self.leaves[:index] + [bad] + self.leaves[index + 1 :])
            replay = trail.replay_rows(with_leaves(self.rows, leaves))
            with self.assertRaises(Damage):
                list(trail.Auditor(replay, secret()).events())

    def test_a_dropped_leaf_is_refused(self):
        for index in range(0, len(self.leaves), 23):
            self.assert_refused(self.changed("audit_leaf", key(index), None), "leaf %d" % index)

    def test_a_dropped_leaf_is_refused_in_a_tree_made_right_again(self):
        for index in list(range(0, 60, 3)) + [len(self.leaves) - 1]:
            leaves = self.leaves[:index] + self.leaves[index + 1 :]
            self.assert_refused(with_leaves(self.rows, leaves), "leaf %d" % index)

    def test_leaves_beyond_the_head_are_refused(self):
        short = with_leaves(self.rows, self.leaves[:-1])
        rows = dict(short, audit_leaf=self.rows["audit_leaf"])
        self.assert_refused(rows, "an older head put back")
        meta = {name: value for name, value in self.rows["meta"].items() if name != b"tree"}
        self.assert_refused(dict(self.rows, meta=meta), "no head")

    def test_a_changed_head_is_refused(self):
        good = self.rows["meta"][b"tree"]
        for byte in range(len(good)):
            bad = good[:byte] + bytes([good[byte] ^ 1]) + good[byte + 1 :]
            self.assert_refused(self.changed("meta", b"tree", bad), "byte %d" % byte)
        for bad in (good[:-1], good + b"\0", good + bytes(32)):
            self.assert_refused(self.changed("meta", b"tree", bad), "length")

    def test_a_kept_hash_is_not_missing_changed_or_one_too_many(self):
        ((at, value),) = self.rows["audit_node"].items()
        self.assert_refused(self.changed("audit_node", at, None), "missing")
        self.assert_refused(self.changed("audit_node", at, bytes(32)), "changed")
        self.assert_refused(self.changed("audit_node", bytes([8]) + key(1), value), "one too many")

    def test_a_changed_watermark_is_refused(self):
        _, _, rows = read("died")
        (at,) = [name for name in rows["meta"] if name.startswith(b"trail")]
        good = rows["meta"][at]
        for byte in range(len(good)):
            bad = good[:byte] + bytes([good[byte] ^ 1]) + good[byte + 1 :]
            self.assert_refused(dict(rows, meta={**rows["meta"], at: bad}), "byte %d" % byte)
        for bad in (good[:-1], good + b"\0"):
            self.assert_refused(dict(rows, meta={**rows["meta"], at: bad}), "length")
        self.assert_refused(dict(rows, meta={name: value for name, value in rows["meta"].items() if name != at}), "none")

    def test_a_changed_state_of_a_pruned_instance_is_refused(self):
        replay, _, rows = read("pruned")
        self.assertEqual(replay.first, 256)
        (at,) = [name for name in rows["meta"] if name.startswith(b"pruned") and name != b"pruned"]
        good = rows["meta"][at]
        for byte in range(0, len(good), 3):
            bad = good[:byte] + bytes([good[byte] ^ 1]) + good[byte + 1 :]
            try:
                changed = trail.replay_rows(dict(rows, meta={**rows["meta"], at: bad}))
            except REJECTIONS:
                continue
            # Of one that ended the offset is compared with nothing: its watermark went with its journal.
            self.assertIn(byte, range(80, 88))
            self.assertTrue(changed.instances[at[6:]].ended)

    def test_another_auditors_key_opens_nothing(self):
        good = secret()
        for wrong in (bytes([good[1]]) + good[1:] if good[0] != good[1] else bytes(32), blake2b(32, good), b"\x01" * 32):
            auditor = trail.Auditor(self.replay, wrong)
            with self.assertRaises(WrongKey):
                next(auditor.events())


class Journals(unittest.TestCase):
    def setUp(self):
        self.rows, journals = trail.read_still(path("died"))
        self.replay = trail.replay_rows(self.rows)
        ((self.name, self.good),) = journals.items()
        self.tail = self.tail_of(self.good)

    def tail_of(self, data):
        return trail.read_tails(self.replay, {self.name: data})[0]

    def test_every_torn_end_is_seen(self):
        at = len(self.good) - self.tail.bytes_waiting
        ends = [at]
        for entry in self.tail.entries:
            ends.append(ends[-1] + len(entry.raw))
        for size in range(at, len(self.good)):
            tail = self.tail_of(self.good[:size])
            whole = sum(end <= size for end in ends) - 1
            self.assertEqual((len(tail.entries), tail.left_over), (whole, size - ends[whole]))

    def test_a_journal_that_is_shorter_than_its_watermark_or_missing_is_refused(self):
        at = len(self.good) - self.tail.bytes_waiting
        for size in range(at):
            with self.assertRaises(REJECTIONS):
                self.tail_of(self.good[:size])
        with self.assertRaises(Damage):
            trail.read_tails(self.replay, {})

    def test_what_was_brought_to_the_tree_is_the_same_or_given_back(self):
        at = len(self.good) - self.tail.bytes_waiting
        self.assertEqual(self.tail_of(bytes(at) + self.good[at:]), self.tail)
        for byte in range(0, at, 11):
            bad = self.good[byte] ^ 1
            if bad:
                with self.assertRaises(REJECTIONS, msg="byte %d" % byte):
                    self.tail_of(self.good[:byte] + bytes([bad]) + self.good[byte + 1 :])

    def test_a_changed_entry_ends_the_journal(self):
        at = len(self.good) - self.tail.bytes_waiting
        for byte in range(at, at + len(self.tail.entries[0].raw)):
            bad = self.good[:byte] + bytes([self.good[byte] ^ 1]) + self.good[byte + 1 :]
            self.assertEqual(self.tail_of(bad).entries, [])

    def test_siphash_is_that_of_its_paper(self):
        self.assertEqual(siphash.siphash24(bytes(range(16)), bytes(range(15))), 0xA129CA6149BE45E5)
        self.assertEqual(siphash.siphash24(bytes(range(16)), b""), 0x726FDB47DD0E0E31)


def main():
    global OUT, MAKE
    MAKE = sys.argv.pop(1)
    with tempfile.TemporaryDirectory(prefix="bailee-trail-") as folder:
        OUT = os.path.join(folder, "out")
        make_everything()
        program = unittest.main(exit=False, verbosity=1)
    sys.exit(not program.result.wasSuccessful())


if __name__ == "__main__":
    main()
