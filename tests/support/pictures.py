"""Small pictures that decode."""

from __future__ import annotations

import colorsys
import io
import struct
import zlib

from PIL import Image, ImageDraw

__all__ = ["bottle", "file_of", "png"]


def png(width: int, height: int, shade: int = 200) -> bytes:
    """A PNG in one shade of grey."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bottle(hue: float, size: int = 200, ground: str | None = "white") -> Image.Image:
    """A bottle with a cap and a label of other hues, on one ground or on none."""
    image = Image.new("RGBA", (size, size), ground or (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    unit = size / 20
    draw.rounded_rectangle((6 * unit, 7 * unit, 14 * unit, 19 * unit), unit, fill=_rgb(hue, 0.8, 0.7))
    draw.rectangle((8 * unit, 2 * unit, 12 * unit, 7 * unit), fill=_rgb(hue + 0.35, 0.7, 0.5))
    draw.rectangle((7 * unit, 10 * unit, 13 * unit, 15 * unit), fill=_rgb(hue + 0.15, 0.4, 0.9))
    return image


def file_of(image: Image.Image, kind: str = "PNG") -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, ...]:
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue % 1, saturation, value))
