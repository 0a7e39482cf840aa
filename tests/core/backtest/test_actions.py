"""When splits and dividends are due in a run, and what each does there."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from core.backtest.actions import ActionsOfRun
from core.backtest.loop import Backtest
from core.backtest.settings import Settings, SplitRule
from core.backtest.strategy import Now
from core.clock import Phase
from core.corporate_action import CorporateAction, Dividend, Split
from core.errors import AdjustedTwiceError, FillstepError, InputError
from core.events import CashChanged, DividendEarned, DividendPaid, OrderSplit, PositionSplit, SplitApplied
from core.order import TrackedOrder
from core.replay.timeline import Timeline
from tests.core.builders import Action, Hearing, Script, at, bars_of, run

DAYS = bars_of("A", "100", "100", "50", "51", "52")
HALVED = Split("A", at(2), 2)


def buy(units: int) -> Action:
    return lambda now: now.buy("A", units)


def made(
    actions: list[CorporateAction], steps: Mapping[int, Action] | None = None, bars: Any = DAYS, **settings: Any
) -> Backtest:
    return run(bars, steps or {0: buy(10)}, actions=actions, **settings)


def facts(run: Backtest, step: int, *kinds: type) -> list[object]:
    """Return the facts of a step, of some kinds or all."""
    first, last = run.journal.first_of_step(step), run.journal.first_of_step(step + 1)
    events = [run.journal[number] for number in range(first, last)]
    return [one for one in events if not kinds or isinstance(one, kinds)]


def kinds(run: Backtest, step: int) -> list[str]:
    return [type(one).__name__ for one in facts(run, step)]


def test_a_split_leaves_equity_alone_as_its_step_begins() -> None:
    run = made([HALVED])
    assert kinds(run, 2) == ["SplitApplied", "PositionSplit"]
    assert {run.journal.phase_of(number) for number in (-1, -2)} == {Phase.CORPORATE_ACTIONS}
    position = run.portfolio.get_position("A")
    assert (position.quantity, position.cost_basis) == (20, 1000)
    assert [run.equity_curve.equity(step) for step in range(5)] == [100_000, 100_000, 100_000, 100_020, 100_040]


def test_what_a_split_leaves_below_the_step_is_sold_at_the_last_price() -> None:
    # 5 at 100 are 2.5 at 200: the half is 100 in cash, of a cost of 500 / 5; the close of 210 then gains 2 x 10
    run = made([Split("A", at(2), 1, 2)], {0: buy(5)}, bars_of("A", "100", "100", "210"))
    assert kinds(run, 2) == ["SplitApplied", "PositionSplit", "CashChanged"]
    assert facts(run, 2, PositionSplit)[0].cash == 100  # type: ignore[attr-defined]
    assert (run.portfolio.get_cash_balance(), run.portfolio.get_position("A").quantity) == (99_600, 2)
    assert (run.portfolio.realized_pnl, run.portfolio.equity) == (0, 100_020)


def test_a_symbol_without_a_bar_is_valued_in_new_units_until_it_has_one() -> None:
    bars = [bars_of("A", "100", "100", "-", "-", "52"), bars_of("B", "10", "10", "10", "10", "10")]
    seen: list[Decimal | None] = []
    steps = {0: buy(10), **{step: lambda now: seen.append(now.get_mark("A")) for step in (1, 2, 3, 4)}}
    run = made([Split("A", at(2), 4), Split("A", at(3), 1, 2)], steps, bars)
    assert seen == [100, 25, 50, 52]
    assert [run.equity_curve.equity(step) for step in range(5)] == [100_000] * 4 + [100_040]  # 20 at 52
    moments = [Timeline(run).at(Timeline(run).end_of_step(step)) for step in range(5)]
    assert [moment.get_mark("A") for moment in moments] == [100, 100, 25, 50, 52]
    assert [moment.equity for moment in moments] == [100_000] * 4 + [100_040]


def test_the_lowest_and_the_highest_equity_know_of_the_split() -> None:
    run = made([HALVED])
    assert run.equity_curve.extremes(4)[1:] == (40, 0)


def test_an_action_up_to_the_first_bar_of_its_symbol_or_after_the_last_step_concerns_nobody() -> None:
    bars = [bars_of("A", "-", "100", "100"), bars_of("B", "10", "10", "10")]
    nobody = [Split("A", at(-5), 2), Split("A", at(1), 2), Split("A", at(7), 2), Split("C", at(2), 2)]
    run = made([*nobody, Dividend("A", at(1), Decimal(1))], {1: buy(10)}, bars, splits=SplitRule.APPLY)
    assert not [one for one in run.journal if isinstance(one, (SplitApplied, DividendEarned))]


def test_a_split_of_what_nobody_holds_is_told_and_changes_its_last_price() -> None:
    run = made([HALVED], {4: lambda _: None})
    assert facts(run, 2) == [SplitApplied(at(2), "A", 2, 1, Decimal(0), Decimal(50))]


def test_the_first_step_at_its_time_or_later_is_meant() -> None:
    run = made([Split("A", at(1, hours=25), 2)])  # an hour after step 1
    assert facts(run, 2, SplitApplied)


# --- orders


def test_orders_are_put_into_new_units_before_any_is_matched() -> None:
    run = made([HALVED], {1: lambda now: now.buy("A", 10, limit_price=100)})
    assert kinds(run, 2)[:2] == ["SplitApplied", "OrderSplit"]
    (fill,) = run.broker.fills()
    assert (fill.quantity, fill.price, fill.timestamp) == (20, 50, at(2))


def test_a_strategy_is_told_and_what_it_asks_for_meets_the_bar() -> None:
    def hear(now: Now, order: TrackedOrder) -> None:
        heard.append((now.step, order.status.value, order.order.quantity))
        if order.order.quantity == 20 and len(heard) == 2:
            now.buy("A", 1)

    heard: list[tuple[int, str, Decimal]] = []
    strategy = Hearing({1: lambda now: now.buy("A", 10, limit_price=10)}, hear=hear)
    run = Backtest(DAYS, strategy, actions=[HALVED])
    run.run()
    assert heard == [(1, "ACCEPTED", 10), (2, "ACCEPTED", 20), (2, "ACCEPTED", 1)]
    assert [(one.timestamp, one.price) for one in run.broker.fills()] == [(at(2), 50)]
    assert run.clock.phase is Phase.STRATEGY


# --- dividends

HALF = Decimal("0.50")


def cash(run: Backtest) -> list[tuple[int, Decimal]]:
    """Return by which amounts dividends have moved cash, and in which steps."""
    rows = run.journal.rows
    return [
        (rows[number + 1][0], rows[number + 1][3][2] - rows[number + 1][3][1])
        for number in range(len(rows))
        if rows[number][2] is DividendPaid
    ]


def test_a_dividend_is_earned_and_paid_at_once() -> None:
    run = made([Dividend("A", at(3), HALF)])
    assert facts(run, 3)[:2] == [
        DividendEarned(at(3), "A", HALF, Decimal(10), Decimal("5.00"), None),
        DividendPaid(at(3), "A", Decimal("5.00")),
    ]
    assert isinstance(facts(run, 3)[2], CashChanged)
    assert run.portfolio.income == 5


@pytest.mark.parametrize(
    ("pay", "paid"),
    [(at(4), [(4, 5)]), (at(3, hours=25), [(4, 5)]), (at(1), [(3, 5)]), (at(9), [])],
    ids=["later", "between two bars", "before it was earned", "after the run"],
)
def test_a_dividend_is_paid_in_the_first_step_at_its_pay_time_or_later(pay: Any, paid: list[Any]) -> None:
    run = made([Dividend("A", at(3), HALF, pay)])
    assert cash(run) == paid
    assert len(facts(run, 3, DividendEarned)) == 1


def test_who_buys_in_the_step_gets_none_and_who_sells_in_it_does() -> None:
    assert cash(made([Dividend("A", at(3), HALF)], {2: buy(10)})) == []
    assert cash(made([Dividend("A", at(3), HALF)], {0: buy(10), 2: lambda now: now.sell("A", 10)})) == [(3, 5)]


def test_who_is_short_pays() -> None:
    run = made([Dividend("A", at(3), HALF)], {0: lambda now: now.sell("A", 10)}, allow_short=True)
    assert cash(run) == [(3, -5)]


def test_a_dividend_of_a_day_with_a_split_is_for_old_units() -> None:
    run = made([HALVED, Dividend("A", at(2), HALF)])
    assert cash(run) == [(2, 5)]
    assert kinds(run, 2)[0] == "DividendEarned"


def test_a_dividend_that_rounds_to_nothing_is_not_paid() -> None:
    run = made([Dividend("A", at(3), Decimal("0.0001"))])
    assert (len(facts(run, 3, DividendEarned)), cash(run)) == (1, [])


def test_dividends_are_left_out_where_the_settings_say_so() -> None:
    assert len(made([Dividend("A", at(3), HALF)], dividends=False).journal) == len(made([]).journal)


# --- what is refused


def check_twice(one: CorporateAction, other: CorporateAction, sentence: str) -> None:
    with pytest.raises(InputError) as raised:
        made([one, other])
    assert str(raised.value) == sentence


def test_what_is_given_twice_is_refused() -> None:
    check_twice(
        Split("A", at(2), 2, place="a.csv:2"),
        Split("A", at(2), 3, place="b.csv:5"),
        "b.csv:5: the split of A on 2024-01-04 21:00 is given twice, also by a.csv:2",
    )
    check_twice(HALVED, HALVED, "the split of A on 2024-01-04 21:00 is given twice")
    dividend = Dividend("A", at(3), HALF)
    check_twice(dividend, dividend, "a dividend of A on 2024-01-05 21:00 is given twice")


def test_two_dividends_of_one_day_are_both_paid() -> None:
    run = made([Dividend("A", at(3), HALF), Dividend("A", at(3), Decimal(1))])
    assert [amount for _, amount in cash(run)] == [5, 10]


LOOKS: dict[str, tuple[tuple[str, str], tuple[int, int], bool]] = {
    "as traded": (("100", "50"), (2, 1), False),
    "a little less": (("100", "60"), (2, 1), False),
    "nearer to none": (("100", "80"), (2, 1), True),
    "adjusted": (("100", "101"), (2, 1), True),
    "a reverse split as traded": (("10", "100"), (1, 10), False),
    "a reverse split adjusted": (("10", "11"), (1, 10), True),
    "too small to tell": (("100", "101"), (6, 5), False),
    "just large enough": (("100", "101"), (5, 4), True),
    "small and reverse": (("100", "101"), (5, 6), False),
}


@pytest.mark.parametrize(("prices", "ratio", "is_refused"), LOOKS.values(), ids=LOOKS)
def test_a_split_that_does_not_show_in_the_prices_is_asked_about(
    prices: tuple[str, str], ratio: tuple[int, int], is_refused: bool
) -> None:
    before, after = prices
    bars, actions = bars_of("A", before, before, after), [Split("A", at(2), *ratio)]
    if is_refused:
        with pytest.raises(AdjustedTwiceError, match=f"^A {ratio[0]}:{ratio[1]} on 2024-01-04 21:00 does not show"):
            made(actions, bars=bars)
    else:
        made(actions, bars=bars)
    assert facts(made(actions, bars=bars, splits=SplitRule.APPLY), 2, SplitApplied)
    assert not facts(made(actions, bars=bars, splits=SplitRule.IGNORE), 2, SplitApplied)


def test_a_split_after_the_last_bar_of_its_symbol_is_not_asked_about() -> None:
    bars = [bars_of("A", "100", "100", "-"), bars_of("B", "10", "10", "10")]
    assert facts(made([HALVED], bars=bars), 2, SplitApplied)


def test_a_past_that_is_over_cannot_be_split() -> None:
    run = made([])
    moment = Timeline(run).at(Timeline(run).head)
    with pytest.raises(FillstepError, match=r"^A cannot be split in the past$"):
        moment._marks.note_split("A", 2, 1)


# --- what a run is made of


def test_a_run_without_actions_has_none_due() -> None:
    run = Backtest(DAYS, Script({}))
    assert run.actions == ()
    assert ActionsOfRun((), run.feed, Settings(), {}).next_step == len(run.feed)


def test_step_by_step_and_at_once_give_one_journal() -> None:
    actions: list[CorporateAction] = [HALVED, Dividend("A", at(3), HALF, at(4))]
    steps: Mapping[int, Action] = {0: buy(10), 1: lambda now: now.sell("A", 5, limit_price=101)}
    one, other = made(actions, steps), Backtest(DAYS, Script(steps), actions=reversed(actions))
    while other.step():
        pass
    assert one.journal.canonical_bytes() == other.journal.canonical_bytes()
    assert b'"event":"OrderSplit"' in one.journal.canonical_bytes()
    assert [type(fact) for fact in one.journal].count(OrderSplit) == 1


def test_prices_of_bars_stay_as_they_were_traded() -> None:
    seen: list[Decimal] = []
    made([HALVED], {2: lambda now: seen.append(now["A"].bar(1).close)})
    assert seen == [100]
