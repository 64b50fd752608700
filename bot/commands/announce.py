"""``/announce``: words of ours to some rooms, shown first and sent once their code is said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.commands.find import rooms_named
from bot.commands.parser import behind
from bot.commands.wording import RULES, short_moment
from bot.outbox import brakes, review, talk
from bot.outbox.foretold import Held, foretell
from bot.outbox.queue import Intent, Post, Priority, enqueue, text
from bot.outbox.review import Answer
from bot.people import directory
from bot.people.directory import Room
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.stagger import delay

WANTED = timedelta(days=1)
"""What could not leave by then is not sent any more."""
EVERYBODY = "@所有人"
_MARK = re.compile(rf"(?:^|(?<=[\s”\"’」』]))(promo|推广|{EVERYBODY})\s*$")
_QUOTES = ("“”", '""', "‘’", "「」", "『』")
_USAGE = "这样写：/公告 会员群 “周六农场直播，三点见”。在卖东西，最后写上 推广；要@所有人，最后写上 @所有人。"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be announced, where; ``at_all``: calling everybody."""

    words: str
    rooms: Sequence[int]
    intent: Intent
    at_all: bool


def announce(ctx: CommandContext) -> None:
    words, marks = _read(behind(ctx.rest, 1)) if len(ctx.args) > 1 else ("", frozenset[str]())
    if not words:
        ctx.reply(_USAGE)
        return
    rooms = rooms_named(ctx, ctx.args[0])
    is_promo = bool(marks & {"promo", "推广"})
    if rooms and not is_promo and ctx.sops.community.rules.sells(words):
        ctx.reply("这段话在卖东西，照实说才能发：最后写上 推广，再发一次。")
    elif rooms:
        intent, loud = Intent.PROMO if is_promo else Intent.GIVE, EVERYBODY in marks
        at_all = loud and ctx.desk.can_call_everybody
        _preview(ctx, rooms, Draft(words, [room.id for room in rooms], intent, at_all), loud=loud)


def _read(typed: str) -> tuple[str, frozenset[str]]:
    """The words, without the quotes around them, and what was marked behind them; they call nobody."""
    marks = set()
    while (mark := _MARK.search(typed)) is not None:
        marks.add(mark[1])
        typed = typed[: mark.start()].rstrip()
    if len(typed) > 1 and typed[0] + typed[-1] in _QUOTES:
        typed = typed[1:-1].strip()
    if talk.calls_everybody(typed):
        marks.add(EVERYBODY)
    return talk.without_everybody(typed), frozenset(marks)


def _preview(ctx: CommandContext, rooms: Sequence[Room], draft: Draft, *, loud: bool) -> None:
    """Show what would be said in the rooms that it can reach in time, and have it confirmed."""
    posts = {room: _post(ctx, room.id, draft) for room in rooms}
    rules = ctx.sops.community.rules
    held = {room: it for room, post in posts.items() if (it := foretell(ctx.tx, ctx.account, post, rules))}
    reached = [room for room in rooms if room not in held or not held[room].outlives(posts[room])]
    why = _why_not_at_once(ctx, held, reached)
    if not reached:
        ctx.reply("\n".join(["一个群也发不了：", *why]))
        return
    draft = replace(draft, rooms=[room.id for room in reached])
    hindered = _hindrances(ctx, unable=loud and not draft.at_all)
    ctx.reply("\n".join([draft.words, "——", *hindered, *why, _summary(ctx, draft)]))


def _hindrances(ctx: CommandContext, *, unable: bool) -> list[str]:
    stopped = brakes.BrakeKind.STOPPED in brakes.brakes(ctx.tx, ctx.account)
    told = [f"这个通道不能{EVERYBODY}，会照普通话发。"] if unable else []
    return [*told, *(["所有发送都停着，恢复了才发。"] if stopped else [])]


def _summary(ctx: CommandContext, draft: Draft) -> str:
    people = directory.count_people(ctx.tx, draft.rooms)
    calls = EVERYBODY if draft.at_all else f"不{EVERYBODY}"
    kind = "，算推广" if draft.intent is Intent.PROMO else ""
    turns = "，各群错开1–3分钟" if len(draft.rooms) > 1 else ""
    return f"{len(draft.rooms)}群{people}人，{calls}{kind}{turns}。{ctx.to_confirm(asdict(draft))}"


def _post(ctx: CommandContext, room_id: int, draft: Draft, turn: datetime | None = None) -> Post:
    return Post(
        parts=[text(draft.words)],
        at_all=draft.at_all,
        intent=draft.intent,
        priority=Priority.POST,
        dedupe_key=f"announce:{ctx.heard.id}:{room_id}",
        room_id=room_id,
        not_before=turn,
        expires_at=ctx.now + WANTED,
        cause_id=ctx.heard.id,
    )


def _why_not_at_once(ctx: CommandContext, held: Mapping[Room, Held], reached: Sequence[Room]) -> list[str]:
    """The rooms in which it has to wait, or would wait too long; those of one reason together."""
    rooms_by_reason: dict[str, list[str]] = {}
    for room, it in held.items():
        when = "" if it.until is None else f"，最早{short_moment(ctx, it.until)}"
        gone = "" if room in reached else "，等不了那么久，不发"
        rooms_by_reason.setdefault(f"{RULES[it.rule]}{when}{gone}", []).append(room.key)
    return [f"{'、'.join(keys)}：{reason}" for reason, keys in rooms_by_reason.items()]


def send(ctx: CommandContext, args: Mapping[str, Any]) -> None:
    draft = Draft(**{**args, "intent": Intent(args["intent"])})
    found = [directory.room_by_id(ctx.tx, room_id) for room_id in draft.rooms]
    rooms = [room for room in found if room is not None and room.enabled and room.account == ctx.account]
    if not rooms:
        ctx.reply("群都关了，没有发。")
        return
    turns = _turns(ctx, rooms)
    posts = [enqueue(ctx.tx, ctx.account, _post(ctx, room.id, draft, turns[room])) for room in rooms]
    ctx.can_undo({"posts": posts})
    ctx.reply(f"好的，排上了{len(rooms)}群。还没发出去的，10分钟内可 /撤销")


def _turns(ctx: CommandContext, rooms: Sequence[Room]) -> Mapping[Room, datetime]:
    """When it comes to each of the rooms: the first at once, the others one after the other."""
    keys, day = tuple(room.key for room in rooms), ctx.now.astimezone(ctx.sops.community.zone).date()
    return {room: ctx.now + delay("announce", day, keys, room.key, WANTED) for room in rooms}


def take_back(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    """Drop what has not left."""
    answers = {post_id: review.drop(ctx.tx, ctx.account, post_id) for post_id in args["posts"]}
    dropped = _places(ctx, [post_id for post_id, answer in answers.items() if answer is Answer.DONE])
    left = _places(ctx, [post_id for post_id, answer in answers.items() if answer is not Answer.DONE])
    perhaps = "可能" if Answer.MAY_BE_SENT in answers.values() else ""
    gone = f"{left}{perhaps}已经发出去了，只能在微信里撤回。" if left else ""
    ctx.reply(f"公告撤销了：{dropped}不发了。{gone}" if dropped else f"撤销不了：{gone}")
    return bool(dropped)


def _places(ctx: CommandContext, posts: Sequence[int]) -> str:
    rows = [review.of_account(ctx.tx, ctx.account, post_id) for post_id in posts]
    rooms = [None if row is None else directory.room_by_id(ctx.tx, row.room_id) for row in rows]
    return "、".join("已换地方的群" if room is None else room.key for room in rooms)


COMMANDS = (
    Command(
        ("announce", "公告"),
        Who.STAFF,
        "给几个群发一段话，先给您看，回了码才发",
        announce,
        where=Where.DESK,
        usage=f"群名 “话” [推广] [{EVERYBODY}]",
        confirmed=send,
        undo=take_back,
    ),
)
