"""Kill at every line: one clip's way is gone again and again, and each time its worker dies one line event later.

The line events of our own code are counted from the clip's authorisation to the end of the command. After each
death the same command runs again until all is quiet, and the judge compares the ledger with the bill. Some ways
are told to fail in the middle, and in some worlds the worker that takes over dies, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.chaos.bank import Bank
from tests.chaos.judge import Verdict, judge
from tests.chaos.side_by_side import side_by_side
from tests.chaos.tally import Tally
from tests.chaos.tracing import AUTHORISE, KILL, TAKE_OVER
from tests.chaos.worker import Interference
from tests.chaos.world import PRICE_USD, World
from tests.support.pictures import bottle, file_of

__all__ = ["MONEY", "WAYS", "Tried", "Way", "kill_at", "run", "run_one", "run_twice"]

MONEY = ("ledger/", "production/", "veo/")
"""The rooms through which money goes: of their lines no sample leaves one out."""

_GOLDEN = 0.618_033_988_749_895
_SAY_EVERY_S = 20
_STEADY_AFTER = 6
_AT_ONCE = 3  # worlds: some of them always wait


@dataclass(frozen=True, slots=True)
class Way:
    """How one clip goes.

    ``fault`` is the simulator's. ``every``: of how many events one is tried when all shall be. ``then`` is the
    command of a second worker that is killed, too. ``settings`` are those of its workers; they allow ``more`` paid
    attempts at the clip. ``most``: no more events than so many are tried, spread evenly. ``picture``: the clip is made
    from one. ``storyboard``: the product is a film of so many ``clips``.
    """

    name: str
    fault: str = ""
    every: int = 1
    then: str = "run"
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    more: int = 0
    most: int | None = None
    picture: bool = False
    storyboard: str = ""
    clips: int = 1

    def title(self, number: object) -> str:
        """A product that goes this way; the simulator counts some faults by the prompt, so each has its own."""
        asked = f" [[fault:{self.fault}]]" if self.fault else ""
        return f"Walnut bowl {number}{asked}"


_STORYBOARD = """
[[scene]]
name = "first"
duration_s = 4
prompt = "{{ product.title }} on a table."
[[scene]]
name = "on"
continues = true
prompt = "The camera goes on around {{ product.title }}."
"""
_LOOKED_AT = {"REELMILL_INSPECT": "full", "REELMILL_MEDIA_USE": "first_frame"}
WAYS = (
    Way("plain"),
    Way("unclear", "drop_after_accept", every=10, then="settle"),
    Way("throttled", "429:1", every=10),
    Way("filtered", "prompt_filter", every=10),
    Way("gone", "poll_gone", every=10, then="settle"),
    Way("softened", "prompt_filter", every=10, settings={"REELMILL_FILTERED_RETRIES": "1"}, more=1),
    Way("looked-at", most=60, settings=_LOOKED_AT, picture=True),
    Way("continued", most=150, settings={"REELMILL_STORYBOARDS": "true"}, storyboard=_STORYBOARD, clips=2),
    Way("shown", most=60, settings={"REELMILL_GALLERY": "true"}),
    Way("remade", "truncated_video:1", every=10, settings={"REELMILL_REMAKE_ATTEMPTS": "1"}, more=1),
)
"""Made at once; taken by Google without an answer; refused at first; paid nothing for; forgotten while it is made;
tried again in softer words; made from a picture, looked at as a whole and rendered; a scene and one that continues
it, stitched into a film; shown in a gallery; unfit, and made anew because a policy says so."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One world: the events at which its workers were to die, where they did, and the end.

    ``died`` has fewer places than ``at`` if a worker ended before its event.
    """

    way: Way
    at: tuple[int, ...]
    died: tuple[str, ...]
    verdict: Verdict

    def __str__(self) -> str:
        return f"lines --at {_spelled(self.way, self.at)} ({', then '.join(self.died) or 'ended before'})"


def run(
    bank: Bank, folder: Path, tally: Tally, way: Way, *, say: Callable[[str], None], sample: int | None = None
) -> None:
    """Try every event of a way that is to be tried, or ``sample`` of them, spread evenly."""
    number, first = _count(bank, folder, way)
    bounds = [bound for bound in (sample, way.most) if bound]
    chosen = _spread(number, min(bounds)) if bounds else _all(number, first, way.every)
    say(f"{way.name}: {number:,} line events on {len(first):,} lines; {len(chosen):,} of them are tried")
    _try({_spelled(way, (event,)): partial(kill_at, bank, folder, way, (event,)) for event in chosen}, tally, say)


def run_twice(
    bank: Bank, folder: Path, tally: Tally, ways: Sequence[Way], *, say: Callable[[str], None], pairs: int = 200
) -> None:
    """Try ``pairs`` of events, spread over all ways: the worker that takes over is killed, too."""
    again = {
        _spelled(way, (event, share)): partial(_kill_twice, bank, folder, way, event, share)
        for way in ways
        for event, share in _pairs(_count(bank, folder, way)[0], pairs // len(ways))
    }
    say(f"killed twice: {len(again):,} pairs of events are tried")
    _try(again, tally, say)


def run_one(bank: Bank, folder: Path, tally: Tally, spelled: str, *, say: Callable[[str], None]) -> None:
    """One world again, as it is spelled in the report: ``plain:1234`` or, killed twice, ``plain:1234:567``."""
    name, *events = spelled.split(":")
    way = next(way for way in WAYS if way.name == name)
    _count(bank, folder, way)  # the simulator's first video takes longer: events would not be those of the report
    tried = kill_at(bank, folder, way, tuple(map(int, events)))
    say(str(tried))
    _add(tally, tried)


def kill_at(bank: Bank, folder: Path, way: Way, at: tuple[int, ...]) -> Tried:
    """One world whose workers die at these events. Its folder stays if a promise was broken in it."""
    number = "-".join(map(str, at))
    world = _world(bank, folder, way, number)
    died = []
    for event, verb, begins in zip(at, ("run", way.then), (AUTHORISE, TAKE_OVER), strict=False):
        worker = world.start(verb, interference=Interference(signals={event: KILL}, begins=begins))
        if worker.wait() == -KILL:
            died.append(worker.note.partition(" ")[2])
    world.until_quiet()
    allowed = {submit.clip_id: way.more for submit in bank.accepted(world.output)}
    tried = Tried(way, at, tuple(died), judge(world, authorised=allowed))
    if not tried.verdict.broken:
        world.close()
    return tried


def _world(bank: Bank, folder: Path, way: Way, what: str) -> World:
    return World(
        folder / f"{way.name}-{what}",
        bank,
        titles=[way.title(what)],
        cap_usd=PRICE_USD * (way.clips + way.more),
        storyboard=way.storyboard,
        image=file_of(bottle(0.6)) if way.picture else b"",
        settings=dict(way.settings),
    )


def _kill_twice(bank: Bank, folder: Path, way: Way, event: int, share: float) -> Tried:
    """Kill the first worker at ``event``, and the one that takes over after this share of its own events."""
    world = _world(bank, folder, way, f"recovery-{event}")
    world.start(interference=Interference(signals={event: KILL})).wait()
    worker = world.start(way.then, interference=Interference(count=True, begins=TAKE_OVER))
    worker.wait()
    number, _ = worker.counted()
    world.close()
    return kill_at(bank, folder, way, (event, 1 + int(number * share)))


def _try(worlds: Mapping[str, Callable[[], Tried]], tally: Tally, say: Callable[[str], None]) -> None:
    began = said = time.monotonic()
    with side_by_side(_AT_ONCE) as pool:
        trying = {pool.submit(worlds[spelled]): spelled for spelled in _mixed(worlds)}
        for number, done in enumerate(as_completed(trying), 1):
            try:
                tried = done.result()
            except Exception as error:  # noqa: BLE001 - a proof that breaks has proved nothing
                tally.fail(f"lines --at {trying[done]}", error)
            else:
                _add(tally, tried)
            if time.monotonic() - said > _SAY_EVERY_S or number == len(worlds):
                said = time.monotonic()
                say(f"{number:,} of {len(worlds):,} worlds, {len(tally.broken)} promises broken, {said - began:,.0f} s")


def _add(tally: Tally, tried: Tried) -> None:
    tally.kill_points += len(tried.died)
    tally.kill_lines.update(tried.died)
    tally.add(str(tried), tried.verdict)


def _spelled(way: Way, at: Iterable[float]) -> str:
    return ":".join((way.name, *(f"{number:g}" for number in at)))


def _count(bank: Bank, folder: Path, way: Way) -> tuple[int, dict[str, int]]:
    """The way's line events, and at which of them each line comes first.

    Gone until two in a row agree: the simulator's first video takes longer, and is asked for more often.
    """
    before = -1
    for turn in range(_STEADY_AFTER):
        world = _world(bank, folder, way, f"count-{turn}")
        worker = world.start(interference=Interference(count=True))
        worker.wait()
        number, first = worker.counted()
        if not number:
            raise RuntimeError(f"Way {way.name} never comes to paying:\n{worker.said}")
        world.close()
        if number == before:
            break
        before = number
    return number, first


def _pairs(number: int, wanted: int) -> list[tuple[int, float]]:
    """Events spread over the first worker's way, each with a share of the second one's; these are spread, too."""
    return [(event, turn * _GOLDEN % 1) for turn, event in enumerate(_spread(number, wanted), 1)] if wanted else []


def _spread(number: int, wanted: int) -> list[int]:
    """``wanted`` of the events 1 to ``number``, evenly, the first and the last among them."""
    if wanted >= number:
        return list(range(1, number + 1))
    return sorted({1 + round(step * (number - 1) / max(1, wanted - 1)) for step in range(wanted)})


def _all(number: int, first: dict[str, int], every: int) -> list[int]:
    """Every event, or each ``every``-th with the first one on each line that money goes through."""
    firsts = (event for where, event in first.items() if where.startswith(MONEY))
    return sorted({*range(1, number + 1, every), *firsts})


def _mixed(worlds: Iterable[str]) -> list[str]:
    """In an order whose every beginning is spread over all, so that a proof that is broken off was an even sample."""
    return [name for _, name in sorted((index * _GOLDEN % 1, name) for index, name in enumerate(worlds))]
