# SPDX-License-Identifier: Apache-2.0
"""Of a policy, what a reader of records needs: names, numbers and kinds of fields, compartments (proto/FORMAT.md §5.4)."""

import wire
from codec import name_id
from errors import require

PASSWORD, EMAIL, INDEPENDENT, AT_COLLECTION, ANY = 7, 2, 5, 2, None

VIEW = {1: ("id", "string", False)}
LOOKUP = {1: ("purpose", "string", False)}
FIELD = {
    1: ("id", "string", False),
    2: ("kind", "uint", False),
    5: ("view", VIEW, True),
    6: ("lookup", LOOKUP, True),
}
ALLOW = {
    1: ("purpose", "string", True),
    2: ("basis", "uint", False),
    3: ("field", "string", True),
    4: ("source", "string", True),
}
CATEGORY = {1: ("id", "string", False), 7: ("field", FIELD, True), 8: ("allow", ALLOW, True)}
INSTRUCTION = {1: ("purpose", "string", True), 2: ("category", "string", False), 3: ("field", "string", True)}
POLICY = {
    1: ("name", "string", False),
    2: ("version", "uint", False),
    4: ("purpose", {1: ("id", "string", False)}, True),
    6: ("source", {1: ("id", "string", False), 2: ("role", "uint", False)}, True),
    7: ("controller", {1: ("id", "string", False), 3: ("allow", INSTRUCTION, True)}, True),
    8: ("category", CATEGORY, True),
    10: (
        "report",
        {2: ("category", "string", False), 4: ("by", "string", True), 6: ("of", "string", False),
         8: ("purpose", "string", False), 10: ("feed", "uint", False)},
        True,
    ),
}


class Category:
    """`fields` are full names by number; `compartment_of[number]` is where a field is kept."""

    def __init__(self, policy, leaves_of, category):
        self.name = category["id"]
        self.fields, self.kinds = [], []
        for field in category["field"]:
            for name in [field["id"]] + [field["id"] + "." + view["id"] for view in field["view"]]:
                self.fields.append(name)
                self.kinds.append(field["kind"])
        self.compartment_of = self._number(policy, leaves_of, category)
        self.compartments = max(self.compartment_of) + 1

    def _number(self, policy, leaves_of, category):
        known, numbers, count = {}, [], 0
        for field, kind in zip(self.fields, self.kinds):
            signature = self._signature(policy, leaves_of, category, field)
            if kind == PASSWORD or signature not in known:
                number, count = count, count + 1
                if kind != PASSWORD:
                    known[signature] = number
            else:
                number = known[signature]
            numbers.append(number)
        return numbers

    def _signature(self, policy, leaves_of, category, field):
        def names(rule):
            return not rule["field"] or field in rule["field"]

        allowed = {
            (source, allow["basis"], leaf)
            for allow in category["allow"] if names(allow)
            for source in (allow["source"] or [ANY])
            for leaf in leaves_of(allow["purpose"])
        }
        sources = [source["id"] for source in policy["source"] if source["role"] != INDEPENDENT]
        for _, basis, leaf in list(allowed):
            if sources and all((source, basis, leaf) in allowed for source in sources):
                allowed.add((ANY, basis, leaf))
        allowed = {each for each in allowed if each[0] is ANY or (ANY,) + each[1:] not in allowed}
        reported = {
            leaf for report in policy["report"]
            if report["category"] == self.name and field in report["by"] + [report["of"]]
            and report["feed"] != AT_COLLECTION
            for leaf in leaves_of([report["purpose"]])
        }
        used = reported | {leaf for _, _, leaf in allowed}
        instructed = {
            (controller["id"], leaf)
            for controller in policy["controller"]
            for rule in controller["allow"] if rule["category"] == self.name and names(rule)
            for leaf in leaves_of(rule["purpose"]) if leaf in used
        }
        return frozenset(allowed), frozenset(reported), frozenset(instructed)


class Policy:
    def __init__(self, data, version):
        policy = wire.decode(data, POLICY, refuse_unknown=False)
        require(policy["version"] == version, "policy: its number is another")
        purposes = [purpose["id"] for purpose in policy["purpose"]]
        leaves = [each for each in purposes if not any(other.startswith(each + ".") for other in purposes)]

        def leaves_of(names):
            return {leaf for leaf in leaves for name in names if leaf == name or leaf.startswith(name + ".")}

        self.leaves = leaves
        self.categories = {
            name_id(category["id"]): Category(policy, leaves_of, category) for category in policy["category"]
        }
        self.indexes = {}  # name id: (category, field, leaf purpose, kind)
        for category in policy["category"]:
            for field in category["field"]:
                for leaf in leaves_of([lookup["purpose"] for lookup in field["lookup"]]):
                    index = "%s.%s/%s" % (category["id"], field["id"], leaf)
                    self.indexes[name_id(index)] = (category["id"], field["id"], leaf, field["kind"])


def index_form(kind, value):
    """The normalised value that index tags are made of (proto/FORMAT.md §11.2)."""
    return value.lower() if kind == EMAIL else value  # bytes.lower touches ASCII letters alone
