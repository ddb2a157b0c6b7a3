# SPDX-License-Identifier: Apache-2.0
"""Keyring files: proto/FORMAT.md §6."""

from nacl import bindings

import suite1
import wire
from codec import Reader, blake2b, name_id
from errors import Damage, NotAKeyring, TooNew, require

NAMED = {1: ("name", "string", False), 2: ("version", "uint", False)}
HEADER = {
    1: ("vault_id", "bytes", False),
    2: ("keyring_id", "bytes", False),
    3: ("actor", "string", False),
    4: ("issued_at_ms", "uint", False),
    5: ("authority_public", "bytes", False),
    6: ("manifest_min", "uint", False),
    7: ("storage_version", "uint", False),
    8: ("purpose", NAMED, True),
    9: ("index", NAMED, True),
    10: ("role", "uint", True),
}
FILE_BYTES_MAX = 64 << 10
NOTHING, PASSPHRASE, KEY_FILE = 0, 1, 2


class Keyring:
    """`purposes` and `indexes` are {(name id, key version): key}; `storage` is a key or None."""

    def __init__(self, data, unlock=None):
        """`unlock` is the passphrase, or the 32 bytes of the key file; None for a file that needs nothing."""
        reader = Reader(data, "keyring")
        if data[:8] != b"BAILEEKR":
            raise NotAKeyring("keyring: magic")
        require(len(data) <= FILE_BYTES_MAX, "keyring: too large")
        reader.take(8)
        if reader.uint(1) != 1:
            raise TooNew("keyring: version")
        require(data[-32:] == blake2b(32, data[:-32], person=b"bailee.keyring"), "keyring: checksum")
        lock, ops, mem_kib, salt = reader.uint(1), reader.uint(4), reader.uint(4), reader.take(16)
        header = reader.str32()
        signature = reader.take(64)
        sealed_from = reader.at
        envelope = reader.str32()
        reader.take(32)
        reader.end()

        self.header = wire.decode(header, HEADER, refuse_unknown=True)
        self._check_header()
        suite1.verify(self.header["authority_public"], "bailee.keyring", signature, header)
        key = self._unlocking_key(lock, ops, mem_kib, salt, unlock)
        self._take_secrets(suite1.open_envelope(key, b"\x01\x01\x03\x0b" + data[:sealed_from], envelope))

    def _check_header(self):
        header = self.header
        for name, size in (("vault_id", 16), ("keyring_id", 16), ("authority_public", 32)):
            require(len(header[name]) == size, "keyring: " + name)
        for kind in ("purpose", "index"):
            require(all(0 < each["version"] < 2**16 for each in header[kind]), "keyring: key version")
        require(header["storage_version"] < 2**16, "keyring: storage version")
        require(all(1 <= role <= 4 for role in header["role"]), "keyring: role")
        self.vault = header["vault_id"]

    @staticmethod
    def _unlocking_key(lock, ops, mem_kib, salt, unlock):
        require(lock in (NOTHING, PASSPHRASE, KEY_FILE), "keyring: unknown lock")
        if lock == PASSPHRASE:
            require(1 <= ops <= 10 and 8192 <= mem_kib <= 1048576, "keyring: cost")
            return bindings.crypto_pwhash_alg(
                32, unlock or b"", salt, ops, mem_kib * 1024, bindings.crypto_pwhash_ALG_ARGON2ID13)
        require(ops == 0 and mem_kib == 0 and salt == bytes(16), "keyring: cost without a passphrase")
        if lock == NOTHING:
            return bytes(32)
        if unlock is None or len(unlock) != 32:
            raise Damage("keyring: key file")
        return unlock

    def _take_secrets(self, plain):
        header = self.header
        count = (header["storage_version"] > 0) + len(header["purpose"]) + len(header["index"]) + len(header["role"])
        require(len(plain) == 32 * count, "keyring: number of keys")
        keys = iter(plain[i : i + 32] for i in range(0, len(plain), 32))
        self.storage = next(keys) if header["storage_version"] else None
        self.purposes, self.indexes, self.roles = {}, {}, {}
        for kind, held in (("purpose", self.purposes), ("index", self.indexes)):
            for each in header[kind]:
                place = (name_id(each["name"]), each["version"])
                require(place not in held, "keyring: a key twice")
                held[place] = next(keys)
        for role in header["role"]:
            self.roles[role] = next(keys)
