"""The settings of delivery: where the public reads the output, and the CMS that files are published to."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

__all__ = ["DeliverySettings"]


class DeliverySettings(BaseSettings):
    """A part of :class:`~reelmill.settings.Settings`, which is read as a whole."""

    # Where it goes
    public_base_url: str = Field(
        "",
        max_length=1000,
        description="Address at which the public reads the output root, like `https://cdn.example.com/reels` for "
        "`gs://bucket/reels` (see delivery.md). Empty means that nothing has a public address.",
    )
    cms_url: str = Field(
        "",
        repr=False,  # paths may be secrets
        max_length=2000,
        description="Where `reelmill publish --to cms` creates uploads (tus 1.0, see delivery.md): https, or http on "
        "this machine.",
    )
    cms_token: SecretStr = Field(SecretStr(""), description="Bearer token for the CMS; empty sends none.")
    cms_private: bool = Field(
        False, description="Let uploads go to private and link-local addresses, for a CMS in your own network."
    )
    cms_piece_bytes: int = Field(
        16_777_216,
        ge=65_536,
        le=1_073_741_824,
        description="Bytes sent to the CMS in one request; after a broken one, what the CMS has kept of it counts.",
    )
    cms_timeout_s: float = Field(120, ge=0.1, le=3600, description="Deadline of one request to the CMS, in seconds.")
    cms_attempts: int = Field(
        8, ge=1, le=100, description="Times in a row that an upload may fail without getting further."
    )
    cms_wait_s: float = Field(
        1, ge=0.01, le=600, description="Wait after the first failure, in seconds; it doubles, with jitter."
    )
    cms_wait_max_s: float = Field(
        60,
        ge=0.01,
        le=3600,
        description="Longest wait between two tries, in seconds, unless Retry-After asks for more.",
    )

    @field_validator("public_base_url")
    @classmethod
    def _a_public_place(cls, value: str) -> str:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            _ = parts.port  # reading it checks it
        except ValueError:  # whose words quote users and passwords
            raise ValueError("it is no address") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it is no http(s):// address")
        if parts.username is not None or parts.password is not None:
            raise ValueError("it carries a user or a password")
        if "?" in value or "#" in value:
            raise ValueError("it carries a query or a fragment: addresses are to be plain and lasting")
        if not value.isascii() or any(char.isspace() or not char.isprintable() for char in value):
            raise ValueError("it has characters that must be percent-encoded")
        return value.rstrip("/")
