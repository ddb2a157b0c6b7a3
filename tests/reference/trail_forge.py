# SPDX-License-Identifier: Apache-2.0
"""What whoever can write a vault can make right again after a change to its trail: everything that takes no key."""

from trail_journal import first_chain, next_chain
from trail_tree import Tree


def key(index):
    return index.to_bytes(8, "big")


def with_leaves(rows, leaves):
    """Rows whose tree is that of these leaves, as whoever can write the file could make them."""
    tree = Tree()
    for leaf in leaves:
        tree.append_leaf(leaf)
    nodes = {bytes([level]) + key(index): value for (level, index), value in tree.nodes.items()}
    meta = {**rows["meta"], b"tree": key(tree.size) + b"".join(tree.hashes())}
    return {"meta": meta, "audit_leaf": {key(index): leaf for index, leaf in enumerate(leaves)}, "audit_node": nodes}


def with_chains(leaves):
    """These leaves with ends that say the chains as they are: all that needs no key is right."""
    chains, out = {}, []
    for leaf in leaves:
        kind, name, body = leaf[1], leaf[2:18], leaf[26:]
        if kind == 1:
            chains[name] = [first_chain(body)] * 2
        elif kind in (2, 3):
            chains[name][kind - 2] = next_chain(chains[name][kind - 2], body)
        else:
            leaf = leaf[:34] + chains[name][0] + leaf[66:74] + chains[name][1] + leaf[106:]
        out.append(leaf)
    return out
