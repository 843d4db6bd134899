"""A graph drawn in layers: each node to the right of all that it waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH = 200
HEIGHT = 56
"""Of a node, in pixels."""

_BETWEEN_LAYERS = 70
_BETWEEN_NODES = 18
_PASSING = 12
_MARGIN = 8
_SWEEPS = 4
_MOST_PASSING = 3_000
"""So many places are kept free for lines that pass a layer; with more, lines cross nodes."""

Edge = tuple[int, int]
"""From the node that is waited for to the one that waits."""

Place = int | tuple[int, int, int]
"""A node, or where the line of an edge passes a layer."""

Point = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Where nodes are (their upper left corners), and the way of each edge.

    ``backward`` are the edges that close circles: without them there is none.
    """

    nodes: dict[int, Point]
    lines: dict[Edge, list[Point]]
    backward: frozenset[Edge]
    width: int
    height: int


def components(nodes: Sequence[int], edges: Collection[Edge]) -> list[list[int]]:
    """The parts of a graph that no edge connects, each in the order of the nodes given."""
    beside: dict[int, set[int]] = defaultdict(set)
    for source, target in edges:
        beside[source].add(target)
        beside[target].add(source)
    place = {node: number for number, node in enumerate(nodes)}
    seen: set[int] = set()
    found = []
    for node in nodes:
        if node in seen:
            continue
        part, front = {node}, [node]
        while front:
            new = beside[front.pop()] - part
            part |= new
            front += new
        seen |= part
        found.append(sorted(part, key=place.__getitem__))
    return found


def backward(nodes: Sequence[int], edges: Collection[Edge]) -> frozenset[Edge]:
    """Edges without which there is no circle: those that lead back on a walk along all of them."""
    after = _after(nodes, edges)
    found = set()
    done: set[int] = set()
    for start in nodes:
        path: dict[int, Iterator[int]] = {}
        if start not in done:
            path[start] = iter(after[start])
        while path:
            node, targets = next(reversed(path.items()))
            target = next(targets, None)
            if target is None:
                done.add(node)
                del path[node]
            elif target in path:
                found.add((node, target))
            elif target not in done:
                path[target] = iter(after[target])
    return frozenset(found)


def depths(nodes: Sequence[int], edges: Collection[Edge]) -> dict[int, int]:
    """How many nodes are one after the other before each; the edges must close no circle."""
    depth = dict.fromkeys(nodes, 0)
    for node, targets in _in_order(nodes, edges):
        for target in targets:
            depth[target] = max(depth[target], depth[node] + 1)
    return depth


def longest_path(
    nodes: Sequence[int], edges: Collection[Edge], weights: Mapping[int, float]
) -> list[int]:
    """The nodes of the path whose weights are the most together; the edges close no circle."""
    total = {node: weights.get(node, 0.0) for node in nodes}
    before: dict[int, int] = {}
    for node, targets in _in_order(nodes, edges):
        for target in targets:
            through = total[node] + weights.get(target, 0.0)
            if target not in before or through > total[target]:
                total[target], before[target] = through, node
    path = [max(nodes, key=total.__getitem__)] if nodes else []
    while path and path[-1] in before:
        path.append(before[path[-1]])
    return path[::-1]


def layout(nodes: Sequence[int], edges: Collection[Edge]) -> Layout:
    """The drawing of a graph, its parts below each other."""
    back = backward(nodes, edges)
    forward = [edge for edge in edges if edge not in back]
    corners: dict[int, Point] = {}
    lines: dict[Edge, list[Point]] = {}
    width = top = _MARGIN
    for part in components(nodes, edges):
        members = set(part)
        own = [edge for edge in forward if edge[0] in members]
        drawn = _Part(part, own, top)
        corners |= drawn.corners
        lines |= drawn.lines()
        width, top = max(width, drawn.right), drawn.bottom + 2 * _BETWEEN_NODES
    for source, target in back:
        lines[source, target] = [_right(corners[source]), _left(corners[target])]
    bottom = max(top - 2 * _BETWEEN_NODES, 0) + _MARGIN
    return Layout(corners, lines, back, width + _MARGIN, bottom)


class _Part:
    """One connected part, from ``top`` downwards."""

    def __init__(self, nodes: Sequence[int], edges: Sequence[Edge], top: int) -> None:
        self._depth = depths(nodes, edges)
        self._ways = self._ways_of(edges)
        self._layers = self._ordered(nodes)
        heights = [sum(map(_room, layer)) - _BETWEEN_NODES for layer in self._layers]
        self.bottom = top + max(heights)
        self.right = len(self._layers) * (WIDTH + _BETWEEN_LAYERS) - _BETWEEN_LAYERS + _MARGIN
        self.corners: dict[int, Point] = {}
        self._passing: dict[Place, Point] = {}
        for number, layer in enumerate(self._layers):
            x = _MARGIN + number * (WIDTH + _BETWEEN_LAYERS)
            y = top + (max(heights) - heights[number]) // 2
            for place in layer:
                if isinstance(place, int):
                    self.corners[place] = (x, y)
                else:
                    self._passing[place] = (x, y + _PASSING // 2)
                y += _room(place)

    def lines(self) -> dict[Edge, list[Point]]:
        """The way of each edge: straight through the layers that it passes."""
        found = {}
        for edge, way in self._ways.items():
            points = [_right(self.corners[edge[0]])]
            for place in way:
                x, y = self._passing[place]
                points += [(x, y), (x + WIDTH, y)]
            found[edge] = [*points, _left(self.corners[edge[1]])]
        return found

    def _ways_of(self, edges: Sequence[Edge]) -> dict[Edge, list[Place]]:
        """The places that each edge passes, between its ends."""
        spans = {edge: range(self._depth[edge[0]] + 1, self._depth[edge[1]]) for edge in edges}
        if sum(map(len, spans.values())) > _MOST_PASSING:
            return {edge: [] for edge in edges}
        return {edge: [(*edge, layer) for layer in span] for edge, span in spans.items()}

    def _ordered(self, nodes: Sequence[int]) -> list[list[Place]]:
        """The layers, each so that its nodes are near to those they are connected with."""
        layers: list[list[Place]] = [[] for _ in range(max(self._depth.values()) + 1)]
        for node in nodes:
            layers[self._depth[node]].append(node)
        beside: dict[Place, list[Place]] = defaultdict(list)
        for (source, target), way in self._ways.items():
            for number, place in enumerate(way, self._depth[source] + 1):
                layers[number].append(place)
            for one, other in pairwise([source, *way, target]):
                beside[one].append(other)
                beside[other].append(one)
        for sweep in range(_SWEEPS):
            way_through = layers if sweep % 2 == 0 else layers[::-1]
            for fixed, layer in pairwise(way_through):
                _near(fixed, layer, beside)
        return layers


def _near(fixed: Sequence[Place], layer: list[Place], beside: Mapping[Place, list[Place]]) -> None:
    """Sort a layer by where, in the middle, its neighbours are in the one before."""
    places = {place: number for number, place in enumerate(fixed)}
    own = {place: number for number, place in enumerate(layer)}

    def middle(place: Place) -> float:
        known = [places[other] for other in beside[place] if other in places]
        return sum(known) / len(known) if known else float(own[place])

    layer.sort(key=middle)


def _room(place: Place) -> int:
    """How much of a layer's height a place takes up."""
    return (HEIGHT if isinstance(place, int) else _PASSING) + _BETWEEN_NODES


def _right(corner: Point) -> Point:
    return corner[0] + WIDTH, corner[1] + HEIGHT // 2


def _left(corner: Point) -> Point:
    return corner[0], corner[1] + HEIGHT // 2


def _after(nodes: Iterable[int], edges: Collection[Edge]) -> dict[int, list[int]]:
    after: dict[int, list[int]] = {node: [] for node in nodes}
    for source, target in sorted(edges):
        after[source].append(target)
    return after


def _in_order(nodes: Sequence[int], edges: Collection[Edge]) -> Iterator[tuple[int, list[int]]]:
    """Each node after those that it waits for, with those that wait for it."""
    after = _after(nodes, edges)
    waits = dict.fromkeys(nodes, 0)
    for _source, target in edges:
        waits[target] += 1
    ready = [node for node in nodes if not waits[node]]
    for node in ready:
        yield node, after[node]
        for target in after[node]:
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
