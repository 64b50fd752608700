"""A process of one account, in whose room much is said: ``python -m tests.e2e.talker URL ACCOUNT KEY``.

It says ``ready``, waits for a line, and then what it has got done. Begun again, it hears the same once more.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.events import Chat, Person, RoomEvent
from bot.outbox.pace import OFF
from bot.scenario.world import World
from bot.sop.kinds import collect
from bot.sop.loader import load
from bot.store import ids
from bot.store.owner import owning
from tests.builders import MONDAY_9, said

ROOT = Path(__file__).parents[2]
PEOPLE = [Person(f"person-{number}", f"{number}号") for number in range(20)]
ROUNDS, QUESTIONS = 10, 3
"""In each round everybody says something, and some of them ask for the ranking."""


def talk(account: str) -> list[list[RoomEvent]]:
    """What is said, by rounds; each account has its own room, in which the same people are."""
    chat = Chat(f"room-of-{account}")
    return [
        [
            said("/排行" if number < QUESTIONS else "番茄", person, chat, id=f"{account}-{turn}-{number}")
            for number, person in enumerate(PEOPLE)
        ]
        for turn in range(ROUNDS)
    ]


async def main(url: str, account: str, key: str) -> None:
    loaded = load(ROOT / "sops", ROOT / "templates", collect())
    assert loaded.sops is not None
    ids.BLOCK = 7  # used up often
    with owning(url, account) as claim:
        world = World(loaded.sops, MONDAY_9, url, OFF, account, claim)
        await world.start({key: Chat(f"room-of-{account}")})
        print("ready", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.readline)
        for turn, events in enumerate(talk(account)):
            await world.happen(*events)
            print(turn, flush=True)  # noqa: T201
        await world.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
