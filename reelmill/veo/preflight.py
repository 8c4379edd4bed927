"""What ``reelmill doctor`` asks about Veo: project, region, credentials, model, clock and prices. Costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import httpx

from reelmill.checkup import Check
from reelmill.errors import ReelmillError
from reelmill.scrub import scrub
from reelmill.settings import Settings
from reelmill.veo.checks import check_region
from reelmill.veo.credentials import load_credentials
from reelmill.veo.endpoint import Endpoint
from reelmill.veo.model import Model
from reelmill.veo.registry import Registry
from reelmill.veo.transport import Call, VertexTransport

__all__ = ["TIMEOUT_S", "veo_checks"]

TIMEOUT_S = 15.0
"""Longest wait for each answer, in seconds."""

_SKEW_WARN_S = 30.0
_SKEW_FAIL_S = 300.0  # Google refuses tokens from clocks that are further off
_PROJECT, _REGION, _CREDENTIALS = "project", "region", "credentials"
_MODEL, _PUBLISHED, _CLOCK, _PRICES = "model", "model published", "clock", "prices"
_DRAFT = "draft "  # before the checks of the drafts' model


def veo_checks(settings: Settings, registry: Registry, *, now: datetime | None = None) -> Iterator[Check]:
    """Every check of this room, each as soon as it is known. Never raises; never sends a paid request."""
    moment = now or datetime.now(UTC)
    endpoint: Endpoint | None = None
    models: dict[str, Model] = {}
    try:
        endpoint = Endpoint.from_settings(settings)
        yield Check(_PROJECT, True, f"{endpoint.project}, served by {endpoint.host}")
    except ReelmillError as error:
        yield _failed(_PROJECT, error)
    for prefix, name in {"": settings.model, _DRAFT: settings.draft_model}.items():
        if not name and prefix:
            continue
        try:
            model = models[prefix] = registry.model(name)
        except ReelmillError as error:
            yield _failed(prefix + _MODEL, error)
            continue
        yield _region(settings, model, prefix)
        yield _alive(model, moment, prefix)
        yield _prices(settings, model, moment, prefix)
    if endpoint is None:
        return
    yield _clock(endpoint)
    yield from _with_google(settings, endpoint, models, registry)


def _failed(name: str, error: ReelmillError) -> Check:
    return Check(name, False, error.problem, error.remedy)


def _guarded(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except ReelmillError as error:
        return _failed(name, error)


def _region(settings: Settings, model: Model, prefix: str) -> Check:
    def check() -> str:
        check_region(settings.location, model)
        return f"{settings.location} is on the model card of {model.id}"

    return _guarded(prefix + _REGION, check)


def _alive(model: Model, moment: datetime, prefix: str) -> Check:
    try:
        warnings = model.check_alive(moment.date())
    except ReelmillError as error:
        return _failed(prefix + _MODEL, error)
    if warnings:
        detail = " ".join(warnings).partition(" Run `reelmill doctor`")[0]  # which is what this is
        return Check(prefix + _MODEL, None, detail, "See below what Google publishes, and keep another model ready.")
    return Check(prefix + _MODEL, True, f"{model.id} ({model.stage}), no retirement due")


def _prices(settings: Settings, model: Model, moment: datetime, prefix: str) -> Check:
    name = prefix + _PRICES
    sounds = (True, False) if settings.audio is None else (settings.audio,)
    try:
        known = [(sound, model.unit_price(settings.resolution, sound)) for sound in sounds]
    except ReelmillError as error:
        return _failed(name, error)
    shown = ", ".join(f"{price} {'with' if sound else 'without'} sound" for sound, price in known)
    detail = f"USD per second at {settings.resolution}: {shown}, read on {model.price_as_of}"
    old = model.price_warnings(moment.date(), settings.price_max_age_days)
    if old:
        return Check(name, None, detail, " ".join(old))
    return Check(name, True, detail)


def _clock(endpoint: Endpoint) -> Check:
    """Compare our clock with the Date that the server stamps on any answer, asked by the way that submits take."""
    asked = time.time()
    try:
        transport = VertexTransport(endpoint.base_url)
        with httpx.Client(transport=transport) as client, transport.during(Call(time.monotonic() + TIMEOUT_S)):
            answer = client.get(endpoint.base_url)
        theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except ReelmillError as error:  # a proxy or certificates of no use
        return _failed(_CLOCK, error)
    except httpx.HTTPError as error:
        return Check(
            _CLOCK,
            None,
            f"{endpoint.host} was not reached ({type(error).__name__})",
            "Check the network, the proxy and vertex_base_url.",
        )
    except (KeyError, ValueError, TypeError):
        if endpoint.loopback:
            return Check(_CLOCK, True, "the endpoint is on this machine")
        return Check(_CLOCK, None, f"{endpoint.host} does not say what time it is", "Compare the clock by hand.")
    skew = (asked + time.time()) / 2 - theirs
    detail = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {endpoint.host}"
    if abs(skew) <= _SKEW_WARN_S:
        return Check(_CLOCK, True, detail)
    return Check(
        _CLOCK,
        None if abs(skew) <= _SKEW_FAIL_S else False,
        detail,
        "Synchronise this machine's clock (NTP): tokens, leases and daily caps depend on it.",
    )


def _with_google(
    settings: Settings, endpoint: Endpoint, models: Mapping[str, Model], registry: Registry
) -> Iterator[Check]:
    """The checks that need an access token."""
    try:
        credentials = load_credentials(settings, endpoint)
    except ReelmillError as error:
        yield _failed(_CREDENTIALS, error)
        return
    check = _token(credentials)
    yield check
    if check.ok:
        for prefix, model in models.items():
            yield _published(endpoint, credentials, model, registry, prefix)


def _token(credentials: Any) -> Check:
    """Fetch an access token, unless a static one is in use."""
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    who = getattr(credentials, "service_account_email", None) or "application default credentials"
    if credentials.token and not credentials.expired:
        return Check(_CREDENTIALS, True, "a static token, for local use")
    try:
        credentials.refresh(partial(Request(), timeout=TIMEOUT_S))
    except (GoogleAuthError, OSError, ValueError) as error:
        return Check(
            _CREDENTIALS,
            False,
            f"no access token for {who}: {scrub(error, 200)}",
            "Run `gcloud auth application-default login`, or renew the service-account key.",
        )
    return Check(_CREDENTIALS, True, f"an access token for {who}")


def _published(endpoint: Endpoint, credentials: Any, model: Model, registry: Registry, prefix: str) -> Check:
    """Ask Model Garden for the model. 404 is a strong hint of retirement; 200 is no proof that it serves."""
    from google.api_core import exceptions

    name = prefix + _PUBLISHED
    try:
        found = _publisher_model(endpoint, credentials, model.id)
    except exceptions.NotFound:
        other = model.live_replacement or ", ".join(name for name in registry.offered if name != model.id)
        setting = (prefix + _MODEL).replace(" ", "_")
        fix = f"Set {setting} to another one: {other}."
        return Check(name, False, f"Google no longer publishes {model.id}", fix)
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        return Check(
            name,
            False,
            f"Google refused the question: {scrub(error, 200)}",
            "Enable the Vertex AI API in the project and grant this identity roles/aiplatform.user.",
        )
    except Exception as error:  # noqa: BLE001 - requests', google-auth's and api_core's errors share no base
        return Check(
            name,
            None,
            f"Model Garden did not answer: {type(error).__name__}: {scrub(error, 200)}",
            "Run `reelmill doctor` again; if it repeats, check the network and vertex_base_url.",
        )
    stage = found.launch_stage.name.replace("_", " ").lower()
    return Check(name, True, f"{model.id} is published ({stage}); only a clip proves that it serves")


def _publisher_model(endpoint: Endpoint, credentials: Any, name: str) -> Any:
    """One GET, no retry."""
    from google.cloud.aiplatform_v1.services.model_garden_service import ModelGardenServiceClient
    from google.cloud.aiplatform_v1.services.model_garden_service.transports.rest import (
        ModelGardenServiceRestTransport,
    )

    transport = ModelGardenServiceRestTransport(host=endpoint.host, url_scheme=endpoint.scheme, credentials=credentials)
    with ModelGardenServiceClient(transport=transport) as client:
        return client.get_publisher_model(name=f"publishers/google/models/{name}", retry=None, timeout=TIMEOUT_S)
