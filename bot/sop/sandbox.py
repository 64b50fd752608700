"""Jinja2's sandbox with bounds on the work and on what may come out.

The sandbox alone would render ``'a' * 300000000``. Here products and sums are measured before they are made,
filters are a chosen few, nothing can be called but ``range`` and the like, and what grows unseen (macros,
captured blocks, lists in lists) is refused. All work is counted: a turn of a loop costs what stands in it, a
filter and a comparison what they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, TemplateSyntaxError, Undefined
from jinja2 import nodes as ast
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_environment

from bot.sop.problems import Problem
from bot.sop.template_bounds import BOUNDS, MAX_TURNS, Bounding, begin_work, deepest, refuse_if
from bot.sop.yaml_reader import read_text

MAX_CHARACTERS = 2_000
MAX_SOURCE = 10_000
MAX_DEPTH = 50
MAX_DIGITS = 15
MAX_NUMBER = 10**15

_KEPT_FILTERS = (
    "abs capitalize count d default first float int last length list lower map max min reject rejectattr "
    "reverse select selectattr sort title trim truncate unique upper wordcount"
)
_REFUSED: dict[type[ast.Node], str] = {
    ast.Macro: "macro",
    ast.CallBlock: "call",
    ast.AssignBlock: "成段的 set",
    ast.FilterBlock: "filter",
    ast.Import: "import",
    ast.FromImport: "from … import",
}


def _up_to_limit(pieces: Iterable[str]) -> Iterator[str]:
    total = 0
    for piece in pieces:
        total += len(piece)
        refuse_if(total > MAX_CHARACTERS, f"写出来的内容超过了 {MAX_CHARACTERS} 个字")
        yield piece


class Folder(BaseLoader):
    """The templates below one folder, and nothing outside of it, as they were when they were read.

    ``texts`` holds each by its name: its text, why there is none, or None where it is no file of the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._root = folder, folder.resolve()
        paths = ((path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*.j2")))
        self.texts = {name: read_text(path, name) if self._holds(path) else None for name, path in paths}

    def _holds(self, path: Path) -> bool:
        return path.is_file() and path.resolve().is_relative_to(self._root)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        path, text = self._folder / template, self.texts.get(template)
        if text is None:
            raise TemplateNotFound(template)
        if isinstance(text, Problem):
            raise TemplateSyntaxError(text.message, text.line, template, str(path))
        if len(text) > MAX_SOURCE:
            raise TemplateSyntaxError(f"模板超过了 {MAX_SOURCE} 个字", 1, template, str(path))
        return text, str(path), lambda: True


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment in which all wording is read and rendered."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self, folder: Folder) -> None:
        super().__init__(
            loader=folder,
            undefined=StrictUndefined,
            finalize=_writable,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=-1,
        )
        self.folder = folder
        own: dict[str, Callable[..., Any]] = {
            "join": _join,
            "replace": _replace,
            "string": _text,
            "round": _round,
        }
        self.filters = {name: FILTERS[name] for name in _KEPT_FILTERS.split()} | own | BOUNDS
        self.globals = {"range": _range, "namespace": Namespace}

    def checked(self, template: ast.Template, name: str | None) -> ast.Template:
        """``template``, if it has nothing that we refuse."""
        suspects: tuple[type[ast.Node], ...] = (*_REFUSED, ast.For, ast.Include, ast.Extends)
        for node in template.find_all(suspects):
            if message := _why_refused(node):
                raise TemplateSyntaxError(message, node.lineno, name)
        depth, line = deepest(template)
        if depth > MAX_DEPTH:
            raise TemplateSyntaxError("一层套一层，套得太深", line, name)
        return template

    def _generate(self, source: ast.Template, name: str | None, *args: Any, **kwargs: Any) -> str:
        return super()._generate(Bounding(self).visit(self.checked(source, name)), name, *args, **kwargs)

    def write(self, name: str, variables: dict[str, Any]) -> str:
        """What the template ``name`` makes of ``variables``."""
        begin_work()
        return "".join(_up_to_limit(self.get_template(name).generate(variables)))

    def is_safe_callable(self, obj: Any) -> bool:
        return obj in (_range, Namespace) or isinstance(getattr(obj, "__self__", None), LoopContext)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        refuse_if(operator == "**", "模板里不能用乘方")
        refuse_if(operator == "%" and isinstance(left, str), "文字后面不能用 %")
        if operator == "*":
            refuse_if(_size(left) * _size(right) > _limit(left, right), "乘出来的结果太大")
        if operator == "+" and not isinstance(left, int | float):
            refuse_if(_size(left) + _size(right) > MAX_CHARACTERS, "连起来的内容太长")
        return super().call_binop(context, operator, left, right)


def _why_refused(node: ast.Node) -> str:
    match node:
        case ast.For(recursive=False):
            return ""
        case ast.For():
            return "模板里不能用 recursive"
        case ast.Include(template=named) | ast.Extends(template=named):
            is_name = isinstance(named, ast.Const) and isinstance(named.value, str)
            return "" if is_name else "引用别的模板时要写明文件名"
    return f"模板里不能用 {_REFUSED[type(node)]}"


def _size(value: Any) -> float:
    return abs(value) if isinstance(value, int | float) else len(value)


def _limit(left: Any, right: Any) -> int:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return MAX_NUMBER if numbers else MAX_CHARACTERS


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    refuse_if(len(numbers) > MAX_TURNS, f"range 超过了 {MAX_TURNS} 个数")
    return numbers


def _writable(value: Any) -> Any:
    """Only words and numbers are written: a list or an item would come out as Python prints it."""
    refuse_if(not isinstance(value, str | int | float | Undefined), "这里不是文字或数字，不能直接写出来")
    return value


def _text(value: Any) -> str:
    return str(_writable(value))


@pass_environment
def _join(
    environment: Environment, items: Iterable[Any], separator: str = "", attribute: str | None = None
) -> str:
    chosen = items if attribute is None else (environment.getattr(item, attribute) for item in items)
    parts = [_text(item) for item in chosen]
    refuse_if(sum(map(len, parts)) + len(parts) * len(separator) > MAX_CHARACTERS, "连起来的内容太长")
    return separator.join(parts)


def _round(value: float, precision: int = 0) -> float:
    refuse_if(abs(precision) > MAX_DIGITS, f"round 最多 {MAX_DIGITS} 位")
    return round(value, precision)


def _replace(text: str, old: str, new: str) -> str:
    refuse_if(len(text) + str(text).count(old) * len(new) > MAX_CHARACTERS, "替换出来的内容太长")
    return str(text).replace(old, new)
