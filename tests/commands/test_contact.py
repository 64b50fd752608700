from __future__ import annotations

import pytest

from bot.scenario.world import World
from bot.store.tables import consent, interaction
from tests.builders import QING, ROOM, ZHOU, ask, look, said


@pytest.mark.parametrize(
    ("typed", "chat"), [("/别@我", ROOM), ("别@我", None), ("退订", None), ("@小野 别@我", ROOM)]
)
async def test_a_member_declines_in_a_word_and_takes_it_back(world: World, typed: str, chat: object) -> None:
    await world.happen(said("大家好", QING))
    if typed.startswith("@"):
        await world.happen(said(typed, QING, to_bot=True))
    else:
        (answer,) = await ask(world, typed, QING, ROOM if chat else None)
        assert "不@您" in answer
    assert [row["given"] for row in look(world, consent)] == [False]
    await ask(world, "/可以@我", QING)
    assert [row["given"] for row in look(world, consent)] == [True]
    assert len(look(world, interaction, name="dnc_set")) == 1
    assert len(look(world, interaction, name="dnc_cleared")) == 1


async def test_in_a_room_the_bare_words_are_mere_talk(world: World) -> None:
    assert await ask(world, "别@我", QING) == []
    assert look(world, consent) == []


async def test_it_concerns_nobody_else(world: World) -> None:
    await world.happen(said("大家好", ZHOU))
    await ask(world, "/别@我", QING)
    assert len(look(world, consent)) == 1


async def test_a_stranger_has_nothing_to_decline(world: World) -> None:
    assert await ask(world, "别@我", QING, None) == []
    assert look(world, consent) == []
