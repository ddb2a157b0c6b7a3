# SPDX-License-Identifier: Apache-2.0
"""Tries every key that a keyring leads to on what it must not open. Nothing may ever open."""

import rows
import suite1
from errors import Damage, WrongKey


def _opens(attempt):
    try:
        attempt()
    except (Damage, WrongKey):
        return False
    return True


def keys_of(vault, subject):
    """Every secret that a holder of the keyring can come by for this subject."""
    keyring = vault.keyring
    return (list(keyring.purposes.values()) + list(keyring.indexes.values()) + list(keyring.roles.values()) +
            [keyring.storage, vault.ref_key, vault.tag_key, subject.key, subject.history, vault.shards.key] +
            list(vault.shards.groups.values()) + list(vault.shards.given.values()))


def force_entry(vault, subject, category, record_id, record, entry):
    """(number of tries, number that opened) on one compartment and all wraps of its key."""
    place = vault.place(subject, category, record_id, record, entry)
    wraps = vault.wraps(place, entry)
    tries = []
    for key in keys_of(vault, subject):
        tries.append(lambda key=key: rows.open_compartment(place, record_id, record, entry, key))
        for wrap in wraps:
            tries.append(lambda key=key, wrap=wrap: rows.open_wrap(place, wrap, key))
            # The key taken for a box secret itself, and the wrap claimed to be for a purpose that is held.
            if wrap.write_only:
                tries.append(lambda key=key, wrap=wrap: suite1.open_box(key, b"", wrap.sealed))
            for purpose, version in vault.keyring.purposes:
                mine = wrap._replace(purpose=purpose, version=version)
                tries.append(lambda key=key, mine=mine: rows.open_wrap(place, mine, key))
    return len(tries), sum(_opens(attempt) for attempt in tries)
