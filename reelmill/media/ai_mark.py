"""The mark in a file that machines read: it was made by AI.

Two copies, for two kinds of reader: tags of the container, and the XMP packet in which IPTC's *digital source type*
stands (Photo and Video Metadata, 2023.1), as tools and platforms look for it. A picture has the packet. EU AI Act, Art.
50(2), in force since 2 August 2026.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["SOURCE_TYPE", "append_xmp", "has_xmp", "marked", "marked_jpeg"]

SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_KEPT = frozenset({"title", "artist", "copyright", "creation_time"})
_WORDS = "AI-generated video (trainedAlgorithmicMedia)"
_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP Specification Part 3, MPEG-4
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"  # same, JPEG
_XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def marked(kept: Mapping[str, str], record: str = "") -> dict[str, str]:
    """Container tags with the mark; a comment or description that the video came with stays behind ours.

    ``record`` is where the record of the file lies, so that a copied file finds it.
    """
    tags = {name: text for name, text in kept.items() if name in _KEPT}
    for name in ("comment", "description"):
        theirs = kept.get(name, "")
        tags[name] = _WORDS if _WORDS in theirs or not theirs else f"{_WORDS}. {theirs}"
    found = {"provenance": record} if record else {}
    return {**tags, **found, "digital_source_type": SOURCE_TYPE}


def append_xmp(path: Path) -> None:
    """Add the XMP packet to an MP4 file: a box of its own at the end, so that nothing moves."""
    packet = _XMP.encode()
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 8 + len(_UUID) + len(packet), b"uuid") + _UUID + packet)


def marked_jpeg(picture: bytes) -> bytes:
    """A JPEG picture with the XMP packet, in a segment of its own behind the one that calls it JPEG."""
    packet = _JPEG_XMP + _XMP.encode()
    at = 4 + struct.unpack(">H", picture[4:6])[0] if picture[2:4] == b"\xff\xe0" else 2
    return picture[:at] + struct.pack(">2sH", b"\xff\xe1", 2 + len(packet)) + packet + picture[at:]


def has_xmp(path: Path) -> bool:
    """Whether an MP4 file has an XMP packet that says so."""
    with path.open("rb") as file:
        return any(SOURCE_TYPE.encode() in packet for packet in _xmp_packets(file))


def _xmp_packets(file: BinaryIO) -> Iterator[bytes]:
    """The packets among the boxes of the outermost level."""
    while len(head := file.read(8)) == 8:  # noqa: PLR2004 - a box's size and kind
        size, kind = struct.unpack(">I4s", head)
        read = 8
        if size == 1:
            size, read = struct.unpack(">Q", file.read(8))[0], 16
        if size == 0 or size < read:
            return
        if kind == b"uuid" and file.read(len(_UUID)) == _UUID:
            yield file.read(size - read - len(_UUID))
        else:
            file.seek(size - read - (len(_UUID) if kind == b"uuid" else 0), 1)
