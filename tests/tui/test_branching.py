"""A change that a person asks for becomes a run beside the first, and stands where the two part."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from core.backtest.command import Submit
from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Now
from core.errors import InputError
from core.order import BUY, Order
from core.replay.branch import Branch, branch
from tests.core.builders import Action, backtest, bars_of
from tui.branching import change_of, first_facts, reloaded, retry, standing, told
from tui.commands import MakeBranch
from tui.runner import Runner
from tui.session import Session

Sample = Callable[..., Backtest]
BARS = bars_of("ACME", "100", "100", "90", "80")


def session_of(run: Backtest) -> Session:
    return Session(run, Runner(run, lambda: None))


def scripted(steps: dict[int, Action], **settings: object) -> Session:
    run = backtest(BARS, steps, **settings)
    run.run()
    return session_of(run)


def buys(quantity: int, **terms: object) -> Action:
    def act(now: Now) -> None:
        now.buy("ACME", quantity, **terms)  # type: ignore[arg-type]

    return act


# What is changed


def test_a_field_is_read_by_its_type(sample: Sample) -> None:
    change = change_of(session_of(sample(3)), MakeBranch(field=("dip_percent", "5")))
    assert change.text == "dip_percent is 5"
    assert change.strategy is not None
    assert (change.strategy.dip_percent, change.strategy.gain_percent) == (5, 4)  # type: ignore[attr-defined]


def test_a_setting_stands_in_the_place_of_what_it_was(sample: Sample) -> None:
    session = session_of(sample(3))
    change = change_of(session, MakeBranch(setting=("initial_capital", "5000")))
    assert change.settings is not None
    assert change.settings.initial_capital == Decimal(5000)
    assert change.settings.costs == session.run.settings.costs


def test_an_order_more_is_asked_for_where_one_stands(sample: Sample) -> None:
    session = session_of(sample(9))
    session.timeline.seek(session.timeline.end_of_step(4))
    change = change_of(session, MakeBranch(order=Order("AAPL", BUY, 5)))
    assert change.text == "buy 5 AAPL market after bar 5"
    assert change.command == (4, Submit(Order("AAPL", BUY, 5)))


def test_an_order_less_and_another_are_edits(sample: Sample) -> None:
    session = session_of(sample(3))
    assert change_of(session, MakeBranch(edit=(1, None))).edits == {1: None}
    assert change_of(session, MakeBranch(edit=(1, Order("AAPL", BUY, 5)))).edits == {1: Order("AAPL", BUY, 5)}


@pytest.mark.parametrize(
    "wanted",
    [
        MakeBranch(),
        MakeBranch(field=("speed", "5")),
        MakeBranch(field=("dip_percent", "much")),
        MakeBranch(field=("_bids", "5")),
        MakeBranch(setting=("speed", "5")),
        MakeBranch(setting=("initial_capital", "-5")),
        MakeBranch(edit=(99, None)),
        MakeBranch(edit=(0, None)),
    ],
)
def test_what_cannot_be_changed_is_an_input_error(sample: Sample, wanted: MakeBranch) -> None:
    with pytest.raises(InputError):
        change_of(session_of(sample(3)), wanted)


# A rejection is retried


def test_an_order_is_retried_with_the_quantity_that_would_have_passed() -> None:
    session = scripted({0: buys(1200)})  # for 120,000, of 100,000
    change = retry(session, 1)
    assert change.edits == {1: Order("ACME", BUY, 1000)}
    result, here, there = standing(session, branch(session.run, change))
    assert result.run.broker.fills()[0].quantity == 1000
    assert here == there == session.timeline.after(0)


def test_what_was_not_rejected_is_not_retried() -> None:
    session = scripted({0: buys(1)})
    with pytest.raises(InputError, match="order #1 was not rejected: there is nothing to retry"):
        retry(session, 1)


def test_where_no_remedy_follows_from_a_reason_it_says_so() -> None:
    session = scripted({0: buys(0)})
    with pytest.raises(InputError, match="order #1: nothing that would pass follows from "):
        retry(session, 1)


# Where two runs part


def test_both_stand_after_the_fact_in_which_they_differ() -> None:
    session = scripted({0: buys(10), 2: buys(5)})
    change = change_of(session, MakeBranch(edit=(2, Order("ACME", BUY, 7))))
    result, there, here = standing(session, branch(session.run, change))
    assert (here.step, there.step) == (2, 2)
    assert here == there == session.timeline.find_order(2)
    assert told(result) == "branch: order #2 is buy 7 ACME | parts at bar 3 | equity 0.00 at bar 4 | p parent, d both"
    assert first_facts(result) == ("order #2 submitted: buy", "5 ACME market", "7 ACME market")


def test_where_they_do_not_part_one_stays_where_one_stood() -> None:
    session = scripted({0: buys(10)})
    session.timeline.seek(session.timeline.end_of_step(1))
    change = change_of(session, MakeBranch(setting=("allow_short", "true")))
    result, there, here = standing(session, branch(session.run, change))
    assert here == there == session.timeline.end_of_step(1)
    assert (
        told(result) == "branch: allow_short is true | the runs do not part | equity 0.00 at bar 4 | p parent, d both"
    )
    assert first_facts(result) == ("", "-", "-")


def test_a_branch_says_what_equity_it_gained() -> None:
    session = scripted({0: buys(10)})
    result = branch(session.run, change_of(session, MakeBranch(edit=(1, None))))
    # 10 bought at 100 are worth 80 at the end: without them 200 more
    assert "| equity +200.00 at bar 4 |" in told(result)
    assert first_facts(result) == ("order #1", "accepted", "rejected: dropped by hand, in this branch of the run")


def test_what_a_branch_is_called_is_cleaned() -> None:
    run = backtest(bars_of("AC\x1b[2JME", "100", "100"), {})
    run.run()
    change = change_of(session_of(run), MakeBranch(order=Order("AC\x1b[2JME", BUY, 5)))
    assert "\x1b" not in told(Branch(run, run, change, None))


# The file of the strategy

BUYER = """
from attrs import define
from core import Strategy

@define
class Buyer(Strategy):
    {fields}
    def on_bar(self, now):
        if now.step == {step}:
            now.buy("ACME", self.quantity)
"""


def test_a_file_is_loaded_again_with_the_fields_that_it_still_has(tmp_path: Path) -> None:
    file = tmp_path / "buyer.py"
    file.write_text(BUYER.format(fields="quantity: int = 10\n    gone: int = 1", step=0))
    run = Backtest(BARS, find_strategy(f"{file}:Buyer")(quantity=7, gone=2))  # type: ignore[call-arg]
    run.run()
    file.write_text(BUYER.format(fields="quantity: int = 10\n    new: int = 3", step=1))
    strategy = reloaded(run).strategy
    assert (strategy.quantity, strategy.new) == (7, 3)  # type: ignore[union-attr]
    result, there, here = standing(session_of(run), branch(run, reloaded(run)))
    assert (there.step, here.step) == (0, 0)
    assert [one.timestamp for one in result.run.broker.fills()] == [run.feed.time(2)]


@pytest.mark.parametrize("text", ["def", "raise ValueError", "", "class Buyer: pass"])
def test_a_file_that_has_no_strategy_any_more_is_an_input_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "buyer.py"
    file.write_text(BUYER.format(fields="quantity: int = 10", step=0))
    run = Backtest(BARS, find_strategy(f"{file}:Buyer")())
    file.write_text(text)
    with pytest.raises(InputError):
        reloaded(run)


def test_a_field_that_may_not_be_as_it_was_is_an_input_error(tmp_path: Path) -> None:
    file = tmp_path / "buyer.py"
    file.write_text(BUYER.format(fields="quantity: int = 10", step=0))
    run = Backtest(BARS, find_strategy(f"{file}:Buyer")(quantity=7))  # type: ignore[call-arg]
    new = "from attrs import field\n    from attrs.validators import ge\n    quantity: int = field(validator=ge(8))"
    file.write_text(BUYER.format(fields=new, step=0))
    with pytest.raises(InputError, match="quantity"):
        reloaded(run)
