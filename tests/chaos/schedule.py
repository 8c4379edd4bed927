"""A schedule: which products there are, what happens to them, and everything that is done to the workers, in order.

It is a value drawn from its seed alone. It can be written down, read back and played again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from random import Random
from typing import Any

from reelmill.simulator.faults import MEANINGS, Fault, Stage
from tests.chaos.database_proxy import Cut
from tests.chaos.storage_proxy import Operation, Wrong

__all__ = ["Do", "Schedule", "Step", "draw"]

HOUR, DAY = 3600.0, 86_400.0
_MANY = 20
_WEIGHTS = (4, 3, 2, 2, 1, 1, 2, 2, 2, 1)  # in the order of Do, but for the database's


class Do(StrEnum):
    """What a step does. Steps that wait do so for some seconds at most, and then go on."""

    START = "start"  # a worker on ``verb``; ``signal`` at its line event ``event``; its clock wrong by ``clock_s``;
    # ``unresolved``: the name of Veo's host is unknown where it runs
    WAIT = "wait"  # until that worker has ended or stands still
    ACCEPTED = "accepted"  # until the bank has accepted ``times`` submits
    LAPSE = "lapse"  # until every lease has lapsed
    KILL = "kill"  # that worker
    STOP = "stop"  # that worker
    GO_ON = "go on"  # that worker, after a stop
    REDRIVE = "redrive"  # a person has one clip made again that ended ``what``
    STORAGE = "storage"  # ``what`` happens to the next ``times`` requests that ``verb``
    LISTING = "listing"  # shows what is written only ``times`` seconds later, from now on
    DATABASE = "database"  # ``what`` happens at the ``times``-th COMMIT from now


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that is done; each kind uses the fields that it is described with."""

    do: Do
    worker: int = 0
    verb: str = ""
    signal: str = ""
    event: int = 0
    clock_s: float = 0
    jump_at: int = 0  # the line event at which the clock is set wrong; 0: from the start
    unresolved: bool = False
    what: str = ""
    times: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Only what is said."""
        defaults = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != defaults[name]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """``products`` are the faults that each asks for, ``cap`` how many clips a day may cost (0: any number)."""

    seed: int
    products: tuple[str, ...]
    steps: tuple[Step, ...]
    lease_s: float = 2
    cap: int = 0

    def __str__(self) -> str:
        head = {"seed": self.seed, "products": self.products, "lease_s": self.lease_s, "cap": self.cap}
        return "\n".join(json.dumps(line) for line in (head, *(step.to_dict() for step in self.steps)))

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """What was printed. Raises ValueError or TypeError for anything else."""
        head, *steps = (json.loads(line) for line in text.strip().splitlines())
        products = tuple(head.pop("products"))
        return cls(**head, products=products, steps=tuple(Step(**{**step, "do": Do(step["do"])}) for step in steps))


# A clip billed for objects that never were cannot be found by looking, and a poll that takes for ever only takes time.
_LEFT_OUT = {Fault.MISSING_OBJECT, Fault.DRIP, Fault.POLL_SLOW}
_FAULTS = tuple(
    f"{fault}:1" if fault.stage is Stage.REFUSAL else str(fault) for fault in MEANINGS if fault not in _LEFT_OUT
)
_CLOCKS = (-31 * DAY, -DAY, -HOUR, -20.0, 20.0, HOUR, DAY, 31 * DAY)
_EVENTS = {"run": 7000, "settle": 2500, "redrive": 5000}  # about as many as one clip takes
_STORAGE = [(wrong, operation) for wrong in Wrong for operation in (Operation.WRITE, Operation.READ, Operation.LIST)]


def draw(seed: int, database: str) -> Schedule:
    """The schedule of a seed. ``database`` is ``sqlite`` or ``postgresql``."""
    chance = Random(f"{database} {seed}")
    many = _MANY if chance.random() < 0.05 else chance.randint(1, 5)
    products = tuple(chance.choice(_FAULTS) if chance.random() < 0.6 else "" for _ in range(many))
    cap = chance.randint(1, len(products)) if chance.random() < 0.4 else 0
    lease_s = chance.choice((2.0, 2.0, 30.0))
    return Schedule(
        seed=seed, products=products, cap=cap, lease_s=lease_s, steps=_steps(chance, len(products), database)
    )


def _steps(chance: Random, products: int, database: str) -> tuple[Step, ...]:
    steps = [_start(chance, 1, products)]
    for _ in range(chance.randint(2, 10)):
        workers = sum(step.do is Do.START for step in steps)
        kind = chance.choices(tuple(Do), weights=(*_WEIGHTS, 2 if database == "postgresql" else 0))[0]
        steps.append(_step(chance, kind, workers, products))
    return tuple(steps)


def _step(chance: Random, kind: Do, workers: int, products: int) -> Step:
    told: dict[str, Any] = {}
    match kind:
        case Do.START:
            return _start(chance, workers + 1, products)
        case Do.WAIT | Do.KILL | Do.STOP | Do.GO_ON:
            told = {"worker": chance.randint(1, workers)}
        case Do.ACCEPTED:
            told = {"times": chance.randint(1, products)}
        case Do.REDRIVE:
            told = {"what": chance.choice(("failed", "unclear")), "times": chance.randint(0, 4)}
            told |= _signal(chance, "redrive", 1)
        case Do.STORAGE:
            wrong, operation = chance.choice(_STORAGE)
            told = {"what": wrong, "verb": operation, "times": chance.randint(1, 3)}
        case Do.LISTING:
            told = {"times": chance.choice((1, 3, 60))}
        case Do.DATABASE:
            told = {"what": chance.choice(tuple(Cut)), "times": chance.randint(1, 25)}
    return Step(do=kind, **told)


def _start(chance: Random, worker: int, products: int) -> Step:
    verb = chance.choice(("run", "run", "run", "settle"))
    clock = {}
    if chance.random() < 0.2:
        clock["clock_s"] = chance.choice(_CLOCKS)
        if chance.random() < 0.5:
            clock["jump_at"] = chance.randint(1, _EVENTS[verb])
    unresolved = chance.random() < 0.08
    signal = _signal(chance, verb, products)
    return Step(do=Do.START, worker=worker, verb=verb, unresolved=unresolved, **signal, **clock)


def _signal(chance: Random, verb: str, clips: int) -> dict[str, Any]:
    kind = chance.choices(("", "kill", "stop"), weights=(4, 4, 2))[0]
    return {"signal": kind, "event": chance.randint(1, _EVENTS[verb] * min(clips, 3))} if kind else {}
