from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store import keys


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'bot.db'}"
    key = keys.beside(url)
    assert key is not None
    assert len(key) == keys.BYTES
    assert keys.beside(url) == key
    (file,) = (tmp_path / "new").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("bot.db.key", 0o600)


def test_each_database_has_its_own(tmp_path: Path) -> None:
    assert keys.beside(f"sqlite:///{tmp_path / 'a.db'}") != keys.beside(f"sqlite:///{tmp_path / 'b.db'}")


def test_a_server_has_no_file_beside_it() -> None:
    assert keys.beside("postgresql://bot@localhost/bot") is None


def test_a_spoilt_key_is_told_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "bot.db.key").write_text("半个")
    with pytest.raises(StoreError, match="坏了"):
        keys.beside(f"sqlite:///{tmp_path / 'bot.db'}")
    (tmp_path / "bot.db.key").write_text("ab")
    with pytest.raises(StoreError, match="坏了"):
        keys.beside(f"sqlite:///{tmp_path / 'bot.db'}")
    assert (tmp_path / "bot.db.key").read_text() == "ab"
