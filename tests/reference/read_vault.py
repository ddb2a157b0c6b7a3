#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints as JSON all that one keyring opens in a vault. An independent reader of proto/FORMAT.md; shares no code with lib/.

  read_vault.py VAULT KEYRING [--passphrase-file F | --key-file F] [--force] [< LOOKUPS]

LOOKUPS are lines: `ref HEX`, `tag HEX` or `INDEX HEX`, with the bytes to look for. Values are printed in hex.
Exit status: 0 read; 13 damage; 12 wrong key; 17 a later format.
"""

import argparse
import json
import sys

import errors
from force import force_entry
from keyring import Keyring
from vault import Vault


def open_keyring(path, unlock=None):
    with open(path, "rb") as file:
        return Keyring(file.read(), unlock)


def read_subjects(vault):
    return [{"handle": subject.handle.hex(), "kind": subject.kind, "ref": subject.ref.hex()}
            for subject in vault.subjects.values()]


def read_values(vault, force=False):
    """All values that open, and how many keys were tried in vain on what does not."""
    values, closed, tries, opened = [], 0, 0, 0
    for subject, category, record_id, record in vault.records():
        for entry in record.entries:
            fields = vault.open_entry(subject, category, record_id, record, entry)
            if fields is None:
                closed += 1
                if force:
                    more = force_entry(vault, subject, category, record_id, record, entry)
                    tries, opened = tries + more[0], opened + more[1]
                continue
            for name, value in fields.items():
                values.append({"handle": subject.handle.hex(), "category": category.name,
                               "record": record_id.hex(), "field": name, "value": value.hex()})
    return {"values": values, "closed": closed, "tries": tries, "forced": opened}


def look_up(vault, line):
    """Handles, for an index with record ids; rows and pending entries alike."""
    name, value = line.split()[0], bytes.fromhex(line.split()[1] if len(line.split()) > 1 else "")
    if name in ("ref", "tag"):
        return [handle.hex() for handle in vault.find_ref(value, name == "tag")]
    found = vault.find(name, value)
    found += [(handle, record) for handle, record, pending in vault.pending(name)
              if pending == vault.index_form(name, value)]
    return sorted({"%s %s" % (handle.hex(), record.hex()) for handle, record in found})


def main():
    parser = argparse.ArgumentParser(description="prints all that a keyring opens in a vault")
    parser.add_argument("vault")
    parser.add_argument("keyring")
    parser.add_argument("--passphrase-file")
    parser.add_argument("--key-file")
    parser.add_argument("--force", action="store_true", help="try every key on what does not open")
    options = parser.parse_args()
    unlock = None
    if options.passphrase_file or options.key_file:
        with open(options.passphrase_file or options.key_file, "rb") as file:
            unlock = file.read()
    try:
        vault = Vault(options.vault, open_keyring(options.keyring, unlock))
        out = {"vault": vault.id.hex(), "actor": vault.keyring.header["actor"], "subjects": read_subjects(vault)}
        out.update(read_values(vault, options.force))
        lines = [] if sys.stdin.isatty() else sys.stdin.read().splitlines()
        out["lookups"] = [look_up(vault, line) for line in lines if line.strip()]
    except (errors.Damage, errors.NotAKeyring, errors.WrongKey, errors.TooNew) as failure:
        print("read_vault: error: %s" % failure, file=sys.stderr)
        return {errors.WrongKey: 12, errors.TooNew: 17}.get(type(failure), 13)
    json.dump(out, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
