"""Sends what the outbox lets go, one effect at a time.

An edge like the fetcher: it has the core claim the next row (committed as ``sending``), calls the channel,
and has the core write down what became of it. Rows are its memory, so a restart loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.channels.base import Channel, Effect
from bot.clock import Clock
from bot.errors import NotConnected, SendFailed, SendLost, TooOften
from bot.events import fit_id
from bot.outbox import delivery
from bot.outbox.claim import Manners, claim
from bot.outbox.delivery import Outcome
from bot.outbox.queue import State
from bot.status import Status
from bot.store import failures
from bot.store.transaction import AskCore, Transaction

logger = logging.getLogger(__name__)


class Sender:
    """Sends for one account; ``wake`` it when something was queued, or the link is up.

    ``changed`` is called whenever it goes to rest or is woken, ``rested`` where it was told "too often".
    """

    def __init__(
        self,
        account: str,
        channel: Channel,
        ask_core: AskCore,
        clock: Clock,
        manners: Callable[[], Manners],
        status: Status,
        changed: Callable[[], None],
        rested: Callable[[Transaction], None],
    ) -> None:
        self._account, self._channel, self._ask_core = account, channel, ask_core
        self._manners, self._status, self._changed = manners, status, changed
        self._rested = rested
        self._mail = asyncio.Event()
        self._waits = self._stopped = self._in_doubt = False
        self.pacer = clock.alarm(self.wake)

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is being sent."""
        return self._waits

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is being sent, nor may be sent now."""
        return self._waits and not self._mail.is_set()

    def wake(self) -> None:
        self._mail.set()
        self._changed()

    def stop(self) -> None:
        """Send nothing more, but let what is being sent return."""
        self._stopped = True

    def doubt(self) -> None:
        """A commit was lost to us: what it did to the outbox is not known."""
        self._in_doubt = True

    async def run(self) -> None:
        """Send what may leave now; then sleep until the pace or the core wakes us."""
        while True:
            self._waits = True
            self._changed()
            await self._mail.wait()
            self._waits = False
            self._mail.clear()
            await self._send_all()

    async def _send_all(self) -> None:
        outcome: Outcome | None = None
        while self._may_send:
            claimed = await self._ask_core(partial(self._go_on, outcome))
            self._in_doubt = False
            if claimed is None or isinstance(claimed, datetime):
                self.pacer.set(claimed)
                return
            outcome = await self._send(claimed)
            logger.info("message %s out=%d %s", outcome.state, claimed.id, outcome.reason)
        if outcome is not None:
            await self._ask_core(partial(self._settle, outcome))

    @property
    def _may_send(self) -> bool:
        return self._status.online and not self._stopped

    def _go_on(self, before: Outcome | None, tx: Transaction) -> Effect | datetime | None:
        """Write down how the last send ended and claim the next row, in one commit."""
        if before is not None:
            self._settle(before, tx)
        return self._claim(tx)

    def _claim(self, tx: Transaction) -> Effect | datetime | None:
        """Nothing is being sent now: what still seems to be, was claimed in a commit that was lost to us."""
        if self._in_doubt:
            delivery.unclaim(tx, self._account)
        return claim(tx, self._account, self._manners())

    def _settle(self, outcome: Outcome, tx: Transaction) -> None:
        delivery.settle(tx, outcome, self._manners().pace)
        if outcome.too_often:
            self._rested(tx)

    async def _send(self, effect: Effect) -> Outcome:
        try:
            platform_id = await self._channel.send(effect)
        except NotConnected as error:
            return Outcome(effect.id, State.QUEUED, str(error))
        except SendFailed as error:
            return Outcome(effect.id, State.FAILED, str(error), too_often=isinstance(error, TooOften))
        except SendLost as error:
            return Outcome(effect.id, State.UNKNOWN, str(error))
        except Exception as error:
            logger.error("the channel broke its contract", extra={"trace": failures.without_words(error)})
            return Outcome(effect.id, State.UNKNOWN, type(error).__name__)
        return Outcome(effect.id, State.SENT, platform_id=platform_id and fit_id(platform_id))
