"""From a document to a model, or to problems in Chinese at their places in the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, RootModel, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from bot.sop.problems import MAX_PROBLEMS, Finding, Loc, Mistake, Problem, closest, show_path, shown
from bot.sop.yaml_reader import Document

M = TypeVar("M", bound=BaseModel)

_WANTED = {
    "string_type": "文字",
    "int_type": "整数",
    "int_from_float": "整数",
    "int_parsing": "整数",
    "float_type": "数字",
    "float_parsing": "数字",
    "bool_type": " true 或 false",
    "bool_parsing": " true 或 false",
    "list_type": "列表",
    "tuple_type": "列表",
    "set_type": "列表",
    "dict_type": "一组“键: 值”",
    "model_type": "一组“键: 值”",
    "model_attributes_type": "一组“键: 值”",
}
_BOUNDS = {
    "greater_than": ("gt", "要大于 {}"),
    "greater_than_equal": ("ge", "不能小于 {}"),
    "less_than": ("lt", "要小于 {}"),
    "less_than_equal": ("le", "不能大于 {}"),
    "too_short": ("min_length", "至少要有 {} 项"),
    "too_long": ("max_length", "最多 {} 项"),
    "string_too_short": ("min_length", "至少要有 {} 个字"),
    "string_too_long": ("max_length", "最多 {} 个字"),
}
_TRUTH = dict.fromkeys(("yes", "on", "y", "是", "开"), "true") | dict.fromkeys(
    ("no", "off", "n", "否", "关"), "false"
)


def validate(model: type[M], document: Document, context: object = None) -> tuple[M | None, list[Problem]]:
    """The model that a document describes, or None and what is wrong with it.

    It goes by way of JSON, whose strict rules are those of YAML: a list may be a tuple, text an enum. What
    the reader has complained about is not complained about again.
    """
    try:
        return model.model_validate_json(json.dumps(document.data), context=context), []
    except ValidationError as error:
        errors = error.errors(include_url=False)[:MAX_PROBLEMS]
        details = [detail for detail in errors if not _is_echo(detail, errors)]
    known = {(problem.line, problem.column) for problem in document.problems}
    every = (problem for detail in details for problem in _problems(detail, model, document))
    problems = list(islice(every, MAX_PROBLEMS))
    return None, [it for it in problems if it.file != document.file or (it.line, it.column) not in known]


def _is_echo(detail: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Whether a list is only too short because pydantic does not count its wrong items."""
    loc = detail["loc"]
    if detail["type"] != "too_short":
        return False
    return any(it["loc"][: len(loc)] == loc and it is not detail for it in errors)


def located(findings: Iterable[Finding], document: Document, loc: Loc = ()) -> Iterator[Problem]:
    """Findings in the value at ``loc`` as problems of the file, and of those that caused them."""
    for finding in findings:
        if finding.cause is not None:
            yield finding.cause
        place = document.known((*loc, *finding.loc))
        yield document.problem(place, finding.message, finding.suggestion, finding.key)


def _problems(detail: ErrorDetails, model: type[BaseModel], document: Document) -> Iterator[Problem]:
    loc, kind = _as_written(detail["loc"], document.data), detail["type"]
    at_key = loc[-1:] == ("[key]",)
    mistake = detail.get("ctx", {}).get("error")
    if isinstance(mistake, Mistake):
        findings = [replace(it, key=it.key or at_key) for it in mistake.findings]
        yield from located(findings, document, loc)
    elif kind == "missing":
        yield _at(document, loc, f"缺少 {loc[-1]}", _example(model, loc), key=True)
    elif kind == "extra_forbidden":
        taken = document.keys_at(loc[:-1])
        fields = _model_at(model, loc[:-1]).model_fields
        known = [key for name, it in fields.items() if (key := it.alias or name) not in taken]
        yield _at(document, loc, f"不认识的键 {loc[-1]}", closest(str(loc[-1]), known), key=True)
    elif detail["input"] is None and (comment := document.comment_at(loc)):
        yield document.problem(loc, "# 后面的字被当成了注释，等于没有写", f'"{comment}"')
    else:
        yield document.problem(document.known(loc), *_explain(detail), key=at_key)


def _as_written(loc: Loc, value: object) -> Loc:
    """The place without the index of a list whose only item the file writes by itself."""
    place: list[str | int] = []
    for part in loc:
        if part == 0 and isinstance(part, int) and not isinstance(value, list):
            continue
        place.append(part)
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            value = None
    return tuple(place)


def _at(document: Document, loc: Loc, message: str, suggestion: str = "", *, key: bool) -> Problem:
    """A problem whose path names a key even if the file does not have it."""
    return Problem(document.file, *document.where(loc, key), show_path(loc), message, suggestion)


def _explain(detail: ErrorDetails) -> tuple[str, str]:
    kind, value, about = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in _WANTED:
        return f"这里要写{_WANTED[kind]}，写成了{shown(value)}", _instead(_WANTED[kind], value)
    if kind in ("literal_error", "enum"):
        return _choice(str(about["expected"]), value)
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return words.format(about[name]), ""
    if kind == "value_error":
        return str(about["error"]), ""
    return f"这里写得不对（{detail['msg']}）", ""


def _choice(expected: str, value: object) -> tuple[str, str]:
    choices = [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]
    message = f"这里只能写 {'、'.join(choices)}，写成了{shown(value)}"
    return message, closest(str(value), choices)


def _instead(wanted: str, value: object) -> str:
    if wanted == "文字" and isinstance(value, int | float):
        return f'"{str(value).lower() if isinstance(value, bool) else value}"'
    if wanted == " true 或 false":
        return _TRUTH.get(str(value).lower(), "")
    return f"[{value}]" if wanted == "列表" and isinstance(value, str | int) else ""


def _example(model: type[BaseModel], loc: Loc) -> str:
    """How the missing key at ``loc`` may be written."""
    field = _model_at(model, loc[:-1]).model_fields.get(str(loc[-1]))
    about = [it for it in (field.metadata if field else ()) if isinstance(it, WithJsonSchema)]
    examples = [example for it in about for example in (it.json_schema or {}).get("examples", ())]
    return f"{loc[-1]}: {examples[0]}" if examples else ""


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel]:
    """The model of what stands at ``loc``; places in lists and dicts are passed over."""
    for part in loc:
        field = model.model_fields.get("root" if issubclass(model, RootModel) else str(part))
        if field is not None and _is_model(inner := _inner(field.annotation)):
            model = inner
    return model


def _inner(annotation: Any) -> Any:
    """The model within ``Thing | None``, ``list[Thing]``, ``dict[str, Thing]``."""
    if _is_model(annotation):
        return annotation
    return next((found for part in get_args(annotation) if _is_model(found := _inner(part))), annotation)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
