import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reelmill.production.owner import current_owner, is_gone


def test_an_owner_can_be_read():
    host, boot, pid, start, rest = current_owner().split("/")
    assert host.startswith(socket.gethostname())
    assert re.fullmatch(r"[0-9a-f-]{8}", boot)
    assert (pid, start.isdigit()) == (str(os.getpid()), True)
    assert re.fullmatch(r"[0-9a-f]{8}", rest)
    assert current_owner() != current_owner()


def test_a_process_that_nobody_has_waited_for_is_gone():
    child = subprocess.Popen(
        [sys.executable, "-c", "from reelmill.production.owner import current_owner; print(current_owner())"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        owner = child.stdout.read().strip()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended and is a zombie now
        assert is_gone(owner)


def test_a_living_process_is_not_gone():
    assert not is_gone(current_owner())


def test_a_process_that_ended_is_gone():
    printed = subprocess.run(
        [sys.executable, "-c", "from reelmill.production.owner import current_owner; print(current_owner())"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert is_gone(printed.stdout.strip())


def test_a_process_id_that_was_given_to_another_is_gone():
    host, boot, pid, start, rest = current_owner().split("/")
    assert is_gone(f"{host}/{boot}/{pid}/{int(start) - 1}/{rest}")


def test_nobody_can_tell_a_restarted_host_from_another_one_of_its_name():
    host, _, pid, start, rest = current_owner().split("/")
    assert not is_gone(f"{host}/00000000/{pid}/{start}/{rest}")


def test_a_process_of_somebody_else_that_is_hidden_is_not_gone(monkeypatch):
    """As with hidepid: /proc shows nothing of it, and it may not be signalled."""
    host, boot, _, start, rest = current_owner().split("/")
    hidden, absent = 4_194_000, 4_194_001  # below the largest there can be
    read = Path.read_text

    def refuse(pid, _signal):
        raise PermissionError if pid == hidden else ProcessLookupError

    def show(path, *arguments):
        if str(hidden) in str(path):
            raise FileNotFoundError
        return read(path, *arguments)

    monkeypatch.setattr("os.kill", refuse)
    monkeypatch.setattr("pathlib.Path.read_text", show)
    assert not is_gone(f"{host}/{boot}/{hidden}/{start}/{rest}")
    assert is_gone(f"{host}/{boot}/{absent}/{start}/{rest}")


def test_a_container_that_is_called_as_its_host_is_another_host(monkeypatch):
    monkeypatch.setattr("reelmill.production.owner._HOSTS_OWN_PIDS", 1)
    in_a_container = current_owner()
    monkeypatch.setattr("reelmill.production.owner._HOSTS_OWN_PIDS", Path("/proc/self/ns/pid").stat().st_ino)
    host, boot, _, start, rest = current_owner().split("/")
    assert host == socket.gethostname()
    assert in_a_container.split("/")[0] != host
    assert not is_gone(in_a_container)
    assert is_gone(f"{host}/{boot}/4194001/{start}/{rest}")


def test_nobody_can_tell_about_another_host():
    _, boot, _, start, rest = current_owner().split("/")
    assert not is_gone(f"elsewhere/{boot}/999999/{start}/{rest}")
    assert not is_gone("not an owner at all")


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_of_an_owner_that_lacks_a_part_nobody_can_tell(lost):
    parts = current_owner().split("/")
    for less in ([*parts[:lost], "", *parts[lost + 1 :]], parts[:lost], [*parts, "more"]):
        assert is_gone("/".join(less)) is False


def test_two_machines_that_are_both_called_localhost_are_two(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "localhost")
    mine = current_owner()
    host, boot, pid, start, rest = mine.split("/")

    assert not is_gone(mine)
    assert is_gone(f"{host}/{boot}/{pid}/{int(start) - 1}/{rest}")
    assert not is_gone(f"localhost-00000000/00000000/{pid}/{start}/{rest}")


def test_where_the_system_tells_nothing_nobody_can_tell_either(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.read_text", refuse)
    _, boot, pid, start, _ = (mine := current_owner()).split("/")
    assert (boot, pid, start) == ("", str(os.getpid()), "")
    assert not is_gone(mine)
