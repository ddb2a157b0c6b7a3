# SPDX-License-Identifier: Apache-2.0
"""The file of epochs and the shard keys under it: proto/FORMAT.md §8 and §17."""

import os
import struct

import suite1
from codec import Reader
from errors import Damage, TooNew, WrongKey, require

BLOCK = 4096
GROUPS, GROUPS_PER_ROW, SHARDS_PER_GROUP = 256, 16, 64
DUE_BYTES = {1: 16, 2: 2, 3: 0, 4: 8, 5: 2}


class EpochIsOver(Damage):
    """The file has not, or no longer, the key of this epoch."""


def read_key(path, vault_id, epoch, storage, storage_version):
    """E of an epoch."""
    with open(path, "rb") as file:
        data = file.read()
    require(len(data) == 2 * BLOCK, "epoch: length of the file")
    block = data[BLOCK * (epoch % 2):][:BLOCK]
    reader = Reader(block, "epoch")
    if block == bytes(BLOCK):
        raise EpochIsOver("epoch: wiped")
    require(reader.take(8) == b"BAILEEEP", "epoch: magic")
    if reader.uint(2) != 1:
        raise TooNew("epoch: format")
    require(reader.take(16) == vault_id, "epoch: of another vault")
    if reader.uint(8) != epoch:
        raise EpochIsOver("epoch: another one")
    count = reader.uint(1)
    require(count in (1, 2), "epoch: count")
    found, before = None, 0
    for _ in range(count):
        version, sealed = reader.uint(2), reader.take(32 + suite1.OVERHEAD)
        require(version > before, "epoch: versions")
        before = version
        if version == storage_version:
            bound = suite1.binding(suite1.EPOCH, vault_id, generation=version, context=struct.pack(">Q", epoch))
            found = suite1.open_sealed(storage, bound, sealed, "epoch")
    require(not any(reader.rest()), "epoch: something behind the keys")
    if found is None:
        raise WrongKey("epoch: another storage key")
    return found


class Shards:
    """The shard keys of a vault, by number and id."""

    def __init__(self, vault, path=None):
        self.vault, self.groups, self.keys, self.given = vault, {}, {}, {}
        reader = Reader(vault.get("meta", b"epoch"), "meta epoch")
        self.epoch, self.transaction = reader.uint(8), reader.uint(8)
        reader.end()
        path = path or os.path.join(vault.path, "epoch")
        self.key = read_key(path, vault.id, self.epoch, vault.keyring.storage, vault.keyring.header["storage_version"])
        for name, count in (b"groups", GROUPS // GROUPS_PER_ROW), (b"shards", GROUPS):
            found = [key for key, _ in vault.rows("meta", name)]
            require(found == [name + bytes([number]) for number in range(count)], "meta shards: rows")

    def _group_key(self, group):
        number = group // GROUPS_PER_ROW
        reader = Reader(self.vault.get("meta", b"groups" + bytes([number])), "meta groups").version(1)
        require(reader.uint(8) == self.epoch, "meta groups: of another epoch")
        bound = suite1.binding(suite1.GROUPS, self.vault.id, revision=number)
        keys = Reader(suite1.open_sealed(self.key, bound, reader.rest(), "meta groups"), "group keys")
        found = [keys.take(32) for _ in range(GROUPS_PER_ROW)]
        keys.end()
        return found[group % GROUPS_PER_ROW]

    def _read(self, group):
        self.groups[group] = self._group_key(group)
        reader = Reader(self.vault.get("meta", b"shards" + bytes([group])), "meta shards").version(1)
        bound = suite1.binding(suite1.SHARDS, self.vault.id, revision=group)
        shards = Reader(suite1.open_sealed(self.groups[group], bound, reader.rest(), "meta shards"), "shard keys")
        for shard in range(group * SHARDS_PER_GROUP, (group + 1) * SHARDS_PER_GROUP):
            count = shards.uint(1)
            require(count in (1, 2), "shard keys: count")
            for _ in range(count):
                name = shards.take(8)
                self.keys[shard, name] = shards.take(32)
        shards.end()

    def get(self, id16, name):
        """The key called `name` of the shard of a handle or a tag, which its first 14 bits choose."""
        shard = int.from_bytes(id16[:2], "big") >> 2
        if shard // SHARDS_PER_GROUP not in self.groups:
            self._read(shard // SHARDS_PER_GROUP)
        require((shard, name) in self.keys, "meta shards: a key that a shard has not")
        self.given[shard, name] = self.keys[shard, name]
        return self.keys[shard, name]


def owed(vault):
    """What is owed: (kind, id) of each row of `due`."""
    found = []
    for key, row in vault.rows("due"):
        require(key and DUE_BYTES.get(key[0]) == len(key) - 1 and row == b"\1", "due: a row")
        found.append((key[0], key[1:]))
    return found
