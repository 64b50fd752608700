"""What jinja2 complains about, said in Chinese, and where it was."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

_REASONS = (
    (r"'[^']*' has no attribute '([^']*)'", "没有“{}”这一项"),
    (r"'([^']*)' is undefined", "没有变量 {}"),
    (r"No filter named '([^']*)'", "不认识的过滤器 {}"),
    (r"No test named '([^']*)'", "不认识的判断 {}"),
    (
        r"[Uu]nknown tag '([^']*)'.*innermost block that needs to be closed is '(\w+)'",
        "多了 {}，或者前面的 {} 没有结束",
    ),
    (r"[Uu]nknown tag '([^']*)'", "不认识的标签 {}"),
    (r"[Uu]nexpected end of template.*needs to be closed is '(\w+)'", "{} 没有结束，缺少对应的 end"),
    (r"[Uu]nexpected end of template", "模板没写完，少了收尾"),
    (r"expected token 'end of print statement', got '([^']*)'", "双大括号没有收住，或者里面多了“{}”"),
    (r"expected token 'end of statement block', got '([^']*)'", "{{% 没有用 %}} 收住，或者里面多了“{}”"),
    (r"unexpected '([^']*)'", "多了“{}”，或者前面没写完"),
    (r"unexpected char '(.)'", "双大括号里不能有“{}”"),
    (r"Missing end of (?:comment|raw)", "注释没有收住"),
)


def explain(error: Exception) -> str:
    """The reason, for operators."""
    if isinstance(error, SecurityError):
        return _security(str(error))
    if isinstance(error, TemplateNotFound):
        return f"找不到模板 {error.name}"
    if isinstance(error, RecursionError):
        return "一层套一层太深，或者模板互相包含，没完没了"
    if isinstance(error, SyntaxError | MemoryError):  # of the Python that jinja2 writes
        return "循环或条件套得太深"
    if isinstance(error, TemplateSyntaxError | UndefinedError):
        return _translated(error.message or "")
    return f"算不出来（{type(error).__name__}）"


def _security(reason: str) -> str:
    return "模板里不能这样调用" if reason.isascii() or "not safely callable" in reason else reason


def _translated(english: str) -> str:
    for pattern, chinese in _REASONS:
        if match := re.search(pattern, english):
            return chinese.format(*match.groups())
    return english if not english.isascii() else f"模板写法有误（{english}）"


def place(error: Exception, folder: Path, name: str) -> tuple[str, int]:
    """The template (a path below ``folder``, ``name`` if nothing tells) and line where an error arose."""
    if isinstance(error, TemplateSyntaxError):
        return error.name or name, error.lineno
    found = name, 1
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(folder) and path.suffix != ".py":
            found = path.relative_to(folder).as_posix(), line
    return found
