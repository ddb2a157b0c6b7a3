# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of the trail and the rows that keep it: proto/FORMAT.md §13.5."""

from codec import Reader
from errors import require
from trail_proof import EMPTY, leaf_hash, node_hash

KEPT = 8  # hashes of the levels 8, 16, 24, … have rows
SIZE_MAX = 1 << 62


class Tree:
    """A tree that grows. `nodes` collects what has rows: {(level, index): hash}."""

    def __init__(self, size=0, peaks=()):
        require(len(peaks) == bin(size).count("1"), "tree: number of hashes")
        levels = [level for level in range(62, -1, -1) if size >> level & 1]
        self.size, self.peaks, self.nodes = size, list(zip(levels, peaks)), {}

    def append(self, level, value):
        """Adds a complete subtree of 2^level leaves; `level` is not above that of the last peak."""
        self.size += 1 << level
        while True:
            if level and level % KEPT == 0:
                self.nodes[level, (self.size >> level) - 1] = value
            if not self.peaks or self.peaks[-1][0] != level:
                break
            value = node_hash(self.peaks.pop()[1], value)
            level += 1
        self.peaks.append((level, value))

    def append_leaf(self, leaf):
        self.append(0, leaf_hash(leaf))

    def hashes(self):
        return [value for _, value in self.peaks]

    def root(self):
        if not self.peaks:
            return EMPTY
        value = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            value = node_hash(left, value)
        return value


def parse_tree_head(data):
    """(size, hashes of its peaks); of an absent row that of the empty tree."""
    if data is None:
        return 0, []
    reader = Reader(data, "tree head")
    size = reader.uint(8)
    require(size <= SIZE_MAX, "tree head: size")
    peaks = [reader.take(32) for _ in range(bin(size).count("1"))]
    reader.end()
    return size, peaks


def parse_node_rows(rows):
    nodes = {}
    for key, value in rows.items():
        require(len(key) == 9 and len(value) == 32, "audit_node: length")
        nodes[key[0], int.from_bytes(key[1:], "big")] = value
    return nodes
