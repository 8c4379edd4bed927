"""Public addresses of stored files. Never a signed one: those are secrets, and they expire."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["PublicAddresses"]


@dataclass(frozen=True, slots=True)
class PublicAddresses:
    """Where the public reads what lies below an output root: ``base`` stands for ``root``.

    Both without a slash at their end. With an empty ``base`` nothing has a public address.
    """

    root: str
    base: str = ""

    def url(self, uri: str | None) -> str | None:
        """The ``http(s)://`` address of a stored file; None without one, or for a file outside the root.

        Everything but letters, digits, ``-._~`` and the slashes is percent-encoded; a comma in the base, too: between
        addresses of one field it would part them.
        """
        if not uri or not self.base:
            return None
        path = uri.removeprefix("file://")
        name = path.removeprefix(f"{self.root}/")
        if name == path or not name or ".." in name.split("/"):
            return None
        return f"{self.base.rstrip('/').replace(',', '%2C')}/{quote(name, safe='/', errors='replace')}"
