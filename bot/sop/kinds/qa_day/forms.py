"""How questions, answers, 同问 and thanks are said: pure reading of texts.

Spans are places in the text as it was typed, because only the text itself is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.events import MessageKind, MessageReceived
from bot.sop.kinds.qa_day.model import MENTION, QaDay

Span = tuple[int, int]
_CALLED = r"^\s*(?:@\S+[\u2005\s]+)*"
_GAP = r"[\s:：,，.。、!！~～]*"
_HASH = "#＃﹟"
_NAMED = re.compile(rf"{_CALLED}(?:答|回答|回复)\s*[{_HASH}]?\s*(\d{{1,6}})\s*号?{_GAP}(?=\S)", re.DOTALL)
_NUMBERED = re.compile(rf"[{_HASH}]?(\d{{1,6}})(?!\d)\s*号?{_GAP}", re.DOTALL)
_BARE = re.compile(
    rf"{_CALLED}[{_HASH}]?(\d{{1,6}})(?:号?(?:[\s:：、]+|[,，.](?!\d))|号)\s*(?=\S)", re.DOTALL
)
_MEASURE = re.compile(
    "斤|克|点[了钟半，。]?|块|元|年|月|小时|分钟|秒|岁|折|%|％|桌|盒|楼|期|群|袋|箱|勺|片|次|毫升"
    "|天(?![天然气冷热])|个(?!人)"
)
_SECOND = r"(?:我?也?同问|[+＋]\s*[1１]|加\s*1|我也想(?:知道|问)|同求|蹲(?:一个)?)"
_SECONDED = re.compile(rf"{_CALLED}{_SECOND}[\s!！。.~～🙋]*")
_SECONDED_NUMBER = re.compile(rf"{_CALLED}{_SECOND}\s*[{_HASH}]?(?<!\d)(\d{{1,6}})\s*号?\s*")
_THANKS = re.compile("谢谢(?!老板|红包)|感谢|多谢|谢啦|谢了|(?<!没)有用(?!吗|么|[?？])|学到了")
_SETTLED = re.compile("(?<![不没])(?:够了|知道了|明白了?|懂了|清楚了|解决了)|谢谢|多谢|感谢")
_PRESENCE = re.compile(r"(好|的|嗯|哦|收到|哈|呵|ok|早|[\s，。！!~～.]|\[\w{1,4}\])*", re.IGNORECASE)
_NOT_YET = re.compile("稍等|等[下会我]|看看|晚[点些]|一会|在忙|开会|回头|马上")
_ASKING = re.compile(
    r"[?？]|(\w)[不没]\1|吗|呢|怎|啥|什么|几|多少|哪|能不能|可以|如何|要不要|为何|是不是|多久|有没有"
)
_FOLLOW_UP = re.compile(r"(?:[?？]|吗|呢)\s*$")
_TAGGED = re.compile(rf"[{_HASH}]\s*提问\s*[{_HASH}]?{_GAP}")
_COMMAND = re.compile(rf"{_CALLED}[/／、]\s*提问{_GAP}")
_LEADING = re.compile(_CALLED)
_TRAILING = re.compile(r"\s*@\S+[\u2005\s]*$")
_QUOTED = re.compile(rf"^{_GAP}(?:@\S+[\u2005\s]+)*[{_HASH}]?(\d{{1,6}})[\s、.．:：号]", re.MULTILINE)
_NUMBER = re.compile(r"(?<!\d)(\d{1,6})(?!\d)")
_FILLER = re.compile(
    "(?P<said>能|要|会|是|可)(?:不|没)(?P=said)以?|请问|一下|想知道|大家|各位|到底|究竟|怎么样?|怎样|如何|什么"
    "|应该|需要|可以|比较"
    "|[才会能要吗呢呀啊吧嘛的了还也都就该]"
)
"""What questions are asked with, whatever they are about."""
_FEWEST_SHOWN = 4
"""Letters by which a question is known in what we said: all show so many, but of shorter ones."""
_FEWEST_SHARED = 3
"""Letters without which a question is about nothing that it names."""
LONGEST_THANKS, LONGEST_EXCUSE, LONGEST_READ, LONGEST_MENTION = 30, 12, 2_000, 60
_FEWEST = 2
"""Letters without which nothing was asked."""


def asked(message: MessageReceived, sop: QaDay) -> Span | None:
    """Where the question stands in a message that asks one; empty where the word alone was said."""
    text = message.text
    found = _prefix(tuple(sop.accept)).match(text)
    if found is not None:
        return found.end(), len(text)
    if message.to_bot and MENTION in sop.accept:
        return _mentioning(text)
    return None


def begins_to_ask(text: str, sop: QaDay) -> bool:
    """Whether it begins with a word by which a question is known."""
    return _prefix(tuple(sop.accept)).match(text) is not None


def _mentioning(text: str) -> Span | None:
    """A mention of the bot asks something if it sounds like that."""
    begins = _end(_LEADING.match(text))
    trailing = _TRAILING.search(text, max(begins, len(text) - LONGEST_MENTION))
    ends = len(text) if trailing is None else trailing.start()
    said = text[begins:ends]
    return (begins, ends) if _ASKING.search(said[:LONGEST_READ]) and is_something(said) else None


def tagged(text: str) -> Span:
    """Where the question stands in a message with #提问: behind the tag, or before it."""
    found = _TAGGED.search(text)
    if found is None:
        return 0, len(text)
    return (found.end(), len(text)) if text[found.end() :].strip() else (0, found.start())


def typed(text: str) -> Span:
    """Where the question stands in a command."""
    return _end(_COMMAND.match(text)), len(text)


def numbered(text: str) -> tuple[int, str] | None:
    """The number that is typed behind a command, and what follows it."""
    found = _NUMBERED.match(text)
    return None if found is None else (int(found[1]), text[found.end() :].strip())


def is_something(text: str) -> bool:
    """Whether there are words at all, and not mere pictures of food."""
    return sum(letter.isalnum() for letter in text[:LONGEST_READ]) >= _FEWEST


def answered(text: str) -> tuple[int, str, bool] | None:
    """The number and the words of ``答 12 …`` and ``12 …``; and whether 答 was said."""
    named = _NAMED.match(text)
    if named is not None:
        return int(named[1]), text[named.end() :].strip(), True
    bare = _BARE.match(text)
    if bare is None or _MEASURE.match(text, bare.end()):
        return None
    return int(bare[1]), text[bare.end() :].strip(), False


def answered_each(text: str) -> list[tuple[int, str, bool]]:
    """As ``answered``, of a message that answers several questions, each from a line of its own on."""
    if len(text) > LONGEST_READ:
        text = text[:LONGEST_READ]
    parts: list[str] = []
    for line in text.splitlines(keepends=True):
        if not parts or answered(line) is not None:
            parts.append(line)
        else:
            parts[-1] += line
    read = [answered(part) for part in parts]
    return [it for it in read if it is not None] if all(read) else []


def seconded(text: str) -> bool:
    """同问, +1 and the like, and nothing else."""
    return _SECONDED.fullmatch(text) is not None


def seconded_number(text: str) -> int | None:
    """The number in 同问12."""
    found = _SECONDED_NUMBER.fullmatch(text)
    return None if found is None else int(found[1])


def thanks(text: str) -> bool:
    return len(text) <= LONGEST_THANKS and _THANKS.search(text) is not None


def settled(text: str) -> bool:
    """That what was offered is enough; who asks on says so of nothing."""
    return len(text) <= LONGEST_THANKS and _SETTLED.search(text) is not None and not is_follow_up(text)


def says_nothing(text: str) -> bool:
    """Mere presence: 好的, 收到, 哈哈, pictures."""
    return _PRESENCE.fullmatch(text[:LONGEST_READ]) is not None or not any(map(str.isalnum, text))


def is_put_off(text: str) -> bool:
    """在忙, 晚点看看: no answer yet."""
    return len(text) <= LONGEST_EXCUSE and _NOT_YET.search(text) is not None


def is_follow_up(text: str) -> bool:
    """A question about a question."""
    return _FOLLOW_UP.search(text[-LONGEST_READ:]) is not None


def is_an_answer(text: str) -> bool:
    """Thanks, presence and questions about the question answer nothing."""
    return not (says_nothing(text) or thanks(text) or is_follow_up(text))


def numbers_at_line_starts(text: str) -> list[int]:
    """The numbers of the cards in a message of ours."""
    return list(dict.fromkeys(int(found[1]) for found in _QUOTED.finditer(text[:LONGEST_READ])))


def shows(text: str, number: int, question: str) -> bool:
    """Whether a message of ours shows this question, with its number before it."""
    begins = f"{number}{same(question)[:_FEWEST_SHOWN]}"
    return any(begins in same(line) for line in text[:LONGEST_READ].splitlines())


def quotes(message: MessageReceived) -> bool:
    """Whether it is known what is quoted: the platform may leave it out."""
    return message.quote is not None and bool(message.quote.text)


def numbers_in(text: str) -> list[int]:
    return [int(found[1]) for found in _NUMBER.finditer(text[:LONGEST_READ])]


def matter(message: MessageReceived, sop: QaDay) -> bool:
    """Whether a message may be any of this: most are not."""
    if message.kind is MessageKind.VOICE:
        return True
    if message.kind is not MessageKind.TEXT or not message.text:
        return False
    if message.to_bot or message.quote is not None or message.chat is None:
        return True
    text = message.text
    return (
        answered(text) is not None
        or seconded(text)
        or seconded_number(text) is not None
        or settled(text)
        or thanks(text)
        or asked(message, sop) is not None
    )


def same(text: str) -> str:
    """What two texts have in common that ask the same in the same words."""
    return "".join(letter for letter in text[:LONGEST_READ].casefold() if letter.isalnum())


def likeness(one: str, other: str) -> float:
    """How much two questions are about the same, from 0 to 1: the pairs of letters of the shorter one."""
    ours, theirs = _pairs(_matter(one)), _pairs(_matter(other))
    fewer = min(len(ours), len(theirs))
    return len(ours & theirs) / fewer if fewer else 0.0


def sameness(one: str, other: str) -> float:
    """How much two questions ask the same, from 0 to 1.

    They may differ in order, and the longer one may say more behind. What it says first, and what the shorter
    one alone has, makes another question of it.
    """
    brief, full = sorted(map(_matter, (one, other)), key=lambda matter: len(set(matter)))
    ours, theirs = set(brief), set(full)
    if len(ours) < _FEWEST_SHARED or not ours <= theirs or full[0] not in ours:
        return 0.0
    return len(ours) / len(theirs)


def _matter(text: str) -> str:
    """The letters that tell what a question is about."""
    return _FILLER.sub("", same(text[:200]))


def _pairs(plain: str) -> set[str]:
    return {plain[at : at + 2] for at in range(len(plain) - 1)}


@lru_cache(maxsize=64)
def _prefix(accept: Sequence[str]) -> re.Pattern[str]:
    words = sorted((word for word in accept if word != MENTION), key=len, reverse=True)
    either = "|".join(map(re.escape, words)) or "(?!)"
    return re.compile(rf"{_CALLED}(?:{either}){_GAP}", re.IGNORECASE)


def _end(found: re.Match[str] | None) -> int:
    return 0 if found is None else found.end()
