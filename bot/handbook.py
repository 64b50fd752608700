"""The tables of the operators' handbook: commands, the guard's rules, and what each kind of SOP may be told.

A table stands between two marks in ``docs/handbook.zh.md``. What the code knows is written anew; what a row
means to people, its last cell, is written there by hand and kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from typing import Any, Literal, get_args, get_origin

from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo

from bot.app import all_commands
from bot.commands.wording import RULES
from bot.outbox.guard import CHECKS
from bot.outbox.rules import Hours, Rule
from bot.sop.community import Complaints, Guard
from bot.sop.kind import Command, Where, Who
from bot.sop.kinds import Kinds
from bot.sop.language import Model, ShelfName, Sop, TemplateOf
from bot.sop.schedule import write_duration

Row = tuple[str, ...]
KEYS: Mapping[Rule, tuple[str, ...]] = {
    Rule.SAY_DO: ("sells", "sells_unless"),
    Rule.QUIET_HOURS: ("hours",),
    Rule.PRIVATE_CAP: ("private_a_week",),
    Rule.AT_ALL: ("at_all_a_month",),
    Rule.POSTS_WEEK: ("posts_a_week",),
    Rule.PROMO_WEEK: ("promo_a_week",),
    Rule.GIVE_ASK: ("gives_per_ask",),
    Rule.POSTS_DAY: ("posts_a_day",),
    Rule.DISTANCE: ("apart",),
    Rule.LULL: ("lull",),
}
"""By which keys of ``guard:`` a rule is set."""
_TABLE = re.compile(r"(<!-- 表：(\S+) -->\n)(.*?)(<!-- 表完 -->)", re.DOTALL)
_WHO = {
    Who.ANYONE: "谁都行",
    Who.MEMBER: "会员",
    Who.EXPERT: "专家、同事",
    Who.STAFF: "同事",
    Who.ADMIN: "管理员",
}
_WHERE = {Where.ANYWHERE: "都行", Where.ROOM: "群里", Where.PRIVATE: "私聊", Where.DESK: "运营群或私聊"}
_MANY = 6
"""Words of a default that are shown."""


def refreshed(handbook: str, kinds: Kinds) -> str:
    """The handbook with its tables as the code has them today."""
    return _TABLE.sub(lambda found: found[1] + _table(found[2], found[3], kinds) + found[4], handbook)


def unexplained(handbook: str) -> list[str]:
    """The rows whose meaning nobody has written yet."""
    tables = (table[3] for table in _TABLE.finditer(handbook))
    return [line for table in tables for line in table.splitlines() if line.endswith("|  |")]


def tables_of(handbook: str) -> set[str]:
    return {table[2] for table in _TABLE.finditer(handbook)}


def _table(name: str, before: str, kinds: Kinds) -> str:
    if name == "命令":
        return _written(("怎么打", "英文", "谁", "在哪里", "做什么"), _commands(kinds))
    means = {cells[1].strip(): cells[-2].strip() for cells in map(_cells, before.splitlines())}
    if name == "规矩":
        head, rows = ("规矩", "记录里叫", "怎么设", "意思"), list(_rules())
    else:
        head, rows = ("键", "写什么", "不写就是", "意思"), list(_keys_of(name, kinds))
    return _written(head, ((*row, means.get(row[0], "")) for row in rows))


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line) if line.count("|") > 2 else ["", "", "", ""]


def _written(head: Row, rows: Iterator[Row]) -> str:
    lines = (f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))
    return "".join(f"{line}\n" for line in lines)


def _commands(kinds: Kinds) -> Iterator[Row]:
    for command in all_commands(kinds).all:
        english = [name for name in command.names if name.isascii()]
        chinese = [name for name in command.names if not name.isascii()]
        yield (
            f"`{_typed(chinese or english)} {command.usage}".rstrip().replace("|", r"\|") + "`",
            f"`{_typed(english)}`" if english and chinese else "",
            _WHO[command.who],
            _WHERE[command.where],
            command.help + _bare(command),
        )


def _typed(names: list[str]) -> str:
    return " ".join(f"/{name}" for name in names)


def _bare(command: Command) -> str:
    """What may be said instead of it."""
    words = "、".join(command.words)
    leads = "、".join(f"{lead} …" for lead in command.leads)
    told = [f"@机器人或私聊时直接说 {words}"] if words else []
    told += [f"也可以直接打 {leads}"] if leads else []
    return f"（{'；'.join(told)}）" if told else ""


def _rules() -> Iterator[Row]:
    for rule in CHECKS:
        keys = [f"`{key}: {_default(Guard.model_fields[key])}`" for key in KEYS.get(rule, ())]
        if rule is Rule.COMPLAINT:
            keys = [f"`complaints` 的 `hold: {_default(Complaints.model_fields['hold'])}`"]
        yield RULES[rule], f"`{rule}`", "<br>".join(keys) or "—"


def _keys_of(name: str, kinds: Kinds) -> Iterator[Row]:
    """What every SOP has (共同), or what a kind adds to it."""
    if name == "共同":
        yield from _fields(Sop, "")
    else:
        common = set(Sop.model_fields)
        yield from (row for row in _fields(kinds[name].model, "") if row[0].strip("`") not in common)


def _fields(model: type[Model], prefix: str) -> Iterator[Row]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        parts = list(_parts(field.annotation)) + list(field.metadata)
        inner = [it for it in parts if isinstance(it, type) and issubclass(it, Model)]
        yield f"`{key}`", _what(parts), "要写" if field.is_required() else _default(field)
        for part in inner:
            yield from _fields(part, f"{key}.")


def _parts(annotation: Any) -> Iterator[Any]:
    """A type with everything in it: its arguments, and what is annotated."""
    if get_origin(annotation) is Literal:
        yield annotation
        return
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _what(parts: list[Any]) -> str:
    """What is to be written, in a word or by examples."""
    for part in parts:
        if isinstance(part, WithJsonSchema) and part.json_schema and "examples" in part.json_schema:
            return "如 " + "、".join(f"`{it}`" for it in part.json_schema["examples"][:3])
        if isinstance(part, TemplateOf):
            return "模板"
        if get_origin(part) is Literal:
            return "、".join(f"`{it}`" for it in get_args(part))
        if part in get_args(ShelfName)[1:]:
            return "货架"
        if isinstance(part, type) and issubclass(part, Model):
            return "下面几项"
    plain = {bool: "`true`、`false`", int: "数", float: "数", str: "文字", time: "如 `21:00`"}
    return next((plain[part] for part in parts if isinstance(part, type) and part in plain), "见说明")


def _default(field: FieldInfo) -> str:
    return _shown(field.get_default(call_default_factory=True)) or "—"


def _shown(value: Any) -> str:
    """A default as it is written in YAML; nothing, or what its own rows tell, is empty."""
    match value:
        case None | Model():
            return ""
        case bool():
            return str(value).lower()
        case timedelta():
            return write_duration(value)
        case dict():
            return f"{{{', '.join(f'{key}: {_shown(it)}' for key, it in value.items())}}}" if value else ""
        case (Hours(), *_):
            return f"{{周一到周五: {value[0]}, 周末: {value[-1]}}}"
        case list() | tuple():
            words = [_shown(it) for it in dict.fromkeys(map(_hashable, value))][:_MANY]
            return f"[{', '.join(words)}{', …' if len(value) > _MANY else ''}]" if value else ""
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)


def _hashable(value: Any) -> Any:
    return _shown(value) if isinstance(value, dict) else value
