"""Each kind's parts; the kinds as wholes are tried by the scenarios, on both kinds of database."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.conftest import NewUrl


@pytest.fixture
def new_url(tmp_path: Path) -> NewUrl:
    numbers = itertools.count()
    return lambda: f"sqlite:///{tmp_path / f'bot-{next(numbers)}.db'}"
