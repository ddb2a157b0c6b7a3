#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors beside it, from proto/FORMAT.md and the RFCs alone.

Uses nothing of the library and nothing of libsodium: BLAKE2b is Python's, ChaCha20-Poly1305
(RFC 8439) and X25519 (RFC 7748) are written out below. Deterministic: running it again changes
nothing.
"""
import hashlib
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent


def blake2b(size, person, data, key=b""):
    return hashlib.blake2b(data, digest_size=size, key=key, person=person.ljust(16, b"\0")).digest()


def stream(label):
    """Endless known bytes for inputs: SHAKE-128 of a label, cut as asked."""
    state = {"at": 0}

    def take(count):
        start = state["at"]
        state["at"] += count
        return hashlib.shake_128(label.encode()).digest(state["at"])[start:]

    return take


# --- RFC 8439 -------------------------------------------------------------------------------------


def rotl(value, count):
    return ((value << count) | (value >> (32 - count))) & 0xFFFFFFFF


def quarter(s, a, b, c, d):
    for x, y, z, shift in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = rotl(s[z] ^ s[x], shift)


def chacha20_block(key, counter, nonce):
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    start += [*struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    s = list(start)
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(s, a, b, c, d)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(s, start)))


def chacha20(key, nonce, data):
    out = bytearray()
    for i in range(0, len(data), 64):
        block = chacha20_block(key, 1 + i // 64, nonce)
        out += bytes(x ^ y for x, y in zip(data[i:i + 64], block))
    return bytes(out)


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    s = int.from_bytes(key[16:], "little")
    h = 0
    for i in range(0, len(message), 16):
        h = (h + int.from_bytes(message[i:i + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return ((h + s) & ((1 << 128) - 1)).to_bytes(16, "little")


def aead_seal(key, nonce, aad, plaintext):
    ciphertext = chacha20(key, nonce, plaintext)
    fill = lambda x: x + bytes(-len(x) % 16)
    mac = fill(aad) + fill(ciphertext) + struct.pack("<QQ", len(aad), len(ciphertext))
    return ciphertext + poly1305(chacha20_block(key, 0, nonce)[:32], mac)


# --- RFC 7748 -------------------------------------------------------------------------------------

P25519 = 2**255 - 19


def x25519(scalar, point):
    k = int.from_bytes(scalar, "little")
    k = (k & ~7 & ((1 << 255) - 1)) | (1 << 254)
    u = int.from_bytes(point, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        x3, z3 = (da + cb)**2 % P25519, u * (da - cb)**2 % P25519
        e = aa - bb
        x2, z2 = aa * bb % P25519, e * (aa + 121665 * e) % P25519
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P25519 - 2, P25519) % P25519).to_bytes(32, "little")


BASE_POINT = bytes([9]) + bytes(31)

# --- proto/FORMAT.md ------------------------------------------------------------------------------


def seal(key, salt, aad, plaintext):
    h = hashlib.blake2b(salt + aad, digest_size=64, key=key).digest()
    return salt + h[32:] + aead_seal(h[:32], bytes(12), b"", plaintext)


def box(ephemeral, recipient_public, salt, aad, plaintext):
    e = x25519(ephemeral, BASE_POINT)
    dh = x25519(ephemeral, recipient_public)
    return e + seal(blake2b(32, b"bailee.box", dh + e + recipient_public + aad), salt, aad, plaintext)


def padded_size(data_bytes):
    n = data_bytes + 1
    if n <= 256:
        step = 32
    else:
        step = (1 << (n.bit_length() - 1)) // 8
    return -(-n // step) * step


def binding(label, f):
    wrap = label in (4, 5, 10, 12)
    out = bytes([1, 1, 2 if wrap else 1, label])
    out += f["vault"] + f["handle"] + f["category"] + f["record"]
    out += struct.pack(">H", f["compartment"]) + f["terms"]
    out += struct.pack(">IIQ", f["generation"], f["revision"], f["context"])
    if wrap:
        out += f["purpose"] + struct.pack(">H", f["key_version"])
    assert len(out) == (104 if wrap else 94)
    return out


def number(raw):
    return int.from_bytes(raw, "big")


def binding_vectors():
    vectors = []
    for label in range(1, 11):
        take = stream(f"binding {label}")
        fields = dict(vault=take(16), handle=take(16), category=take(8), record=take(16),
                      compartment=number(take(2)), terms=take(16), generation=number(take(4)),
                      revision=number(take(4)), context=number(take(8)), purpose=take(8),
                      key_version=number(take(2)))
        shown = {k: v.hex() if isinstance(v, bytes) else v for k, v in fields.items()}
        vectors.append({"label": label, **shown, "encoded": binding(label, fields).hex()})
    return vectors


def suite1_vectors():
    vectors = []
    for aad_bytes, size in ((94, 0), (94, 1), (94, 32), (104, 32), (94, 63), (104, 64), (94, 65),
                            (94, 256), (0, 5), (103, 7), (105, 7), (1000, 100), (94, 3000)):
        take = stream(f"suite1 {aad_bytes} {size}")
        key, salt, aad, plaintext = take(32), take(24), take(aad_bytes), take(size)
        vectors.append({"key": key.hex(), "salt": salt.hex(), "aad": aad.hex(),
                        "plaintext": plaintext.hex(),
                        "envelope": seal(key, salt, aad, plaintext).hex()})
    return vectors


def box_vectors():
    vectors = []
    for version, size in ((1, 32), (2, 32), (65535, 0), (258, 300)):
        take = stream(f"box {version} {size}")
        purpose_key, ephemeral, salt, aad, plaintext = (take(32), take(32), take(24), take(104),
                                                        take(size))
        secret = blake2b(32, b"bailee.boxsecret", struct.pack(">H", version), purpose_key)
        public = x25519(secret, BASE_POINT)
        vectors.append({"purpose_key": purpose_key.hex(), "key_version": version,
                        "box_secret": secret.hex(), "public": public.hex(),
                        "ephemeral": ephemeral.hex(), "salt": salt.hex(), "aad": aad.hex(),
                        "plaintext": plaintext.hex(),
                        "box": box(ephemeral, public, salt, aad, plaintext).hex()})
    return vectors


def name_vectors():
    names = ["payment_card", "contact.news", "rights", "payment_card.pan/billing", "", "é"]
    return [{"name": n, "id": blake2b(8, b"bailee.name", n.encode()).hex()} for n in names]


def terms_vectors():
    vectors = []
    for version, bucket, notice, source, controller in ((1, 0, b"checkout-7", b"web", b""),
                                                        (3, 19876, b"n", b"acme-shop", b"acme")):
        value = b"\1" + struct.pack(">Iq", version, bucket)
        for text in (notice, source, controller):
            value += bytes([len(text)]) + text
        vault = stream(f"terms {version}")(16)
        vectors.append({"vault": vault.hex(), "value": value.hex(),
                        "id": blake2b(16, b"bailee.terms", vault + value).hex()})
    return vectors


def hash_vectors():
    vectors = []
    for person, size, keyed, length in ((b"bailee.ref", 16, True, 9), (b"bailee.tag", 16, True, 255),
                                        (b"bailee.index", 16, True, 0), (b"bailee.keyring", 32, False, 500),
                                        (b"bailee.policy", 32, False, 129), (b"bailee.index", 64, True, 128)):
        take = stream(f"hash {person} {size}")
        key, data = take(32) if keyed else b"", take(length)
        vectors.append({"person": person.decode(), "key": key.hex(), "data": data.hex(),
                        "digest": blake2b(size, person, data, key).hex()})
    return vectors


def padding_vectors():
    sizes = list(range(0, 70)) + list(range(220, 300)) + [
        510, 511, 512, 513, 1023, 1024, 4095, 4096, 65535, 65536, 65537, (1 << 20) - 1, 1 << 20]
    return [{"data_bytes": n, "padded_bytes": padded_size(n)} for n in sizes]


# --- proto/FORMAT.md §13 --------------------------------------------------------------------------


def siphash24(key, data):
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261,
         k1 ^ 0x7465646279746573]
    mask = (1 << 64) - 1
    turn = lambda x, count: ((x << count) | (x >> (64 - count))) & mask

    def rounds(count):
        for _ in range(count):
            v[0] = (v[0] + v[1]) & mask
            v[1] = turn(v[1], 13) ^ v[0]
            v[0] = turn(v[0], 32)
            v[2] = (v[2] + v[3]) & mask
            v[3] = turn(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & mask
            v[3] = turn(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & mask
            v[1] = turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    data = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", data):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def checked(instance, before, after=b""):
    return before + struct.pack(">Q", siphash24(instance, before + after)) + after


def pad(data):
    return data + b"\x80" + bytes(padded_size(len(data)) - len(data) - 1)


def chain_keys(first, chain, vault, instance, count):
    keys = []
    for i in range(count):
        h = blake2b(64, b"bailee.trail",
                    bytes([chain]) + vault + instance + struct.pack(">Q", i), first)
        keys.append(h[:32])
        first = h[32:]
    return keys


def chain_vectors():
    vectors = []
    for chain in (1, 2):
        take = stream(f"chain {chain}")
        vault, instance, first = take(16), take(16), take(32)
        keys = chain_keys(first, chain, vault, instance, 300)
        vectors.append({"chain": chain, "vault": vault.hex(), "instance": instance.hex(),
                        "first": first.hex(), "entry_keys": [k.hex() for k in keys]})
    return vectors


def entry_vectors():
    """`next_chain` is the step of a hash chain that stands at `key`."""
    vectors = []
    for size, attempt in ((0, 0), (31, 0), (32, 1), (200, 0), (256, 0xFFFFFFFF), (3000, 2)):
        take = stream(f"entry {size} {attempt}")
        key, instance, index, event = take(32), take(16), number(take(8)), take(size)
        nonce = struct.pack(">I", attempt) + bytes(8)
        ciphertext = aead_seal(key, nonce, b"", pad(event))
        entry = checked(instance, struct.pack(">IQI", len(ciphertext), index, attempt), ciphertext)
        vectors.append({"key": key.hex(), "instance": instance.hex(), "number": str(index),
                        "attempt": attempt, "event": event.hex(), "entry": entry.hex(),
                        "next_chain": blake2b(32, b"bailee.chain", key + entry).hex()})
    return vectors


def head_vectors():
    take = stream("head")
    vault, instance, auditor = take(16), take(16), take(32)
    journal_first, writes_first, ephemeral, salt = take(32), take(32), take(32), take(24)
    opened_at = 1_700_000_000_123
    origin = (b"\x05web-1" + take(16) + struct.pack(">II", 1000, 4711) + b"\x04host" +
              b"\x0d/usr/bin/acme")
    aad = binding(12, dict(vault=vault, handle=bytes(16), category=bytes(8), record=instance,
                           compartment=0, terms=bytes(16), generation=0, revision=0,
                           context=opened_at, purpose=blake2b(8, b"bailee.name", b"auditor"),
                           key_version=1))
    sealed = box(ephemeral, x25519(auditor, BASE_POINT), salt, aad,
                 pad(journal_first + writes_first + origin))
    head = (b"BAILEEJN" + struct.pack(">H", 1) + vault + instance + struct.pack(">q", opened_at) +
            struct.pack(">I", len(sealed)) + sealed)
    head = checked(instance, head)
    return [{"vault": vault.hex(), "instance": instance.hex(), "auditor": auditor.hex(),
             "opened_at": opened_at, "journal_first": journal_first.hex(),
             "writes_first": writes_first.hex(), "ephemeral": ephemeral.hex(), "salt": salt.hex(),
             "actor": "web-1", "keyring_id": origin[6:22].hex(), "uid": 1000, "pid": 4711,
             "host": "host", "program": "/usr/bin/acme", "head": head.hex(),
             "chain_0": blake2b(32, b"bailee.chain", head).hex()}]


def self_check():
    key = bytes(range(0x80, 0xA0))  # RFC 8439 §2.8.2
    text = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
            b"future, sunscreen would be it.")
    sealed = aead_seal(key, bytes.fromhex("070000004041424344454647"),
                       bytes.fromhex("50515253c0c1c2c3c4c5c6c7"), text)
    assert sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    # RFC 7748 §5.2
    k = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    u = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    assert x25519(k, u).hex() == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    # Appendix A of the paper that SipHash is defined in
    assert siphash24(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5


if __name__ == "__main__":
    self_check()
    for name, vectors in (("binding", binding_vectors()), ("suite1", suite1_vectors()),
                          ("box", box_vectors()), ("names", name_vectors()),
                          ("terms", terms_vectors()), ("hash", hash_vectors()),
                          ("padding", padding_vectors()), ("chain", chain_vectors()),
                          ("entry", entry_vectors()), ("head", head_vectors())):
        lines = ",\n".join(json.dumps(v) for v in vectors)
        (HERE / f"{name}.json").write_text(f"[\n{lines}\n]\n")
