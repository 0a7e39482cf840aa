"""Why an open order does not fill on a bar: which test failed, and the numbers that were compared (R20)."""

from decimal import Context, Decimal, Inexact, localcontext
from functools import partial
from typing import Any

import pytest

from core.clock import Phase
from core.execution.non_fill import asleep_reason, capped, missed, why_not
from core.execution.order_record import Entry, OrderRecord
from core.execution.standing_bar import StandingBar
from core.order import BUY, SELL, Order, OrderType
from core.reason import Reason
from tests.core.builders import at, bar_of, bars_of, reason_of
from tests.core.execution.records import order_of, record_of

buy, sell = partial(order_of, BUY, 100), partial(order_of, SELL, 100)
Found = tuple[str, dict[str, object]]
TEXTS = ("symbol", "extreme_name")


def bar(text: str = "101.00/102.00/99.50/100.50/5000", *, part: int = 0, tick: int = 1, **state: Any) -> StandingBar:
    """Stand on a bar in cents whose path goes to the high first, if nothing else is said."""
    made = StandingBar.of_row(bars_of("ACME", text), 0, tick, at(0))
    made.part = part
    for name, value in state.items():
        setattr(made, name, value)
    return made


def numbers(**params: str | int) -> dict[str, object]:
    return {
        name: Decimal(value) if type(value) is str and name not in TEXTS else value for name, value in params.items()
    }


def said(reason: Reason | None) -> Found | None:
    return None if reason is None else reason_of(reason)


# --- by how much the price missed


MISSED = [
    # the order and its state, ticks beyond a limit, the reason; None where the price reached it
    pytest.param(buy(), {}, 0, None, id="a market order"),
    pytest.param(
        buy(limit_price=99),
        {},
        0,
        ("LIMIT_NOT_REACHED", numbers(limit="99", extreme_name="low", extreme="99.50", ticks="50")),
        id="a buy limit below the low",
    ),
    pytest.param(
        buy(limit_price="99.49"),
        {},
        0,
        ("LIMIT_NOT_REACHED", numbers(limit="99.49", extreme_name="low", extreme="99.50", ticks="1")),
        id="a buy limit one tick below the low",
    ),
    pytest.param(buy(limit_price="99.50"), {}, 0, None, id="a buy limit at the low"),
    pytest.param(
        sell(limit_price="102.01"),
        {},
        0,
        ("LIMIT_NOT_REACHED", numbers(limit="102.01", extreme_name="high", extreme="102", ticks="1")),
        id="a sell limit one tick above the high",
    ),
    pytest.param(sell(limit_price=102), {}, 0, None, id="a sell limit at the high"),
    pytest.param(
        buy(limit_price="99.50"),
        {},
        1,
        (
            "LIMIT_TOUCHED_NOT_THROUGH",
            numbers(limit="99.50", extreme_name="low", extreme="99.50", needed="99.49"),
        ),
        id="a buy limit touched",
    ),
    pytest.param(buy(limit_price="99.51"), {}, 1, None, id="a buy limit traded through"),
    pytest.param(
        buy(limit_price="99.52"),
        {},
        5,
        (
            "LIMIT_TOUCHED_NOT_THROUGH",
            numbers(limit="99.52", extreme_name="low", extreme="99.50", needed="99.47"),
        ),
        id="a buy limit two ticks through where five are needed",
    ),
    pytest.param(
        buy(limit_price="99.49"),
        {},
        5,
        ("LIMIT_NOT_REACHED", numbers(limit="99.49", extreme_name="low", extreme="99.50", ticks="1")),
        id="a buy limit not even touched, counted to the limit",
    ),
    pytest.param(
        sell(limit_price=102),
        {},
        1,
        (
            "LIMIT_TOUCHED_NOT_THROUGH",
            numbers(limit="102", extreme_name="high", extreme="102", needed="102.01"),
        ),
        id="a sell limit touched",
    ),
    pytest.param(
        buy(stop_price="102.01"),
        {},
        1,
        ("STOP_NOT_REACHED", numbers(stop="102.01", extreme_name="high", extreme="102", ticks="1")),
        id="a buy stop one tick above the high",
    ),
    pytest.param(buy(stop_price=102), {}, 1, None, id="a buy stop at the high"),
    pytest.param(
        sell(stop_price=98),
        {},
        0,
        ("STOP_NOT_REACHED", numbers(stop="98", extreme_name="low", extreme="99.50", ticks="150")),
        id="a sell stop below the low",
    ),
    pytest.param(
        buy(stop_price=103, limit_price=104),
        {},
        0,
        ("STOP_NOT_REACHED", numbers(stop="103", extreme_name="high", extreme="102", ticks="100")),
        id="a stop-limit waits for its stop",
    ),
    pytest.param(
        buy(stop_price=103, limit_price=99),
        {"is_triggered": True},
        0,
        (
            "TRIGGERED_LIMIT_NOT_REACHED",
            numbers(limit="99", extreme_name="low", extreme="99.50", ticks="50"),
        ),
        id="a triggered stop-limit waits for its limit",
    ),
    pytest.param(
        buy(stop_price=103, limit_price="99.50"),
        {"is_triggered": True},
        1,
        (
            "LIMIT_TOUCHED_NOT_THROUGH",
            numbers(limit="99.50", extreme_name="low", extreme="99.50", needed="99.49"),
        ),
        id="a triggered stop-limit touched",
    ),
    pytest.param(sell(stop_price=98), {"is_triggered": True}, 0, None, id="a triggered stop"),
]


@pytest.mark.parametrize(("order", "state", "beyond", "expected"), MISSED)
def test_by_how_much_the_path_missed_what_an_order_waits_for(
    order: Any, state: dict[str, Any], beyond: int, expected: Found | None
) -> None:
    stood = bar()
    assert said(missed(record_of(order, **state), stood, stood.path, 0, beyond)) == expected


def test_a_miss_is_counted_in_the_instruments_ticks() -> None:
    coarse = bar(tick=25)
    # 99.50 - 98.75 = 0.75, 99.50 - 99.40 = 0.10
    assert reason_of(missed(record_of(buy(limit_price="98.75")), coarse, coarse.path, 0, 0))[1]["ticks"] == 3
    found = missed(record_of(buy(limit_price="99.40")), coarse, coarse.path, 0, 0)
    assert reason_of(found)[1]["ticks"] == Decimal("0.4")


def test_a_miss_is_counted_exactly_however_far_it_is() -> None:
    order = buy(limit_price="0.000000000001")
    far = StandingBar.of_bar(bar_of("9007.199254740994"), order)
    found = missed(record_of(order), far, far.path, 0, 0)
    assert reason_of(found)[1]["ticks"] == 9_007_199_254_740_993  # 2^53 + 2 - 1, which is no float


def test_only_the_corners_that_an_order_met_count() -> None:
    record = record_of(sell(limit_price=102))
    assert missed(record, bar(), (10_100, 10_200), 0, 0) is None
    expected = numbers(limit="102", extreme_name="high", extreme="100.50", ticks="150")
    assert said(missed(record, bar(), (9_950, 10_050), 0, 0)) == ("LIMIT_NOT_REACHED", expected)


def test_of_two_corners_equally_near_one_is_said() -> None:
    found = missed(record_of(sell(limit_price=103)), bar(), (10_200, 10_100, 10_200), 0, 0)
    assert reason_of(found)[1]["extreme"] == 102


# --- trailing stops


def trailing(before: str | None, now: str, **state: Any) -> OrderRecord:
    """Return a sell trail of 10 that moved in step 3."""
    moved = (3, None if before is None else Decimal(before))
    return record_of(order_of(SELL, trail_amount=10), stop_price=Decimal(now), stop_before=moved, **state)


def test_a_trailing_stop_that_moved_in_this_step_is_compared_on_its_way() -> None:
    stood = bar("100.00/108.00/99.00/105.00")
    stood.path = (10_000, 10_800, 9_900, 10_500)
    # at the low it was at 98.00: one hundred cents short; at the open at 90.00
    expected = numbers(stop="98", extreme_name="low", extreme="99", ticks="100")
    assert said(missed(trailing("90", "98"), stood, stood.path, 3, 0)) == ("STOP_NOT_REACHED", expected)


def test_a_trailing_stop_that_moved_after_the_low_is_compared_there_with_where_it_was() -> None:
    stood = bar("100.00/108.00/99.00/105.00")
    stood.path = (10_000, 9_900, 10_800, 10_500)
    # at the low it was at 90.00, 900 cents off; at the close it is at 98.00, 700 cents off
    expected = numbers(stop="98", extreme_name="low", extreme="105", ticks="700")
    assert said(missed(trailing("90", "98"), stood, stood.path, 3, 0)) == ("STOP_NOT_REACHED", expected)
    assert said(why_not(trailing("90", "98"), [stood], 3, 0, beyond=0, cap=None)) == ("STOP_NOT_REACHED", expected)


def test_a_trailing_stop_that_moved_earlier_is_compared_from_where_it_is() -> None:
    stood = bar("98.50/99.00/98.25/98.50")
    # it does not move: 99.00 - 10.00 is below 98.00
    expected = numbers(stop="98", extreme_name="low", extreme="98.25", ticks="25")
    assert said(missed(trailing("90", "98"), stood, stood.path, 4, 0)) == ("STOP_NOT_REACHED", expected)


def test_a_trailing_stop_that_had_none_is_compared_from_the_open_on() -> None:
    stood = bar("100.00/101.00/92.00/95.00")
    stood.path = (10_000, 10_100, 9_200, 9_500)
    # at the open none, at the high 90.00, at the low 91.00
    expected = numbers(stop="91", extreme_name="low", extreme="92", ticks="100")
    assert said(missed(trailing(None, "91"), stood, stood.path, 3, 0)) == ("STOP_NOT_REACHED", expected)


def test_a_trailing_stop_that_was_triggered_is_at_the_market() -> None:
    stood = bar()
    assert missed(trailing("90", "98", is_triggered=True), stood, stood.path, 3, 0) is None


def test_asking_moves_no_stop() -> None:
    stood, record = bar("100.00/108.00/99.00/105.00"), trailing("90", "98")
    missed(record, stood, (10_000, 12_000), 3, 0)
    assert (record.stop_price, record.stop_before, record.wait) == (98, (3, Decimal(90)), None)


# --- volume


CAPPED = [
    # the bar, what there is, the reason; asked are 800
    pytest.param(
        {"pool": Decimal(500), "whole_pool": Decimal(500)},
        "500",
        ("VOLUME_CAP_REACHED", numbers(asked="800", available="500", pool="500", cap="0.1", volume="5000")),
        id="less than was asked",
    ),
    pytest.param(
        {"pool": Decimal(200), "whole_pool": Decimal(500)},
        "0",
        ("VOLUME_CAP_REACHED", numbers(asked="800", available="0", pool="500", cap="0.1", volume="5000")),
        id="nothing left of the pool",
    ),
    pytest.param({"pool": Decimal(900), "whole_pool": Decimal(900)}, "800", None, id="as much as was asked"),
    pytest.param(
        {"pool": Decimal(900), "whole_pool": Decimal(900)},
        "799",
        ("VOLUME_CAP_REACHED", numbers(asked="800", available="799", pool="900", cap="0.1", volume="5000")),
        id="one less",
    ),
    pytest.param({"pool": Decimal(0), "volume": Decimal(0)}, "0", ("NO_VOLUME", numbers(asked="800")), id="no volume"),
    pytest.param({"volume": None}, "800", ("VOLUME_UNKNOWN", {}), id="a volume that is not known bounds nothing"),
]


@pytest.mark.parametrize(("state", "available", "expected"), CAPPED)
def test_the_volume_of_a_bar_bounds_what_fills(state: dict[str, Any], available: str, expected: Found | None) -> None:
    assert said(capped(Decimal(800), bar(**state), Decimal(available), Decimal("0.1"))) == expected
    assert capped(Decimal(800), bar(**state), Decimal(available), None) is None  # no cap, no bound


def test_only_what_is_awake_is_asked() -> None:
    record = record_of(order_of(BUY, 800), asleep=Decimal(300))
    stood = bar(pool=Decimal(0), whole_pool=Decimal(500))
    found = why_not(record, [stood], 0, 0, beyond=0, cap=Decimal("0.1"))
    assert reason_of(found)[1]["asked"] == 500  # 800 - 300


# --- exits that sleep


@pytest.mark.parametrize(
    ("parent", "asleep", "expected"),
    [
        (7, "10", {"parent": 7, "filled": 0, "asleep": 10, "quantity": 10}),
        (7, "4", {"parent": 7, "filled": 6, "asleep": 4, "quantity": 10}),
        (None, "4", {"parent": 0, "filled": 6, "asleep": 4, "quantity": 10}),
    ],
)
def test_an_exit_that_sleeps_waits_for_its_entry(parent: int | None, asleep: str, expected: dict[str, int]) -> None:
    record = record_of(order_of(SELL, 10), parent_id=parent, asleep=Decimal(asleep))
    assert reason_of(asleep_reason(record)) == ("PARENT_NOT_FILLED", expected)


# --- all together

NEVER_MET = sell(limit_price=103)
CAP = Decimal("0.1")
ENTRY = Entry(3, Phase.LEG_2, Decimal("100.00"))


def why(record: OrderRecord, *parts: StandingBar, step: int = 3, age: int = 0, **given: Any) -> Found | None:
    return said(why_not(record, parts, step, age, **({"beyond": 0, "cap": None} | given)))


def test_an_order_that_would_fill_has_no_reason() -> None:
    assert why(record_of(buy()), bar()) is None
    assert why(record_of(buy(limit_price="99.50")), bar()) is None


def test_an_exit_that_sleeps_says_so_before_anything_else() -> None:
    asleep = record_of(sell(), asleep=Decimal(100), parent_id=7, eligible_step=9)
    assert why(asleep) == ("PARENT_NOT_FILLED", {"parent": 7, "filled": 0, "asleep": 100, "quantity": 100})
    part = record_of(sell(limit_price=103), asleep=Decimal(99), parent_id=7)
    assert (why(part, bar()) or ("",))[0] == "LIMIT_NOT_REACHED"


def test_an_order_that_is_not_yet_eligible_says_from_when_it_is() -> None:
    record = record_of(buy(), eligible_step=3)
    assert why(record, step=2) == ("NOT_ELIGIBLE_UNTIL", {"eligible": 3, "step": 2})
    assert why(record, bar(), step=3) is None


def test_an_order_without_a_bar_says_how_old_the_last_price_is() -> None:
    assert why(record_of(buy()), step=5, age=2) == ("NO_BAR", {"symbol": "ACME", "steps": 2})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(ENTRY, ("NOT_ELIGIBLE_UNTIL", {"eligible": 4, "step": 3}), id="asked for inside this bar"),
        pytest.param(ENTRY._replace(step=2), None, id="inside an earlier one"),
        pytest.param(None, None, id="before it"),
    ],
)
def test_an_order_on_the_open_that_came_after_it_waits_for_the_next(entry: Entry | None, expected: Found) -> None:
    assert why(record_of(buy(type=OrderType.MARKET_ON_OPEN), entry=entry), bar()) == expected


# of the path 101, 102, 99.50, 100.50 an order meets from where it entered on
ENTERED = [
    pytest.param(Entry(3, Phase.OPEN, Decimal("101.00")), "102", id="at the open: all of it"),
    pytest.param(Entry(3, Phase.LEG_1, Decimal("101.50")), "102", id="on the way up: the high too"),
    pytest.param(Entry(3, Phase.LEG_2, Decimal("101.75")), "101.75", id="on the way down: from there"),
    pytest.param(Entry(3, Phase.LEG_2, Decimal("99.75")), "100.50", id="further down: the close is higher"),
    pytest.param(Entry(3, Phase.LEG_3, Decimal("100.00")), "100.50", id="on the last leg"),
    pytest.param(Entry(3, Phase.CLOSE, Decimal("100.50")), "100.50", id="at the close"),
    pytest.param(Entry(2, Phase.LEG_3, Decimal("100.00")), "102", id="in an earlier step: all of it"),
    pytest.param(None, "102", id="never inside a bar: all of it"),
]


@pytest.mark.parametrize(("entry", "extreme"), ENTERED)
def test_an_order_that_entered_inside_a_bar_is_compared_from_there_on(entry: Entry | None, extreme: str) -> None:
    found = why(record_of(NEVER_MET, entry=entry), bar())
    assert found is not None
    assert found[1]["extreme"] == Decimal(extreme)


PARTS = [
    # the highs of the parts are 105, 104 and 102
    pytest.param(None, "105", id="all of them"),
    pytest.param(Entry(3, Phase.LEG_2, Decimal("101.00"), 0), "104", id="the rest of the first, and the later ones"),
    pytest.param(Entry(3, Phase.LEG_1, Decimal("101.00"), 1), "104", id="all of the second but its open"),
    pytest.param(Entry(3, Phase.LEG_3, Decimal("101.00"), 1), "102", id="the rest of the second"),
    pytest.param(Entry(3, Phase.LEG_3, Decimal("100.00"), 2), "100.50", id="the rest of the last"),
]


@pytest.mark.parametrize(("entry", "extreme"), PARTS)
def test_of_finer_bars_those_before_the_entry_do_not_count(entry: Entry | None, extreme: str) -> None:
    parts = [
        bar("101.00/105.00/99.50/100.50", part=0, path=(10_100, 10_500, 9_950, 10_050)),
        bar("101.00/104.00/99.50/100.50", part=1, path=(10_100, 10_400, 9_950, 10_050)),
        bar("101.00/102.00/99.50/100.50", part=2, path=(10_100, 10_200, 9_950, 10_050)),
    ]
    found = why(record_of(sell(limit_price=110), entry=entry), *parts)
    assert found is not None
    assert found[1]["extreme"] == Decimal(extreme)


def test_an_order_that_was_reached_and_had_no_volume_says_so() -> None:
    empty = {"pool": Decimal(0), "whole_pool": Decimal(500)}
    reached = numbers(asked="100", available="0", pool="500", cap="0.1", volume="5000")
    assert why(record_of(buy()), bar(**empty), cap=CAP) == ("VOLUME_CAP_REACHED", reached)
    # one that was not reached says that first
    assert (why(record_of(NEVER_MET), bar(**empty), cap=CAP) or ("",))[0] == "LIMIT_NOT_REACHED"
    assert why(record_of(buy()), bar(pool=Decimal(1), whole_pool=Decimal(500)), cap=CAP) is None
    assert why(record_of(buy()), bar(), cap=CAP) is None  # no pool was opened


def test_of_finer_bars_one_with_volume_is_enough() -> None:
    empty = bar(pool=Decimal(0), whole_pool=Decimal(500), part=1)
    assert why(record_of(buy()), bar(pool=Decimal(1), part=0), empty, cap=CAP) is None
    none_left = bar(pool=Decimal(0), whole_pool=Decimal(400), part=0)
    found = why(record_of(buy()), none_left, empty, cap=CAP)
    assert found is not None
    assert (found[0], found[1]["pool"]) == ("VOLUME_CAP_REACHED", 400)  # of the first of them


def parts_of_volume(*pools: int) -> list[StandingBar]:
    """Stand on finer bars that go to 102, 103, ..., each with what is left of a pool of 500, 501, ..."""
    return [
        bar(
            f"101.00/{102 + part}.00/99.50/100.50/5000",
            part=part,
            pool=Decimal(pool),
            whole_pool=Decimal(500 + part),
            path=(10_100, 10_200 + 100 * part, 9_950, 10_050),
        )
        for part, pool in enumerate(pools)
    ]


OF_VOLUME = [
    # the order, what is left of each pool, the whole pool of the bar that it met; None where it would fill
    pytest.param(buy(), (0, 1), None, id="a market order fills on any of them"),
    pytest.param(buy(), (0, 0), 500, id="and else has met the first"),
    pytest.param(buy(type=OrderType.MARKET_ON_OPEN), (0, 1), 500, id="one on the open meets the first alone"),
    pytest.param(buy(type=OrderType.MARKET_ON_OPEN), (1, 0), None, id="which is enough"),
    pytest.param(buy(type=OrderType.MARKET_ON_CLOSE), (1, 0), 501, id="one on the close meets the last alone"),
    pytest.param(buy(type=OrderType.MARKET_ON_CLOSE), (0, 1), None, id="which is enough too"),
    pytest.param(buy(type=OrderType.MARKET_ON_CLOSE), (0,), 500, id="the only one too"),
    pytest.param(buy(type=OrderType.MARKET_ON_CLOSE), (0, 1, 0), 502, id="and none in between"),
    pytest.param(sell(limit_price=103), (1, 0), 501, id="a limit meets those that reach it"),
    pytest.param(sell(limit_price=103), (0, 1), None, id="and no others"),
    pytest.param(sell(limit_price=102), (0, 1), None, id="a limit that both reach"),
    pytest.param(sell(limit_price=102), (0, 0), 500, id="and the first of them has none"),
    pytest.param(buy(stop_price=103), (0, 0), None, id="a stop is reached without volume"),
]


@pytest.mark.parametrize(("order", "pools", "pool"), OF_VOLUME)
def test_an_order_needs_volume_on_a_bar_that_it_meets(order: Order, pools: tuple[int, ...], pool: int | None) -> None:
    found = why(record_of(order), *parts_of_volume(*pools), cap=CAP)
    if pool is None:
        assert found is None
    else:
        reached = numbers(asked="100", available="0", pool=f"{pool}", cap="0.1", volume="5000")
        assert found == ("VOLUME_CAP_REACHED", reached)


def test_a_bar_before_the_entry_has_reached_nothing() -> None:
    record = record_of(sell(limit_price=103), entry=Entry(3, Phase.LEG_3, Decimal("100.00"), 1))
    found = why(record, *parts_of_volume(1, 1), cap=CAP)  # the second bar was at 103 before the entry
    expected = numbers(limit="103", extreme_name="high", extreme="100.50", ticks="250")
    assert found == ("LIMIT_NOT_REACHED", expected)


def test_a_stop_that_is_not_reached_says_so() -> None:
    expected = numbers(stop="103", extreme_name="high", extreme="102", ticks="100")
    assert why(record_of(buy(stop_price=103)), bar()) == ("STOP_NOT_REACHED", expected)
    assert why(record_of(buy(stop_price=102)), bar()) is None


def test_a_limit_has_to_be_traded_through_where_that_is_asked_for() -> None:
    expected = numbers(limit="99.50", extreme_name="low", extreme="99.50", needed="99.49")
    assert why(record_of(buy(limit_price="99.50")), bar(), beyond=1) == ("LIMIT_TOUCHED_NOT_THROUGH", expected)


def test_the_threads_context_changes_no_reason() -> None:
    stood = bar("1234567.25/1234568.75/1234560.50/1234561.00")
    record = record_of(buy(limit_price="1234560.12"))
    with localcontext(Context(prec=2, traps=[Inexact])):
        expected = numbers(limit="1234560.12", extreme_name="low", extreme="1234560.50", ticks="38")
        assert why(record, stood) == ("LIMIT_NOT_REACHED", expected)
