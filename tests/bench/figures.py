# SPDX-License-Identifier: Apache-2.0
"""What tools/bench measures: names of the programs' figures, what they stand beside, and what is aimed at."""
import dataclasses

# Programs bench_NAME, each with the figures of the vault that have `peers`.
PEERS = ("sqlcipher", "sqlite", "postgres")


@dataclasses.dataclass
class Figure:
    label: str
    name: str  # in the programs
    floor: str | None = None  # its name; what it is called, and whose program has it
    floor_word: str = "floor"
    floor_of: str = "ours"
    floor_is_better: bool = False  # the ratio is the floor's to ours
    peers: bool = False
    plain: bool = False  # a number of its own, not a time
    key: str = "ns"  # of what a run says
    # What is aimed at: {column: (sign, ratio)}; of "ours" by itself (sign, value) or, of times, (sign, value, unit in ns).
    aims: dict = dataclasses.field(default_factory=dict)
    rounds_max: int = 7  # of what takes long
    records_min: int = 0  # what makes no sense with fewer is left out

    def wanted(self, records):
        return records >= self.records_min


def beside_floor(label, name, aim=None, aims=None, **more):
    return Figure(label, name, floor=name + "Floor", aims={**({"floor": ("<=", aim)} if aim else {}), **(aims or {})}, **more)


MS = 1e6  # nanoseconds

FIGURES = [
    # Of the whole file: before the others let the trail grow.
    Figure("bytes for each of plaintext", "FileBytes", peers=True, plain=True, key="value", rounds_max=1, aims={"ours": ("<=", 3)}),
    Figure("open", "Open", rounds_max=5),
    Figure("check all, each record", "Check", rounds_max=3),
    beside_floor("backup, both streams, each record", "Backup", rounds_max=3),
    beside_floor("read, warm, audited", "ReadAudited", 1.3, peers=True, aims={"sqlcipher": (">=", 5)}),
    beside_floor("read, warm, no trail", "ReadWarm"),
    beside_floor("read, cold, audited", "ReadColdAudited", 1.5, peers=True, aims={"sqlcipher": (">=", 2)}),
    beside_floor("read, cold, no trail", "ReadCold"),
    Figure("read, cold, audited: growth", "ReadColdAudited", floor="ReadColdAudited", floor_word="at 100,000", floor_of="ours at 100,000",
           records_min=1_000_000, aims={"at 100,000": ("<=", 1.6)}),
    Figure("read, two threads, a burst, each", "BurstTwoThreads", floor="BurstOneThread", floor_word="one thread", floor_is_better=True,
           aims={"one thread": (">=", 1.8)}),
    Figure("read, two threads, and draining, each", "ReadTwoThreads", floor="ReadOneThread", floor_word="one thread", floor_is_better=True,
           rounds_max=5),
    Figure("read, three processes, each", "ReadThreeProcesses", floor="ReadOneProcess", floor_word="one process", floor_is_better=True, rounds_max=5),
    Figure("read, synced before it answers", "ReadSynced", rounds_max=5),
    Figure("read, synced, sixteen threads, each", "ReadSyncedBySixteen", floor="ReadSynced", floor_word="one thread", floor_is_better=True,
           rounds_max=5),
    Figure("read a view, warm, audited", "ReadView"),
    Figure("read all 100 of a person, each", "ReadMany", floor="ReadManyUnaudited", floor_word="no trail"),
    beside_floor("scan, each", "Scan", rounds_max=3),
    Figure("find by an address, audited", "Find", peers=True),
    Figure("decide: yes", "Decide"),
    Figure("decide: no, with every reason", "DecideNo"),
    beside_floor("collect, 1,000 a transaction, each", "CollectBatch", 2.5, peers=True),
    beside_floor("collect, the same, write-only", "CollectWriteOnly"),
    beside_floor("collect one", "CollectOne"),
    beside_floor("ledger: an event", "LedgerEvent"),
    beside_floor("ledger: consent, with its keys", "Consent"),
    beside_floor("ledger: withdraw, with its keys", "Withdraw"),
    Figure("renew after a withdrawal", "Renew", rounds_max=5),
    Figure("erase one person of ten records", "Erase", peers=True, rounds_max=5),
    Figure("erase: processor, without waiting for syncs", "Erase", key="cpu_ns", rounds_max=5, aims={"ours": ("<=", 10, MS)}),
    Figure("report over 1,000 people, first", "Report", rounds_max=3),
    Figure("report, once counted", "ReportAgain", rounds_max=3),
    beside_floor("trail: append an entry", "Append"),
    beside_floor("trail: drain, each entry", "Drain"),
    Figure("trail: verify the tree, each leaf", "VerifyTree"),
    Figure("trail: verify with entries, each leaf", "VerifyEntries"),
    Figure("trail: prove one of 10,000", "Prove"),
]
