"""What is said to a word that was meant to wake somebody: a no is one for good."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import select

from bot.people import consent, directory
from bot.sop.kinds.wakeup.model import WakeupWords
from bot.sop.kinds.wakeup.rounds import ANSWER_WITHIN, PURPOSE, Ctx, last_said
from bot.sop.questions.reading import declines
from bot.sop.templates import harmless_name
from bot.store.tables import outgoing

_NO = re.compile("不用了(?!解)|不需要|取消")
"""Declines what was said last, whatever that was."""
_NOT = ("不", "不再", "不想再")
"""Before a word it means the contrary: 不潜水了 is no wish to be left alone."""


def heard(ctx: Ctx) -> bool:
    """What the person says to it in private: a no is a no for good, all else is for others to hear."""
    assert ctx.heard is not None, "something was said"
    plain = unicodedata.normalize("NFKC", ctx.heard.text[:60])
    likes_to_listen = any(_says(plain, word) for word in ctx.sop.legitimate)
    is_declined = declines(plain) or (_NO.search(plain) is not None and _spoke_last(ctx))
    person = ctx.heard.person
    if not (likes_to_listen or is_declined) or consent.declined(ctx.tx, person.member_id, PURPOSE):
        return False
    consent.decide(ctx.tx, person.member_id, PURPOSE, given=False, cause=ctx.heard.id)
    ctx.record("wakeup_declined", person=person, props={"likes_to_listen": likes_to_listen})
    community = ctx.sops.community
    words = WakeupWords(harmless_name(person.name), community.name, community.bot.name)
    ctx.say_private(person.identity_id, ctx.sop.declined, words)
    return True


def _spoke_last(ctx: Ctx) -> bool:
    """Whether nothing else was written to the person since: no questionnaire is open that a no may mean."""
    assert ctx.run is not None, "a run hears"
    o = outgoing.c
    written = select(o.sop_id).where(o.account == ctx.account, o.identity_id == ctx.run.identity_id)
    return ctx.tx.connection.scalar(written.order_by(o.id.desc()).limit(1)) == ctx.sop.id


def _says(plain: str, word: str) -> bool:
    before, found, _ = plain.partition(word)
    return bool(found) and not before.endswith(_NOT)


def answered(ctx: Ctx) -> None:
    """A week later: whether they took part in anything since they were written to."""
    assert ctx.run is not None, "a run waited"
    assert ctx.run.identity_id is not None, "a silence is somebody's"
    person = directory.person_by_id(ctx.tx, ctx.run.identity_id)
    if person is not None and last_said(ctx, person) > ctx.now - ANSWER_WITHIN:
        ctx.record("wakeup_answered", person=person, parent=ctx.run.id)
        ctx.close(ctx.run)
