"""Sets of field paths behave as sets of paths, in the form of FieldsV1."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from apiserver.objects.managedfields.sets import Tree, difference, intersection, paths, union

STEPS = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'k:{"port":80,"protocol":"TCP"}', 'v:"x"', "v:1", "i:0"])
PATHS = st.lists(STEPS, min_size=1, max_size=4).map(tuple)
SETS = st.sets(PATHS, max_size=8)


def tree_of(members: set[tuple[str, ...]]) -> Tree:
    """The FieldsV1 tree of a set of paths, built the plain way."""
    tree: Tree = {}
    for path in members:
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    for path in members:
        node = tree
        for step in path:
            node = node[step]
        if node:
            node["."] = {}
    return tree


def members_of(tree: Tree, prefix: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = {prefix} if prefix and (not tree or "." in tree) else set()
    for step, node in tree.items():
        if step != ".":
            found |= members_of(node, (*prefix, step))
    return found


@given(SETS, SETS)
def test_operations_are_those_of_sets(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> None:
    left, right = tree_of(a), tree_of(b)
    before = copy.deepcopy((left, right))
    assert members_of(union(left, right)) == a | b
    assert members_of(difference(left, right)) == a - b
    assert members_of(intersection(left, right)) == a & b
    assert (left, right) == before


@given(SETS)
def test_trees_are_written_one_way_only(a: set[tuple[str, ...]]) -> None:
    tree = tree_of(a)
    assert union(tree, {}) == tree
    assert difference(tree, {}) == tree
    assert intersection(tree, tree) == tree
    assert difference(tree, tree) == {}
    assert len(list(paths(tree))) == len(a)


def test_paths_as_errors_show_them() -> None:
    tree = {
        "f:spec": {
            "f:ports": {
                'k:{"port":9100,"protocol":"TCP"}': {".": {}, "f:port": {}},
                'k:{"port":80,"protocol":"TCP"}': {"f:targetPort": {}},
            },
            "f:clusterIPs": {"i:0": {}},
            "f:type": {},
        },
        "f:metadata": {"f:finalizers": {'v:"x/a"': {}}},
        "f:data": {},
    }
    assert list(paths(tree)) == [
        ".data",
        '.metadata.finalizers[="x/a"]',
        ".spec.type",
        ".spec.clusterIPs[0]",
        '.spec.ports[port=9100,protocol="TCP"]',
        '.spec.ports[port=80,protocol="TCP"].targetPort',
        '.spec.ports[port=9100,protocol="TCP"].port',
    ]
