"""Python's collector is left as it was found."""

import gc

import pytest

from core.backtest.garbage import no_collections, rare_collections
from tests.core.builders import backtest, bars_of


def test_a_run_leaves_the_collector_as_it_was() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    seen = []
    backtest(bars_of("A", "1", "1"), {0: lambda _: seen.append(gc.get_threshold())}).run()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)
    assert seen[0] != before


def test_the_collector_is_as_it_was_also_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), rare_collections():
        _ = 1 / 0
    assert gc.get_threshold() == before


def test_nothing_is_collected_while_it_is_switched_off() -> None:
    assert gc.isenabled()
    with no_collections():
        assert not gc.isenabled()
        with no_collections():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), no_collections():
        _ = 1 / 0
    assert gc.isenabled()
