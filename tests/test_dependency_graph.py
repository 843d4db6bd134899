"""Jobs run after those that they wait for; a circle of jobs stops only itself."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chroniker.dependency_graph import find_cycle, order

NODES = st.integers(min_value=0, max_value=7)
GRAPHS = st.dictionaries(NODES, st.sets(NODES, max_size=3))


def test_without_dependencies_the_given_order_stays() -> None:
    assert order([3, 1, 2], {}).ids == [3, 1, 2]


def test_a_job_comes_after_all_that_it_waits_for() -> None:
    assert order([1, 2, 3], {1: [2, 3], 2: [3]}).ids == [3, 2, 1]


def test_a_job_that_waits_moves_no_further_back_than_it_must() -> None:
    assert order([1, 2, 3, 4], {1: [2]}).ids == [2, 1, 3, 4]


def test_jobs_that_were_not_given_are_not_added() -> None:
    assert order([1, 2], {1: [9], 9: [2], 8: [1]}).ids == [1, 2]


def test_an_id_that_is_given_twice_comes_once() -> None:
    assert order([2, 1, 2], {}).ids == [2, 1]


def test_a_circle_is_left_out_and_named() -> None:
    result = order([1, 2, 3, 4], {1: [2], 2: [3], 3: [1]})

    assert result.ids == [4]
    assert result.cycles == [[1, 2, 3, 1]]


def test_a_job_that_waits_for_itself_is_a_circle() -> None:
    result = order([1, 2], {1: [1]})

    assert (result.ids, result.cycles) == ([2], [[1, 1]])


def test_a_job_that_only_waits_for_a_circle_is_not_left_out() -> None:
    result = order([1, 2, 3, 4], {1: [2], 2: [3], 3: [2], 4: [1]})

    assert result.ids == [1, 4]


def test_a_job_between_two_circles_is_not_left_out() -> None:
    result = order([1, 2, 3, 4, 5], {1: [2], 2: [1, 3], 3: [4], 4: [5], 5: [4]})

    assert result.ids == [3]


def test_circles_that_share_a_job_are_both_named() -> None:
    result = order([1, 2, 3], {1: [2], 2: [1, 3], 3: [2]})

    assert result.ids == []
    assert result.cycles == [[1, 2, 1], [3, 2, 3]]


@pytest.mark.parametrize("last", [{}, {9_999: [0]}], ids=["chain", "circle"])
def test_ten_thousand_jobs_in_a_row_are_no_trouble(last: dict[int, list[int]]) -> None:
    chain = {number: [number + 1] for number in range(9_999)} | last

    result = order(range(10_000), chain)

    assert result.ids == ([] if last else list(range(9_999, -1, -1)))
    assert len(result.cycles) == len(last)


def test_the_shortest_circle_of_a_job_is_found() -> None:
    assert find_cycle({1: [2], 2: [3, 1], 3: [1]}, 1) == [1, 2, 1]


def test_a_circle_elsewhere_is_not_the_job_s_own() -> None:
    assert find_cycle({1: [2], 2: [3], 3: [2]}, 1) is None


def reaches(graph: dict[int, set[int]], start: int) -> set[int]:
    """All that a walk of at least one step from ``start`` can get to."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        new = graph.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


@given(st.lists(NODES), GRAPHS)
def test_exactly_the_members_of_circles_are_left_out(
    ids: list[int], graph: dict[int, set[int]]
) -> None:
    known = set(ids)
    among = {one: graph.get(one, set()) & known for one in known}
    in_circle = {one for one in known if one in reaches(among, one)}

    result = order(ids, graph)

    assert set(result.ids) == known - in_circle
    assert {one for cycle in result.cycles for one in cycle} == in_circle


@given(st.lists(NODES, unique=True), GRAPHS)
def test_each_job_comes_after_the_jobs_it_waits_for(
    ids: list[int], graph: dict[int, set[int]]
) -> None:
    place = {one: position for position, one in enumerate(order(ids, graph).ids)}

    assert all(
        place[one] > place[other]
        for one in place
        for other in graph.get(one, set())
        if other in place
    )


@given(GRAPHS, NODES)
def test_a_circle_is_found_just_when_there_is_one_and_leads_along_the_graph(
    graph: dict[int, set[int]], start: int
) -> None:
    cycle = find_cycle(graph, start)

    assert (cycle is not None) == (start in reaches(graph, start))
    if cycle is not None:
        assert cycle[0] == cycle[-1] == start
        assert all(other in graph[one] for one, other in pairwise(cycle))
