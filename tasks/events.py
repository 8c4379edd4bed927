"""What we tell Prefect's event feed, for automations: runs, clips and budgets.

====================================  =======================================  ====================================
event                                 resource                                 when
====================================  =======================================  ====================================
``reelmill.run.started``              ``reelmill.run.<run_id>``                its books are open, money may be spent
``reelmill.run.progressed``           same                                     clips have ended; once a minute at most
``reelmill.run.<status>``             same                                     completed, stopped, capped or failed
``reelmill.clip.sent``                ``reelmill.clip.<clip_id>``              a paid request was sent
``reelmill.clip.<state>``             same                                     its end: succeeded, filtered, lost, …
``reelmill.budget.<50, 80 or 100>``   ``reelmill.budget.<scope>.<key>``        so much of a cap is spent or reserved
====================================  =======================================  ====================================

Clips that share task runs (see :mod:`tasks.grouping`) are too many for the feed: their events are left out.
Each event is related to its flow run, so that an automation can tell those apart. Events of runs and clips are also
related to ``reelmill.run.<run_id>`` in the role ``reelmill-run``, because shards are flow runs of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from prefect.events import emit_event
from prefect.logging import get_run_logger

from reelmill.jobs.accounting import RunReport
from reelmill.jobs.thresholds import Passed
from reelmill.production.results import ClipResult
from reelmill.production.work import Work

__all__ = ["budget_passed", "clip_ended", "clip_sent", "run_ended", "run_progressed", "run_started"]


def run_started(run_id: str, output: str, planned_usd: str) -> None:
    """The books of a run are open."""
    told = {"run_id": run_id, "output": output, "planned_usd": planned_usd}
    _emit("run.started", f"run.{run_id}", run_id, told, run_id=run_id)


def run_progressed(run_id: str, ended: int, total: int, spent_usd: Decimal) -> None:
    """So many of the clips that this flow run makes have come to an end."""
    told = {"run_id": run_id, "ended": ended, "total": total, "spent_usd": spent_usd}
    _emit("run.progressed", f"run.{run_id}", run_id, told, run_id=run_id)


def run_ended(report: RunReport) -> None:
    """A run has ended; the event is named by its status."""
    told = {name: value for name, value in report.to_dict().items() if name != "tables"}
    _emit(f"run.{report.status.value}", f"run.{report.run_id}", report.run_id, told, run_id=report.run_id)


def clip_sent(run_id: str, work: Work) -> None:
    """A paid request has been sent."""
    clip = work.clip
    payload = {
        "run_id": run_id,
        "sku": clip.sku,
        "aspect_ratio": clip.request.aspect_ratio.value,
        "category": clip.category,
        "campaign": clip.campaign,
    }
    name = f"{clip.sku} {clip.request.aspect_ratio.value}"
    _emit("clip.sent", f"clip.{clip.clip_id}", name, payload, run_id=run_id)


def clip_ended(result: ClipResult) -> None:
    """A clip has come to an end, or to where a person must look; the event is named by its state."""
    payload = {
        "run_id": result.run_id,
        "sku": result.sku,
        "aspect_ratio": result.aspect_ratio,
        "cost_usd": result.charged_usd,
        "video_uris": list(result.video_uris),
        "detail": result.detail,
        "inspection": result.inspection,
    }
    name = f"{result.sku} {result.aspect_ratio}"
    _emit(f"clip.{result.state.value}", f"clip.{result.clip_id}", name, payload, run_id=result.run_id)


def budget_passed(passed: Passed) -> None:
    """A budget has passed a part of its cap."""
    payload = {
        "scope": passed.scope.value,
        "key": passed.key,
        "percent": passed.percent,
        "spent_usd": passed.spent_usd,
        "committed_usd": passed.committed_usd,
        "cap_usd": passed.cap_usd,
    }
    _emit(
        f"budget.{passed.percent}",
        f"budget.{passed.scope.value}.{passed.key}",
        f"{passed.percent} % of the {passed.scope.value} cap",
        payload,
    )


def _emit(event: str, resource: str, name: str, payload: Mapping[str, object], *, run_id: str = "") -> None:
    """Amounts go as text, so that no digit is lost. An event that cannot be sent is no reason to stop a paid run."""
    plain = {key: value if isinstance(value, (int, list, dict)) else str(value) for key, value in payload.items()}
    run = {"prefect.resource.id": f"reelmill.run.{run_id}", "prefect.resource.role": "reelmill-run"}
    try:
        emit_event(
            f"reelmill.{event}",
            resource={"prefect.resource.id": f"reelmill.{resource}", "prefect.resource.name": name},
            related=[run] if run_id else [],
            payload=plain,
        )
    except Exception as error:  # noqa: BLE001  # whatever ails the server, the clips matter more
        get_run_logger().warning("The event reelmill.%s could not be sent: %s", event, error)
