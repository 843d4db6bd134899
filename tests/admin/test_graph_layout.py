"""The graph's drawing: layers, circles, the path that takes longest, and nothing upon another."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chroniker.admin.pages import layers
from chroniker.admin.pages.layers import HEIGHT, WIDTH, Edge
from tests.examples import examples

NODES = list(range(14))


def edges_from(pairs: list[tuple[int, int]]) -> set[Edge]:
    return {(source, target) for source, target in pairs if source != target}


def forwards(pairs: list[tuple[int, int]]) -> set[Edge]:
    return {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}


pairs = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=40)
any_edges = pairs.map(edges_from)
acyclic = pairs.map(forwards)


@examples(100)
@given(any_edges)
def test_each_node_is_right_of_what_it_waits_for(edges: set[Edge]) -> None:
    drawn = layers.layout(NODES, edges)
    for source, target in edges - drawn.backward:
        assert drawn.nodes[source][0] + WIDTH < drawn.nodes[target][0]


@examples(100)
@given(any_edges)
def test_no_node_is_drawn_upon_another_or_outside(edges: set[Edge]) -> None:
    drawn = layers.layout(NODES, edges)
    assert set(drawn.nodes) == set(NODES)
    for (x, y), (u, v) in combinations(drawn.nodes.values(), 2):
        assert abs(x - u) >= WIDTH or abs(y - v) >= HEIGHT
    for x, y in drawn.nodes.values():
        assert 0 <= x <= drawn.width - WIDTH
        assert 0 <= y <= drawn.height - HEIGHT


@examples(100)
@given(any_edges)
def test_each_edge_has_a_line_from_node_to_node_that_crosses_no_other_node(
    edges: set[Edge],
) -> None:
    drawn = layers.layout(NODES, edges)
    assert set(drawn.lines) == edges
    corners = set(drawn.nodes.values())
    for edge in edges - drawn.backward:
        points = drawn.lines[edge]
        (x, y), (u, v) = drawn.nodes[edge[0]], drawn.nodes[edge[1]]
        assert points[0] == (x + WIDTH, y + HEIGHT // 2)
        assert points[-1] == (u, v + HEIGHT // 2)
        for x, y in points[1:-1]:
            assert not any(u in (x, x - WIDTH) and v <= y <= v + HEIGHT for u, v in corners)


@examples(100)
@given(any_edges)
def test_without_the_lines_that_lead_back_there_is_no_circle(edges: set[Edge]) -> None:
    back = layers.backward(NODES, edges)
    depth = layers.depths(NODES, edges - back)
    assert all(depth[source] < depth[target] for source, target in edges - back)


@examples(100)
@given(acyclic)
def test_where_there_is_no_circle_no_line_leads_back(edges: set[Edge]) -> None:
    assert layers.backward(NODES, edges) == frozenset()


@examples(100)
@given(acyclic, st.lists(st.integers(0, 50), min_size=len(NODES), max_size=len(NODES)))
def test_no_path_takes_longer_than_the_longest(edges: set[Edge], weights: list[int]) -> None:
    path = layers.longest_path(NODES, edges, dict(enumerate(weights)))
    assert all(edge in edges for edge in pairwise(path))
    longest = {node: weights[node] for node in NODES}
    for target in NODES:
        before = [longest[source] for source, other in edges if other == target]
        longest[target] += max(before, default=0)
    assert sum(weights[node] for node in path) == max(longest.values())


def test_parts_that_nothing_connects_are_below_each_other() -> None:
    parts = layers.components([1, 2, 3, 4, 5], {(1, 4), (5, 2)})
    assert parts == [[1, 4], [2, 5], [3]]
    drawn = layers.layout([1, 2, 3, 4, 5], {(1, 4), (5, 2)})
    assert drawn.nodes[1][1] == drawn.nodes[4][1] < drawn.nodes[5][1] < drawn.nodes[3][1]


def test_nothing_is_drawn_of_nothing() -> None:
    assert layers.layout([], set()).nodes == {}
    assert layers.longest_path([], set(), {}) == []


def test_neighbours_are_put_beside_each_other() -> None:
    drawn = layers.layout([1, 2, 3, 4], {(1, 4), (2, 3)})
    crossed = layers.layout([1, 2, 3, 4, 5], {(1, 4), (2, 3), (5, 3), (5, 4)})
    assert drawn.nodes[1][1] == drawn.nodes[4][1]
    first, second = sorted((1, 2), key=lambda node: crossed.nodes[node][1])
    follower = {1: 4, 2: 3}
    assert crossed.nodes[follower[first]][1] < crossed.nodes[follower[second]][1]


@pytest.mark.parametrize("size", [200])
def test_a_long_chain_with_many_short_cuts_is_drawn_too(size: int) -> None:
    nodes = list(range(size))
    edges = {(a, b) for a in nodes for b in (a + 1, a + 40, size - 1) if a < b < size}
    drawn = layers.layout(nodes, edges)
    assert len(drawn.lines) == len(edges)
    assert len({y for _x, y in drawn.nodes.values()}) < size
