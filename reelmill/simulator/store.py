"""Cloud Storage as the service uses it: it reads input objects and writes the videos (JSON API over HTTP)."""

from __future__ import annotations

from urllib.parse import quote

import httpx

__all__ = ["ObjectStore", "StorageRefused", "split_uri"]

_TIMEOUT_SECONDS = 60.0
_NOT_FOUND = 404
# google.rpc codes of the operation errors that follow. UNVERIFIED: no such failure of Veo was ever quoted.
_CODE_NOT_FOUND, _CODE_PERMISSION_DENIED, _CODE_INTERNAL = 5, 7, 13


class StorageRefused(Exception):  # noqa: N818  # what happened; it never leaves the simulator
    """An object could not be read or written; ``code`` is the operation's ``google.rpc`` code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ObjectStore:
    """Reads and writes ``gs://`` objects at one address."""

    def __init__(self, url: str) -> None:
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
        self._http = httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_SECONDS, limits=limits, trust_env=False)

    async def read(self, uri: str) -> bytes:
        """The object's bytes. Raises StorageRefused."""
        bucket, name = split_uri(uri)
        answer = await self._ask("GET", f"/storage/v1/b/{_quoted(bucket)}/o/{_quoted(name)}?alt=media", uri)
        return answer.content

    async def write(self, uri: str, data: bytes, content_type: str) -> None:
        """Create the object. Raises StorageRefused."""
        bucket, name = split_uri(uri)
        path = f"/upload/storage/v1/b/{_quoted(bucket)}/o?uploadType=media&name={_quoted(name)}"
        await self._ask("POST", path, uri, content=data, headers={"Content-Type": content_type})

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(
        self, method: str, path: str, uri: str, *, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise StorageRefused(_CODE_INTERNAL, f"Cloud Storage did not answer for {uri} ({error!r}).") from None
        if answer.is_success:
            return answer
        if answer.status_code == _NOT_FOUND:
            raise StorageRefused(_CODE_NOT_FOUND, f"The Cloud Storage object or bucket of {uri} was not found.")
        verb = "get" if method == "GET" else "create"
        raise StorageRefused(
            _CODE_PERMISSION_DENIED,
            f"Service account does not have [storage.objects.{verb}] IAM permission(s) to the resource {uri}.",
        )


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and object name of ``gs://bucket/name``."""
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    return bucket, name


def _quoted(part: str) -> str:
    return quote(part, safe="")
