"""Finds what a template says that its words do not have, in every branch of it, without rendering.

Types are followed from the fields of the words (a frozen dataclass) through attributes, loops and ``set``;
where a type is not known, nothing is claimed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from jinja2 import nodes as ast

from bot.sop import template_errors
from bot.sop.problems import Problem, closest
from bot.sop.shelves import Shelf, ShelfItem
from bot.sop.templates import Templates

Scope = dict[str, Any]
"""The type of each variable that there is; ``Any`` where it is not known."""

WordsOf = Callable[[ShelfItem], object]
"""What a template is given when it shows an item."""

MOST_TEMPLATES = 50
"""That one may include, counted as often as they are; each includes others."""
_SAME_ITEMS = ("list", "sort", "unique", "reverse", "select", "reject", "selectattr", "rejectattr")


class TemplateCheck:
    """Checks templates against the words that they are given; each pair once, however many SOPs name it.

    ``asked`` are the templates that somebody wanted to be checked, and those that they include.
    """

    def __init__(self, templates: Templates, shelves: Mapping[str, Shelf]) -> None:
        self._templates = templates
        self.names = templates.names()
        self.item_words = _item_words(shelves)
        self.asked: set[str] = set()
        self._parts: dict[str, frozenset[str]] = {}
        self._known: dict[tuple[str, type], tuple[Problem, ...]] = {}
        self._tried_with: dict[tuple[str, WordsOf, str], Problem | None] = {}

    def problems(self, name: str, words: type) -> tuple[Problem, ...]:
        """What is wrong with the template ``name`` if it gets ``words``."""
        if (name, words) not in self._known:
            self._known[name, words] = tuple(self._check(name, words))
        self.asked |= self._parts[name]
        return self._known[name, words]

    def try_with(self, name: str, words: WordsOf, item: ShelfItem) -> Problem | None:
        """What goes wrong when ``name`` is rendered with the ``words`` that go with an item."""
        key = (name, words, item.file)
        if key not in self._tried_with:
            self._tried_with[key] = self._templates.try_out(name, words(item))
        self.asked |= self._parts.get(name, frozenset(self.names))
        return self._tried_with[key]

    def _check(self, name: str, words: type) -> list[Problem]:
        walk = _Walk(self._templates, self.item_words)
        walk.template(name, dict(_fields(words)))
        self._parts[name] = frozenset(walk.walked) | self._parts.get(name, frozenset())
        return sorted(set(walk.problems)) or self._tried(name, words)

    def _tried(self, name: str, words: type) -> list[Problem]:
        sample = _with_item_words(words(), self.item_words)
        problem = self._templates.try_out(name, sample)
        return [] if problem is None else [problem]


def _item_words(shelves: Mapping[str, Shelf]) -> dict[str, Any]:
    """Every word that the front matter of some item has, with a value of it."""
    return {
        key: word for shelf in shelves.values() for item in shelf.items for key, word in item.fields.items()
    }


def _with_item_words(words: Any, item_words: Mapping[str, Any]) -> Any:
    """The sample ``words``, its items bearing every word that some item has."""
    items = {
        field.name: dataclasses.replace(value, fields=item_words)
        for field in dataclasses.fields(words)
        if isinstance(value := getattr(words, field.name), ShelfItem)
    }
    return dataclasses.replace(words, **items)


@cache
def _fields(words: type) -> Mapping[str, Any]:
    """The fields of a dataclass with their types, and its properties."""
    hints = get_type_hints(words)
    fields = {field.name: hints[field.name] for field in dataclasses.fields(words)}
    properties = {name: Any for name, value in vars(words).items() if isinstance(value, property)}
    return {**properties, **fields}


def _item_type(kind: Any) -> Any:
    """The type of what a tuple or list holds."""
    origin, args = get_origin(kind), get_args(kind)
    return args[0] if origin in (tuple, list) and args and set(args[1:]) <= {...} else Any


def _is_dataclass(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _bind(target: ast.Node, kind: Any, scope: Scope) -> None:
    """Let a variable, or several that are unpacked, be in ``scope``."""
    if isinstance(target, ast.Name):
        scope[target.name] = kind
    else:
        scope.update({name.name: Any for name in target.find_all(ast.Name)})


def _type_of(node: ast.Node | None, scope: Scope) -> Any:
    match node:
        case ast.Name(name=name):
            return scope.get(name, Any)
        case ast.Getattr(node=owner, attr=attr):
            kind = _type_of(owner, scope)
            return _fields(kind).get(attr, Any) if _is_dataclass(kind) else Any
        case ast.Getitem(node=many, arg=ast.Slice()):
            return _type_of(many, scope)
        case ast.Getitem(node=many) | ast.Filter(node=many, name="first" | "last" | "min" | "max"):
            return _item_type(_type_of(many, scope))
        case ast.Filter(node=many, name=name) if name in _SAME_ITEMS:
            return _type_of(many, scope)
    return Any


class _Walk:
    """One walk over a template and those that it includes, in the order in which jinja2 would run it."""

    def __init__(self, templates: Templates, item_words: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self._templates = templates
        self._environment = templates.environment
        self._item_words = item_words
        self._inside: list[str] = []
        self.walked: list[str] = []
        self._lines: list[list[str]] = []

    def template(self, name: str, scope: Scope) -> None:
        self.walked.append(name)
        try:
            tree = self._templates.tree(name)
        except Exception as error:  # jinja2's own, but also RecursionError and ValueError
            where, line = template_errors.place(error, self._templates.folder, name)
            message = template_errors.explain(error)
            self.problems.append(Problem(self._templates.shown(where), line, 1, "", message))
            return
        self._inside.append(name)
        self._lines.append(self._templates.source(name).split("\n"))
        self._visit(tree, scope)
        self._inside.pop()
        self._lines.pop()

    def _visit(self, node: ast.Node, scope: Scope) -> None:
        visit = getattr(self, f"_visit_{type(node).__name__.lower()}", self._visit_parts)
        visit(node, scope)

    def _visit_parts(self, node: ast.Node, scope: Scope) -> None:
        for part in node.iter_child_nodes():
            self._visit(part, scope)

    def _visit_name(self, node: ast.Name, scope: Scope) -> None:
        if node.name not in scope and node.name not in self._environment.globals:
            self._note(node, node.name, node.name, f"没有变量 {node.name}", scope)

    def _visit_getattr(self, node: ast.Getattr, scope: Scope) -> None:
        self._visit(node.node, scope)
        owner = _type_of(node.node, scope)
        if _is_dataclass(owner) and node.attr not in (known := self._attributes(owner)):
            name = getattr(node.node, "name", "这里")
            self._note(node, f"{name}.{node.attr}", node.attr, f"{name} 里没有“{node.attr}”这一项", known)

    def _visit_filter(self, node: ast.Filter, scope: Scope) -> None:
        self._visit_parts(node, scope)
        known = [name for name in self._environment.filters if not name.startswith("_")]
        if node.name not in known:
            self._note(node, node.name, node.name, f"不认识的过滤器 {node.name}", known)

    def _visit_test(self, node: ast.Test, scope: Scope) -> None:
        self._visit_parts(node, scope)
        if node.name not in self._environment.tests:
            self._note(node, node.name, node.name, f"不认识的判断 {node.name}", self._environment.tests)

    def _visit_for(self, node: ast.For, scope: Scope) -> None:
        self._visit(node.iter, scope)
        inner = {**scope, "loop": Any}
        _bind(node.target, _item_type(_type_of(node.iter, scope)), inner)
        for part in (*([node.test] if node.test else []), *node.body):
            self._visit(part, inner)
        for part in node.else_:
            self._visit(part, scope)

    def _visit_assign(self, node: ast.Assign, scope: Scope) -> None:
        self._visit(node.node, scope)
        _bind(node.target, _type_of(node.node, scope), scope)

    def _visit_with(self, node: ast.With, scope: Scope) -> None:
        inner = dict(scope)
        for target, value in zip(node.targets, node.values, strict=True):
            self._visit(value, scope)
            _bind(target, _type_of(value, scope), inner)
        for part in node.body:
            self._visit(part, inner)

    def _visit_include(self, node: ast.Include | ast.Extends, scope: Scope) -> None:
        name = node.template.value if isinstance(node.template, ast.Const) else None
        if not isinstance(name, str):
            self._note(node, "", "", "引用别的模板时要写明文件名", ())
        elif name not in self._templates.names():
            self._note(node, name, name, f"找不到模板 {name}", self._templates.names())
        elif name in self._inside:
            self._note(node, name, name, f"模板 {name} 绕回了自己", ())
        elif len(self.walked) > MOST_TEMPLATES:
            self._note(node, name, name, f"一共引用了 {MOST_TEMPLATES} 多个模板，太多了", ())
        else:
            self.template(name, dict(scope))

    _visit_extends = _visit_include

    def _attributes(self, owner: Any) -> Iterable[str]:
        if owner is ShelfItem:
            return ("title", "body", "id", *self._item_words)
        return _fields(owner)

    def _note(self, node: ast.Node, path: str, word: str, message: str, known: Iterable[str]) -> None:
        column = _column(self._lines[-1][node.lineno - 1], word)
        file = self._templates.shown(self._inside[-1])
        self.problems.append(Problem(file, node.lineno, column, path, message, closest(word, known)))


def _column(line: str, word: str) -> int:
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", line)
    return found.start() + 1 if found and word else 1
