"""The brute-force walk gives what the worked examples of the fill rules expect, where it can express them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from tests.core.execution.brute_force import BUY, SELL, Ask, Bar, BruteForce, Rules

BEFORE = "100"
DEFAULT = Rules()
B1 = "101/102/99.50/100.50/10000"
WORST, NEAREST, HIGH_FIRST, LOW_FIRST = "WORST", "NEAREST", "HIGH_FIRST", "LOW_FIRST"
FILLED, ACCEPTED, TRIGGERED, CANCELED = "FILLED", "ACCEPTED", "TRIGGERED", "CANCELED"


def cents(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def bar_of(text: str) -> Bar:
    """Read `O/H/L/C` or `O/H/L/C/V`; one number alone stands for all four prices."""
    cells = text.split("/")
    first, high, low, last = (cents(cell) for cell in (cells * 4 if len(cells) == 1 else cells)[:4])
    return Bar(first, high, low, last, int(cells[4]) if len(cells) == 5 else None)


def ask(side: int, quantity: int, limit: str = "", stop: str = "", trail: str = "", life: str = "GTC") -> Ask:
    given = "STOP_" * bool(stop) + "LIMIT" * bool(limit)
    kind = "TRAILING_STOP" if trail else given.removesuffix("_") or "MARKET"
    prices = [cents(text) if text else None for text in (limit, stop, trail)]
    return Ask(side, quantity, kind, prices[0], prices[1], prices[2], life)


class World(NamedTuple):
    """The walk, after its first bars."""

    walk: BruteForce
    ids: list[int]

    def fills(self) -> list[tuple[int, int, int]]:
        return [(self.ids.index(one.order_id) + 1, one.quantity, one.price) for one in self.walk.fills]

    def outcome(self, order: int) -> tuple[str, str | None]:
        row = (self.walk.open | self.walk.over)[self.ids[order - 1]]
        return row.status, row.code


def trade(
    orders: Sequence[Ask], *bars: str, held: int = 0, before: str = BEFORE, group: str = "all", rules: Rules = DEFAULT
) -> World:
    """Hold so many, submit the orders after a first bar, and walk through the others."""
    walk = BruteForce(rules)
    walk.held, walk.cost = held, held * 10_000 * 10**10
    walk.step(0, 0, bar_of(before))
    submit: dict[str, Callable[..., list[int]]] = {
        "all": lambda *asks: [walk.submit(one) for one in asks],
        "oco": walk.submit_oco,
        "bracket": walk.submit_bracket,
    }
    ids = submit[group](*orders)
    walk.fill_at_close()
    for step, text in enumerate(bars, 1):
        walk.step(24 * step, step, bar_of(text) if text != "-" else None)
        walk.fill_at_close()
    return World(walk, ids)


ONE_ORDER = [
    ("1", [ask(BUY, 100)], B1, 10100),
    ("5", [ask(BUY, 100, limit="99.75")], B1, 9975),
    ("6", [ask(BUY, 100, limit="101.50")], B1, 10100),
    ("7", [ask(BUY, 100, limit="99.50")], B1, 9950),
    ("8", [ask(SELL, 100, limit="103")], "101/102.99/100/102", None),
    ("9", [ask(BUY, 100, stop="101.80")], B1, 10180),
    ("10", [ask(BUY, 100, stop="100.50")], B1, 10100),
    ("11", [ask(SELL, 100, stop="95")], "93/94/92/93.50", 9300),
    ("12", [ask(BUY, 100, stop="160")], "170.54/180.17/164.08/172.43", 17054),
    ("14", [ask(BUY, 100, stop="100", limit="100.25")], "99.80/101.50/99.60/101", 10000),
    ("17", [ask(SELL, 100, stop="95", limit="94.50")], "93/96/92/95.50", 9450),
]


@pytest.mark.parametrize("path", [WORST, NEAREST, HIGH_FIRST, LOW_FIRST])
@pytest.mark.parametrize(("orders", "bar", "price"), [one[1:] for one in ONE_ORDER], ids=[one[0] for one in ONE_ORDER])
def test_an_order_that_fills_alike_on_every_path(orders: list[Ask], bar: str, price: int | None, path: str) -> None:
    world = trade(orders, bar, held=100, rules=Rules(path=path))
    assert world.fills() == ([] if price is None else [(1, 100, price)])
    assert not world.walk.ambiguities


def test_example_3_slippage_is_clamped() -> None:
    world = trade([ask(BUY, 100)], "101/101.03/99.50/100.50", rules=Rules(slippage=6))
    assert world.fills() == [(1, 100, 10103)]  # clamped from 101.06


def test_example_4_a_market_order_fills_at_the_close_it_was_decided_on() -> None:
    assert trade([ask(BUY, 100)], B1, rules=Rules(same_close=True)).fills() == [(1, 100, 10000)]


def test_example_7_through_needs_one_tick_beyond() -> None:
    assert trade([ask(BUY, 100, limit="99.50")], B1, rules=Rules(through=True)).fills() == []
    assert trade([ask(BUY, 100, limit="99.51")], B1, rules=Rules(through=True)).fills() == [(1, 100, 9951)]


def test_example_13_a_triggered_stop_has_slippage() -> None:
    world = trade([ask(SELL, 100, stop="95")], "96/96.50/94/94.50", held=100, rules=Rules(slippage=2))
    assert world.fills() == [(1, 100, 9498)]


@pytest.mark.parametrize(("path", "fills"), [(WORST, []), (LOW_FIRST, []), (HIGH_FIRST, [(1, 100, 9950)])])
def test_example_15_a_limit_below_its_stop(path: str, fills: list[tuple[int, int, int]]) -> None:
    world = trade([ask(BUY, 100, stop="100", limit="99.50")], "99/101/98.80/100.60", rules=Rules(path=path))
    assert world.fills() == fills
    assert world.outcome(1)[0] == (FILLED if fills else TRIGGERED)
    assert len(world.walk.ambiguities) == 1


def test_example_16_a_triggered_stop_limit_is_a_plain_limit() -> None:
    order = ask(BUY, 100, stop="100", limit="100.25")
    for path in (WORST, HIGH_FIRST):
        world = trade([order], "100.50/101/100.30/101", "101/101.20/99.80/100.60", rules=Rules(path=path))
        assert world.fills() == [(1, 100, 10025)]


BRACKET_18 = [ask(BUY, 100), ask(SELL, 100, stop="98"), ask(SELL, 100, limit="103")]


@pytest.mark.parametrize(
    ("path", "exit_fill"),
    [(WORST, (2, 100, 9800)), (NEAREST, (2, 100, 9800)), (HIGH_FIRST, (3, 100, 10300))],
)
def test_example_18_a_bracket_that_the_path_decides(path: str, exit_fill: tuple[int, int, int]) -> None:
    world = trade(BRACKET_18, "100/103.50/97.50/102", group="bracket", rules=Rules(path=path))
    assert world.fills() == [(1, 100, 10000), exit_fill]
    assert world.outcome(5 - exit_fill[0]) == (CANCELED, "SIBLING_FILLED")
    ((kept, at_stake, orders),) = world.walk.ambiguities
    assert kept == (path if path == HIGH_FIRST else LOW_FIRST)
    assert at_stake == 100 * (10300 - 9800)
    assert orders == {2, 3}


BRACKET_19 = [ask(BUY, 100, limit="99"), ask(SELL, 100, stop="97.50"), ask(SELL, 100, limit="101")]


@pytest.mark.parametrize("path", [WORST, HIGH_FIRST, LOW_FIRST])
def test_example_19_the_close_lies_beyond_the_target(path: str) -> None:
    world = trade(BRACKET_19, "100/101.50/98.50/101.20", group="bracket", rules=Rules(path=path))
    assert world.fills() == [(1, 100, 9900), (3, 100, 10100)]
    assert not world.walk.ambiguities


@pytest.mark.parametrize("path", [WORST, LOW_FIRST])
def test_example_20_the_close_lies_short_of_the_target(path: str) -> None:
    world = trade(BRACKET_19, "100/101.50/98.50/100", group="bracket", rules=Rules(path=path))
    assert world.fills() == [(1, 100, 9900), *([(3, 100, 10100)] if path == LOW_FIRST else [])]
    assert [one.at_stake for one in world.walk.ambiguities] == [100 * 100]  # +200 or +100


@pytest.mark.parametrize("path", [WORST, HIGH_FIRST, LOW_FIRST])
def test_example_21_a_trailing_stop_follows_a_rising_leg(path: str) -> None:
    order = ask(SELL, 100, stop="90", trail="10")
    world = trade([order], "100/108/95/105", held=100, rules=Rules(path=path))
    assert world.fills() == ([] if path == LOW_FIRST else [(1, 100, 9800)])
    assert (world.walk.open | world.walk.over)[1].stop == 9800
    assert len(world.walk.ambiguities) == 1


def test_example_22_a_trailing_stop_gaps_at_the_open() -> None:
    world = trade([ask(SELL, 100, stop="98", trail="2")], "97/99/96/98", held=100)
    assert world.fills() == [(1, 100, 9700)]


@pytest.mark.parametrize("path", [WORST, HIGH_FIRST, LOW_FIRST])
def test_example_23_a_stop_above_the_high(path: str) -> None:
    orders = [ask(SELL, 1, stop="21097"), ask(BUY, 1, stop="21104.75"), ask(BUY, 1, limit="21087")]
    rules = Rules(tick=25, allow_short=True, path=path)
    world = trade(orders, "21102.75/21103.25/21085.75/21095.50", before="21102.75", group="bracket", rules=rules)
    assert world.fills() == [(1, 1, 2109700), (3, 1, 2108700)]
    assert not world.walk.ambiguities


def test_example_24_along_a_leg_by_price() -> None:
    world = trade([ask(SELL, 40, stop="95"), ask(SELL, 60, stop="97")], "100/101/94/96", held=100)
    assert world.fills() == [(2, 60, 9700), (1, 40, 9500)]


TENTH = Rules(cap=10)


def test_example_25_what_the_pool_leaves_waits_for_the_next_open() -> None:
    world = trade([ask(BUY, 800)], "50/51/49/50/5000", "52/53/50/51/5000", rules=TENTH)
    assert world.fills() == [(1, 500, 5000), (1, 300, 5200)]


def test_example_26_the_pool_is_consumed_in_order() -> None:
    world = trade([ask(BUY, 300), ask(BUY, 400)], "50/51/49/50/5000", rules=TENTH)
    assert world.fills() == [(1, 300, 5000), (2, 200, 5000)]


def test_example_27_fill_or_kill() -> None:
    world = trade([ask(BUY, 800, life="FOK")], "50/51/49/50/5000", rules=TENTH)
    assert (world.fills(), world.outcome(1)) == ([], (CANCELED, "FOK_NOT_FILLABLE"))


def test_example_28_no_volume() -> None:
    world = trade([ask(BUY, 10), ask(BUY, 10, life="IOC")], "50/50/50/50/0", rules=TENTH)
    assert (world.fills(), world.outcome(1), world.outcome(2)) == ([], (ACCEPTED, None), (CANCELED, "NO_VOLUME"))


COSTS = Rules(capital=1_000_000, rate=5, minimum=100)


def test_example_29_cash_must_cover_a_purchase_with_its_commission() -> None:
    world = trade([ask(BUY, 100), ask(BUY, 99)], rules=COSTS)
    assert world.outcome(1) == ("REJECTED", "CASH_MUST_COVER_PURCHASE")
    assert world.outcome(2) == (ACCEPTED, None)


def test_example_30_cash_must_cover_the_fill() -> None:
    world = trade([ask(BUY, 99)], "102/103/101/102", rules=COSTS)
    assert (world.fills(), world.outcome(1)) == ([], (CANCELED, "CASH_MUST_COVER_FILL"))
    rules = Rules(capital=1_000_000, rate=5, minimum=100, cash_rule="REDUCE")
    world = trade([ask(BUY, 99)], "102/103/101/102", rules=rules)
    assert (world.fills(), world.outcome(1)) == ([(1, 98, 10200)], (CANCELED, "CASH_MUST_COVER_FILL"))
    assert world.walk.cash == 300


def test_example_31_a_flip() -> None:
    rules = Rules(rate=10, allow_short=True)
    world = trade([ask(SELL, 80)], "12", held=50, before="12", rules=rules)
    assert world.walk.cash - rules.capital == 95_920  # 80 x 12 - 0.80
    assert (world.walk.held, world.walk.cost) == (-30, -30 * 1200 * 10**10)


def test_example_32_the_position_must_cover_a_sale() -> None:
    assert trade([ask(SELL, 80)], held=50).outcome(1) == ("REJECTED", "POSITION_MUST_COVER_SALE")


def test_example_33_each_fill_is_charged_what_it_adds() -> None:
    rules = Rules(rate=5, minimum=100, cap=10)
    world = trade([ask(BUY, 150)], "50/50/50/50/1000", "50/50/50/50/1000", rules=rules)
    assert [(one.quantity, one.commission) for one in world.walk.fills] == [(100, 100), (50, 0)]


def test_example_35_a_price_off_the_tick() -> None:
    world = trade([ask(BUY, 100, limit="99.99")], rules=Rules(tick=5))
    assert world.outcome(1) == ("REJECTED", "PRICE_MUST_BE_ON_TICK")


def test_example_36_a_limit_is_not_filled_by_the_bar_it_was_decided_on() -> None:
    assert trade([ask(BUY, 100, limit="99.50")], before="100/101/99/100").fills() == []


def test_example_37_no_bar_no_fill() -> None:
    assert trade([ask(BUY, 100)], "-", B1).fills() == [(1, 100, 10100)]
    assert trade([ask(BUY, 100)], "-").fills() == []


def test_example_39_what_a_fill_callback_asks_for_ignores_earlier_prices() -> None:
    for path, expected in ((HIGH_FIRST, 10150), (LOW_FIRST, None)):
        walk = BruteForce(Rules(path=path))
        walk.step(0, 0, bar_of(BEFORE))
        walk.submit(ask(BUY, 100, stop="101.80"))
        walk.answer = lambda number, walk=walk: number == 1 and walk.submit(ask(SELL, 100, stop="101.50"))
        walk.step(24, 1, bar_of("101/102/99.50/101.60"))
        assert [one.price for one in walk.fills] == [10180, *([expected] if expected else [])]
