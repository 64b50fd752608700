"""An office whose messages leave without a pace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.outbox.office import Office, office


@pytest.fixture
def desk(engine: Engine) -> Iterator[Office]:
    with office(engine) as desk:
        yield desk
