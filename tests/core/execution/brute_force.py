"""The fill rules a second time, by the plainest walk there is: one symbol, integers, one place of the path at a time.

Prices and money are counts of cents, quantities counts of units, times counts of hours. At each place that the price
passes, every order is asked what may happen to it there, and the first in line has its turn, until nothing may happen
any more. Nothing here is fast, and nothing is shared with the program that it is compared with.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

BUY, SELL = 1, -1
STOPS = ("STOP", "STOP_LIMIT", "TRAILING_STOP")
LIMITS = ("LIMIT", "STOP_LIMIT")
COST_QUANTA = 10**10
"""Of cost basis in a cent (R17: 1E-12 of the currency)."""


class Ask(NamedTuple):
    """What an order asks for."""

    side: int
    quantity: int
    kind: str = "MARKET"
    limit: int | None = None
    stop: int | None = None
    trail: int | None = None
    life: str = "GTC"
    good_till: int | None = None


class Bar(NamedTuple):
    """One bar."""

    open: int
    high: int
    low: int
    close: int
    volume: int | None = None


class Fill(NamedTuple):
    """One execution."""

    order_id: int
    quantity: int
    price: int
    commission: int


class Ambiguity(NamedTuple):
    """That the two paths of a bar would have ended differently."""

    path: str
    at_stake: int
    orders: frozenset[int]


@dataclass(frozen=True)
class Rules:
    """The settings; `cap` is in percent, `slippage` in ticks, `rate` in tenths of a cent for a unit."""

    capital: int = 10_000_000
    tick: int = 1
    path: str = "WORST"
    through: bool = False
    cash_rule: str = "REJECT"
    allow_short: bool = False
    same_close: bool = False
    cap: int | None = None
    slippage: int = 0
    rate: int = 0
    minimum: int = 0


@dataclass
class Row:
    """One order, and how far it came; its units are filled, remaining (some of them asleep) or given up."""

    id: int
    ask: Ask
    place: int
    remaining: int
    stop: int | None
    status: str = "SUBMITTED"
    code: str | None = None
    filled: int = 0
    asleep: int = 0
    from_next_bar: int = 0  # units that woke after the path of this bar was over
    taken_by_siblings: int = 0
    commission: int = 0
    triggered: bool = False
    is_new: bool = False  # at this instant: it meets the present price as others meet the open
    triggered_here: bool = False
    cancel_asked: bool = False
    day: int | None = None
    parent: int | None = None
    group: int | None = None

    @property
    def given_up(self) -> int:
        return self.ask.quantity - self.filled - self.remaining

    @property
    def awake(self) -> int:
        return self.remaining - self.asleep

    @property
    def waits_for_stop(self) -> bool:
        return self.ask.kind in STOPS and not self.triggered

    @property
    def has_limit(self) -> bool:
        return self.ask.kind in LIMITS

    @property
    def is_tested_once(self) -> bool:
        return self.ask.life in ("IOC", "FOK")


@dataclass
class BruteForce:
    """A broker, a portfolio and a market in one.

    Args:
        rules: The settings.
        answer: Is called with the number of each fill on a bar (R8).
    """

    rules: Rules
    answer: Callable[[int], object] | None = None
    cash: int = field(init=False)
    held: int = 0
    cost: int = 0  # signed, in cost quanta
    close: int | None = None
    bar: Bar | None = None
    pool: int | None = None
    phase: str = "STRATEGY"
    place: int = 0
    stamp: int = -1
    day: int = -1
    numbers: int = 0
    open: dict[int, Row] = field(default_factory=dict)
    over: dict[int, Row] = field(default_factory=dict)
    asked_now: list[int] = field(default_factory=list)
    requests: list[Callable[[], object]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    ambiguities: list[Ambiguity] = field(default_factory=list)
    last_id: int = 0
    fill_count: int = 0

    def __post_init__(self) -> None:
        self.cash = self.rules.capital

    # ---- a step, phase by phase (R2) ----

    def step(self, stamp: int, day: int, bar: Bar | None) -> None:
        """Walk through one step up to where the strategy is called; no bar, no fill (R13)."""
        self.stamp, self.day, self.bar, self.asked_now = stamp, day, bar, []
        self.phase = "REQUESTS"
        self.expire()
        requests, self.requests = self.requests, []
        for request in requests:
            request()
        if bar is not None:
            self.trade(bar)
        self.phase = "STRATEGY"

    def trade(self, bar: Bar) -> None:
        """R12: the pool is one for the whole bar."""
        self.pool = None
        if self.rules.cap is not None and bar.volume is not None:
            self.pool = bar.volume * self.rules.cap // 100
        self.phase, self.place = "OPEN", bar.open
        for row in self.open.values():
            row.from_next_bar = 0
        self.settle()
        for row in self.open.values():
            self.follow(row)  # R10: at the open once the stops have been tested
        self.phase = "PATH"
        self.walk(self.choose_path(bar))
        self.phase = "CLOSE"
        self.move(bar.close, 0)
        self.settle()
        self.close = bar.close

    def fill_at_close(self) -> None:
        """R1: with `same_close` the market orders of this step's strategy fill at the close that it has seen."""
        if self.rules.same_close and self.bar is not None:
            self.phase = "SAME_CLOSE"
            for row in self.open.values():
                if row.awake and self.is_tested(row):
                    row.day = self.day
            self.settle()
            self.phase = "STRATEGY"

    # ---- the path (R3) ----

    def choose_path(self, bar: Bar) -> tuple[int, ...]:
        paths = {
            "HIGH_FIRST": (bar.open, bar.high, bar.low, bar.close),
            "LOW_FIRST": (bar.open, bar.low, bar.high, bar.close),
        }
        nearest = "HIGH_FIRST" if bar.high - bar.open < bar.open - bar.low else "LOW_FIRST"
        ends = {name: self.walked(path) for name, path in paths.items()}
        value = {name: end.cash + end.held * bar.close for name, end in ends.items()}
        kept = nearest if self.rules.path in ("NEAREST", "WORST") else self.rules.path
        other = "LOW_FIRST" if kept == "HIGH_FIRST" else "HIGH_FIRST"
        if self.rules.path == "WORST" and value[other] < value[kept]:
            kept = other
        outcomes = [ends[name].outcome() for name in paths]
        concerned = {order_id for order_id in self.open if outcomes[0].get(order_id) != outcomes[1].get(order_id)}
        if concerned:
            one, two = value.values()
            self.ambiguities.append(Ambiguity(kept, abs(one - two), frozenset(concerned)))
        return paths[kept]

    def walked(self, path: tuple[int, ...]) -> "BruteForce":
        """Return a copy of all this that has walked a path, without callbacks."""
        twin = copy.copy(self)
        twin.open = {row.id: copy.copy(row) for row in self.open.values()}
        twin.over, twin.fills, twin.answer = {}, [], None
        twin.walk(path)
        return twin

    def outcome(self) -> dict[int, object]:
        """Return of each order its fills, and how it is left working."""
        return {
            row.id: (
                [fill[1:3] for fill in self.fills if fill.order_id == row.id],
                (row.remaining, row.asleep, row.stop, row.triggered) if row.id in self.open else None,
            )
            for row in (*self.open.values(), *self.over.values())
        }

    def walk(self, path: tuple[int, ...]) -> None:
        for start, end in pairwise(path):
            direction = 1 if end > start else -1
            for place in range(start + direction, end + direction, direction) if end != start else ():
                self.move(place, direction)
                self.settle()
                for row in self.open.values():
                    if row.is_new:
                        self.follow(row)  # R8, R10: as all do at the open, once the stops have been tested

    def move(self, place: int, direction: int) -> None:
        """Go on by one place; R10: on a favorable leg a trailing stop comes along."""
        self.place = place
        for row in self.open.values():
            row.is_new = row.triggered_here = False
            if direction == -row.ask.side:
                self.follow(row)

    def follow(self, row: Row) -> None:
        """R10: the stop of what is awake follows the price, and never goes back."""
        if row.ask.kind == "TRAILING_STOP" and row.awake and not row.triggered:
            stop = self.trailed(row, self.place)
            row.stop = stop if row.stop is None else row.ask.side * min(row.ask.side * row.stop, row.ask.side * stop)

    def trailed(self, row: Row, price: int) -> int:
        """R10: rounded to the tick, away from the market."""
        assert row.ask.trail is not None
        return self.to_tick(price + row.ask.side * row.ask.trail, row.ask.side)

    def to_tick(self, price: int, direction: int) -> int:
        """Round to the tick: up, or down."""
        tick = self.rules.tick
        return -(-price // tick) * tick if direction > 0 else price // tick * tick

    # ---- what happens at one place ----

    def settle(self) -> None:
        """Give each order its turn, the first in line first, until nothing may happen here any more."""
        while waiting := [row for row in self.open.values() if self.turn(row)]:
            first = min(waiting, key=self.line)
            turn = self.turn(first)
            assert turn is not None
            turn(first)

    def line(self, row: Row) -> tuple[bool, int]:
        """R7: reductions before increases, then the number of the order, or the newer one that an amend gave it."""
        return row.ask.side * self.held >= 0, row.place

    def turn(self, row: Row) -> Callable[[Row], object] | None:
        """Say what may happen to one order here: its trigger, a fill, or the end of one that is tested once."""
        if not row.awake - row.from_next_bar or self.is_past(row, self.stamp):
            return None
        if row.waits_for_stop:
            return self.trigger if self.phase in ("OPEN", "PATH") and self.is_stop_reached(row) else None
        if not self.is_tested(row):
            return None
        if self.is_met(row) and self.pool != 0:
            return self.execute
        return self.end_untouched if row.is_tested_once else None

    def is_stop_reached(self, row: Row) -> bool:
        """R4: a buy stop triggers at or above, a sell stop at or below."""
        return row.stop is not None and row.ask.side * (self.place - row.stop) >= 0

    def is_tested(self, row: Row) -> bool:
        """R5, R6: what may fill in this phase; a market order that is left over waits for the next open."""
        if self.phase == "SAME_CLOSE":
            return row.ask.kind == "MARKET" and row.id in self.asked_now and not row.cancel_asked
        if row.ask.kind == "MARKET_ON_CLOSE" or self.phase == "CLOSE":
            return row.ask.kind == "MARKET_ON_CLOSE" and self.phase == "CLOSE"
        if row.ask.kind == "MARKET_ON_OPEN" or self.phase == "OPEN":
            return self.phase == "OPEN"
        return row.has_limit or row.is_new

    def is_met(self, row: Row) -> bool:
        """R4: equality counts, unless the price has to go one tick through the limit."""
        if not row.has_limit:
            return True
        assert row.ask.limit is not None
        return row.ask.side * (row.ask.limit - self.place) >= (self.rules.tick if self.rules.through else 0)

    def trigger(self, row: Row) -> None:
        """R6: a stop becomes a market order, a stop-limit a limit order, which is new at this instant."""
        row.triggered = row.is_new = row.triggered_here = True
        row.status = "TRIGGERED"

    def end_untouched(self, row: Row) -> None:
        """R12b: what is tested once is over if the price or the pool fails it."""
        if not self.is_met(row):
            assert row.ask.limit is not None
            touched = row.ask.side * (row.ask.limit - self.place) >= 0
            short = "TRIGGERED_LIMIT_NOT_REACHED" if row.triggered else "LIMIT_NOT_REACHED"
            self.cancel_rest(row, "LIMIT_TOUCHED_NOT_THROUGH" if touched else short)
        else:
            self.cancel_rest(row, "FOK_NOT_FILLABLE" if row.ask.life == "FOK" else self.pool_code())

    def pool_code(self) -> str:
        assert self.bar is not None
        return "VOLUME_CAP_REACHED" if self.bar.volume else "NO_VOLUME"

    def execute(self, row: Row) -> None:
        """R12, R15b: as much as the pool, the position and the cash allow."""
        asked = row.awake - row.from_next_bar
        available = asked if self.pool is None else min(asked, self.pool)
        price = self.price(row)
        allowed, code = self.check_fill(row, available, price)
        if row.ask.life == "FOK" and allowed < asked:
            self.cancel_rest(row, "FOK_NOT_FILLABLE")
            return
        if allowed:
            self.book(row, allowed, price)
        if row.ask.life == "IOC" and allowed < asked:
            code = code or self.pool_code()
        if code is not None and row.id in self.open:
            self.cancel_rest(row, code)
        if allowed and self.answer is not None and self.phase != "SAME_CLOSE":
            self.answer(self.fill_count)

    def price(self, row: Row) -> int:
        """R5, R6: on the path a limit that rested fills at itself, all else at the price that is there; then R11."""
        if row.has_limit and self.phase == "PATH" and not row.is_new:
            assert row.ask.limit is not None
            return self.to_bar(row.ask.limit)  # beyond the bar only if `through` meets a bar that is off the tick
        if not self.rules.slippage or (row.has_limit and not row.triggered_here):
            return self.place
        side = row.ask.side
        price = self.to_tick(self.place + side * self.rules.slippage * self.rules.tick, side)
        if row.ask.limit is not None:
            price = side * min(side * price, side * row.ask.limit)
        return self.to_bar(price)

    def to_bar(self, price: int) -> int:
        """R14: no fill lies outside its bar."""
        assert self.bar is not None
        return max(self.bar.low, min(self.bar.high, price))

    def book(self, row: Row, quantity: int, price: int) -> None:
        """R16, R17, then R8 and R9: what the fill does to siblings, to its entry, to its exits."""
        fee = self.fee(row, quantity)
        self.cash, self.held, self.cost = self.booked(row.ask.side * quantity, price, fee)
        self.pool = None if self.pool is None else self.pool - quantity
        self.fills.append(Fill(row.id, quantity, price, fee))
        self.fill_count += 1
        row.filled, row.remaining, row.commission = (
            row.filled + quantity,
            row.remaining - quantity,
            row.commission + fee,
        )
        row.status = "PARTIALLY_FILLED"
        for sibling in self.siblings(row):
            self.lose(sibling, quantity)
        if not row.remaining:  # O2: filled only if all of it is
            self.end(row, *(("CANCELED", row.code) if row.given_up else ("FILLED", None)))
        if row.parent in self.open:
            self.cancel_rest(self.open[row.parent], "CHILD_FILLED")
        for child in self.children(row):
            self.wake(child, quantity)
        if row.id in self.over:
            self.give_up_sleepers(row)

    def fee(self, row: Row, quantity: int) -> int:
        """R16: what so many more units add to the commission of an order."""
        by_unit = (self.rules.rate * (row.filled + quantity) + 5) // 10
        return max(self.rules.minimum, by_unit) - row.commission

    def booked(self, delta: int, price: int, fee: int) -> tuple[int, int, int]:
        """R17: what is cash, position and cost after a fill."""
        closed = min(abs(delta), abs(self.held)) if delta * self.held < 0 else 0
        sign = 1 if self.held > 0 else -1
        taken = sign * (abs(self.cost) * closed // abs(self.held)) if closed else 0
        opened = abs(delta) - closed
        opened_cost = opened * price * COST_QUANTA * (1 if delta > 0 else -1)
        return self.cash - delta * price - fee, self.held + delta, self.cost - taken + opened_cost

    def siblings(self, row: Row) -> list[Row]:
        return [
            one for one in self.open.values() if one is not row and one.group is not None and one.group == row.group
        ]

    def children(self, row: Row) -> list[Row]:
        return [one for one in self.open.values() if one.parent == row.id]

    def lose(self, row: Row, quantity: int) -> None:
        """R9: a sibling has taken units; those asleep go last."""
        lost = min(row.remaining, quantity)
        row.remaining -= lost
        row.taken_by_siblings += lost
        row.code = "SIBLING_FILLED"
        row.asleep = min(row.asleep, row.remaining)
        row.from_next_bar = min(row.from_next_bar, row.awake)
        if not row.remaining:
            self.end(row, "CANCELED", row.code)

    def wake(self, row: Row, quantity: int) -> None:
        """R8: units of an exit come to life, at this instant or, once the path is over, with the next bar."""
        woken = min(row.asleep, quantity)
        row.asleep -= woken
        if woken and row.stop is None:
            self.follow(row)  # R10: the first stop of a child counts from p
        self.enter(row, woken)

    def enter(self, row: Row, units: int) -> None:
        """R8, R12b: units meet the present price, or the next bar from its open; a day order lives from then on."""
        if self.phase in ("OPEN", "PATH"):
            row.is_new = True
            row.day = self.day if row.day is None else row.day
        else:
            row.from_next_bar += units

    def cancel_rest(self, row: Row, code: str) -> None:
        self.end(row, "CANCELED", code)
        self.give_up_sleepers(row)

    def end(self, row: Row, status: str, code: str | None) -> None:
        row.status, row.code = status, code
        row.remaining = row.asleep = row.from_next_bar = 0
        self.over[row.id] = self.open.pop(row.id)

    def give_up_sleepers(self, entry: Row) -> None:
        """R8: an entry that has ended wakes nothing any more."""
        for child in self.children(entry):
            if child.asleep:
                child.code = "PARENT_NOT_FILLED"
            child.remaining -= child.asleep
            child.asleep = 0
            if not child.remaining:
                self.end(child, "CANCELED", child.code)

    # ---- life (R12b) ----

    def expire(self) -> None:
        for row in list(self.open.values()):
            if row.id not in self.open:
                continue
            if row.day is None and row.awake:
                row.day = self.day
            if self.is_past(row, self.stamp):
                self.end(row, "EXPIRED", "EXPIRED")
                self.give_up_sleepers(row)

    def is_past(self, row: Row, stamp: int) -> bool:
        if row.ask.life == "DAY":
            return row.day is not None and row.day < self.day
        return row.ask.good_till is not None and row.ask.good_till < stamp

    # ---- requests ----

    def cancel(self, order_id: int) -> None:
        """R2, R8: inside a bar at once, else in the next step."""
        if self.phase in ("OPEN", "PATH"):
            self.do_cancel(order_id)
        elif self.is_open_or_refused(order_id) and not self.open[order_id].cancel_asked:
            self.open[order_id].cancel_asked = True
            self.requests.append(lambda: self.do_cancel(order_id))

    def do_cancel(self, order_id: int) -> None:
        if self.is_open_or_refused(order_id):
            self.cancel_rest(self.open[order_id], "CANCEL_REQUESTED")

    def is_open_or_refused(self, order_id: int) -> bool:
        if order_id not in self.open:
            self.refused.append((order_id, "ORDER_MUST_BE_OPEN"))
        return order_id in self.open

    def amend(self, order_id: int, quantity: int | None, limit: int | None, stop: int | None) -> None:
        """R12c, and as `cancel`."""
        if self.phase in ("OPEN", "PATH"):
            self.do_amend(order_id, quantity, limit, stop)
        elif self.is_open_or_refused(order_id):
            self.requests.append(lambda: self.do_amend(order_id, quantity, limit, stop))

    def do_amend(self, order_id: int, quantity: int | None, limit: int | None, stop: int | None) -> None:
        if not self.is_open_or_refused(order_id):
            return
        row = self.open[order_id]
        if quantity is not None and quantity == row.filled:
            self.cancel_rest(row, "CANCEL_REQUESTED")
            return
        amended = self.amended(row, quantity, limit, stop)
        code = self.amend_fault(row, amended)
        if code is not None:
            self.refused.append((order_id, code))
            return
        rise = amended.ask.quantity - row.ask.quantity
        if rise > 0 or amended.ask.limit != row.ask.limit or amended.stop != row.stop:
            amended.place = self.next_number()
        self.open[order_id] = amended  # where it stood: nothing here depends on the order of the dictionary
        if self.phase in ("OPEN", "PATH"):
            amended.is_new = True
        for child in self.children(row):
            self.resize(child, rise)
        if not amended.remaining:
            self.cancel_rest(amended, amended.code or "SIBLING_FILLED")

    def amended(self, row: Row, quantity: int | None, limit: int | None, stop: int | None) -> Row:
        """Return the order as it would be: trigger, fills and commission stay."""
        ask = row.ask._replace(
            quantity=row.ask.quantity if quantity is None else quantity,
            limit=row.ask.limit if limit is None else limit,
            stop=row.ask.stop if stop is None else stop,
        )
        remaining = row.remaining
        if ask.quantity != row.ask.quantity:
            remaining = max(0, ask.quantity - row.filled - row.taken_by_siblings)
        asleep = row.asleep
        if row.parent in self.open:  # while the entry is open, it is the part asleep that grows and shrinks
            asleep = max(0, asleep + ask.quantity - row.ask.quantity)
        asleep = min(asleep, remaining)
        return replace(row, ask=ask, stop=row.stop if stop is None else stop, remaining=remaining, asleep=asleep)

    def amend_fault(self, row: Row, amended: Row) -> str | None:
        if amended.ask.quantity < row.filled:
            return "QUANTITY_MUST_COVER_FILLED"
        if row.triggered and amended.stop != row.stop:
            return "STOP_MUST_NOT_BE_TRIGGERED"
        return self.fault(amended, self.siblings(row))

    def resize(self, child: Row, rise: int) -> None:
        """R12c: a change of an entry's quantity is one of its exits', of the units that are asleep."""
        change = max(rise, -child.asleep)
        if change > 0:
            child.place = self.next_number()
        child.ask = child.ask._replace(quantity=child.ask.quantity + change)
        child.remaining += change
        child.asleep += change
        if not child.remaining:
            self.end(child, "CANCELED", "CANCEL_REQUESTED")

    # ---- checks at submit (R15) ----

    def submit(self, ask: Ask) -> int:
        return self.submit_all([ask])[0]

    def submit_oco(self, *asks: Ask) -> list[int]:
        return self.submit_all(asks, siblings_from=0)

    def submit_bracket(self, *asks: Ask) -> list[int]:
        """Submit an entry, and its exits."""
        return self.submit_all(asks, siblings_from=1, is_bracket=True)

    def submit_all(
        self, asks: "list[Ask] | tuple[Ask, ...]", siblings_from: int = 1, *, is_bracket: bool = False
    ) -> list[int]:
        rows = [self.row(ask) for ask in asks]
        siblings = rows[siblings_from:]
        for row in siblings:
            row.group = siblings[0].id
            if is_bracket:
                row.parent, row.asleep, row.stop = rows[0].id, row.remaining, row.ask.stop
        codes = [self.fault(row, siblings) for row in rows]
        for row, code in zip(rows, codes, strict=True):
            self.accept_or_reject(row, code, is_group_fine=not any(codes))
        return [row.id for row in rows]

    def row(self, ask: Ask) -> Row:
        self.last_id += 1
        row = Row(self.last_id, ask, self.next_number(), ask.quantity, ask.stop)
        if ask.kind == "TRAILING_STOP" and ask.stop is None and self.close is not None:
            row.stop = self.trailed(row, self.close)
        return row

    def next_number(self) -> int:
        self.numbers += 1
        return self.numbers

    def accept_or_reject(self, row: Row, code: str | None, *, is_group_fine: bool) -> None:
        if not is_group_fine:
            row.status, row.code, row.remaining, row.asleep = "REJECTED", code or "GROUP_MUST_PASS", 0, 0
            self.over[row.id] = row
            return
        row.status = "ACCEPTED"
        self.open[row.id] = row
        if self.phase == "STRATEGY":
            self.asked_now.append(row.id)
        elif not row.asleep:
            self.enter(row, row.remaining)

    def terms_fault(self, ask: Ask) -> str | None:
        if ask.quantity <= 0:
            return "QUANTITY_MUST_BE_ABOVE_ZERO"
        for price in (ask.limit, ask.stop, ask.trail):
            if price is not None and price <= 0:
                return "PRICE_MUST_BE_ABOVE_ZERO"
            if price is not None and price % self.rules.tick:
                return "PRICE_MUST_BE_ON_TICK"
        return None

    def fault(self, row: Row, siblings: list[Row]) -> str | None:
        return self.terms_fault(row.ask) or self.agreement_fault(row, siblings) or self.cover_fault(row)

    def agreement_fault(self, row: Row, siblings: list[Row]) -> str | None:
        """Of two siblings a sell stop lies below a sell limit, buys mirrored."""
        for stop, limit in [(row, one) for one in siblings] + [(one, row) for one in siblings]:
            if stop.ask.kind in STOPS and limit.ask.kind == "LIMIT" and stop.ask.side == limit.ask.side:
                assert limit.ask.limit is not None
                if stop.ask.stop is not None and stop.ask.side * (stop.ask.stop - limit.ask.limit) <= 0:
                    return "STOP_AND_LIMIT_MUST_AGREE"
        return None

    def cover_fault(self, row: Row) -> str | None:
        """Position covers a sale, cash covers what opens or adds; of an exit nothing is checked while it sleeps."""
        if row.asleep:
            return None
        claimed, reserved = self.claims({row.id, *(one.id for one in self.siblings(row))})
        if row.ask.side == SELL and not self.rules.allow_short:
            return "POSITION_MUST_COVER_SALE" if row.awake > self.held - claimed[SELL] else None
        price = self.estimate_price(row)
        opens = row.awake - self.cover(row, claimed)
        if self.rules.cash_rule == "ALLOW_MARGIN" or price is None or opens <= 0:
            return None
        needed = opens * price + self.fee(row, row.awake)
        return "CASH_MUST_COVER_PURCHASE" if needed * COST_QUANTA > self.free(0) - reserved * COST_QUANTA else None

    def free(self, delta: int, price: int = 0, fee: int = 0) -> int:
        """R15b: the cash that covers, after a fill: a short keeps twice its cost; in cost quanta."""
        cash, held, cost = self.booked(delta, price, fee)
        return cash * COST_QUANTA - (2 * abs(cost) if held < 0 else 0)

    def cover(self, row: Row, claimed: dict[int, int]) -> int:
        """Return how many units of an order would only reduce the position, after what others claim of it."""
        return min(row.awake, max(0, -row.ask.side * self.held - claimed[row.ask.side]))

    def claims(self, besides: set[int]) -> tuple[dict[int, int], int]:
        """Return how many units the other open orders claim on each side, and how much cash they reserve."""
        claimed, reserved = {BUY: 0, SELL: 0}, 0
        for siblings in self.families(besides):
            reserved += max(self.reservation(row, claimed) for row in siblings)
            for side in (BUY, SELL):
                claimed[side] += max((row.awake for row in siblings if row.ask.side == side), default=0)
        return claimed, reserved

    def families(self, besides: set[int]) -> Iterator[list[Row]]:
        """Siblings count once; what sleeps, will be canceled or cannot live on counts nothing."""
        families: dict[int, list[Row]] = {}
        for row in sorted(self.open.values(), key=lambda row: row.id):
            is_past = self.is_past(row, self.stamp + (self.phase == "STRATEGY"))
            if row.awake and row.id not in besides and not row.cancel_asked and not is_past:
                families.setdefault(row.group or row.id, []).append(row)
        yield from families.values()

    def reservation(self, row: Row, claimed: dict[int, int]) -> int:
        """Return the cash that an open order reserves; what an exit at market will bring counts against it."""
        price, covering = self.estimate_price(row), self.cover(row, claimed)
        opens = row.awake - covering
        if price is None:
            return 0
        is_at_market = not row.has_limit and not row.waits_for_stop and row.ask.kind != "MARKET_ON_CLOSE"
        fee = self.fee(row, row.awake)
        reserved = opens * price + fee if opens and (row.ask.side == BUY or self.rules.allow_short) else 0
        if row.ask.side == SELL and is_at_market and covering:
            reserved -= covering * price - (0 if reserved else fee)
        return reserved

    def estimate_price(self, row: Row) -> int | None:
        """R15: the limit; the last close; for a stop the higher of it and the last close."""
        if row.has_limit:
            return row.ask.limit
        prices = [self.close, row.stop if row.waits_for_stop else None]
        return max((price for price in prices if price is not None), default=None)

    # ---- checks at fill (R15b) ----

    def check_fill(self, row: Row, quantity: int, price: int) -> tuple[int, str | None]:
        """Return how many units may fill, and why not all of them."""
        reducing = min(quantity, max(0, -row.ask.side * self.held))
        if row.ask.side == SELL and not self.rules.allow_short:
            return reducing, "SHORT_NOT_ALLOWED" if reducing < quantity else None
        covered = quantity
        while covered > reducing and not self.is_covered(row, covered, price):
            covered -= 1
        if covered == quantity:
            return quantity, None
        return covered if self.rules.cash_rule == "REDUCE" else reducing, "CASH_MUST_COVER_FILL"

    def is_covered(self, row: Row, quantity: int, price: int) -> bool:
        is_checked = self.rules.cash_rule != "ALLOW_MARGIN"
        return not is_checked or self.free(row.ask.side * quantity, price, self.fee(row, quantity)) >= 0
