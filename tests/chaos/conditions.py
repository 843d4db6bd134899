"""Finds the conditions of queries in source code, and writes the code without one of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

LOOKUPS = {"filter", "exclude", "get", "get_or_create"}
"""Methods whose arguments are conditions."""

QUESTIONS = {
    *("idle", "unchanged", "of_enabled", "all_running", "for_host"),
    *("outdated", "running", "ended", "held"),
}
"""Methods of the package's own querysets that are conditions as a whole."""

NO_CONDITION = ast.parse("Q()", mode="eval").body


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A module's source without one of its conditions."""

    function: str
    line: int
    condition: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """The module once without each of its conditions."""
    tree = ast.parse(source)
    names = dict(_names(tree))
    for node in ast.walk(tree):
        for part, text, remove, restore in _conditions(node):
            line = getattr(part, "lineno", getattr(node, "lineno", 0))
            remove()
            yield Mutant(
                function=names.get(node, ""), line=line, condition=text, source=ast.unparse(tree)
            )
            restore()


def _names(tree: ast.AST, inside: str = "") -> Iterator[tuple[ast.AST, str]]:
    """Each node with the function it is in."""
    for node in ast.iter_child_nodes(tree):
        name = inside
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{inside}.{node.name}".lstrip(".")
        yield node, name
        yield from _names(node, name)


Action = Callable[[], None]
Condition = tuple[ast.AST, str, Action, Action]


def _conditions(node: ast.AST) -> Iterator[Condition]:
    if isinstance(node, ast.Call):
        yield from _conditions_of_call(node)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd):
        if _is_q(node.left) or _is_q(node.right):
            yield _replaced(node, "left")
            yield _replaced(node, "right")
    elif isinstance(node, ast.IfExp) and _is_q(node.body):
        yield _replaced(node, "body")
        yield _replaced(node, "orelse")
    elif isinstance(node, ast.comprehension):
        for test in node.ifs:
            items = test.values if isinstance(test, ast.BoolOp) else node.ifs
            yield from (_removed(items, item, "if") for item in list(items))


def _conditions_of_call(call: ast.Call) -> Iterator[Condition]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else _name(call.func)
    if name in QUESTIONS and isinstance(call.func, ast.Attribute) and call.func.attr == name:
        if _name(call.func.value) != "claims":  # a function of that module
            yield _not_asked(call, call.func)
    elif name in LOOKUPS or (_is_q(call) and len(call.args) + len(call.keywords) > 1):
        where = ast.unparse(call.func)
        keywords = [one for one in call.keywords if one.arg != "defaults"]
        # A dictionary's get() has no keywords, and filter() is a function, too.
        if isinstance(call.func, ast.Attribute) and name in ("filter", "exclude"):
            yield from (_removed(call.args, one, where) for one in list(call.args))
        yield from (_removed(call.keywords, one, where) for one in keywords)


def _removed(items: list[Any], item: ast.AST, where: str) -> Condition:
    place = items.index(item)
    text = f"{where}({ast.unparse(item)})"
    return item, text, lambda: items.remove(item), lambda: items.insert(place, item)


def _replaced(node: ast.AST, side: str) -> Condition:
    was = getattr(node, side)

    def put(value: ast.AST) -> None:
        setattr(node, side, value)

    return was, f"{ast.unparse(was)} of a Q", lambda: put(NO_CONDITION), lambda: put(was)


def _not_asked(call: ast.Call, function: ast.Attribute) -> Condition:
    name, args = function.attr, call.args
    text = ast.unparse(call)

    def remove() -> None:
        function.attr, call.args = "all", []

    def restore() -> None:
        function.attr, call.args = name, args

    return call, text, remove, restore


def _is_q(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "Q"


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""
