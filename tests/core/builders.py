"""Small texts that stand for bars, and strategies that do what a test tells them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import define, field

from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now, Strategy
from core.bars import Bar, Bars
from core.corporate_action import CorporateAction
from core.fill import Fill
from core.order import TrackedOrder
from core.reason import Reason
from core.windowed_bars import Rows, WindowedBars

FIRST = datetime(2024, 1, 2, 21, tzinfo=UTC)
"""The stamp of step 0: a Tuesday."""
B1 = "101.00/102.00/99.50/100.50/10000"
"""The bar of the worked examples; before it the close was 100.00."""
BEFORE_B1 = "100.00/101.00/99.00/100.00/10000"

Action = Callable[[Now], object]


def at(step: int, *, hours: int = 24) -> datetime:
    """Say when a step is: a day after the one before, if not told otherwise."""
    return FIRST + step * timedelta(hours=hours)


def numbers(text: str) -> list[Decimal]:
    """Read `O/H/L/C` or `O/H/L/C/V`; one number alone stands for all four prices."""
    cells = [Decimal(cell) for cell in text.split("/")]
    return cells * 4 if len(cells) == 1 else cells


def bars_of(symbol: str, *texts: str, hours: int = 24) -> Bars:
    """Build bars, one a step; `-` is a step without one."""
    rows = [(at(step, hours=hours), *numbers(text)) for step, text in enumerate(texts) if text != "-"]
    return Bars.from_rows(symbol, rows)


def bar_of(text: str, symbol: str = "ACME", step: int = 1) -> Bar:
    """Build one bar."""
    opened, high, low, close, *volume = numbers(text)
    return Bar(symbol, at(step), opened, high, low, close, *volume)


@define
class Script(Strategy):
    """Do at each step what is written for it."""

    steps: Mapping[int, Action] = field(factory=dict)

    def on_bar(self, now: Now) -> None:
        self.steps.get(now.step, lambda _: None)(now)


@define
class Answering(Script):
    """Answer fills too."""

    answer: Callable[[Now, Fill], object] = field(kw_only=True)

    def on_fill(self, now: Now, fill: Fill) -> None:
        self.answer(now, fill)


@define
class Hearing(Script):
    """Hear of orders too."""

    hear: Callable[[Now, TrackedOrder], object] = field(kw_only=True)

    def on_order(self, now: Now, order: TrackedOrder) -> None:
        self.hear(now, order)


def backtest(
    bars: Bars | list[Bars],
    strategy: Strategy | Mapping[int, Action],
    *,
    actions: Sequence[CorporateAction] = (),
    **settings: Any,
) -> Backtest:
    """Prepare a run of a strategy, or of what is written for some steps."""
    made = strategy if isinstance(strategy, Strategy) else Script(strategy)
    return Backtest(bars, made, Settings(**settings), actions=actions)


def run(bars: Bars | list[Bars], strategy: Strategy | Mapping[int, Action], **settings: Any) -> Backtest:
    """Run to the end."""
    made = backtest(bars, strategy, **settings)
    made.run()
    return made


def fills_of(made: Backtest) -> list[tuple[int, str, str, str]]:
    """Return each fill as (order, quantity with its sign, price, date)."""
    fills = made.broker.fills()
    return [(one.order_id, f"{one.quantity_delta:f}", f"{one.price:f}", f"{one.timestamp:%d}") for one in fills]


def reason_of(reason: Reason | None) -> tuple[str, dict[str, object]]:
    """Return a reason's code and params; fail where there is none."""
    assert reason is not None, "there is no reason"
    return reason.code.name, dict(reason.params)


def windowed(bars: Bars, size: int) -> WindowedBars:
    """Return the same bars, read in windows of so many rows."""
    highest = max(bars.ticks[1])
    rows = Rows(bars.frame.slice, len(bars), highest, size)
    return WindowedBars(bars.symbol, rows, bars.digits, bars.volume_digits, f"{bars.symbol}.parquet")
