"""Authorising: the one transaction that promises money for a clip, or refuses to."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from reelmill.clip import Clip
from reelmill.errors import ChooseAnotherModel, FixConfiguration, LookFirst
from reelmill.ledger.budgets import BudgetKeys, reserve
from reelmill.ledger.database import Database
from reelmill.ledger.records import ZERO, Caps, Intent, Softening
from reelmill.ledger.rows import INTENT_COLUMNS, clip_values, intent_from
from reelmill.ledger.schema import clips, intents, runs
from reelmill.ledger.states import PICTURE_UNREACHABLE, State
from reelmill.ledger.types import to_micros
from reelmill.ledger.upsert import Upsert

__all__ = ["Permission", "authorise"]

PrefixFor = Callable[[str, int], str]

# What a later authorisation of the same clip may bring up to date: how it is described, and its price.
_DESCRIBES = (
    *("item_group_id", "title", "brand", "category", "campaign", "platforms"),
    *("template", "template_version", "input_hash", "unit_price", "price_date"),
    *("price", "sale_price"),
)


def _insert_or_describe(new: Insert) -> ReturningInsert[Any]:
    upsert = new.on_conflict_do_update(
        index_elements=[clips.c.clip_id], set_={name: new.excluded[name] for name in _DESCRIBES}
    )
    return upsert.returning(clips.c.latest_attempt, clips.c.latest_intent_id)


# Built once: building them anew for every clip would cost more than executing them.
_DESCRIBE = Upsert(clips, _insert_or_describe)
_RUN = select(runs.c.run_id).where(runs.c.run_id == bindparam("this"))
_LATEST = select(*INTENT_COLUMNS).where(intents.c.intent_id == bindparam("this"))
_INSERT = insert(intents)
_POINT = update(clips).where(clips.c.clip_id == bindparam("this"))


@dataclass(frozen=True, slots=True)
class _Next:
    """What the attempt that may follow sends instead of the clip's own words, and the how-manieth remake it is."""

    attempt: int
    words: Softening | None = None
    remake: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What was allowed beyond the first attempt: after an end (``again``), after no certain end (``unclear``).

    ``after`` is the intent that the person saw; the permission is void once another one followed it, or once it
    was found delivered. None binds it to nothing. ``softening`` is the policy's: a filtered ``after`` may be
    followed by its next step, up to ``retries`` of them since a person (or the first plan) had the clip made.
    ``remake`` is the policy's too: an unfit ``after`` whose findings ask for it is made anew, up to ``remakes`` times.
    """

    again: bool = False
    unclear: bool = False
    after: str | None = None
    softening: Softening | None = None
    retries: int = 0
    remake: bool = False
    remakes: int = 0

    def covers(self, latest: Intent) -> bool:
        """Whether another attempt may follow ``latest``."""
        state = latest.state
        if state is State.RELEASED and self._still_due(latest):
            return True
        if state.open or self.after not in (None, latest.intent_id):
            return False
        if self.remake:
            return latest.asks_for_remake and latest.remake < self.remakes and self.after == latest.intent_id
        if self.softening is not None:
            due = self.softening.step == latest.softening + 1 <= self.retries
            return due and state is State.FILTERED and self.after == latest.intent_id
        if self.unclear and self.after is not None:
            return state.needs_person
        return self.unclear if state.needs_person else self.again

    def next(self, latest: Intent) -> _Next:
        """What may follow an attempt that this covers: a retry or remake that was never sent is still due as it was.

        Only a person who has a released one made again starts afresh: a plan never asks for that, nor does the policy.
        """
        policy = self.remake or self.softening is not None
        afresh = self.again and not policy and latest.state is State.RELEASED
        if _unsent(latest) and self._still_due(latest) and not afresh:
            return _Next(latest.attempt + 1, _words(latest), latest.remake)
        if self.remake:
            return _Next(latest.attempt + 1, _words(latest), latest.remake + 1)
        return _Next(latest.attempt + 1, self.softening, latest.remake if self.softening else 0)

    def _still_due(self, latest: Intent) -> bool:
        """Whether the policies of today allow as many retries and remakes as led to an attempt that was not sent."""
        return latest.softening <= self.retries and latest.remake <= self.remakes


def authorise(
    database: Database,
    clip: Clip,
    *,
    run_id: str,
    output: str,
    output_prefix_for: PrefixFor,
    owner: str,
    lease_s: float,
    caps: Caps,
    permission: Permission,
    draft: bool = False,
    sent_video: str | None = None,
) -> Intent:
    """Reserve the clip's highest cost under every cap and write its intent, or change nothing.

    Raises RaiseCap; LookFirst if the latest attempt forbids another; ChooseAnotherModel for a clip without
    a price; FixConfiguration if the run is unknown.
    """
    if to_micros(clip.unit_price_usd) == 0 or clip.estimated_usd <= 0:
        raise ChooseAnotherModel(
            f"The clip for {clip.sku!r} has no price for {clip.request.model}.",
            "Choose a model and resolution with a known price.",
        )
    with database.writing() as connection:
        if connection.execute(_RUN, {"this": run_id}).first() is None:
            raise FixConfiguration(f"Run {run_id} is not in this ledger.", "Start the run before its clips.")
        following = _next_attempt(connection, clip, permission)
        words, attempt = following.words, following.attempt
        now = database.now(connection)
        intent_id = _new_id(now)
        keys = BudgetKeys.at(run_id, now)
        row = _new_intent(clip, intent_id, attempt, keys, now) | {
            "output": output,
            "output_prefix": output_prefix_for(intent_id, attempt),
            "owner": owner,
            "lease_until": now + timedelta(seconds=lease_s),
            "softening": words.step if words else 0,
            "remake": following.remake,
            "sent_prompt": words.prompt if words else None,
            "sent_negative_prompt": words.negative_prompt if words else None,
            "sent_video": sent_video,
            "draft": draft,
        }
        _insert(connection, clip, row)
        # The budgets come last: every process in the world wants these rows.
        reserve(connection, keys, clip.estimated_usd, caps)
    return intent_from([row[column.name] for column in INTENT_COLUMNS])


def _next_attempt(connection: Connection, clip: Clip, permission: Permission) -> _Next:
    """Bring the clip's row up to date, which also locks it; the attempt that may follow."""
    values = {**clip_values(clip), "latest_attempt": 0, "latest_intent_id": None}
    attempt, intent_id = connection.execute(_DESCRIBE.on(connection), values).one()
    if intent_id is None:
        return _Next(int(attempt) + 1)
    latest = intent_from(connection.execute(_LATEST, {"this": intent_id}).one())
    if not permission.covers(latest):
        raise _forbidden(clip, latest)
    return permission.next(latest)


def _unsent(intent: Intent) -> bool:
    return intent.state is State.RELEASED or (intent.state is State.FAILED and intent.error_code == PICTURE_UNREACHABLE)


def _words(intent: Intent) -> Softening | None:
    """The softened words of an attempt."""
    if intent.sent_prompt is None:
        return None
    negative = intent.sent_negative_prompt or ""
    return Softening(step=intent.softening, prompt=intent.sent_prompt, negative_prompt=negative)


def _forbidden(clip: Clip, latest: Intent) -> LookFirst:
    state = latest.state
    what = f"Attempt {latest.attempt} at clip {clip.clip_id} ({clip.sku!r}) is {state.value}"
    if state.open:
        return LookFirst(f"{what}, held by {latest.owner}.", "Let it finish, or run `reelmill settle`.")
    if state.needs_person:
        return LookFirst(
            f"{what}: it may have been paid.",
            "Run `reelmill settle`; to pay for it again, name it in `reelmill redrive --authorise-unclear`.",
        )
    return LookFirst(f"{what}: it has ended.", "Run `reelmill redrive`, or plan with --force, to have it made again.")


def _new_id(now: datetime) -> str:
    """32 hex digits that sort by time, so that indexes grow at their end."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def _new_intent(clip: Clip, intent_id: str, attempt: int, keys: BudgetKeys, now: datetime) -> dict[str, Any]:
    return {
        "intent_id": intent_id,
        "clip_id": clip.clip_id,
        "attempt": attempt,
        "run_id": keys.run_id,
        "day_key": keys.day,
        "month_key": keys.month,
        "state": State.AUTHORISED,
        "reserved": clip.estimated_usd,
        "charged": ZERO,
        "model": clip.request.model,
        "unit_price": clip.unit_price_usd,
        "price_date": clip.price_date,
        "seconds": clip.request.duration_s,
        "samples": clip.request.samples,
        "operation": None,
        "refusals": 0,
        "created_at": now,
        **dict.fromkeys(("sending_at", "submitted_at", "unclear_since", "finished_at")),
        "error_code": "",
        "error_message": "",
        "video_uris": (),
        "poster_uri": None,
        "provenance_uri": None,
        "inspection": None,
        "renditions": {},
        "filter_causes": None,
    }


def _insert(connection: Connection, clip: Clip, row: dict[str, Any]) -> None:
    try:
        connection.execute(_INSERT, row)
    except IntegrityError:
        raise LookFirst(
            f"Attempt {row['attempt']} at clip {clip.clip_id}, or its prefix {row['output_prefix']}, exists already.",
            "Give every intent its own prefix; run `reelmill status` to see who makes this clip.",
        ) from None
    latest = {"latest_attempt": row["attempt"], "latest_intent_id": row["intent_id"]}
    connection.execute(_POINT, {"this": clip.clip_id, **latest})
