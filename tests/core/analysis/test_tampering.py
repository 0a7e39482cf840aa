"""What a strategy puts in the place of a part of the engine is named."""

import pytest

import core.backtest.loop as loop_module
from core.analysis.tampering import engine_now
from core.backtest.loop import Backtest
from core.execution.broker import BacktestBroker


def test_an_engine_that_nobody_touches_has_nothing_replaced() -> None:
    assert engine_now().replaced_since() == []


def test_a_method_a_function_and_a_class_that_were_replaced_are_named_by_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = engine_now()
    monkeypatch.setattr(BacktestBroker, "cancel", lambda *_: None)
    monkeypatch.setattr(loop_module, "make_simulator", None)
    monkeypatch.delattr(Backtest, "why_open")
    assert engine.replaced_since() == [
        "core.backtest.loop.Backtest.why_open",
        "core.backtest.loop.make_simulator",
        "core.execution.broker.BacktestBroker.cancel",
    ]
    monkeypatch.undo()
    assert engine.replaced_since() == []


def test_what_is_loaded_later_replaces_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_now()
    monkeypatch.setattr(loop_module, "more", len, raising=False)
    assert engine.replaced_since() == []
