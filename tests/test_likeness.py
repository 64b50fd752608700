"""How a picture looks."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from bot.likeness import LARGEST_BYTES, dhash


def _picture(format: str, width: int, quality: int = 90, left: int = 30) -> bytes:
    picture = Image.new("RGB", (320, 240), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((left, 40, left + 120, 180), fill="red")
    draw.rectangle((200, 100, 300, 220), fill="green")
    out = io.BytesIO()
    picture.resize((width, width * 3 // 4)).save(out, format, quality=quality)
    return out.getvalue()


def _differ(one: bytes, other: bytes) -> int:
    first, second = dhash(one), dhash(other)
    assert first is not None
    assert second is not None
    return ((first ^ second) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def test_a_smaller_copy_looks_the_same() -> None:
    assert _differ(_picture("JPEG", 320), _picture("JPEG", 200, quality=40)) <= 4


def test_another_picture_looks_otherwise() -> None:
    assert _differ(_picture("PNG", 320), _picture("PNG", 320, left=170)) > 4


def test_it_fits_into_a_signed_number_of_64_bits() -> None:
    looks = dhash(_picture("PNG", 320))
    assert looks is not None
    assert -(1 << 63) <= looks < 1 << 63


def test_what_cannot_be_read_looks_like_nothing() -> None:
    assert dhash(b"\xff\xd8\xff broken") is None
    assert dhash(b"") is None
    assert dhash(b"\0" * (LARGEST_BYTES + 1)) is None
