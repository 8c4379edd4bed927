"""What a file is, from its first bytes: Parquet, or text in which encoding; and what is no feed at all."""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from reelmill.errors import FixFeed

__all__ = ["SAMPLE_BYTES", "FileKind", "sniff"]

SAMPLE_BYTES = 1 << 17
_MAX_CONTROL_SHARE = 0.01
_FEW_CONTROLS = 20  # a cell or two with dirt in them
_UTF16_NUL_SHARE = 0.3

# What other files start with, what they are, and what to do about them.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive", "Save the sheet as CSV (UTF-8), or unpack the archive."),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "Save the sheet as CSV (UTF-8)."),
    (b"%PDF", "a PDF", "Export the products as CSV, TSV or Parquet."),
    (b"\x89PNG", "a picture", "Name the product file, not a picture."),
    (b"\xff\xd8\xff", "a picture", "Name the product file, not a picture."),
    (b"GIF8", "a picture", "Name the product file, not a picture."),
    (b"RIFF", "a picture or a video", "Name the product file, not a media file."),
    (b"\x00\x00\x00\x18ftyp", "a video", "Name the product file, not a media file."),
    (b"\x00\x00\x00\x20ftyp", "a video", "Name the product file, not a media file."),
    (b"SQLite format 3", "a SQLite database", "Export the product table as CSV or Parquet."),
    (b"Obj\x01", "an Avro file", "Export it as CSV, TSV or Parquet."),
    (b"ORC", "an ORC file", "Export it as CSV, TSV or Parquet."),
    (b"PARE", "an encrypted Parquet file", "Write it without encryption."),
    (b"BZh", "packed with bzip2", "Unpack it, or pack it with gzip."),
    (b"\xfd7zXZ", "packed with xz", "Unpack it, or pack it with gzip."),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "Unpack it, or pack it with gzip."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it, or pack it with gzip."),
    (b"Rar!", "a RAR archive", "Unpack it, or pack it with gzip."),
)
# Headers may begin with these letters, as PARENT_SKU does; in such a file numbers follow that no text holds.
_ALSO_WORDS = (b"PARE", b"ORC")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search
# What is left of bytes that are no UTF-8, and characters of several bytes that are.
_STRAY = re.compile("[\udc80-\udcff]")
_WELL_FORMED = re.compile("[^\x00-\x7f\udc80-\udcff]")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class FileKind:
    """How to read a file. ``sample`` is the decoded beginning of a text file, empty for Parquet."""

    parquet: bool
    gzipped: bool = False
    encoding: str = ""
    sample: str = ""


def sniff(stream: BinaryIO, file: str) -> FileKind:
    """Look at the beginning of a file and go back to it. Raises FixFeed if it can be no feed."""
    try:
        head = stream.read(SAMPLE_BYTES)
        stream.seek(0)
    except OSError as error:
        raise FixFeed(f"{file} cannot be read: {error.strerror or 'input failed'}.", "Check the file.") from None
    gzipped = head.startswith(b"\x1f\x8b")
    if gzipped:
        head = _gunzip_head(head, file)
    if not head:
        raise FixFeed(f"{file} is empty.", "Export the feed again, with a header line and products.")
    if head.startswith(b"PAR1"):
        if gzipped:
            raise FixFeed(f"{file} is a Parquet file packed with gzip.", "Unpack it; Parquet packs its own columns.")
        return FileKind(parquet=True)
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic) and not (magic in _ALSO_WORDS and _BINARY(head[len(magic) :][:8]) is None):
            raise FixFeed(f"{file} is {what}, no product feed.", remedy)
    encoding = _encoding(head)
    sample = codecs.getincrementaldecoder(encoding)(decoding_errors(encoding)).decode(head)
    _refuse_non_tables(sample, file)
    return FileKind(parquet=False, gzipped=gzipped, encoding=encoding, sample=sample)


def decoding_errors(encoding: str) -> str:
    """The error handler for an encoding: a stray Windows-1252 byte in UTF-8 is read as what it stands for."""
    if not encoding.startswith("utf-8") and encoding != "cp1252":
        return "replace"
    name = "reelmill.windows1252"
    try:
        codecs.lookup_error(name)
    except LookupError:
        codecs.register_error(name, _as_windows1252)
    return name


def _as_windows1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    # Five bytes stand for nothing there.
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


def _gunzip_head(head: bytes, file: str) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, SAMPLE_BYTES)
    except zlib.error:
        raise FixFeed(f"{file} starts like a gzip file but is damaged.", "Pack or export it again.") from None


def _encoding(head: bytes) -> str:
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    pairs = max(1, len(head) // 2)
    low, high = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
    if high > _UTF16_NUL_SHARE and low < high / 4:
        return "utf-16-le"
    if low > _UTF16_NUL_SHARE and high < low / 4:
        return "utf-16-be"
    # A stray byte or two make no other file of it: whatever is written in UTF-8 would be garbled.
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
    stray = len(_STRAY.findall(text))
    return "cp1252" if stray and stray >= len(_WELL_FORMED.findall(text)) else "utf-8"


def _refuse_non_tables(sample: str, file: str) -> None:
    """Raise FixFeed if the text is binary, JSON, HTML or XML, or nothing but space."""
    begins = sample.lstrip("\ufeff \t\r\n")[:256].lower()
    if not begins:
        raise FixFeed(f"{file} is empty.", "Export the feed again, with a header line and products.")
    controls = sum(sample.count(chr(code)) for code in (*range(9), *range(14, 26), *range(27, 32), 0x7F, 0xFFFD))
    if controls > max(_FEW_CONTROLS, len(sample) * _MAX_CONTROL_SHARE):
        raise FixFeed(f"{file} is a binary file, no product feed.", "Export the products as CSV, TSV or Parquet.")
    if begins[0] in "{[":
        raise FixFeed(f"{file} is JSON, which is not read.", "Export the products as CSV, TSV or Parquet.")
    if begins[0] == "<":
        page = begins.startswith(("<!doctype html", "<html", "<head", "<body"))
        what = "a web page (perhaps a sign-in page saved instead of the feed)" if page else "XML, which is not read"
        raise FixFeed(f"{file} is {what}.", "Download the feed as CSV or TSV, or export it as Parquet.")
