"""What libyaml complains about, said in Chinese."""

from __future__ import annotations

import yaml

from bot.sop.problems import Problem

_REASONS = (
    (
        "mapping values are not allowed",
        "这里不能再有冒号：上一行没写完、缩进不齐，或者文字里有冒号",
        "有冒号的文字加引号",
    ),
    ("could not find expected ':'", "这一行缺少冒号，或者冒号后面没有空格", "写成“键: 值”"),
    ("did not find expected key", "缩进和上面不齐，或者这一行不是“键: 值”", "和同一层的键对齐"),
    ("did not find expected '-' indicator", "列表里的这一行没有以“- ”开头，或者缩进不齐", "和上面的“- ”对齐"),
    ("did not find expected ',' or ']'", "方括号没有收住，或者缺少逗号", "补上 ] 或英文逗号"),
    ("did not find expected ',' or '}'", "大括号没有收住，或者缺少逗号", "补上 } 或英文逗号"),
    ("did not find expected node content", "括号没有收住，或者逗号前后缺少内容", "补全括号里的内容"),
    ("cannot start any token", "这个符号不能放在文字的最前面", "给这段文字加引号"),
    ("found unexpected end of stream", "引号没有收住", "补上后引号"),
    ("found unknown escape character", "双引号里不认识的反斜杠写法", "换成单引号"),
    ("block sequence entries are not allowed", "列表的“- ”要另起一行", "把“- ”写到下一行"),
    ("while scanning an alias", "星号开头的文字要加引号", "给这段文字加引号"),
    ("while scanning an anchor", "& 开头的文字要加引号", "给这段文字加引号"),
    ("while scanning a block scalar", "| 或 > 后面不能再写字", "把内容写到下一行"),
    ("undefined tag handle", "感叹号开头的文字要加引号", "给这段文字加引号"),
    ("while scanning a directive", "百分号开头的文字要加引号", "给这段文字加引号"),
    ("expected <document start>", "这里的缩进和前面对不上", "和同一层的键对齐"),
    ("exceeded max depth", "一层套一层，太深了", "减少层数"),
)


def explain(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """The problem behind a parser's error."""
    mark = error.context_mark if _is_left_open(error) else error.problem_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    message, suggestion = _reason(f"{error.context} {error.problem}")
    return Problem(file, line, column, "", message, _better_hint(text, line) or suggestion)


def _is_left_open(error: yaml.MarkedYAMLError) -> bool:
    """Whether the mistake is where a bracket or quote begins, not where the parser missed its end."""
    return "flow" in (error.context or "") or "quoted" in (error.context or "")


def _reason(english: str) -> tuple[str, str]:
    for part, message, suggestion in _REASONS:
        if part in english:
            return message, suggestion
    return f"YAML 写法有误（{english.strip()}）", ""


def _better_hint(text: str, line: int) -> str:
    """For what operators do most: a full-width colon after a key, and a bare ``cron:`` as a value."""
    here = text.split("\n")[max(line - 2, 0) : line]
    if any("：" in row and ": " not in row for row in here):
        return "把全角冒号“：”换成英文冒号加空格"
    _, cron, rest = (here[-1] if here else "").partition(" cron:")
    return f'"cron: {rest.strip()}"' if cron else ""
