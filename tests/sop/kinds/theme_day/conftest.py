from __future__ import annotations

from pathlib import Path

import pytest

from tests.theme_folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.at(tmp_path)
