from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.veo.image_header import foreign_format, read_header


def png(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", zlib.crc32(chunk[4:]))


def jpeg(width, height, *, before=b"", marker=0xC0):
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + before + bytes([0xFF, marker]) + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xda"


def segment(marker, payload):
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


sizes = st.tuples(st.integers(1, 65535), st.integers(1, 65535))


@given(sizes)
def test_png_sizes(size):
    header = read_header(png(*size))
    assert (header.mime_type, header.width, header.height) == ("image/png", *size)
    assert header.pixels == size[0] * size[1]


@given(
    sizes,
    st.lists(st.tuples(st.sampled_from([0xE0, 0xE1, 0xDB, 0xC4, 0xFE]), st.binary(max_size=60)), max_size=5),
    st.sampled_from([0xC0, 0xC1, 0xC2]),
)
def test_jpeg_sizes_behind_any_segments(size, segments, marker):
    before = b"".join(segment(*entry) for entry in segments) + b"\xff"  # and a fill byte
    header = read_header(jpeg(*size, before=before, marker=marker))
    assert (header.mime_type, header.width, header.height) == ("image/jpeg", *size)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", jpeg(9, 9)[:9]]))
def test_no_bytes_break_it(data, start):
    header = read_header(start + data)
    assert header is None or header.pixels > 0
    assert foreign_format(start + data)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_picture_without_extent_is_none(size):
    assert read_header(png(*size)) is None
    assert read_header(jpeg(*size)) is None


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"GIF89a", "GIF"),
        (b"\0\0\0\x20ftypavif", "AVIF"),
        (b"\0\0\0\x20ftypheic", "HEIC"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b" <!DOCTYPE html><html>", "an HTML page"),
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0", "a damaged JPEG"),
        (b"hello", "no image"),
    ],
)
def test_other_formats_have_names(data, name):
    assert read_header(data) is None
    assert foreign_format(data) == name
