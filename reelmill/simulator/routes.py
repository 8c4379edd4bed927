"""The routes of Vertex AI that Veo clients use, answered as the service answers, plus the simulator's own."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import parse_qs, unquote

import orjson

from reelmill.simulator import answers
from reelmill.simulator.answers import error, json_reply
from reelmill.simulator.faults import Fault, FaultPlan, PromptFaults, Stage
from reelmill.simulator.http import Delivery, Reply, Request
from reelmill.simulator.journal import Journal
from reelmill.simulator.judges import Judges
from reelmill.simulator.models import PriceList
from reelmill.simulator.operations import Operation, Operations
from reelmill.simulator.options import SimulatorOptions
from reelmill.simulator.questions import read_question
from reelmill.simulator.quota import SlidingQuota
from reelmill.simulator.requests import Job, Place, read_job
from reelmill.simulator.validation import label_problem

__all__ = ["Routes"]

_VERSION = r"/(?:v1|v1beta1)"
_RESOURCE = r"projects/([^/]+)/locations/([^/]+)/publishers/google/models/([^/:]+)"
_PREDICT = re.compile(rf"{_VERSION}/{_RESOURCE}:predictLongRunning")
_FETCH = re.compile(rf"{_VERSION}/{_RESOURCE}:fetchPredictOperation")
_GENERATE = re.compile(rf"{_VERSION}/{_RESOURCE}:generateContent")
_PUBLISHED = re.compile(rf"{_VERSION}/publishers/google/models/([^/:]+)")
_EXPRESS = re.compile(rf"{_VERSION}/publishers/google/models/[^/:]+:(?:predictLongRunning|fetchPredictOperation)")
_SHORT_OPERATION = re.compile(rf"{_VERSION}/projects/[^/]+/locations/[^/]+/operations/([^/:]+)")
_OPERATION_NAME = re.compile(rf"({_RESOURCE})/operations/[^/]+")
_TEMPLATE = "projects/{project}/locations/{location}/publishers/google/models"
_FORCED_POLL_FAULTS = 2  # how many polls a poll fault asked for by a prompt lasts, so that the operation can end


class Routes:
    """Answers every request; holds the counts and hands accepted jobs to the operations."""

    def __init__(
        self,
        options: SimulatorOptions,
        plan: FaultPlan,
        prices: PriceList,
        operations: Operations,
        *,
        judges: Judges,
        journal: Journal,
    ) -> None:
        self._options = options
        self._plan = plan
        self._operations = operations
        self._judges = judges
        self._judging = prices.judges
        self._journal = journal
        self._published = {name: prices.models[name] for name in options.models or prices.models}
        self._prompt_faults = PromptFaults() if options.prompt_faults else None
        self._quota = SlidingQuota(options.quota_per_minute)
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()

    def answer(self, request: Request) -> Reply | Awaitable[Reply]:
        """The reply to one request."""
        path = unquote(request.path)
        verbs: list[tuple[str, re.Pattern[str], Callable[[Request, re.Match[str]], Reply | Awaitable[Reply]]]] = [
            ("POST", _GENERATE, self._generate),
            ("POST", _FETCH, self._fetch),
            ("POST", _PREDICT, self._predict),
            ("GET", _PUBLISHED, self._publisher_model),
            ("POST", _EXPRESS, lambda _request, _match: error(400, answers.NO_RESOURCE)),
            ("GET", _SHORT_OPERATION, _not_a_long),
        ]
        for method, pattern, verb in verbs:
            match = pattern.fullmatch(path)
            if match is not None and method == request.method:
                return verb(request, match) if _has_bearer(request) else self._unauthenticated(request)
        if path.startswith("/simulator/") and request.method == "GET":
            return self._own(request, path)
        return error(404, f"The requested URL {path} was not found on this server.")

    # ---- submit

    def _predict(self, request: Request, match: re.Match[str]) -> Reply:
        self._counts["posts"] += 1
        ordinal = self._counts["posts"]
        reply = self._submit(request, match, ordinal)
        if reply.status >= 300:  # noqa: PLR2004  # everything that is not a success
            self._refused[str(reply.status)] += 1
        return reply

    def _submit(self, request: Request, match: re.Match[str], ordinal: int) -> Reply:
        job = self._admitted(request, match)
        if isinstance(job, Reply):
            return job
        try:
            fault = self._fault_of_submit(job.prompt, ordinal, redirected="redirected" in request.query)
        except ValueError as problem:
            return error(400, f"The prompt asks for an unknown fault: {problem}.")
        if fault is not None:
            self._faults[fault] += 1
            if fault.stage is Stage.REFUSAL:
                return self._refusal(fault, request, match, ordinal)
        operation = self._operations.accept(job, ordinal, fault)
        self._counts["accepted"] += 1
        reply = json_reply({"name": operation.name})
        return reply if fault is None else self._bent(fault, reply, request)

    def _admitted(self, request: Request, match: re.Match[str]) -> Job | Reply:
        """The job, if the service would look at it at all."""
        place = self._place(match)
        if isinstance(place, Reply):
            return place
        job = read_job(request.body, place, strict=self._options.strict)
        if isinstance(job, str):
            return error(400, job)
        broken = label_problem(job.labels) if self._options.strict else None
        if broken is not None:
            return error(400, broken)
        if not self._quota.admit(match.groups(), time.monotonic()):
            return error(429, answers.over_quota(place.model.id))
        return job

    def _place(self, match: re.Match[str]) -> Place | Reply:
        project, location, name = match.groups()
        model = self._published.get(name)
        callable_here = name not in self._options.listed_only and location in self._options.locations
        if model is None or not callable_here:  # for a wrong location the text is UNVERIFIED
            return error(404, answers.no_model(project, location, name))
        return Place(project, location, model)

    def _fault_of_submit(self, prompt: str, ordinal: int, *, redirected: bool) -> Fault | None:
        fault = self._prompt_faults.for_prompt(prompt) if self._prompt_faults else None
        fault = fault or self._plan.for_submit(ordinal)
        # A redirect that was followed ends here, or it would go round for ever.
        return None if redirected and fault in (Fault.REDIRECT, Fault.REDIRECT_AFTER) else fault

    def _refusal(self, fault: Fault, request: Request, match: re.Match[str], ordinal: int) -> Reply:
        project, location, model = match.groups()
        code = self._plan.random("code", ordinal).choice(answers.INPUT_SUPPORT_CODES)
        texts = {
            "400": answers.NO_RESOURCE,
            "400_filter": answers.filtered_prompt(code),
            "401": answers.UNAUTHENTICATED,
            "403": answers.denied(project, location, model),
            "404": answers.no_model(project, location, model),
            "429": answers.over_quota(model),
        }
        if fault is Fault.REDIRECT:
            return _redirect(request)
        if fault is Fault.DROP_BEFORE:
            return Reply(delivery=Delivery.DROP)
        return error(int(fault[:3]), texts.get(fault, ""))

    def _bent(self, fault: Fault, reply: Reply, request: Request) -> Reply:
        """The answer to an accepted submit, spoilt by ``fault``; one that only bends the result leaves it alone."""
        slow = self._options.slow_seconds
        spoilt = {
            Fault.DROP_AFTER_ACCEPT: replace(reply, delivery=Delivery.DROP),
            Fault.RESET_AFTER_ACCEPT: replace(reply, delivery=Delivery.RESET),
            Fault.HALF_BODY: replace(reply, delivery=Delivery.HALF),
            Fault.DRIP: replace(reply, delivery=Delivery.DRIP, over_s=slow),
            Fault.SLOW: replace(reply, delay_s=slow),
            Fault.HTTP_500_AFTER: error(500),
            Fault.HTTP_503_AFTER: error(503),
            Fault.HTTP_504_AFTER: error(504),
            Fault.MALFORMED_BODY: Reply(body=b"<html>upstream connect error</html>", content_type="text/html"),
            Fault.EMPTY_BODY: Reply(),
            Fault.LIST_BODY: Reply(body=b"[]"),
            Fault.REDIRECT_AFTER: _redirect(request),
        }
        return spoilt.get(fault, reply)

    # ---- poll

    def _fetch(self, request: Request, match: re.Match[str]) -> Reply:
        self._counts["polls"] += 1
        place = self._place(match)
        if isinstance(place, Reply):
            return place
        name = _operation_name(request.body)
        if name is None:
            return error(400, 'Invalid JSON payload received. Expected {"operationName": "..."}.')
        parts = _OPERATION_NAME.fullmatch(name)
        if parts is None or (self._options.strict and parts.groups()[1:] != match.groups()):
            return error(400, answers.NO_RESOURCE)  # UNVERIFIED for a name of another model or project
        operation = self._operations.find(name)
        if operation is None or operation.fault is Fault.POLL_GONE:
            return error(404, f"Operation {name} was not found.")  # text UNVERIFIED
        operation.polls += 1
        fault = self._fault_of_poll(operation)
        return self._poll(operation) if fault is None else self._spoilt_poll(operation, fault)

    def _fault_of_poll(self, operation: Operation) -> Fault | None:
        forced = operation.fault
        if forced is not None and forced.stage is Stage.POLL:
            return forced if operation.polls <= _FORCED_POLL_FAULTS else None
        fault = self._plan.for_poll(operation.ordinal, operation.polls)
        if fault is not None:
            self._faults[fault] += 1
        return fault

    def _poll(self, operation: Operation) -> Reply:
        if (result := self._operations.result(operation)) is not None:
            return Reply(body=result)
        pending = {} if operation.fault is Fault.NAMELESS_POLL else {"name": operation.name}
        return json_reply({**pending, "done": False} if self._options.pending_done else pending)

    def _spoilt_poll(self, operation: Operation, fault: Fault) -> Reply:
        if fault is Fault.POLL_DROP:
            return Reply(delivery=Delivery.DROP)
        if fault is Fault.POLL_MALFORMED:
            return Reply(body=b"<html>upstream connect error</html>", content_type="text/html")
        if fault is Fault.POLL_SLOW:
            return replace(self._poll(operation), delay_s=self._options.slow_seconds)
        return error(int(fault.removeprefix("poll_")))

    # ---- judge

    async def _generate(self, request: Request, match: re.Match[str]) -> Reply:
        self._counts["questions"] += 1
        ordinal = self._counts["questions"]
        project, location, name = match.groups()
        judge = self._judging.get(name)
        if judge is None or location not in self._options.locations:
            return error(404, answers.no_model(project, location, name))
        asked = read_question(request.body)
        broken = asked if isinstance(asked, str) else label_problem(asked.labels)
        if isinstance(asked, str) or broken is not None:
            return error(400, broken or "")
        try:
            fault = self._prompt_faults.for_prompt(asked.words, verdict=True) if self._prompt_faults else None
        except ValueError as problem:
            return error(400, f"The prompt asks for an unknown fault: {problem}.")
        fault = fault or self._plan.for_verdict(ordinal)
        if fault is not None:
            self._faults[fault] += 1
        if fault in (Fault.JUDGE_429, Fault.JUDGE_400):
            return error(int(fault.removeprefix("judge_")), "Resource exhausted." if fault is Fault.JUDGE_429 else "")
        reply = await self._judges.answer((project, location), judge, asked, ordinal=ordinal, fault=fault)
        return reply if fault is None or reply.status != 200 else self._bent_verdict(fault, reply)  # noqa: PLR2004

    def _bent_verdict(self, fault: Fault, reply: Reply) -> Reply:
        spoilt = {
            Fault.JUDGE_500: error(500),
            Fault.JUDGE_DROP: Reply(delivery=Delivery.DROP),
            Fault.JUDGE_CUT: replace(reply, delivery=Delivery.HALF),
            Fault.JUDGE_SLOW: replace(reply, delay_s=self._options.slow_seconds),
            Fault.JUDGE_MALFORMED: Reply(body=b"<html>upstream connect error</html>", content_type="text/html"),
        }
        return spoilt.get(fault, reply)

    # ---- everything else

    def _publisher_model(self, _request: Request, match: re.Match[str]) -> Reply:
        name = match[1]
        model = self._published.get(name)
        if model is None:
            return error(404, answers.no_publisher_model(name))
        return json_reply(
            {
                "name": f"publishers/google/models/{name}",
                "versionId": name.rpartition("-")[2],
                "launchStage": model.launch_stage,
                "versionState": "VERSION_STATE_STABLE",
                "openSourceCategory": "PROPRIETARY",
                "publisherModelTemplate": f"{_TEMPLATE}/{name}",
            }
        )

    def _unauthenticated(self, request: Request) -> Reply:
        if request.path.endswith(":predictLongRunning"):
            self._counts["posts"] += 1
            self._refused["401"] += 1
        return error(401, answers.UNAUTHENTICATED)

    def _own(self, request: Request, path: str) -> Reply:
        if path == "/simulator/journal":
            records = self._journal.records()
            if parse_qs(request.query).get("format") == ["ndjson"]:
                lines = b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)
                return Reply(body=lines, content_type="application/x-ndjson")
            return json_reply(records)
        if path == "/simulator/stats":
            return json_reply(self._stats())
        if path == "/simulator/health":
            return json_reply({"status": "ok"})
        return error(404, f"The simulator has no page {path}.")

    def _stats(self) -> dict[str, object]:
        return {
            "posts": self._counts["posts"],
            "accepted": self._counts["accepted"],
            "refused": dict(self._refused),
            "faults": {str(kind): count for kind, count in self._faults.items()},
            "polls": self._counts["polls"],
            "questions": self._counts["questions"],
            "running": self._operations.running,
            "billed_usd": str(self._journal.billed_usd()),
        }


def _has_bearer(request: Request) -> bool:
    scheme, _, token = request.headers.get(b"authorization", b"").partition(b" ")
    return scheme.lower() == b"bearer" and bool(token.strip())


def _operation_name(body: bytes) -> str | None:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(asked, dict) or asked.keys() != {"operationName"}:
        return None
    name = asked["operationName"]
    return name if isinstance(name, str) else None


def _not_a_long(_request: Request, match: re.Match[str]) -> Reply:
    return error(400, f"The Operation ID must be a Long, but was instead: {match[1]}")


def _redirect(request: Request) -> Reply:
    return Reply(status=307, headers=(("Location", f"{request.path}?redirected=1"),))
