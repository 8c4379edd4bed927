import logging
import threading

import pytest

from reelmill.waits import Waits

STORAGE = "Cloud Storage does not answer for bucket b"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING, "reelmill.waits")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_hiccup_is_not_told(clock, said):
    waits = Waits(clock=clock)
    for _ in range(5):
        assert waits.waiting(STORAGE, "HTTP 503")
        clock.now += 0.3
    waits.answered(STORAGE)
    assert said() == []


def test_each_thing_is_told_once_and_again_every_minute(clock, said):
    waits = Waits(clock=clock)
    for _ in range(1830):  # three minutes and three seconds
        waits.waiting(STORAGE, "ConnectionError")
        waits.waiting("Vertex AI does not answer", "timed out")
        clock.now += 0.1
    waits.answered(STORAGE)
    waits.answered(STORAGE)
    lines = said()
    assert len([line for line in lines if "(ConnectionError): waiting since " in line]) == 4
    assert len([line for line in lines if "Vertex AI does not answer (timed out)" in line]) == 4
    assert [line for line in lines if "after" in line] == [f"{STORAGE}: it does again, after 183 s."]


def test_what_nobody_asked_for_since_long_ago_is_another_wait(clock, said):
    waits = Waits(clock=clock)
    waits.waiting(STORAGE, "x")
    clock.now += 3600
    waits.waiting(STORAGE, "x")
    assert said() == []


def test_who_gave_up_does_not_wait(clock):
    gone = threading.Event()
    waits = Waits(gone.is_set, clock=clock)
    assert waits.waiting(STORAGE, "x")
    gone.set()
    assert not waits.waiting(STORAGE, "x")
