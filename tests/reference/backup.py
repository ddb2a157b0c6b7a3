# SPDX-License-Identifier: Apache-2.0
"""Backup streams, opened with the backup keyring: proto/FORMAT.md §19."""

import hmac
from collections import namedtuple

from nacl import bindings, exceptions

import suite1
from codec import Reader, blake2b, name_id
from errors import Damage, TooNew, WrongKey, require
from padding import unpad
from rows import read_state

TABLES = ("meta policies terms subjects records lookup due ledger disclosures reports keywork audit_leaf "
          "audit_node").split()
DATA, KEYS = 1, 2
BACKUP_ROLE = 4
BOUND_BYTES = 8 + 2 + 16 + 1 + 16 + 16 + 8 + 32 + 32 + suite1.BOX_OVERHEAD
FRAME_MAX = 64 << 20

Range = namedtuple("Range", "table rows hash carried")
Taken = namedtuple("Taken", "subject records revision")  # a subject of a key stream


class Stream:
    """One stream, read to its end. `messages` of rows stay as bytes, so that chains can be put together."""

    def __init__(self, data, keyring):
        self._read_head(data, keyring)
        at = BOUND_BYTES + 32 + 24
        state = bindings.crypto_secretstream_xchacha20poly1305_state()
        bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, self.start, self.key)
        self.ranges, self.carried, self.taken, self.end = [], {}, [], None
        self.rows, self._last = {table: [] for table in TABLES}, {}
        order = []
        final = False
        while not final:
            require(len(data) - at >= 4, "stream: ends before its end")
            size = int.from_bytes(data[at : at + 4], "big")
            require(17 <= size <= FRAME_MAX and len(data) - at - 4 >= size, "stream: a frame")
            try:
                message, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, data[at + 4 : at + 4 + size])
            except (exceptions.CryptoError, exceptions.RuntimeError) as failure:
                raise Damage("stream: a message does not open") from failure
            require(tag in (0, 3), "stream: an unknown tag")
            final, at = tag == 3, at + 4 + size
            self._message(message, final, order)
        self._trailer(data[at:], order)

    def _read_head(self, data, keyring):
        reader = Reader(data[: BOUND_BYTES + 32 + 24], "stream head")
        require(reader.take(8) == b"BAILEEBK", "stream head: magic")
        if reader.uint(2) != 1:
            raise TooNew("stream head: format")
        self.vault, self.kind, self.id, self.base = reader.take(16), reader.uint(1), reader.take(16), reader.take(16)
        taken_at, recipient = reader.take(8), reader.take(32)
        box, self.commitment, self.start = reader.take(32 + suite1.BOX_OVERHEAD), reader.take(32), reader.take(24)
        reader.end()
        require(self.kind in (DATA, KEYS) and self.vault == keyring.vault, "stream head: another vault or kind")
        secret = keyring.roles[BACKUP_ROLE]
        if suite1.box_public(secret) != recipient:
            raise WrongKey("stream: sealed for another keyring")
        bound = suite1.binding(suite1.STREAM_KEY, self.vault, record=self.id, generation=self.kind, context=taken_at,
                               wrap_for=(name_id("backup"), 1))
        self.bound = data[:BOUND_BYTES]
        derived = blake2b(64, self.bound, key=suite1.open_box(secret, bound, box), person=b"bailee.stream")
        require(hmac.compare_digest(derived[32:], self.commitment), "stream: committed to another key")
        self.key = derived[:32]

    def _message(self, message, final, order):
        reader = Reader(message, "stream message")
        kind = reader.uint(1)
        require(final == (kind in (3, 5)), "stream: the end is out of its place")
        require(kind == 1 or (kind in (2, 3)) == (self.kind == DATA), "stream: a message of the other kind")
        if kind == 1:
            require(not self.ranges, "stream: rows behind the list of them")
            table, hashed = TABLES[reader.uint(1)], blake2b(32, message[1:], person=b"bailee.range")
            rows = [(reader.take(reader.uint(2)), reader.str32()) for _ in range(reader.uint(4))]
            require(rows, "stream: no rows")
            for key, _ in rows:
                require(self._last.get(table, b"") < key, "stream: order")
                self._last[table] = key
            self.carried[hashed] = (table, rows)
            order.append(hashed)
            self.rows[table] += rows
        elif kind == 2:
            for _ in range(reader.uint(4)):
                self.ranges.append(Range(TABLES[reader.uint(1)], reader.uint(4), reader.take(32), reader.uint(1)))
                require(self.ranges[-1].carried in (0, 1), "stream: list of ranges")
        elif kind == 4:
            for _ in range(reader.uint(4)):
                handle, generation, revision = reader.take(16), reader.uint(4), reader.uint(4)
                records, state = reader.uint(8), unpad(reader.str32())
                require(not self.taken or self.taken[-1].subject.handle < handle, "stream: order")
                self.taken.append(Taken(read_state(handle, generation, state), records, revision))
        else:
            names = ("transaction", "epoch", "rows", "tree_size")
            self.end = {name: reader.uint(8) for name in names}
            self.end.update(root=reader.take(32), parts=reader.uint(8), maker=reader.take(32))
            if kind == 3:
                self.end["trailer"] = reader.take(32)
        reader.end()

    def _trailer(self, trailer, order):
        if self.kind == KEYS:
            require(not trailer, "stream: bytes left over")
            require(self.end["rows"] == sum(map(len, self.rows.values())) + len(self.taken), "stream: counts")
            require(self.end["parts"] == len(self.taken), "stream: counts")
            return
        require(blake2b(32, trailer, person=b"bailee.trailer") == self.end["trailer"], "stream: trailer")
        self.trailer = trailer
        require([each.hash for each in self.ranges if each.carried] == order, "stream: ranges")
        require(self.end["parts"] == len(self.ranges), "stream: counts")
        require(self.end["rows"] == sum(each.rows for each in self.ranges), "stream: counts")

    def made_with(self, ref_key):
        """Whether a holder of the storage key made it."""
        maker = blake2b(32, self.bound + self.commitment, key=ref_key, person=b"bailee.maker")
        return hmac.compare_digest(maker, self.end["maker"])

    def index(self, ref_key):
        """What a holder of the storage key, who cannot open the stream, learns from its end."""
        key = blake2b(32, b"", key=ref_key, person=b"bailee.indexkey")
        require(int.from_bytes(self.trailer[-4:], "big") == len(self.trailer) - 4, "trailer: size")
        bound = suite1.binding(suite1.STREAM_INDEX, self.vault, record=self.id)
        reader = Reader(suite1.open_sealed(key, bound, self.trailer[:-4], "trailer"), "trailer")
        ranges = []
        while reader.at < len(reader.data):
            ranges.append(Range(TABLES[reader.uint(1)], reader.uint(4), reader.take(32), reader.uint(1)))
        return ranges


def chain_rows(chain):
    """{table: [(key, value)]} of what the last stream of a chain shows; `chain` in order."""
    carried, rows, base = {}, {table: [] for table in TABLES}, bytes(16)
    for stream in chain:
        require(stream.kind == DATA and stream.base == base, "chain: order")
        base = stream.id
        carried.update(stream.carried)
    for each in chain[-1].ranges:
        require(each.hash in carried, "chain: a range that no stream has")
        table, found = carried[each.hash]
        require(table == each.table and len(found) == each.rows, "chain: a range of another table")
        rows[table] += found
    return rows
