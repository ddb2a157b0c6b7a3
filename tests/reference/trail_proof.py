#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks checkpoints and proofs of a vault's trail without the vault: FORMAT.md §13.5 and §13.7, and nothing of the library.

  trail_proof.py checkpoint ORIGIN KEY CHECKPOINT             says size, root and time
  trail_proof.py proof ORIGIN KEY PROOF LEAF                  LEAF is a file with the bytes of the leaf
  trail_proof.py consistency ORIGIN KEY OLDER NEWER HASHES    HASHES has one hash in Base 64 on each line

KEY is the log's public key, 64 hex digits; if it has had several, all of them with a comma between, the earlier ones as HEX@SIZE or
HEX@SIZE:ROOT. The others are files. Exit code 0 if it holds, 1 if not.
"""

import base64
import binascii
import collections
import hashlib
import re
import sys
import unicodedata

from nacl import exceptions, signing

Checkpoint = collections.namedtuple("Checkpoint", "origin size root time")
ED25519, COSIGNATURE = 1, 4
BYTES_MAX, SIGNATURES_MAX, HASHES_MAX, EXTRA_MAX, ORIGIN_MAX = 1 << 20, 64, 64, 1 << 20, 255
U64_MAX = (1 << 64) - 1


class NotProven(Exception):
    """What was shown proves nothing."""


def require(holds, what):
    if not holds:
        raise NotProven(what)


# Texts


def unbase64(text):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise NotProven("no Base 64") from error
    require(base64.b64encode(data).decode() == text, "not the canonical Base 64")
    return data


def hash_of(text):
    data = unbase64(text)
    require(len(data) == 32, "a hash has 32 bytes")
    return data


def decimal(text):
    require(re.fullmatch("0|[1-9][0-9]{0,19}", text) is not None and int(text) <= U64_MAX, "no number")
    return int(text)


def is_key_name(name):
    return bool(name) and "+" not in name and not any(c.isspace() or unicodedata.category(c) in ("Zs", "Zl", "Zp") for c in name)


# Notes


def parse_note(data):
    require(len(data) <= BYTES_MAX, "too long")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotProven("no UTF-8") from error
    require(all(c >= " " or c == "\n" for c in note), "control characters")
    text, divider, lines = note.rpartition("\n\n")
    require(divider and text and lines.endswith("\n"), "no note")
    lines = lines[:-1].split("\n")
    require(len(lines) <= SIGNATURES_MAX, "too many signatures")
    signatures = []
    for line in lines:
        dash, _, rest = line.partition(" ")
        name, space, value = rest.partition(" ")
        require(dash == "\u2014" and space and is_key_name(name), "no signature line")
        value = unbase64(value)
        require(len(value) > 4, "a signature is missing")
        signatures.append((name, value[:4], value[4:]))
    return text + "\n", signatures


def key_id(name, kind, key):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def verify_signature(key, message, signature):
    try:
        signing.VerifyKey(key).verify(message, signature)
    except (exceptions.BadSignatureError, exceptions.ValueError, ValueError) as error:
        raise NotProven("a signature does not hold") from error


def find(signatures, name, kind, key):
    found = [value for known, known_id, value in signatures if known == name and known_id == key_id(name, kind, key)]
    require(len(found) <= 1, "signed twice")
    return found[0] if found else None


# Checkpoints


def parse_keys(text):
    """[(key, greatest size, root or None)] of `key`, `key@size`, `key@size:root`, with commas between."""
    keys = []
    for each in text.split(","):
        key, _, bound = each.partition("@")
        size, _, root = bound.partition(":")
        keys.append((bytes.fromhex(key), decimal(size) if size else U64_MAX, bytes.fromhex(root) or None))
    require(len({key for key, _, _ in keys}) == len(keys), "a key twice")
    return keys


def verify_checkpoint(data, origin, keys):
    """`keys` is what parse_keys gives, or the bytes of the one key that a log ever had."""
    keys = [(keys, U64_MAX, None)] if isinstance(keys, bytes) else keys
    text, signatures = parse_note(data)
    lines = text.split("\n")
    require(len(lines) == 4 and lines[3] == "", "a checkpoint has three lines")
    require(is_key_name(lines[0]) and len(lines[0].encode()) <= ORIGIN_MAX and lines[0] != "cosignature/v1", "no origin")
    require(lines[0] == origin, "another log")
    size, root = decimal(lines[1]), hash_of(lines[2])
    require(size > 0 or root == EMPTY, "the empty tree has one root")
    counts, time = False, None
    for key, size_max, only_root in keys:
        signature = find(signatures, origin, ED25519, key)
        if signature is not None:
            verify_signature(key, text.encode(), signature)
        said = verify_time(signatures, origin, key, text)
        if size > size_max or (only_root is not None and (size, root) != (size_max, only_root)):
            continue
        counts = counts or signature is not None
        time = said if said is not None and only_root is None else time
    require(counts, "not signed by a key of the log that counts for it")
    return Checkpoint(origin, size, root, time)


def verify_time(signatures, origin, key, text):
    """When this key says that it signed, in seconds; None if it does not say."""
    cosignature = find(signatures, origin + "/time", COSIGNATURE, key)
    if cosignature is None:
        return None
    require(len(cosignature) == 72, "no cosignature")
    time = int.from_bytes(cosignature[:8], "big")
    require(time <= (1 << 63) // 1000, "no time")
    verify_signature(key, ("cosignature/v1\ntime %d\n%s" % (time, text)).encode(), cosignature[8:])
    return time


# Trees: roots are put together from the definition in RFC 6962 §2.1, not by walking bits.

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size):
    """The largest power of two below it."""
    return 1 << ((size - 1).bit_length() - 1)


def root_by_path(leaf, index, size, path):
    """MTH(D[size]), if `path` is PATH(index, D[size]) and `leaf` the hash of its leaf."""
    if size == 1:
        require(not path, "a hash too many")
        return leaf
    require(path, "a hash is missing")
    k = split(size)
    if index < k:
        return node_hash(root_by_path(leaf, index, k, path[:-1]), path[-1])
    return node_hash(path[-1], root_by_path(leaf, index - k, size - k, path[:-1]))


def roots_by_proof(older, newer, proof, older_root):
    """(MTH(D[older]), MTH(D[newer])), if `proof` is SUBPROOF(older, D[newer], …); `older_root` stands for what it leaves out."""
    if older == newer:
        if older_root is None:
            require(len(proof) == 1, "a hash too many or missing")
            return proof[0], proof[0]
        require(not proof, "a hash too many")
        return older_root, older_root
    require(proof, "a hash is missing")
    k = split(newer)
    if older <= k:
        first, second = roots_by_proof(older, k, proof[:-1], older_root)
        return first, node_hash(second, proof[-1])
    first, second = roots_by_proof(older - k, newer - k, proof[:-1], None)
    return node_hash(proof[-1], first), node_hash(proof[-1], second)


def verify_inclusion(leaf, index, size, path, root):
    require(index < size, "no such leaf")
    require(root_by_path(leaf, index, size, path) == root, "the leaf is not in the tree")


def verify_consistency(older, newer, proof):
    """Both are (size, root)."""
    require(older[0] <= newer[0], "the newer tree is smaller")
    if older[0] == 0:
        require(older[1] == EMPTY and not proof, "the empty tree has one root and an empty proof")
        require(newer[0] > 0 or newer[1] == EMPTY, "the empty tree has one root")
        return
    require(roots_by_proof(older[0], newer[0], proof, older[1]) == (older[1], newer[1]), "the newer tree does not extend the older")


# Proof files


def verify_proof(data, leaf, origin, key):
    """(index, checkpoint) of the leaf with these bytes."""
    head, divider, checkpoint = data.partition(b"\n\n")
    require(divider, "no checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise NotProven("no ASCII") from error
    require(lines.pop(0) == "c2sp.org/tlog-proof@v1", "no proof")
    if lines and lines[0].startswith("extra "):
        require(0 < len(unbase64(lines.pop(0)[6:])) <= EXTRA_MAX, "no extra data")
    require(lines and lines[0].startswith("index "), "no index")
    index = decimal(lines.pop(0)[6:])
    require(len(lines) <= HASHES_MAX, "too many hashes")
    path = [hash_of(line) for line in lines]
    verified = verify_checkpoint(checkpoint, origin, key)
    verify_inclusion(leaf_hash(leaf), index, verified.size, path, verified.root)
    return index, verified


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main(command, origin, key, *paths):
    key = parse_keys(key)
    files = [read(path) for path in paths]
    if command == "checkpoint":
        checkpoint = verify_checkpoint(*files, origin, key)
    elif command == "proof":
        index, checkpoint = verify_proof(*files, origin, key)
        print("index", index)
    elif command == "consistency":
        older, checkpoint = (verify_checkpoint(each, origin, key) for each in files[:2])
        verify_consistency(older[1:3], checkpoint[1:3], [hash_of(line) for line in files[2].decode("ascii").split()])
    else:
        raise SystemExit(__doc__)
    print("size", checkpoint.size)
    print("root", checkpoint.root.hex())
    print("time", checkpoint.time)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        raise SystemExit(__doc__)
    try:
        main(*sys.argv[1:])
    except NotProven as reason:
        sys.exit("not proven: %s" % reason)
