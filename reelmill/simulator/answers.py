"""What the service says, word for word where its words are known (else marked UNVERIFIED)."""

from __future__ import annotations

from typing import Any

import orjson

from reelmill.simulator.http import Reply

__all__ = [
    "INPUT_SUPPORT_CODES",
    "NO_RESOURCE",
    "OUTPUT_SUPPORT_CODES",
    "UNAUTHENTICATED",
    "denied",
    "error",
    "filtered_image",
    "filtered_output",
    "filtered_prompt",
    "json_reply",
    "no_model",
    "no_publisher_model",
    "over_quota",
]

# Support codes by where they strike; each pair names the same category (Veo's responsible-AI guide).
INPUT_SUPPORT_CODES = ("58061214", "29310472", "57734940", "61493863")
OUTPUT_SUPPORT_CODES = ("17301594", "15236754", "22137204", "56562880", "42237218")

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

NO_RESOURCE = "Invalid resource field value in the request."
# The whole text is UNVERIFIED for Veo; "Expected OAuth 2 access token" is part of it.
UNAUTHENTICATED = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
GENERIC = {500: "Internal error encountered.", 503: "The service is currently unavailable.", 504: "Deadline exceeded."}


def json_reply(value: Any, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(status=status, body=orjson.dumps(value))


def error(status: int, message: str = "") -> Reply:
    """An error in Google's envelope; ``message`` falls back on the generic text of the status."""
    text = message or GENERIC.get(status, _STATUS[status])
    return json_reply({"error": {"code": status, "message": text, "status": _STATUS[status]}}, status)


def no_model(project: str, location: str, model: str) -> str:
    """404 when a model is unknown, retired, or called in another region."""
    return (
        f"Publisher Model `projects/{project}/locations/{location}/publishers/google/models/{model}` was not found or "
        "your project does not have access to it. Please ensure you are using a valid model version. For more "
        "information, see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions"
    )


def no_publisher_model(model: str) -> str:
    """404 of the preflight."""
    return f"Publisher Model `publishers/google/models/{model}` is not found."


def denied(project: str, location: str, model: str) -> str:
    """403 without the role to predict."""
    resource = f"//aiplatform.googleapis.com/projects/{project}/locations/{location}/publishers/google/models/{model}"
    return f"Permission 'aiplatform.endpoints.predict' denied on resource '{resource}' (or it may not exist)."


def over_quota(model: str) -> str:
    """429."""
    return (
        "Quota exceeded for aiplatform.googleapis.com/long_running_online_prediction_requests_per_base_model with base "
        f"model: {model}. Please submit a quota increase request. "
        "https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai."
    )


def filtered_prompt(code: str) -> str:
    """Operation error 3, or HTTP 400: the prompt was blocked."""
    return (
        "The prompt could not be submitted. This prompt contains sensitive words that violate Google's Responsible AI "
        "practices. Try rephrasing the prompt. If you think this was an error, send feedback. "
        f"Support codes: {code}"
    )


def filtered_image(code: str) -> str:
    """Operation error 3: an input image was blocked."""
    return (
        "The input image contains content that has been blocked by your current safety settings for person/face "
        f"generation. Support codes: {code}"
    )


def filtered_output(count: int, code: str) -> str:
    """The reason given for videos that were made and withheld."""
    return (
        f"Veo could not generate {count} videos based on the prompt provided. You will not be charged for this "
        "request. Try rephrasing the prompt. If you think this was an error, send feedback. "
        f"Support codes: {code}"
    )
