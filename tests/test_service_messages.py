"""Addresses to which nothing goes: the same request twice is one deed, also at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from scheduler.errors import InfusionsError
from service.audit import entries
from service.loading import NotFound
from service.messages import release, suppress
from service.steps import RequestReused
from service.wiring import App

ADDRESS = "bob@patients.example"


def test_a_request_that_comes_many_times_at_once_is_one_deed(app: App) -> None:
    def ask(_: int) -> None:
        suppress(app, ADDRESS, by="alice", request_id="one")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(8)))
    assert [entry.what for entry in entries(app)] == ["address-suppressed"]


def test_a_repeat_changes_nothing_that_came_between_and_another_address_is_refused(app: App) -> None:
    suppress(app, ADDRESS, by="alice", request_id="one")
    release(app, ADDRESS, by="alice", request_id="two")
    suppress(app, ADDRESS, by="alice", request_id="one")
    release(app, ADDRESS, by="alice", request_id="two")
    assert [entry.what for entry in entries(app)] == ["address-suppressed", "address-released"]
    refused: type[InfusionsError] = RequestReused
    for again in (suppress, release):
        with pytest.raises(refused, match="came before with something else"):
            again(app, "other@patients.example", by="alice", request_id="one" if again is suppress else "two")
    with pytest.raises(NotFound, match="is not suppressed"):
        release(app, ADDRESS, by="alice", request_id="three")
