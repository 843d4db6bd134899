"""In which order jobs have to run, given which of them wait for which. Jobs are their ids."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

Graph = dict[int, set[int]]


@dataclass(frozen=True)
class Ordered:
    """``ids`` in an order in which they can run, and the ``cycles`` for which there is none.

    A cycle is a path along who waits for whom, with the first id once more at its end.
    """

    ids: list[int]
    cycles: list[list[int]]


def order(ids: Iterable[int], waits_for: Mapping[int, Collection[int]]) -> Ordered:
    """Put each id after those that it waits for, otherwise as early as the given order has it.

    Ids that were not given are ignored, whoever waits for them. An id that is part of a cycle is
    left out and is named in ``cycles``; one that only waits for such an id is not left out.
    """
    given = list(dict.fromkeys(ids))
    graph = _among(given, waits_for)
    cycles = list(_cycles(graph))
    caught = {one for cycle in cycles for one in cycle}
    free = [one for one in given if one not in caught]
    return Ordered(ids=list(_sorted(_among(free, graph))), cycles=cycles)


def find_cycle(waits_for: Mapping[int, Collection[int]], start: int) -> list[int] | None:
    """Return the shortest cycle that ``start`` is part of, None if it is in none.

    The path begins and ends with ``start``, and each id in it waits for the next.
    """
    reached_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        one = waiting.popleft()
        for other in waits_for.get(one, ()):
            if other == start:
                return _path(reached_from, start, one)
            if other not in reached_from:
                reached_from[other] = one
                waiting.append(other)
    return None


def _path(reached_from: Mapping[int, int], start: int, last: int) -> list[int]:
    backwards = [start]
    while last != start:
        backwards.append(last)
        last = reached_from[last]
    return [start, *reversed(backwards)]


def _among(ids: Collection[int], waits_for: Mapping[int, Collection[int]]) -> Graph:
    """Return the part of the graph that is about ``ids`` only, in their order."""
    known = set(ids)
    return {one: known.intersection(waits_for.get(one, ())) for one in ids}


def _sorted(graph: Graph) -> Iterator[int]:
    """Yield the ids that no cycle holds up, the earliest in the graph's order first."""
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError:
        pass  # what is not behind the cycle still comes out
    ids = list(graph)
    place = {one: position for position, one in enumerate(ids)}
    ready: list[int] = []
    while sorter.is_active():
        for one in sorter.get_ready():
            heappush(ready, place[one])
        first = ids[heappop(ready)]
        yield first
        sorter.done(first)


def _cycles(graph: Graph) -> Iterator[list[int]]:
    """Yield cycles until each id that is part of one has been in one."""
    # Without what comes before and after all cycles there is next to nothing left to search.
    behind = _held_up(graph)
    before = _held_up(_reversed(behind))
    core = _among([one for one in behind if one in before], graph)
    seen: set[int] = set()
    for one in core:
        cycle = None if one in seen else find_cycle(core, one)
        if cycle is not None:
            seen.update(cycle)
            yield cycle


def _held_up(graph: Graph) -> Graph:
    """Return the part of the graph that is in a cycle or behind one."""
    free = set(_sorted(graph))
    return _among([one for one in graph if one not in free], graph)


def _reversed(graph: Graph) -> Graph:
    turned: Graph = {one: set() for one in graph}
    for one, others in graph.items():
        for other in others:
            turned[other].add(one)
    return turned
