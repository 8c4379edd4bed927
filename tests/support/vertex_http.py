"""A bare-handed Vertex AI caller for tests that look at single requests and answers."""

from __future__ import annotations

import time
from typing import Any

import httpx

__all__ = ["VertexHttp"]

MODEL = "veo-3.1-fast-generate-001"


class VertexHttp:
    """Posts to one simulator, without retries, redirects or proxies."""

    def __init__(
        self, url: str, *, project: str = "p", location: str = "us-central1", version: str = "v1", timeout_s: float = 20
    ) -> None:
        self._place = f"projects/{project}/locations/{location}"
        self._version = version
        self._client = httpx.Client(base_url=url, trust_env=False, verify=False, timeout=timeout_s)

    def path(self, verb: str, model: str = MODEL) -> str:
        return f"/{self._version}/{self._place}/publishers/google/models/{model}:{verb}"

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        more.setdefault("headers", {"Authorization": "Bearer token"})
        return self._client.request(method, path, **more)

    def submit(
        self,
        prompt: str | None = "A mug",
        *,
        model: str = MODEL,
        instance: Any = None,
        labels: Any = None,
        **parameters: Any,
    ) -> httpx.Response:
        """Submit ``prompt`` with ``parameters``; more fields of the instance in ``instance``."""
        fields = {**({} if prompt is None else {"prompt": prompt}), **(instance or {})}
        body = {"instances": [fields], "parameters": parameters, **({} if labels is None else {"labels": labels})}
        return self.request("POST", self.path("predictLongRunning", model), json=body)

    def accepted(self, prompt: str | None = "A mug", **more: Any) -> str:
        """Submit and return the operation's name."""
        answer = self.submit(prompt, **more)
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() == {"name"}
        return answer.json()["name"]

    def poll(self, name: str) -> httpx.Response:
        resource = name.rpartition("/operations/")[0]
        path = f"/{self._version}/{resource}:fetchPredictOperation"
        return self.request("POST", path, json={"operationName": name})

    def result(self, name: str, deadline_s: float = 20) -> dict[str, Any]:
        """Poll until something other than the pending answer comes back."""
        deadline = time.monotonic() + deadline_s
        while time.monotonic() < deadline:
            answer = self.poll(name).json()
            if answer.keys() - {"name"}:
                return answer
            time.sleep(0.02)
        raise AssertionError(f"{name} was not done after {deadline_s} s")

    def error(self, prompt: str | None = "A mug", **more: Any) -> tuple[int, str]:
        """Submit, wait, and return code and message of the operation's error."""
        answer = self.result(self.accepted(prompt, **more))
        assert answer["done"] is True
        assert "response" not in answer
        return answer["error"]["code"], answer["error"]["message"]
