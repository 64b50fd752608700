"""The bytes of a picture, from whatever call of the gateway has them."""

from __future__ import annotations

from functools import partial

from grpclib.exceptions import GRPCError

from bot.channels.wechaty.wire import LINK_ERRORS, Wire
from bot.errors import FetchFailed

SIZES = (3, 2, 1)
"""The original, the large one, the thumbnail."""


async def fetch(wire: Wire, id: str) -> bytes:
    """The picture of message ``id``, as large as it can be had."""
    problem = "nothing came"
    for ask in (*(partial(wire.picture, id, size) for size in SIZES), partial(wire.file, id)):
        try:
            if content := await ask():
                return content
        except GRPCError as error:
            problem = error.status.name
        except TimeoutError:  # how some gateways say that they have not got it
            problem = "no answer"
        except LINK_ERRORS as error:
            raise FetchFailed(f"the link was lost meanwhile: {type(error).__name__}") from error
    raise FetchFailed(f"the gateway has no picture: {problem}")
