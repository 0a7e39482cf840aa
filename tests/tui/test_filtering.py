"""A filter finds the lines that match, at every moment, and looks at each line that cannot change once."""

from collections.abc import Callable
from random import Random  # noqa: TID251 - with a seed

import pytest
from attrs import define, evolve, field

from core.backtest.examples import BracketBreakout, DipBuyer, TrailingStop
from core.backtest.loop import Backtest
from core.backtest.strategy import Strategy
from tui.filtering import Filter, Matches, matching
from tui.scene import Scene
from tui.shown import EventLine, NumberedLines, OrderLine, Selection, place_from_end
from tui.view import FrameView

Sample = Callable[..., Backtest]
ALL = 1 << 60
CELLS = ("7", "MSFT", "partially filled", "Straße")


@pytest.mark.parametrize(
    ("text", "is_match"),
    [
        ("", True),
        ("msft", True),
        ("MsF", True),
        ("msft filled", True),
        ("filled msft", True),
        ("msft aapl", False),
        ("!aapl", True),
        ("!msft", False),
        ("msft !filled", False),
        ("msft !rejected !canceled", True),
        ("!", True),
        ("7msft", False),  # a word stands in one cell
        ("strasse", True),
        ("[/]", False),
        ("m.*t", False),  # it is no pattern
    ],
)
def test_a_text_matches_what_has_every_word_of_it_and_none_that_is_inverted(text: str, is_match: bool) -> None:
    assert Filter(text).matches(CELLS) is is_match


def test_places_are_counted_from_the_end_without_those_that_do_not_count() -> None:
    random = Random(5)  # noqa: S311 - a seeded walk
    for _ in range(200):
        count = random.randrange(40)
        skipped = sorted(random.sample(range(count), random.randint(0, count)))
        counted = [place for place in range(count) if place not in skipped]
        assert [place_from_end(count, skipped, rank) for rank in range(len(counted))] == counted[::-1]


def cells_of(line: OrderLine | EventLine) -> list[str]:
    names = ("id", "symbol", "state", "reason") if isinstance(line, OrderLine) else ("bar", "event", "symbol")
    return [getattr(line, name) for name in names]


def by_looking_at_all(lines: NumberedLines[OrderLine], chosen: Filter) -> list[object]:
    return [line.key for line in (lines[i] for i in range(len(lines))) if chosen.matches(cells_of(line))]


@pytest.mark.parametrize("strategy", [DipBuyer, BracketBreakout, TrailingStop])
@pytest.mark.parametrize("text", ["msft", "filled", "!rejected", "accepted", "order !accepted", "cash 1", "zzz"])
@pytest.mark.parametrize("most", [7, ALL])
def test_at_each_moment_the_lines_are_those_that_match(
    sample: Sample, strategy: type[Strategy], text: str, most: int
) -> None:
    run = sample(40, strategy())
    scene, chosen, random = Scene(run), Filter(text), Random(3)  # noqa: S311 - a seeded walk
    kept = {
        name: Matches[OrderLine](scene, lambda line: chosen.matches(cells_of(line))) for name in ("orders", "events")
    }
    for turn in range(60):
        if turn % 5 == 0:
            run.step()
        step = random.randrange(run.step_count)
        cursor = random.choice(scene.timeline.places(step))
        view = FrameView(scene, Selection("AAPL"), cursor=cursor)
        for name, matches in kept.items():
            lines = getattr(view, name)
            found = matches.look(lines, most)
            keys, expected = [found[i].key for i in range(len(found))], by_looking_at_all(lines, chosen)
            if not found.is_whole:  # from the newest on nothing is left out
                keys, expected = (
                    (keys, expected[: len(keys)])
                    if name == "orders"
                    else (keys, expected[-len(keys) or len(expected) :])
                )
            assert keys == expected, (cursor, name)


@define(eq=False)
class Counted:
    """Lines of many orders, a few of them open; counts those that are made."""

    count: int
    live: list[int] = field(factory=list)
    made: list[int] = field(factory=list)

    def line(self, number: int) -> EventLine:
        self.made.append(number)
        return EventLine(number, "ACME", str(number), "fill" if number % 10 == 0 else "cash")

    def lines(self) -> NumberedLines[EventLine]:
        live = list(self.live)
        return NumberedLines(
            1, self.count + 1, self.line, self, is_newest_first=True, live=live, is_settled=lambda one: one not in live
        )


def fills(line: EventLine) -> bool:
    return line.event == "fill"


def test_once_it_is_known_a_step_looks_at_what_is_new_and_at_open_orders() -> None:
    orders = Counted(100_000, live=[3, 99_000, 100_000])
    matches = Matches[EventLine](orders, fills)
    assert len(matches.look(orders.lines(), ALL)) == 10_000
    assert len(orders.made) == 100_000
    orders.made.clear()
    orders.count, orders.live = 100_003, [3, 100_002]
    found = matches.look(orders.lines(), ALL)
    assert len(found) == 10_000
    assert sorted(orders.made) == [3, 99_000, 100_000, 100_001, 100_002, 100_003]
    orders.made.clear()
    assert [found[index].key for index in (0, 1, 9_999)] == [100_000, 99_990, 10]
    assert orders.made == [100_000, 99_990, 10]


def test_a_look_at_the_past_looks_at_open_orders_alone() -> None:
    orders = Counted(100_000)
    matches = Matches[EventLine](orders, fills)
    matches.look(orders.lines(), ALL)
    orders.made.clear()
    orders.count, orders.live = 50_000, [49_990, 49_991]
    found = matches.look(orders.lines(), ALL)
    assert orders.made == [49_991, 49_990]
    assert [found[index].key for index in range(3)] == [49_990, 50_000, 49_980]
    assert len(found) == 5_000


def test_a_first_look_is_bounded_and_goes_from_the_newest_down() -> None:
    orders = Counted(100_000)
    matches = Matches[EventLine](orders, fills)
    found = matches.look(orders.lines(), 256)
    assert orders.made == [*range(99_745, 100_001)]
    assert (found.is_whole, len(found)) == (False, 26)
    looks = 1
    while not found.is_whole:
        found = matches.look(orders.lines(), 256)
        looks += 1
    assert looks == -(-100_000 // 256)
    assert len(orders.made) == len(set(orders.made)) == 100_000


def test_what_lies_between_two_stretches_is_looked_at_once() -> None:
    orders = Counted(1_000)
    matches = Matches[EventLine](orders, fills)
    matches.look(orders.lines(), ALL)
    orders.count = 9_000
    assert len(matches.look(orders.lines(), 500)) == 50
    orders.count = 5_000
    assert len(matches.look(orders.lines(), 500)) == 50
    orders.count = 9_000
    found = matches.look(orders.lines(), ALL)
    assert (len(found), found.is_whole) == (900, True)
    assert len(orders.made) == len(set(orders.made)) == 9_000


def test_an_order_that_ended_counts_as_it_is_now_and_in_the_past_as_it_was_then() -> None:
    state = {"over": False}
    line = EventLine(1, "ACME", "1", "open")

    def lines(*, over: bool) -> NumberedLines[EventLine]:
        made = evolve(line, event="filled" if over else "open")
        return NumberedLines(
            1, 2, lambda _: made, state, is_newest_first=True, live=[] if over else [1], is_settled=lambda _: over
        )

    matches = Matches[EventLine](state, lambda one: one.event == "filled")
    assert [len(matches.look(lines(over=over), ALL)) for over in (False, True, False, True)] == [0, 1, 0, 1]


def test_a_short_list_is_looked_at_whole() -> None:
    assert matching(["a", "b", "ab"], lambda text: "a" in text) == ["a", "ab"]
