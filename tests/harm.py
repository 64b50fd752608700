"""What would be harm: words of ours that members could have put there, and theirs in the log."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from bot.pipeline import Pipeline

_JOINER = "\u200d"
_OUR_OWN = re.compile("@[我您]|#我的原野餐桌")


class Log(logging.Handler):
    """The lines of the log; ``of_bot`` keeps what is logged within."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @classmethod
    @contextmanager
    def of_bot(cls) -> Iterator[Log]:
        log, logger = cls(), logging.getLogger("bot")
        before, propagates = logger.level, logger.propagate
        logger.addHandler(log)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        try:
            yield log
        finally:
            logger.removeHandler(log)
            logger.setLevel(before)
            logger.propagate = propagates


def check_words(text: str, pipeline: Pipeline) -> None:
    """It calls nobody, bears no hashtag, hides nothing, and begins no command but to explain it.

    ``@我`` and ``@您`` are words of our own, about being mentioned; so is the sample challenge's tag, where a
    receipt hints at it.
    """
    assert not set(_OUR_OWN.sub("", text)) & set("@＠﹫#＃﹟"), text
    assert len(text) <= 2_000
    unseen = [it for it in text.replace("\n", "") if unicodedata.category(it) in ("Cc", "Cf", "Zl", "Zp")]
    assert set(unseen) <= {_JOINER}, text
    known = tuple(name for command in pipeline.desk.commands for name in command.names)
    for line in text.split("\n"):
        assert line[:1] not in ("/", "／", "、") or line[1:].startswith(known), text
