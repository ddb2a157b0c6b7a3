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
    unit: str = "time"  # or "x": a plain number
    key: str = "ns"  # of what a run says
    # What is aimed at: {column: (sign, ratio)}; of "ours" by itself (sign, value, unit in ns).
    aims: dict = dataclasses.field(default_factory=dict)
    rounds_max: int = 7
    records_min: int = 0  # what makes no sense with fewer is left out

    def wanted(self, records):
        return records >= self.records_min


def beside_floor(label, name, aim=None, **more):
    return Figure(label, name, floor=name + "Floor", aims={"floor": ("<=", aim)} if aim else {}, **more)


FIGURES = [
    beside_floor("read, warm, no trail", "ReadWarm"),
    Figure("read, warm, audited", "ReadAudited", floor="ReadAuditedFloor", peers=True,
           aims={"floor": ("<=", 1.3), "sqlcipher": (">=", 5)}),
    beside_floor("read, cold, no trail", "ReadCold", 1.5),
    beside_floor("collect, 1,000 records a batch, each", "CollectBatch", 2.5),
    beside_floor("trail, append an entry", "Append"),
]
