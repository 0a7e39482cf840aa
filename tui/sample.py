"""The sample: bars that ship with the program, and a run over them that stands where there is something to see."""

from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs

from core.backtest.deadline import DEFAULT_SECONDS
from core.backtest.examples import DipBuyer
from core.backtest.loop import Backtest
from core.backtest.output import Output
from core.backtest.settings import Settings
from core.bars import Bars
from core.data.load import load
from core.events import OrderRejected
from core.execution.costs import Commission

_FOLDER: Final = Path(__file__).parent.parent / "sample_data"
_ENOUGH_STEPS: Final = 100  # so that the charts are full
_SETTINGS: Final = Settings(costs=Commission(per_unit=Decimal("0.005"), minimum=Decimal("1.00")))


def load_sample() -> list[Bars]:
    """Load the bars that ship; they name their files without the place where the program is installed."""
    bars = load(sorted(_FOLDER.glob("*.csv")))
    return [attrs.evolve(one, source=f"{_FOLDER.name}/{Path(one.source).name}") for one in bars]


def make_sample() -> Backtest:
    """Run a strategy over the sample into the middle of its story."""
    backtest = Backtest(load_sample(), DipBuyer(), _SETTINGS)
    backtest.deadline.seconds = DEFAULT_SECONDS
    backtest.take_output(Output())
    backtest.run_until(_is_mid_story)
    return backtest


def _is_mid_story(run: Backtest) -> bool:
    """Say whether two positions are held, orders rest, and one was rejected just now."""
    if run.step_count <= _ENOUGH_STEPS or len(run.portfolio.get_all_positions()) <= 1 or not run.broker.open_orders():
        return False
    newest = run.journal.rows[run.journal.first_of_step(run.clock.step) :]
    return any(kind is OrderRejected for _, _, kind, _ in newest)
