"""Counts the work of a template while it is rendered, and refuses what goes too far.

A turn of a loop costs what stands in it, an included template what it holds, a filter, a test or a comparison
what it is given. So the time is bounded whatever is nested in what.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sized
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, Undefined
from jinja2 import nodes as ast
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer

MAX_TURNS = 5_000
MAX_WORK = 100_000


@dataclass(slots=True)
class _Done:
    """What a rendering has done so far."""

    turns: int = 0
    work: int = 0


_done: ContextVar[_Done] = ContextVar("_done")


def refuse_if(condition: bool, message: str) -> None:
    if condition:
        raise SecurityError(message)


def begin_work() -> None:
    """A rendering begins."""
    _done.set(_Done())


def _spend(work: int) -> None:
    done = _done.get()
    done.work += max(work, 1)  # whatever the template says: it can name our filters, too
    refuse_if(done.work > MAX_WORK, "模板要算的太多，写简单一点")


class Bounding(NodeTransformer):
    """Has all work counted, and ``a ~ b`` measured as a sum is."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def visit_Template(self, node: ast.Template) -> ast.Template:
        weight = _weight(node)
        self.generic_visit(node)
        begin = self._filtered(ast.Const(weight, lineno=1), "_begin")
        node.body.insert(0, ast.ExprStmt(begin, lineno=1))
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        weight = ast.Const(_weight(node), lineno=node.lineno)
        self.generic_visit(node)
        node.iter = self._filtered(node.iter, "_turns", weight)
        return node

    def visit_Filter(self, node: ast.Filter) -> ast.Filter:
        self.generic_visit(node)
        if node.node is not None:
            node.node = self._filtered(node.node, "_weighed")
        return node

    def visit_Test(self, node: ast.Test) -> ast.Test:
        self.generic_visit(node)
        node.node = self._filtered(node.node, "_weighed")
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        self.generic_visit(node)
        node.expr = self._filtered(node.expr, "_weighed")
        for operand in node.ops:
            operand.expr = self._filtered(operand.expr, "_weighed")
        return node

    def visit_List(self, node: ast.List | ast.Tuple | ast.Dict) -> ast.Expr:
        self.generic_visit(node)
        return node if getattr(node, "ctx", "load") != "load" else self._filtered(node, "_flat")

    visit_Tuple = visit_List
    visit_Dict = visit_List

    def visit_Concat(self, node: ast.Concat) -> ast.Expr:
        self.generic_visit(node)
        parts = [self._filtered(part, "string") for part in node.nodes]
        return functools.reduce(self._sum, parts)

    def _filtered(self, node: Any, name: str, *args: ast.Expr) -> ast.Expr:
        made = ast.Filter(node, name, [*args], [], None, None, lineno=node.lineno)
        made.set_environment(self._environment)
        return made

    def _sum(self, left: ast.Expr, right: ast.Expr) -> ast.Expr:
        made = ast.Add(left, right, lineno=right.lineno)
        made.set_environment(self._environment)
        return made


def _weight(node: ast.Node) -> int:
    return 1 + sum(1 for _ in node.find_all(ast.Node))


# These take the context so that nothing of them is worked out while the template is compiled.


@pass_context
def _begin(_context: Context, weight: int) -> None:
    """A template is rendered, perhaps included for the hundredth time."""
    _spend(weight)


@pass_context
def _turns(_context: Context, items: Iterable[Any], weight: int) -> Iterator[Any]:
    """The items of a loop whose body has this weight."""
    for item in items:
        done = _done.get()
        done.turns += 1
        refuse_if(done.turns > MAX_TURNS, f"循环超过了 {MAX_TURNS} 次")
        _spend(weight)
        yield item


@pass_context
def _weighed(_context: Context, value: Any) -> Any:
    """What a filter or comparison is given; it may look at all of it."""
    if isinstance(value, Undefined):
        return value
    if isinstance(value, Iterator):
        return _paid(value)
    _spend(1 + (len(value) if isinstance(value, Sized) else 0))
    return value


def _paid(items: Iterator[Any]) -> Iterator[Any]:
    for item in items:
        _spend(1)
        yield item


@pass_context
def _flat(_context: Context, made: Any) -> Any:
    """A list that was written out: what is in it may hold no lists, or it grows to billions."""
    for item in _items(made):
        if isinstance(item, list | tuple | dict):
            _spend(len(item))
            refuse_if(any(isinstance(it, list | tuple | dict) for it in _items(item)), "列表套得太深")
    return made


def _items(made: Any) -> Iterable[Any]:
    return made.values() if isinstance(made, dict) else made


def deepest(node: ast.Node) -> tuple[int, int]:
    """How deep ``node`` goes, and the line of what stands deepest."""
    found, level = 0, [node]
    while level:
        found, line = found + 1, level[0].lineno or 1
        level = [child for parent in level for child in parent.iter_child_nodes()]
    return found, line


BOUNDS = {"_begin": _begin, "_turns": _turns, "_weighed": _weighed, "_flat": _flat}
"""The filters that ``Bounding`` puts in."""
