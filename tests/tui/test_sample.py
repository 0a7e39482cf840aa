"""The sample: where it stands there is something to see, and more is near."""

from core.events import OrderFilled, OrderRejected
from tui.sample import load_sample, make_sample


def test_the_bars_do_not_say_where_the_program_is_installed() -> None:
    sources = {bars.symbol: bars.source for bars in load_sample()}
    assert sources == {symbol: f"sample_data/{symbol}.csv" for symbol in ("AAPL", "GOOG", "IBM", "MSFT")}


def test_it_stands_where_positions_are_held_orders_rest_and_one_was_rejected() -> None:
    sample = make_sample()
    assert sample.step_count > 100
    assert len(sample.portfolio.get_all_positions()) == 2
    assert sample.broker.open_orders()
    assert isinstance(sample.journal[-1], OrderRejected)
    assert sample.portfolio.commissions > 0
    assert not sample.is_over


def test_the_next_step_fills() -> None:
    sample = make_sample()
    before = len(sample.journal)
    sample.step()
    assert any(isinstance(event, OrderFilled) for event in list(sample.journal)[before:])
