import subprocess
import sys

from reelmill.production.owner import current_owner, is_gone


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


def test_a_restarted_host_has_lost_its_processes():
    host, _, pid, start, rest = current_owner().split("/")
    assert is_gone(f"{host}/00000000/{pid}/{start}/{rest}")


def test_nobody_can_tell_about_another_host():
    _, boot, _, start, rest = current_owner().split("/")
    assert not is_gone(f"elsewhere/{boot}/999999/{start}/{rest}")
    assert not is_gone("not an owner at all")


def test_two_machines_that_are_both_called_localhost_are_two(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "localhost")
    mine = current_owner()
    host, boot, pid, start, rest = mine.split("/")

    assert not is_gone(mine)
    assert is_gone(f"{host}/{boot}/{pid}/{int(start) - 1}/{rest}")
    assert not is_gone(f"localhost-00000000/00000000/{pid}/{start}/{rest}")
