# SPDX-License-Identifier: Apache-2.0
"""The file of epochs and the shard keys under it: proto/FORMAT.md §8 and §17."""

import os
import struct

import suite1
from codec import Reader
from errors import Damage, TooNew, WrongKey, require

BLOCK = 4096
SHARDS = 1024
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
        self.vault, self.keys, self.current = vault, {}, {}
        reader = Reader(vault.get("meta", b"epoch"), "meta epoch")
        self.epoch, self.transaction = reader.uint(8), reader.uint(8)
        reader.end()
        path = path or os.path.join(vault.path, "epoch")
        self.key = read_key(path, vault.id, self.epoch, vault.keyring.storage, vault.keyring.header["storage_version"])
        numbers = [int.from_bytes(key[5:], "big") for key, _ in vault.rows("meta", b"shard")]
        require(numbers == list(range(SHARDS)), "meta shard: numbers")

    def _read(self, number):
        reader = Reader(self.vault.get("meta", b"shard" + struct.pack(">H", number)), "meta shard").version(1)
        require(reader.uint(8) == self.epoch, "meta shard: of another epoch")
        count = reader.uint(1)
        require(count in (1, 2), "meta shard: count")
        for _ in range(count):
            name, sealed = reader.take(8), reader.take(32 + suite1.OVERHEAD)
            bound = suite1.binding(suite1.SHARD, self.vault.id, revision=number, context=name)
            self.keys[number, name] = suite1.open_sealed(self.key, bound, sealed, "meta shard")
            self.current[number] = name
        reader.end()

    def get(self, id16, name):
        """The key called `name` of the shard of a handle or a tag, which its first ten bits choose."""
        number = int.from_bytes(id16[:2], "big") >> 6
        if number not in self.current:
            self._read(number)
        require((number, name) in self.keys, "meta shard: a key that it has not")
        return self.keys[number, name]


def owed(vault):
    """What is owed: (kind, id) of each row of `due`."""
    found = []
    for key, row in vault.rows("due"):
        require(key and DUE_BYTES.get(key[0]) == len(key) - 1 and row == b"\1", "due: a row")
        found.append((key[0], key[1:]))
    return found
