"""How a picture looks, as a number: near copies differ from it in few bits."""

from __future__ import annotations

import io

LARGEST_BYTES = 20 * 1024 * 1024
LARGEST_PIXELS = 50_000_000


def dhash(content: bytes) -> int | None:
    """64 bits, one for each of 8 × 8 steps from left to right: is it darker there? None: not to be read.

    Signed, as the store keeps it.
    """
    if len(content) > LARGEST_BYTES:
        return None
    from PIL import Image  # only where pictures come

    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                return None
            picture.draft("L", (72, 64))
            points = picture.convert("L").resize((9, 8)).tobytes()
    except Exception:  # whatever a broken picture makes the decoder raise, it is still a picture to keep
        return None
    bits = [points[9 * row + n] > points[9 * row + n + 1] for row in range(8) for n in range(8)]
    number = int("".join("1" if bit else "0" for bit in bits), 2)
    return number - (1 << 64) if number >> 63 else number
