"""What an image file is, read from its first bytes; nothing is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["ImageHeader", "foreign_format", "read_header"]

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PNG_HEADER_BYTES = 24
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_IMAGE_ENDS = frozenset({0xD9, 0xDA})
_MARKER = 0xFF
_LENGTH_BYTES = 2
_SIZE_ENDS = 5  # precision, then height and width, two bytes each


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Type and size in pixels."""

    mime_type: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


def read_header(data: bytes) -> ImageHeader | None:
    """The header of a JPEG or PNG; None for anything else, or for one that is cut off or has no size."""
    size = _png_size(data) if data.startswith(_PNG) else _jpeg_size(data) if data.startswith(_JPEG) else None
    if size is None or 0 in size:
        return None
    mime_type = "image/png" if data.startswith(_PNG) else "image/jpeg"
    return ImageHeader(mime_type, *size)


def foreign_format(data: bytes) -> str:
    """A name for what is no JPEG or PNG, like ``WebP`` or ``an HTML page``."""
    start = data[:512].lstrip().lower()
    known = {
        "WebP": data[:4] == b"RIFF" and data[8:12] == b"WEBP",
        "GIF": data.startswith((b"GIF87a", b"GIF89a")),
        "AVIF": data[4:12] in (b"ftypavif", b"ftypavis"),
        "HEIC": data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1"),
        "TIFF": data.startswith((b"II*\x00", b"MM\x00*")),
        "BMP": data.startswith(b"BM"),
        "SVG": b"<svg" in start,
        "an HTML page": start.startswith((b"<!doctype html", b"<html")),
        "empty": not data,
        "a damaged JPEG": data.startswith(_JPEG),
        "a damaged PNG": data.startswith(_PNG),
    }
    return next((name for name, is_it in known.items() if is_it), "no image")


def _png_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < _PNG_HEADER_BYTES or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk from marker to marker up to the start of the frame."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != _MARKER:
            return None
        marker = data[at + 1]
        if marker == _MARKER:  # a fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _IMAGE_ENDS:
            return None
        else:
            length = int.from_bytes(data[at + 2 : at + 4])
            if length < _LENGTH_BYTES:
                return None
            if marker in _START_OF_FRAME:
                return _frame_size(data[at + 4 : at + 2 + length])
            at += 2 + length
    return None


def _frame_size(frame: bytes) -> tuple[int, int] | None:
    if len(frame) < _SIZE_ENDS:
        return None
    height, width = struct.unpack(">HH", frame[1:_SIZE_ENDS])
    return width, height
