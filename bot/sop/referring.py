"""Who brought whom, as it is seen at a join and read in answers.

An invite code, an M-number and a mention say who it was. A name does not: that somebody brought them is all
that is noted then.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy import exists, select

from bot.people import directory, invites, referrals, roles
from bot.people.directory import Person
from bot.people.referrals import By, Told
from bot.people.roles import OURS, Standings
from bot.sop.context import Context
from bot.sop.occasion import Joined
from bot.store.tables import identity, membership
from bot.store.transaction import Transaction

_NUMBER = re.compile(r"(?<![A-Z0-9])M(\d{1,9})(?![A-Z0-9])")
_SOMEBODY = re.compile(
    "朋友|好友|群友|同事|邻居|同学|闺蜜|家人|亲戚|老公|老婆|爱人|老师|妈|爸|姐|妹|哥|弟|嫂|姑|姨|婶|叔|舅"
    "|推荐|介绍|带我|拉我|叫我"
)
_NOBODY = re.compile(
    "没(?:有)?(?:人|谁|朋友)|无人|不是(?:谁|朋友|别人)|不认识|朋友圈|自己(?:来|找|搜|看|刷|发现|进|加)"
    "|(?:平台|系统|首页|算法|抖音|小红书|公众号)推荐"
)


def joined(tx: Transaction, came: Joined, standings: Standings) -> None:
    """Whoever invited them brought them, unless they were in one of our rooms before."""
    inviter = None if came.inviter is None else directory.person_by_id(tx, came.inviter)
    if inviter is None or came.again or came.actor_role in OURS or _is_ours(inviter, standings):
        return
    if not _was_there(tx, came):
        told = Told(
            came.person.identity_id, inviter.identity_id, By.INVITE, came.occurred_at, came.id, "group"
        )
        referrals.note(tx, told)


def _is_ours(person: Person, standings: Standings) -> bool:
    return standings.actor_role(person.member_id) in OURS


def _was_there(tx: Transaction, came: Joined) -> bool:
    """Whether they are, or were, in another room, by whatever account of theirs."""
    m = membership.c
    mine = select(identity.c.id).where(identity.c.member_id == came.person.member_id)
    here = (m.room_id == came.room.id) & (m.identity_id == came.person.identity_id)
    return bool(tx.connection.scalar(select(exists().where(m.identity_id.in_(mine), ~here))))


def answered(ctx: Context[Any], person: Person, words: str, message: int | None) -> None:
    """What somebody says of who brought them; ``message`` is the one in which they say it."""
    standings = Standings(roles.roles(ctx.tx), ctx.sops.community.roles)
    if not _is_ours(person, standings):
        by, whose = _read(ctx, words)
        if whose is not None and _is_ours(whose, standings):
            return
        if whose is not None or says_somebody(words) or _is_a_name(ctx, words):
            account = None if whose is None else whose.identity_id
            referrals.note(ctx.tx, Told(person.identity_id, account, by, ctx.now, message))


def _read(ctx: Context[Any], words: str) -> tuple[By, Person | None]:
    """Whose code or number it is, whom they mention; and how that is known."""
    typed = invites.within(words)
    owners = invites.owners(ctx.tx.connection, typed)
    owner = next((owners[it] for it in typed if it in owners), None)
    if owner is not None:
        return By.CODE, directory.person_by_id(ctx.tx, owner)
    numbered = _NUMBER.search(unicodedata.normalize("NFKC", words).upper())
    if numbered is not None:
        return By.ANSWER, directory.member_numbered(ctx.tx, int(numbered[1]), ctx.account)
    return By.ANSWER, _mentioned(ctx)


def _mentioned(ctx: Context[Any]) -> Person | None:
    """The only one of ours whom the message at hand mentions."""
    if ctx.heard is None or len(ctx.heard.message.mentioned) != 1:
        return None
    mine = identity.alias("mine")
    query = select(identity.c.id).where(
        identity.c.external_id == next(iter(ctx.heard.message.mentioned)),
        identity.c.source
        == select(mine.c.source).where(mine.c.id == ctx.heard.person.identity_id).scalar_subquery(),
    )
    found = ctx.tx.connection.scalar(query)
    return None if found is None else directory.person_by_id(ctx.tx, found)


def is_a_code(tx: Transaction, words: str) -> bool:
    """Whether this is somebody's invite code, and nothing else."""
    return invites.is_one(words) and bool(invites.owners(tx.connection, invites.within(words)))


def says_somebody(words: str) -> bool:
    """Whether somebody brought them: 朋友推荐的, 我妈拉我进来的; 没有人, 朋友圈看到的 say nothing of it."""
    return _SOMEBODY.search(words) is not None and _NOBODY.search(words) is None


def _is_a_name(ctx: Context[Any], words: str) -> bool:
    return bool(directory.people_named(ctx.tx, words.strip().removeprefix("@"), ctx.account))
