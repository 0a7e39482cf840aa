"""A window shows whole columns that keep still, and no move leads out of the bars there are."""

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.window import Window

NEWEST, ROOM = st.integers(0, 5000), st.integers(1, 60)
ACTS = st.lists(
    st.tuples(st.sampled_from(["moved", "panned", "zoomed", "at", "followed"]), st.integers(-40, 40)), max_size=12
)


def after(acts: list[tuple[str, int]], newest: int, room: int) -> Window:
    window = Window()
    for name, number in acts:
        if name == "followed":
            window = window.followed()
        elif name == "at":
            window = window.at(number, newest, room)
        else:
            window = getattr(window, name)(number or 1, newest, room)
    return window


@given(ACTS, NEWEST, ROOM)
def test_after_any_acts_there_are_as_many_columns_as_have_room(
    acts: list[tuple[str, int]], newest: int, room: int
) -> None:
    window = after(acts, newest, room)
    shown, count = window.columns(newest, room), newest // window.size + 1
    assert len(shown) == min(room, count)
    assert shown.start >= 0
    assert shown.stop <= count
    assert window.cursor is None or 0 <= window.cursor <= newest


@given(ACTS, NEWEST, ROOM)
def test_a_cursor_that_was_moved_is_in_view(acts: list[tuple[str, int]], newest: int, room: int) -> None:
    for window in (
        after(acts, newest, room).moved(-3, newest, room),
        after(acts, newest, room).panned(7, newest, room),
    ):
        assert window.cursor_column(newest, room) in window.columns(newest, room)


@given(ACTS, NEWEST, ROOM, st.integers(1, 5000))
def test_what_is_looked_at_keeps_still_while_bars_come_in(
    acts: list[tuple[str, int]], newest: int, room: int, more: int
) -> None:
    window = after(acts, newest, room)
    if window.last is not None:
        assert window.columns(newest + more, room) == window.columns(newest, room)


@given(ACTS, NEWEST, ROOM, st.integers(0, 5000))
def test_in_the_past_nothing_later_is_in_view(
    acts: list[tuple[str, int]], newest: int, room: int, earlier: int
) -> None:
    window, then = after(acts, newest, room), min(earlier, newest)
    assert window.columns(then, room).stop <= then // window.size + 1
    column = window.cursor_column(then, room)
    assert column is None or window.row_of(column, then) <= then


def test_without_an_act_the_newest_bars_are_in_view() -> None:
    assert Window().columns(99, 30) == range(70, 100)
    assert Window().columns(9, 30) == range(10)
    assert Window().columns(99, 0) == range(100, 100)


def test_the_cursor_begins_at_the_newest_bar_and_scrolls_at_the_edge() -> None:
    window = Window().moved(-1, 99, 30)
    assert (window.cursor, window.last) == (98, None)
    window = window.moved(-28, 99, 30)
    assert (window.cursor, window.columns(99, 30)) == (70, range(70, 100))
    window = window.moved(-1, 99, 30)
    assert (window.cursor, window.columns(99, 30)) == (69, range(69, 99))
    window = window.moved(30, 99, 30)
    assert (window.cursor, window.last) == (99, None)


def test_panning_ends_at_the_first_bar_and_at_the_newest() -> None:
    window = Window().panned(-15, 99, 30)
    assert (window.columns(99, 30), window.cursor) == (range(55, 85), 84)
    window = window.panned(-60, 99, 30)
    assert (window.columns(99, 30), window.cursor) == (range(30), 24)
    window = window.panned(-60, 99, 30)
    assert (window.columns(99, 30), window.cursor) == (range(30), 0)
    window = window.panned(200, 99, 30)
    assert (window.last, window.cursor) == (None, 99)


def test_bars_in_a_column_go_up_by_one_two_and_five_until_all_are_in_view() -> None:
    sizes, window = [], Window()
    for _ in range(12):
        window = window.zoomed(-1, 9999, 30)
        sizes.append(window.size)
    assert sizes == [2, 5, 10, 20, 50, 100, 200, 500, 500, 500, 500, 500]
    assert window.columns(9999, 30) == range(20)
    for _ in range(12):
        window = window.zoomed(1, 9999, 30)
    assert window == Window()


def test_the_column_that_one_looks_at_keeps_its_place() -> None:
    window = Window(last=499).zoomed(-1, 999, 30, column=480)  # 470 is in the first, so it is the 11th
    assert (window.size, window.columns(999, 30).index(480 // 2)) == (2, 10)
    window = Window(last=499, cursor=480).zoomed(-1, 999, 30)
    assert window.columns(999, 30).index(480 // 2) == 10
    window = Window(10, last=599, cursor=505).zoomed(1, 999, 30)
    assert (window.size, window.columns(999, 30).index(505 // 5)) == (5, 20)


def test_where_too_few_bars_follow_for_that_the_newest_is_in_the_last_column() -> None:
    window = Window().zoomed(-1, 999, 30, column=980)
    assert (window.last, window.columns(999, 30)) == (None, range(470, 500))


def test_without_a_cursor_the_last_column_keeps_its_place() -> None:
    assert Window().zoomed(-1, 999, 30) == Window(2)
    assert Window(1, last=499).zoomed(-1, 999, 30).columns(999, 30).stop == 499 // 2 + 1
