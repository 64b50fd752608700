"""What a survey has come to: who was asked and answered, marks, choices, and in private the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import mean
from typing import Any

from sqlalchemy import Row, select

from bot.scoring.kpi.intervals import nps
from bot.sop.command import CommandContext
from bot.sop.kinds.survey.model import NPS, WHY, Survey
from bot.sop.kinds.survey.recalls import ANSWERED, WITHDRAWN
from bot.sop.kinds.survey.talk import ASKED, Ctx
from bot.sop.questions.question import Question
from bot.sop.templates import harmless
from bot.store.tables import identity, interaction, member, texts

MOST_WORDS, MOST_CHOICES = 6, 4
VERBATIM = "原话"


@dataclass(frozen=True, slots=True)
class Results:
    """What stands of the time of ``again``: ``answers`` by question, of each member the latest."""

    asked: int
    answers: dict[str, dict[int, Row[*tuple[Any, ...]]]]

    @property
    def answered(self) -> int:
        return len({who for of_question in self.answers.values() for who in of_question})


def read(ctx: Ctx) -> Results:
    answers: dict[str, dict[int, Row[*tuple[Any, ...]]]] = {}
    for row in ctx.tx.connection.execute(_answers(ctx)).all():
        answers.setdefault(row.object_id, {})[row.member_id] = row
    return Results(len(set(ctx.tx.connection.scalars(_since(ctx, (ASKED,))))), answers)


def _since(ctx: Ctx, names: Sequence[str]) -> Any:
    i = interaction.c
    lately = (i.programme_id == ctx.sop.id) & i.name.in_(names) & (i.occurred_at > ctx.now - ctx.sop.again)
    return select(identity.c.member_id).join(interaction, i.identity_id == identity.c.id).where(lately)


def _answers(ctx: Ctx) -> Any:
    i = interaction.c
    withdrawn = select(i.corrects_event_id).where(i.programme_id == ctx.sop.id, i.name == WITHDRAWN)
    more = (i.id, i.object_id, i.value_int, i.props, i.parent_event_id, texts.c.body, member.c.number)
    query = _since(ctx, ANSWERED).join(member, member.c.id == identity.c.member_id)
    query = query.outerjoin(texts, texts.c.id == i.text_id).add_columns(*more)
    return query.where(i.id.not_in(withdrawn)).order_by(i.occurred_at, i.id)


# --- the command ---


def show(ctx: CommandContext) -> None:
    """``[编号]`` counts; with ``原话`` behind it, and in private, the latest words."""
    surveys = {sop.id: sop for sop in ctx.sops.declared.values() if isinstance(sop, Survey)}
    typed, wants_words = ctx.rest.removesuffix(VERBATIM).strip(), ctx.rest.endswith(VERBATIM)
    running = {id: sop for id, sop in surveys.items() if id in ctx.sops.sops}
    sop = _named(surveys, typed) or _named(running, typed)
    if sop is None:
        known = "、".join(f"{it.id}（{harmless(it.name, 12)}）" for it in surveys.values())
        ctx.reply(f"要看哪一份？发 /问卷结果 编号：{known}" if known else "还没有小问卷。")
    elif wants_words and ctx.room is not None:
        ctx.reply("原话只在私聊里给，私聊我发同一句。")
    elif wants_words:
        _show_words(ctx, sop)
    else:
        results = read(ctx.kind_context(sop))
        ctx.reply("\n".join(_lines(sop, results)))
        if any(_words(sop, results)):
            ctx.reply(f"看原话，私聊我发：/问卷结果 {sop.id} {VERBATIM}")


def _show_words(ctx: CommandContext, sop: Survey) -> None:
    words = list(_words(sop, read(ctx.kind_context(sop))))
    if not words:
        ctx.reply("还没有人写话，或者过了保留的日子。")
        return
    ctx.reply("\n".join(line for line, _ in words), quotes=[message for _, message in words])


def _named(surveys: dict[str, Survey], typed: str) -> Survey | None:
    """By id or name; without either the only one there is."""
    if not typed:
        return next(iter(surveys.values())) if len(surveys) == 1 else None
    return next((sop for sop in surveys.values() if typed in (sop.id, sop.name)), None)


def _lines(sop: Survey, results: Results) -> Iterator[str]:
    rate = f"（{results.answered / results.asked:.0%}）" if results.asked else ""
    window = f"{sop.again.days}天" if sop.again.days else f"{sop.again // timedelta(hours=1)}小时"
    yield f"{harmless(sop.name, 12)}｜近{window}问了{results.asked}人，答了{results.answered}人{rate}"
    for name, question in sop.asked.items():
        rows = list(results.answers.get(name, {}).values())
        if rows and (line := _line(name, question, rows)):
            yield line


def _line(name: str, question: Question, rows: list[Row[*tuple[Any, ...]]]) -> str:
    """How the answers to a question are spread; empty for free words."""
    if name == NPS:
        return _nps([row.value_int for row in rows])
    about = f"{name[1:]} {harmless(question.ask, 14)}："
    if question.answer == "choice":
        counts = Counter(label for row in rows for label in row.props.get("chosen", ()))
        shares = counts.most_common(MOST_CHOICES)
        return about + " ".join(f"{harmless(label, 8)}{times}" for label, times in shares)
    numbers = [row.props["number"] for row in rows if "number" in row.props]
    return f"{about}平均{mean(numbers):.1f}（{len(numbers)}人）" if numbers else ""


def _nps(marks: list[int]) -> str:
    """Promoters less detractors, of a hundred, and between what it would be were everybody asked."""
    found = nps(marks)
    between = f"（95%在{found.low:.0f}到{found.high:.0f}之间）"
    passive = found.n - found.promote - found.detract
    return f"NPS {found.value:.0f}{between}：推荐{found.promote} 中立{passive} 不推荐{found.detract}"


def _words(sop: Survey, results: Results) -> Iterator[tuple[str, int]]:
    """The latest free words, each with its message."""
    marks = {who: row.value_int for who, row in results.answers.get(NPS, {}).items()}
    rows = [
        (row, marks.get(who) if name == WHY else None)
        for name, of_question in results.answers.items()
        for who, row in of_question.items()
        if row.body and name in sop.asked
    ]
    for row, mark in sorted(rows, key=lambda it: -it[0].id)[:MOST_WORDS]:
        given = "" if mark is None else f"{mark}分 "
        yield f"M{row.number} {given}“{harmless(row.body, 30)}”", row.parent_event_id
