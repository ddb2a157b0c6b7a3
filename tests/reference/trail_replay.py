# SPDX-License-Identifier: Apache-2.0
"""What is to be seen of a trail without keys: leaves, chains and tree, of proto/FORMAT.md §13.3 to §13.6 and §13.8."""

from collections import namedtuple

import trail_proof
from codec import Reader
from errors import TooNew, require
from trail_journal import first_chain, next_chain, take_entry, take_head, whole
from trail_tree import KEPT, Tree, parse_node_rows, parse_tree_head

OPENED, JOURNAL, WRITE, CLOSED, ADOPTED = 1, 2, 3, 4, 5
OPEN, ENDED = 1, 2

# A sealed event: `body` is a journal's Entry, or (transaction, envelope) of a write.
Sealed = namedtuple("Sealed", "index instance is_write number body")
Adoption = namedtuple("Adoption", "adopter unproven left_over")


class Instance:
    """How far one opening of the vault has come in the tree."""

    def __init__(self, head):
        self.head, self.offset = head, len(head.raw)
        self.journal_number = self.write_number = 0
        self.journal_chain = self.write_chain = first_chain(head.raw)
        self.ended, self.adoption = False, None
        self.raw_entries = []

    def progress(self):
        return (self.journal_number, self.journal_chain, self.write_number, self.write_chain)

    def add_journal(self, raw):
        self.journal_chain = next_chain(self.journal_chain, raw)
        self.journal_number += 1
        self.raw_entries.append((self.offset, raw))
        self.offset += len(raw)

    def add_write(self, body):
        self.write_chain = next_chain(self.write_chain, body)
        self.write_number += 1


class Replay:
    """Takes leaves in their order. `instances` has every one that was seen, `entries` every sealed event."""

    def __init__(self, vault, tree, states=()):
        """`states` are (instance, state) of those that were open before the first leaf (§13.6)."""
        self.vault, self.tree, self.first, self.frontier = vault, tree, tree.size, tree.hashes()
        self.instances, self.entries, self.leaves, self.transaction = {}, [], [], 0
        for name, state in states:
            self.instances[name] = self._parse_state(name, state)

    def _parse_state(self, name, state):
        reader = Reader(state, "pruned state")
        numbers = reader.uint(8), reader.take(32), reader.uint(8), reader.take(32)
        offset = reader.uint(8)
        instance = Instance(self._head(reader.rest(), name))
        instance.journal_number, instance.journal_chain, instance.write_number, instance.write_chain = numbers
        require(max(numbers[0], numbers[2]) <= self.first, "pruned state: numbers")
        require(offset >= instance.offset, "pruned state: offset")
        instance.offset = offset
        return instance

    def _head(self, data, name):
        head = whole(take_head, data)
        require(head.vault == self.vault, "journal head: another vault")
        require(head.instance == name, "journal head: another instance")
        return head

    def append(self, leaf):
        reader = Reader(leaf, "leaf")
        if reader.uint(1) != 1:
            raise TooNew("leaf: version")
        kind, name, number, body = reader.uint(1), reader.take(16), reader.uint(8), reader.rest()
        require(OPENED <= kind <= ADOPTED, "leaf: unknown type")
        require(number == 0 or kind in (JOURNAL, WRITE), "leaf: number")
        if kind == OPENED:
            require(name not in self.instances, "leaf: opened twice")
            self.instances[name] = Instance(self._head(body, name))
        else:
            require(name in self.instances, "leaf: of an instance that did not open")
            instance = self.instances[name]
            require(not instance.ended, "leaf: of an instance that ended")
            {JOURNAL: self._journal, WRITE: self._write, CLOSED: self._closed, ADOPTED: self._adopted}[kind](
                name, instance, number, body)
        self.leaves.append(leaf)
        self.tree.append_leaf(leaf)

    def _journal(self, name, instance, number, body):
        entry = whole(take_entry, body, name)
        require(number == entry.number == instance.journal_number, "leaf: not the next of its journal")
        self.entries.append(Sealed(self.tree.size, name, False, number, entry))
        instance.add_journal(body)

    def _write(self, name, instance, number, body):
        reader = Reader(body, "leaf of a write")
        require(number == instance.write_number, "leaf: not the next of its writes")
        transaction = reader.uint(8)
        require(transaction >= self.transaction, "leaf: of an earlier transaction than the write before it")
        self.transaction = transaction
        self.entries.append(Sealed(self.tree.size, name, True, number, (transaction, reader.rest())))
        instance.add_write(body)

    def _end(self, instance, reader):
        end = reader.uint(8), reader.take(32), reader.uint(8), reader.take(32)
        require(end == instance.progress(), "leaf: an end that is not where the chains are")
        instance.ended = True

    def _closed(self, _, instance, __, body):
        reader = Reader(body, "leaf of a close")
        self._end(instance, reader)
        reader.end()

    def _adopted(self, name, instance, _, body):
        reader = Reader(body, "leaf of an adoption")
        self._end(instance, reader)
        adoption = Adoption(reader.take(16), reader.uint(8), reader.uint(8))
        reader.end()
        require(adoption.adopter != name, "leaf: adopted by itself")
        require(adoption.unproven <= instance.journal_number, "leaf: unproven beyond the end")
        instance.adoption = adoption

    def root_at(self, size):
        """The root as it was with `size` leaves, from those that are there."""
        require(self.first <= size <= self.tree.size, "no such size")
        tree = Tree(self.first, self.frontier)
        for leaf in self.leaves[: size - self.first]:
            tree.append_leaf(leaf)
        return tree.root()


def _pruned(meta, nodes, size):
    """(tree of the leaves deleted, states of the instances that were open then)."""
    row = meta.get(b"pruned", bytes(8))
    require(len(row) == 8, "meta pruned: length")
    count = int.from_bytes(row, "big")
    require(count % (1 << KEPT) == 0 and count <= size, "meta pruned: number")
    tree = Tree()
    for index in range(count >> KEPT):
        require((KEPT, index) in nodes, "audit_node: a hash is missing")
        tree.append(KEPT, nodes[KEPT, index])
    states = [(key[6:], value) for key, value in sorted(meta.items()) if key.startswith(b"pruned") and key != b"pruned"]
    require(all(len(name) == 16 for name, _ in states), "meta pruned: length of a key")
    require(count or not states, "meta pruned: states without leaves deleted")
    return tree, states


def _parse_watermark(data):
    """(state, progress, offset)"""
    reader = Reader(data, "watermark")
    state, number, offset = reader.uint(1), reader.uint(8), reader.uint(8)
    progress = (number, reader.take(32), reader.uint(8), reader.take(32))
    reader.end()
    require(state in (OPEN, ENDED), "watermark: unknown state")
    return state, progress, offset


def _check_watermarks(meta, instances, pruned):
    """{instance: watermark}, each where the leaves are."""
    marks = {key[5:]: _parse_watermark(value) for key, value in meta.items() if key.startswith(b"trail")}
    for name, (state, progress, offset) in marks.items():
        if name not in instances:  # one that ended among the leaves deleted may still have a row
            require(state == ENDED and pruned > 0 and len(name) == 16, "watermark: nobody's")
            continue
        instance = instances[name]
        require(state == (ENDED if instance.ended else OPEN), "watermark: state")
        require(progress == instance.progress() and offset == instance.offset, "watermark: not where the leaves are")
    require(all(each.ended or name in marks for name, each in instances.items()), "watermark: missing")
    return marks


def replay(vault, meta, leaves, nodes):
    """Replays the rows of the tables of those names, {key: value}. Damage if anything does not fit."""
    nodes = parse_node_rows(nodes)
    size, peaks = parse_tree_head(meta.get(b"tree"))
    tree, states = _pruned(meta, nodes, size)
    out = Replay(vault, tree, states)
    expected = [index.to_bytes(8, "big") for index in range(tree.size, size)]
    require(sorted(leaves) == expected, "audit_leaf: rows that the head does not say, or none where it does")
    for key in expected:
        out.append(leaves[key])
    require(tree.hashes() == peaks, "tree head: not that of the leaves")
    require(tree.nodes == nodes, "audit_node: not the hashes of the leaves")
    out.marked = _check_watermarks(meta, out.instances, out.first)
    return out


def read_export(data, vault, origin, log_key):
    """(replay, checkpoint) of an export, whose checkpoint this key must have signed."""
    reader = Reader(data, "export")
    require(reader.take(8) == b"BAILEEEX", "export: magic")
    if reader.uint(2) != 1:
        raise TooNew("export: version")
    require(reader.take(16) == vault, "export: another vault")
    first, count = reader.uint(8), reader.uint(8)
    checkpoint = trail_proof.verify_checkpoint(reader.str32(), origin, log_key)
    size, peaks = parse_tree_head(reader.str32())
    require(size == first, "export: frontier of another size")
    require(first + count == checkpoint.size, "export: not up to its checkpoint")
    states = [(reader.take(16), reader.str32()) for _ in range(reader.uint(4))]
    require(all(a[0] < b[0] for a, b in zip(states, states[1:])), "export: order of instances")
    out = Replay(vault, Tree(size, peaks), states)
    for _ in range(count):
        out.append(reader.str32())
    reader.end()
    require(out.tree.root() == checkpoint.root, "export: not the tree of its checkpoint")
    return out, checkpoint
