from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.sop.kinds import collect

MODULE = """
from bot.sop.kind import Kind
from bot.sop.language import Sop

KIND = Kind(name="{}", title="试", model=Sop, behaviours=())
"""


def test_our_own_kinds_are_found() -> None:
    assert {"theme_day", "challenge"} <= set(collect())


def test_a_folder_may_add_kinds(tmp_path: Path) -> None:
    (tmp_path / "kind_of_a_shop.py").write_text(MODULE.format("shop_kind"), encoding="utf-8")
    kinds = collect(tmp_path)
    assert kinds["shop_kind"].title == "试"
    assert set(kinds) - set(collect()) == {"shop_kind"}


def test_two_kinds_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "kind_named_as_ours.py").write_text(MODULE.format("theme_day"), encoding="utf-8")
    with pytest.raises(ConfigError, match="theme_day"):
        collect(tmp_path)


def test_a_module_without_a_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kind_of_nothing.py").write_text("KIND = None", encoding="utf-8")
    with pytest.raises(ConfigError, match="没有导出 KIND"):
        collect(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="不存在"):
        collect(tmp_path / "none")
