from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BotError
from bot.sop.draft import draft
from bot.sop.kinds import collect
from bot.sop.loader import SopSet, load
from bot.sop.named import find

ROOT = Path(__file__).parents[2]

KINDS = tuple(collect(None))


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_is_a_sop_of_its_kind_switched_off_and_commented(
    kind: str, sops: SopSet, tmp_path: Path
) -> None:
    text = draft(sops, kind, "my-own")
    assert "# " in text
    (tmp_path / "community.yaml").write_text((ROOT / "sops/community.yaml").read_text())
    (tmp_path / "my-own.yaml").write_text(text)
    loaded = load(tmp_path, ROOT / "templates", sops.kinds)
    assert loaded.problems == []
    assert loaded.sops is not None
    mine = loaded.sops.declared["my-own"]
    assert (mine.sop, mine.enabled) == (kind, False)


@pytest.mark.parametrize(
    ("kind", "id", "said"),
    [("theme", "a", "theme_day"), ("theme_day", "wakeup", "已经有了"), ("theme_day", "我的", "小写字母")],
)
def test_what_cannot_be_is_told(kind: str, id: str, said: str, sops: SopSet) -> None:
    with pytest.raises(BotError, match=said):
        draft(sops, kind, id)


@pytest.mark.parametrize(
    "id", ["monday-origin", "friday-qa", "dinner-table", "welcome-survey", "wakeup", "monthly-nps"]
)
def test_every_kind_explains_itself_in_chinese(id: str, sops: SopSet) -> None:
    lines = list(find(sops.declared.values(), id).explain())
    assert len(lines) >= 2
    assert all(line.endswith("。") for line in lines)


def test_an_explanation_tells_when_and_what(sops: SopSet) -> None:
    told = "\n".join(find(sops.declared.values(), "周一溯源日").explain())
    for words in ("周一 12:10", "“溯源故事”", "过了3h不补发", "到21:30", "周二 12:10发合集"):
        assert words in told


def test_a_sop_that_nobody_knows_is_told_with_the_nearest(sops: SopSet) -> None:
    with pytest.raises(BotError, match="周一溯源日"):
        find(sops.declared.values(), "周一溯源")
