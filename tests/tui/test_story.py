"""The life of an order as text: each kind of chapter, long waits in few lines, and another engine's answer."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl
from attrs import define, frozen
from hypothesis import given

from core.backtest.command import Cancel, Submit
from core.backtest.loop import Backtest
from core.backtest.profiles import PROFILES, find_profile
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.corporate_action import Split
from core.execution.costs import Commission, Slippage
from core.execution.path import PathRule
from core.execution.terms import CashRule
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderType, TimeInForce
from core.replay.chapters import Waiting
from core.replay.comparison import compare_with
from core.replay.explain import explain_order
from tests.core.builders import B1, BEFORE_B1, Action, Answering, Script, at, backtest, bars_of, run
from tests.generators import Market, Planned, markets, plans, run_settings
from tui.parting import tell_comparison
from tui.story import tell


def price(text: str) -> Decimal:
    return Decimal(text)


def story(made: Backtest, order_id: int = 1, *, is_short: bool = False) -> list[str]:
    return list(tell(explain_order(made, order_id), is_short=is_short))


def lines_with(lines: list[str], *words: str) -> list[str]:
    """Return the lines that have all of some words, without what they begin with."""
    return [line.partition("  bar ")[2] or line.strip() for line in lines if all(word in line for word in words)]


TWO = bars_of("A", BEFORE_B1, B1)
CAUSE = f"    asked for by {Script.__module__}:{Script.on_bar.__code__.co_firstlineno + 1} on_bar"


# --- whole stories


def test_a_purchase_from_its_line_to_what_it_did() -> None:
    steps = {0: lambda now: now.buy("A", 100, limit_price=price("99.75"), tag="dip")}
    assert story(run(TWO, steps, costs=Commission(per_unit=price("0.005"), minimum=Decimal(1)))) == [
        "2024-01-02 21:00  bar 1  order #1 submitted: buy 100 A limit 99.75",
        CAUSE,
        "    tag dip",
        "    newest bar 100.00/101.00/99.00/100.00, volume 10,000",
        "    cash 100,000.00, position 0, equity 100,000.00 at 100.00",
        "2024-01-02 21:00  bar 1  accepted",
        "2024-01-03 21:00  bar 2  fill #1: buy 100 @ 99.75, R6 at its limit on the path",
        "    on bar 101.00/102.00/99.50/100.50, volume 10,000",
        "    notional 9,975.00, commission 1.00",
        "                   cash        position   realized   unrealized       equity",
        "    before   100,000.00               0       0.00         0.00   100,000.00",
        "    after     90,024.00   100 @ 99.7500       0.00       +25.00   100,024.00",
        "    change    -9,976.00            +100       0.00       +25.00       +24.00",
        "    valued at 100.00, the newest close",
    ]


def test_a_rejection_with_what_was_compared_where_the_cash_is_and_what_would_have_passed() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 60, limit_price=100)
        now.buy("A", 60, limit_price=99)

    lines = story(run(TWO, {0: ask}, initial_capital=10_000), 2)
    compared = "cash must cover purchase, needs 5940, has 4000, short 1940"
    assert lines[-3:] == [
        f"2024-01-02 21:00  bar 1  rejected, CASH_MUST_COVER_PURCHASE: {compared}",
        "    cash is 10,000.00, open orders and shorts leave 4,000.00",
        "    would pass: at most 40, or a price no worse than 66.66",
    ]


def test_a_rejection_counts_what_open_sales_bring() -> None:
    def ask(now: Now) -> None:
        now.sell("A", 10)
        now.buy("A", 200, limit_price=100)

    steps: Mapping[int, Action] = {0: lambda now: now.buy("A", 50), 1: ask}
    lines = story(run(bars_of("A", "100.00", "100", "100"), steps, initial_capital=10_000), 3)
    assert "    cash is 5,000.00, with the proceeds of open sales 6,000.00" in lines  # and 10 x 100


def test_a_sale_of_nothing_has_no_quantity_that_would_pass() -> None:
    compared = "position must cover sale, held 0, other open sales 0, asked 5"
    assert story(run(TWO, {0: lambda now: now.sell("A", 5)}))[-2:] == [
        f"2024-01-02 21:00  bar 1  rejected, POSITION_MUST_COVER_SALE: {compared}",
        "    no quantity would pass",
    ]


def bracket(now: Now) -> None:
    exits = (Order("A", SELL, 100, stop_price=98), Order("A", SELL, 100, limit_price=103))
    now.submit_bracket(Order("A", BUY, 100), *exits)


EXAMPLE_18 = bars_of("A", "100.00", "100/103.50/97.50/102")


def test_an_exit_that_another_path_would_have_filled() -> None:
    assert story(run(EXAMPLE_18, {0: bracket}), 3) == [
        "2024-01-02 21:00  bar 1  order #3 submitted: sell 100 A limit 103.00",
        CAUSE,
        "    asleep until its entry #1 fills",
        "    what it fills, its siblings lose: #2",
        "    newest bar 100.00/100.00/100.00/100.00",
        "    cash 100,000.00, position 0, equity 100,000.00 at 100.00",
        "2024-01-02 21:00  bar 1  accepted",
        "2024-01-03 21:00  bar 2  activated: 100 awake, inside the bar at 100.00",
        "2024-01-03 21:00  bar 2  AMBIGUOUS: the order of the bar's high and low decides, 500.00 at stake",
        "    low_first is assumed (R3): no fill, canceled",
        "    high_first would give: 100 @ 103",
        "2024-01-03 21:00  bar 2  canceled, SIBLING_FILLED: its sibling 2 filled 100, 0 of 100 left",
    ]
    assert "    as it fills, its exits wake: #2, #3" in story(run(EXAMPLE_18, {0: bracket}), 1)


def test_a_fill_does_not_say_again_that_its_path_is_ambiguous() -> None:
    lines = story(run(EXAMPLE_18, {0: bracket}), 2)
    assert len(lines_with(lines, "AMBIGUOUS")) == 1
    assert len(lines_with(lines, "fill #2")) == 1


def test_a_gap_through_a_stop_with_slippage() -> None:
    steps = {0: lambda now: now.buy("A", 100), 1: lambda now: now.sell("A", 100, stop_price=95)}
    made = run(bars_of("A", "97.00", "97", "93/94/92/93.50"), steps, slippage=Slippage(ticks=2))
    assert story(made, 2)[-11:-5] == [
        "2024-01-04 21:00  bar 3  triggered: stop 95.00 reached at 93.00",
        "    gap: the price was 2.00 beyond the stop",
        "2024-01-04 21:00  bar 3  fill #2: sell 100 @ 92.98, R5 at the open",
        "    on bar 93.00/94.00/92.00/93.50",
        "    slippage 0.02 a unit, from 93.00 on the path",
        "    notional 9,298.00, commission 0.00",
    ]


def test_what_is_left_and_what_else_there_is_to_say_of_a_fill() -> None:
    made = run(bars_of("A", "50", "50/51/49/50/5000"), {0: lambda now: now.buy("A", 800)}, volume_cap=price("0.1"))
    lines = story(made)
    assert lines_with(lines, "fill #1") == ["2  fill #1: buy 500 @ 50.00, R5 at the open, 300 left"]
    (note, wait) = lines_with(lines, "VOLUME_CAP_REACHED")
    assert note.startswith("VOLUME_CAP_REACHED: volume cap reached, asked 800")
    assert wait.startswith("2  waits, VOLUME_CAP_REACHED: volume cap reached, asked 300")
    assert lines[-1] == "2024-01-03 21:00  bar 2  still open at the end of the run, 300 of 800 left"


def test_a_fill_better_than_its_limit() -> None:
    made = run(TWO, {0: lambda now: now.buy("A", 1, limit_price=price("101.50"))})
    assert lines_with(story(made), "better") == ["better than its limit by 0.50 a unit"]
    assert not lines_with(story(run(TWO, {0: lambda now: now.buy("A", 1, limit_price=price("99.75"))})), "better")


def test_what_was_asked_for_inside_a_bar() -> None:
    def answer(now: Now, fill: Fill) -> None:
        if fill.order_id == 1:
            now.sell("A", 10, limit_price=120)
            now.sell("A", 10, type=OrderType.MARKET_ON_OPEN)

    bars = bars_of("A", "100.00", "100/103/98/102", "110")
    made = run(bars, Answering({0: lambda now: now.buy("A", 10, limit_price=99)}, answer=answer), allow_short=True)
    assert (
        story(made, 2)[0]
        == "2024-01-03 21:00  bar 2  order #2 submitted: sell 10 A limit 120.00, inside the bar at 99.00"
    )
    waits = lines_with(story(made, 3), "waits")
    assert waits == ["2  waits, NOT_ELIGIBLE_UNTIL: not eligible until the open of bar 3"]


def test_requests_and_their_answers() -> None:
    steps = {
        0: lambda now: now.buy("A", 5, limit_price=90),
        1: lambda now: now.amend(1, limit_price=price("89.995")),
        2: lambda now: now.amend(1, quantity=4),
        3: lambda now: now.cancel(1),
    }
    made = run(bars_of("A", BEFORE_B1, B1, B1, B1, B1), steps)
    lines = story(made)
    told = [line.partition("  ")[2] for line in lines_with(lines, "  bar ") if "waits" not in line]
    assert lines.count(CAUSE) == 4  # the order, two changes and the cancel
    compared = "limit_price must be on the tick of 0.01, was 89.995, neighbors 89.99 and 90"
    assert told[2:] == [
        "amend requested: limit 89.995",
        f"amend refused, PRICE_MUST_BE_ON_TICK: {compared}",
        "amend requested: quantity 4",
        "amended: buy 4 A limit 90.00, keeps its place",
        "cancel requested",
        "canceled, CANCEL_REQUESTED: cancel was requested, 4 of 4 left",
    ]


def test_what_a_person_asked_for_says_that_it_was_by_hand() -> None:
    made = backtest(TWO, {})
    made.step()
    made.command(Submit(Order("A", BUY, 1, limit_price=1)))
    made.command(Cancel(1))
    assert lines_with(story(made), "asked for") == ["asked for by hand"] * 2


def test_an_order_asked_for_on_the_last_bar_says_when_it_could_have_filled() -> None:
    assert story(run(TWO, {1: lambda now: now.buy("A", 1)}))[-2:] == [
        "2024-01-03 21:00  bar 2  still open at the end of the run, 1 of 1 left",
        "    it can fill from the open of bar 3 on",
    ]


def test_an_order_in_a_run_that_goes_on() -> None:
    made = backtest(TWO, {0: lambda now: now.buy("A", 1, limit_price=90)})
    made.step()
    assert story(made)[-2] == "2024-01-02 21:00  bar 1  still open, 1 of 1 left"


def test_an_order_that_was_submitted_before_the_first_bar() -> None:
    made = backtest(bars_of("A", "100", "101"), {})
    made.broker.submit(Order("A", BUY, 1, limit_price=90))
    assert story(made)[:3] == [
        "-  bar 0  order #1 submitted: buy 1 A limit 90.00",
        "    cash 100,000.00, position 0, equity 100,000.00",
        "-  bar 0  accepted",
    ]


def test_a_life_that_is_over() -> None:
    steps = {0: lambda now: now.buy("A", 1, limit_price=90, time_in_force=TimeInForce.DAY)}
    lines = story(run(bars_of("A", BEFORE_B1, B1, B1), steps))
    assert lines[0].endswith("order #1 submitted: buy 1 A limit 90.00, DAY")
    assert lines[-1] == "2024-01-04 21:00  bar 3  expired, EXPIRED: its life ended with 2024-01-03, 1 of 1 left"


def test_a_fill_that_cash_covers_in_part() -> None:
    made = run(
        bars_of("A", BEFORE_B1, "102"),
        {0: lambda now: now.buy("A", 99)},
        initial_capital=10_000,
        cash_rule=CashRule.REDUCE,
    )
    compared = "cash must cover fill at 102, needs 10098, has 10000, short 98"
    assert story(made)[-2:] == [
        f"2024-01-03 21:00  bar 2  canceled, CASH_MUST_COVER_FILL: {compared}",
        "    would pass: at most 98",
    ]


def test_a_fill_at_the_close_it_was_decided_on() -> None:
    made = run(bars_of("A", "100"), {0: lambda now: now.buy("A", 1)}, timing=Timing.SAME_CLOSE)
    assert lines_with(story(made), "fill #1") == [
        "1  fill #1: buy 1 @ 100.00, R1 at the close it was decided on, optimistic"
    ]


def test_a_fill_on_the_first_bar_of_a_symbol_is_valued_by_no_close() -> None:
    made = run([bars_of("A", "100", "100"), bars_of("B", "-", "20/22/19/21")], {0: lambda now: now.buy("B", 10)})
    lines = story(made)
    assert lines[-1] == "    change      -200.00            +10       0.00         0.00         0.00"
    assert not lines_with(lines, "valued")


# --- indicators


@define
class Measuring(Strategy):
    """Ask with indicators of every kind."""

    def indicators(self) -> Mapping[str, pl.Expr]:
        mean = pl.col("close").rolling_mean(3)
        return {
            "mean": mean,
            "above": pl.col("close") > 1,
            "ticks": pl.col("close_ticks"),
            "x\x1b": pl.col("close") / 3,
        }

    def on_bar(self, now: Now) -> None:
        now.buy("A", 1, limit_price=90)


def test_indicators_are_written_without_noise() -> None:
    made = run(bars_of("A", "100.00", "100", "101"), Measuring())
    assert lines_with(story(made, 1), "indicators") == [
        "indicators mean -, above True, ticks 10000, x␛ 33.33333333",
    ]
    assert lines_with(story(made, 3), "indicators") == [
        "indicators mean 100.3333333, above True, ticks 10100, x␛ 33.66666667",
    ]


# --- long waits


def waiting(count: int) -> Backtest:
    """Wait some bars for 90; the third of them comes nearest."""
    bars = ["100.00", *[f"100/101/{99 - (step == 2)}/100" for step in range(count)]]
    return run(bars_of("A", *bars), {0: lambda now: now.buy("A", 1, limit_price=90)})


def test_a_short_wait_is_told_bar_by_bar() -> None:
    lines = story(waiting(5))
    assert len(lines_with(lines, "waits")) == 5
    assert not lines_with(lines, "alike")


def test_in_short_a_long_wait_is_its_first_bar_its_last_and_which_came_nearest() -> None:
    lines = story(waiting(31), is_short=True)
    wait = "waits, LIMIT_NOT_REACHED: limit 90 not reached, low 99, 900 ticks short"
    assert lines[-4:] == [
        f"2024-01-03 21:00  bar  2  {wait}",
        "    ... 29 bars alike, nearest in bar 4: low 98.00, 800 ticks short",
        f"2024-02-02 21:00  bar 32  {wait}",
        "2024-02-02 21:00  bar 32  still open at the end of the run, 1 of 1 left",
    ]


def test_each_bar_of_a_long_wait_is_told() -> None:
    lines = story(waiting(31))
    assert [line.split()[0] for line in lines_with(lines, "waits")] == [str(bar) for bar in range(2, 33)]
    assert not lines_with(lines, "alike")


def test_a_stop_that_trails_through_a_long_wait_says_where_it_went() -> None:
    steps = {0: lambda now: now.buy("A", 1), 1: lambda now: now.sell("A", 1, trail_amount=5)}
    rising = [f"{100 + day}/{101 + day}/{99 + day}/{100 + day}" for day in range(1, 12)]
    made = run(bars_of("A", "100.00", "100", *rising), steps, path=PathRule.LOW_FIRST)
    (between,) = lines_with(story(made, 2, is_short=True), "alike")
    # the high of the bar before was 102, so the stop is 97 at that low; the highest of those between is 111
    assert between == "... 9 bars alike, nearest in bar 4: low 101.00, 400 ticks short, the stop went to 106.00"


def test_bars_that_are_missing_are_alike_too() -> None:
    others = bars_of("B", *["100"] * 12)
    made = run([bars_of("A", "100"), others], {0: lambda now: now.buy("A", 1)})
    assert lines_with(story(made, is_short=True), "alike") == ["... 9 bars alike"]


def test_a_wait_that_nothing_explains_says_so() -> None:
    waits = [Waiting(step, at(step), None) for step in range(8)]
    assert list(tell(waits, is_short=True)) == [
        "2024-01-02 21:00  bar 1  waits, its turn has not come",
        "    ... 6 bars alike",
        "2024-01-09 21:00  bar 8  waits, its turn has not come",
    ]


# --- text from outside


def test_text_from_outside_moves_no_terminal() -> None:
    steps = {0: lambda now: now.buy("A\x1b[2J", 1, tag="\x1b]0;x\x07\u202e\n")}
    lines = story(run(bars_of("A\x1b[2J", "100", "101"), steps))
    assert lines[0].endswith("order #1 submitted: buy 1 A␛[2J market")
    assert "    tag ␛]0;x␇<202E>␊" in lines
    assert all(line.isprintable() for line in lines)


@given(markets(fewest_steps=4), plans(), run_settings())
def test_every_order_of_any_run_can_be_told(market: Market, plan: Planned, settings: Settings) -> None:
    made = Backtest(market.bars, plan, settings)
    made.run()
    for order in made.broker.orders():
        whole, short = story(made, order.id), story(made, order.id, is_short=True)
        assert all(line.isprintable() and line for line in whole)
        assert len(short) <= len(whole)
        assert len(lines_with(whole, "fill #")) == sum(fill.order_id == order.id for fill in made.broker.fills())


# --- another engine


def under(bars: Bars, steps: Mapping[int, Action], name: str, order_id: int = 1, **settings: Any) -> list[str]:
    """Return what is told of an order in another engine."""

    def run_under(asked: Settings) -> Backtest:
        made = Backtest(bars, Script(steps), asked)
        made.run()
        return made

    comparison = compare_with(run_under(Settings(**settings)), run_under, find_profile(name), order_id)
    return list(tell_comparison(name, order_id, comparison))


TOUCHED: Mapping[int, Action] = {0: lambda now: now.buy("A", 100, limit_price=price("99.50"))}


def test_a_limit_that_only_touches_in_lean() -> None:
    assert under(TWO, TOUCHED, "lean") == [
        "as lean: another order",
        "    here:  buy 100 A limit 99.5: 100 @ 99.50 on 2024-01-03 21:00, filled",
        "    there: buy 100 A limit 99.5: no fill, accepted",
        "    rule R4 differs: limit_rule is touch here, through there",
    ]


def test_what_is_the_same_and_what_no_setting_reaches() -> None:
    steps: Mapping[int, Action] = {0: lambda now: now.buy("A", 100, stop_price=102, limit_price=103)}
    assert under(TWO, steps, "lean") == [
        "as lean: the same, as far as settings reach",
        "    here and there: buy 100 A stop 102 limit 103: 100 @ 102.00 on 2024-01-03 21:00, filled",
        "    rule R4 differs, and no setting reaches it: a price that equals a stop does not trigger it",
        f"    rule R6 differs, and no setting reaches it: {PROFILES['lean'].beyond[1].text}",
    ]


def test_slippage_and_a_volume_cap_as_in_zipline() -> None:
    lines = under(TWO, {0: lambda now: now.buy("A", 2000)}, "zipline", initial_capital=10**6)
    assert lines[1:5] == [
        "    here:  buy 2000 A: 2,000 @ 101.00 on 2024-01-03 21:00, filled",
        "    there: buy 2000 A: 1,000 @ 101.06 on 2024-01-03 21:00, partially filled",
        "    rule R11 differs: slippage is none here, basis_points 5 there",
        "    rule R12 differs: volume_cap is none here, 0.1 there",
    ]


def test_where_the_runs_part_before() -> None:
    steps: Mapping[int, Action] = {
        **TOUCHED,
        1: lambda now: now.sell("A", 100, time_in_force=TimeInForce.DAY) if now.get_position("A").quantity else None,
    }
    assert under(bars_of("A", BEFORE_B1, B1, "103"), steps, "lean", 2) == [
        "as lean: another order",
        "    here:  sell 100 A DAY: 100 @ 103.00 on 2024-01-04 21:00, filled",
        "    there: not asked for",
        "    the runs part before, in bar 2 at order #1",
        "    here:  buy 100 A limit 99.5: 100 @ 99.50 on 2024-01-03 21:00, filled",
        "    there: buy 100 A limit 99.5: no fill, accepted",
        "    rule R4 differs: limit_rule is touch here, through there",
    ]


def test_an_order_that_is_rejected_in_the_one_and_the_path_of_the_other() -> None:
    lines = under(EXAMPLE_18, {0: bracket}, "backtesting.py", 3, path=PathRule.HIGH_FIRST)
    assert lines[1:] == [
        "    here:  sell 100 A limit 103: 100 @ 103.00 on 2024-01-03 21:00, filled",
        "    there: sell 100 A limit 103: no fill, canceled SIBLING_FILLED",
        "    rule R3 differs: path is high_first here, worst there",
    ]


@frozen
class Half:
    """A slippage model of one's own."""

    def amount(self, price: Decimal, *_: object) -> Decimal:
        return price / 2


def test_a_model_of_ones_own_is_told_by_its_name() -> None:
    lines = under(TWO, {0: lambda now: now.buy("A", 1)}, "backtrader", slippage=Half())
    assert "    rule R11 differs: slippage is Half here, none there" in lines


def test_a_comparison_is_cleaned_too() -> None:
    bars = bars_of("A\x1b[2J", BEFORE_B1, B1)
    lines = under(bars, {0: lambda now: now.buy("A\x1b[2J", 1, limit_price=price("99.50"))}, "lean")
    assert all(line.isprintable() for line in lines)
    assert "A␛[2J" in lines[1]


# --- splits


def test_a_split_tells_what_it_did_to_the_position_and_to_the_order() -> None:
    # 25 bought at 100 and held at 100; at 1:2 half a unit is sold for 100, and the rest of the sale is 10 at 250
    bars = bars_of("A", "100", "100", "200", "210")
    steps: Mapping[int, Action] = {
        0: lambda now: now.buy("A", 25),
        1: lambda now: now.sell("A", 20, limit_price=125),
    }
    lines = story(run(bars, steps, actions=[Split("A", at(2), 1, 2)]), 2)
    first = next(number for number, line in enumerate(lines) if "split" in line)
    assert [" ".join(line.split()) for line in lines[first : first + 6]] == [
        "2024-01-04 21:00 bar 3 split A 1:2, the last price is 200.00 now",
        "a part of a unit was sold: 100.00 in cash, realized 0.00",
        "cash position realized unrealized equity",
        "before 97,500.00 25 @ 100.0000 0.00 0.00 100,000.00",
        "after 97,600.00 12 @ 200.0000 0.00 0.00 100,000.00",
        "2024-01-04 21:00 bar 3 split 1:2: sell 10 A limit 250.00",
    ]
    assert not lines_with(story(run(bars, steps, actions=[Split("A", at(2), 1, 2)]), 1), "split")


def test_a_split_that_ends_an_order_says_why() -> None:
    bars = bars_of("A", "100", "100", "200")
    steps: Mapping[int, Action] = {1: lambda now: now.buy("A", 25, limit_price=90)}
    lines = story(run(bars, steps, actions=[Split("A", at(2), 1, 2)]))
    why = "a split of 1:2 would make its quantity 12.5, which none can have: its unit is 1, 25 of 25 left"
    assert lines_with(lines, "SPLIT") == [f"3  canceled, SPLIT: {why}"]
