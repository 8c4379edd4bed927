"""The real local services for tests: the Veo simulator and a Cloud Storage stand-in, each a process of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from reelmill.local import LocalService, create_bucket, start_fake_gcs, start_simulator

__all__ = ["FakeGcs", "SimulatorProcess", "fake_gcs", "simulator"]


@dataclass(frozen=True)
class FakeGcs:
    """A running Cloud Storage stand-in."""

    service: LocalService

    @property
    def url(self) -> str:
        return self.service.url

    def bucket(self, name: str | None = None) -> str:
        """Make a bucket (with a unique name unless one is given) and return its name."""
        chosen = name or f"test-{uuid.uuid4().hex[:12]}"
        create_bucket(self.url, chosen)
        return chosen

    def client(self) -> Any:
        """A google-cloud-storage client on it."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        return storage.Client(
            project="local", credentials=AnonymousCredentials(), client_options={"api_endpoint": self.url}
        )

    def put(self, uri: str, data: bytes, content_type: str = "application/octet-stream") -> str:
        """Store an object under its gs:// name; returns that name."""
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        self.client().bucket(bucket).blob(name).upload_from_string(data, content_type=content_type)
        return uri

    def read(self, uri: str) -> bytes:
        """The bytes of an object, by its gs:// name."""
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        return self.client().bucket(bucket).blob(name).download_as_bytes()


def _get(url: str) -> Any:
    # Without certificates to load, a client is ready in no time.
    return httpx.get(url, trust_env=False, verify=False).raise_for_status().json()


@dataclass(frozen=True)
class SimulatorProcess:
    """A running simulator and what it recorded."""

    service: LocalService

    @property
    def url(self) -> str:
        return self.service.url

    def journal(self) -> list[dict[str, Any]]:
        """One object per accepted submit: the independent truth of what was billed."""
        return _get(f"{self.url}/simulator/journal")

    def stats(self) -> dict[str, Any]:
        """Counts: posts, accepted, refused, faults, polls, running, billed_usd."""
        return _get(f"{self.url}/simulator/stats")

    def stop(self) -> int:
        return self.service.stop()

    def kill(self) -> None:
        self.service.kill()


@contextmanager
def fake_gcs(root: Path | None = None) -> Iterator[FakeGcs]:
    """A Cloud Storage of its own: objects below ``root``, or in memory."""
    with start_fake_gcs(root) as service:
        yield FakeGcs(service)


@contextmanager
def simulator(
    storage_url: str = "http://127.0.0.1:9",
    *,
    faults: Mapping[str, float] | None = None,
    latency: str = "0:0.05",
    quota_per_minute: int = 0,
    fast_videos: bool = True,
    port: int = 0,
    **options: Any,
) -> Iterator[SimulatorProcess]:
    """A simulator of its own. Quick by default: no quota, hardly any latency, template videos.

    Further options are named as on its command line: ``seed=7``, ``prompt_faults=True``, ``journal=path``.
    Without a ``storage_url`` only inline videos can come back.
    """
    flags: dict[str, Any] = {"latency": latency, "quota_per_minute": quota_per_minute, "fast_videos": fast_videos}
    arguments = [word for name, value in {**flags, **options}.items() for word in _words(name, value)]
    for kind, probability in (faults or {}).items():
        arguments += ["--fault", f"{kind}={probability}"]
    with start_simulator(storage_url, *arguments, port=port) as service:
        yield SimulatorProcess(service)


def _words(name: str, value: Any) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag] if value else []
    if isinstance(value, (list, tuple)):
        return [word for each in value for word in (flag, str(each))]
    return [flag, str(value)]
