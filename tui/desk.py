"""Desk: what a person asks of a run besides moving in it: breakpoints, changes, branches, orders by hand, the code."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import define, field

from core.bars import written_time
from core.errors import DeadlineError, ExpressionError, FillstepError, InputError, StrategyError
from core.events import OrderEvent
from core.order import OrderStatus
from core.replay.conditions import Change
from core.replay.cursor import Cursor
from core.replay.expression import parse_expression
from core.replay.fresh_process import check_in_fresh_processes
from core.replay.search import Search
from core.text import clean
from tui.branching import change_of, first_facts, made, reloaded, retry
from tui.commands import (
    AddBreak,
    AddNote,
    Asked,
    Compare,
    DeleteBreak,
    Give,
    GoTo,
    MakeBranch,
    Quit,
    Verify,
    Watch,
    read_command,
)
from tui.debugger import check_debugger, debug_at
from tui.difference import Cells, fields_of, rows_of
from tui.host import DeskHost
from tui.numbers import money, signed
from tui.numbers_asked import numbers_of
from tui.screens.choice import ChoiceScreen
from tui.screens.listing import Chosen, ListingScreen
from tui.screens.order_form import OrderForm
from tui.screens.prompt import PromptScreen
from tui.session import Session
from tui.travel import Travel
from tui.widgets.columns import Column
from tui.widgets.rows import Row

_MOST_WATCHED: Final = 10_000
_NEAR: Final = 200  # newest orders that are looked at for a rejection
_PLACE: Final = (Column("bar", 7, "right"), Column("time", 16), Column("value", 12, grow=True))
_BREAKS: Final = (
    Column("no", 3, "right"),
    Column("", 3),
    Column("stops at", 20, grow=True),
    Column("hits", 7, "right"),
)
_MARKS: Final = (Column("", 2), Column("bar", 7, "right"), Column("time", 16), Column("note", 10, grow=True))


@define(eq=False)
class Desk:
    """Answers what is asked of the run that is looked at; each public method is a key."""

    _host: DeskHost
    _travel: Travel
    _lines: list[str] = field(factory=list, init=False)  # commands that were written
    _number: tuple[object, tuple[str, str]] | None = field(default=None, init=False)  # whose changes are looked for

    @property
    def _session(self) -> Session:
        return self._host.session

    @property
    def _cursor(self) -> Cursor:
        return self._session.timeline.cursor

    def ask(self, name: str) -> None:
        """Do what a key stands for; what cannot be is said."""
        try:
            getattr(self, name)()
        except FillstepError as error:
            self._host.show(_shown(error))

    # Breakpoints

    def breakpoint(self) -> None:
        """Set a breakpoint at the bar where one stands, or take it away."""
        text, breakpoints = f"bar == {max(self._cursor.step, 0) + 1}", self._session.breakpoints
        there = breakpoints.find(text)
        if there is None:
            self._add_break(text)
        else:
            breakpoints.remove(there.id)
            self._host.show(f"no breakpoint at {text} any more")

    def breakpoints(self) -> None:
        """List the breakpoints, to switch them, take them away, or add one."""
        rows = [
            Row((str(one.id), "on" if one.is_on else "off", clean(one.text), f"{one.hits(self._cursor):,}"), one.id)
            for one in self._session.breakpoints
        ]
        keys = "a adds, space switches, x takes away, enter to its next place, esc closes"
        screen = ListingScreen("Breakpoints", _BREAKS, rows, keys=keys, empty="there is none: a adds one")
        self._host.put(screen, self._with_breakpoint)

    def _with_breakpoint(self, chosen: Chosen | None) -> None:
        if chosen is None:
            return
        how, number = chosen
        one = next((one for one in self._session.breakpoints if one.id == number), None)
        if how == "a":
            self._prompt("break ")
        elif one is not None and how == "enter":
            found = one.after(self._cursor) or one.before(self._cursor)
            if found is not None:
                self._go(found)
        elif one is not None:
            if how == "x":
                self._session.breakpoints.remove(one.id)
            else:
                one.is_on = not one.is_on
            self.breakpoints()

    def _add_break(self, text: str) -> None:
        one = self._session.breakpoints.add(text)
        self._host.show(f"breakpoint {one.id}: {clean(one.text)}, hits up to here: {one.hits(self._cursor):,}")

    # Changes of numbers

    def changed_before(self) -> None:
        """Go to where a number of the selected row was last changed."""
        self._changed(forward=False)

    def changed_after(self) -> None:
        """Go to where a number of the selected row is changed next."""
        self._changed(forward=True)

    def _changed(self, *, forward: bool) -> None:
        pane, (symbol, key) = self._host.focused_name, self._host.selected
        whose = (pane, symbol, key)
        if self._number is not None and self._number[0] == whose:
            self._go_to_change(*self._number[1], forward=forward)
            return
        numbers = numbers_of(pane, symbol, key if isinstance(key, int) else None)

        def take(answer: str | None) -> None:
            if answer is not None:
                self._number = (whose, numbers[answer])
                self._try(lambda: self._go_to_change(*numbers[answer], forward=forward))

        if len(numbers) == 1:
            take(next(iter(numbers)))
        else:
            way = "next" if forward else "last"
            names = {key: name for key, (name, _) in numbers.items()}
            self._host.put(ChoiceScreen(f"where it {way} changed:", names), take)

    def _go_to_change(self, name: str, number: str, *, forward: bool) -> None:
        session = self._session
        if number.startswith("#"):
            search = session.search(number)
            found = search.after(self._cursor) if forward else search.before(self._cursor)
        else:
            found = session.timeline.last_change(number, forward=forward)
        if found is None:
            self._host.show(f"{clean(name)} was not changed {'after' if forward else 'before'} this place")
            return
        session.timeline.seek(found)
        self._host.show(f"{clean(name)}{'' if number.startswith('#') else self._values(number, found)}")

    def _values(self, number: str, place: Cursor) -> str:
        timeline = self._session.timeline
        read = parse_expression(number, self._session.run.feed.places).value
        before, after = (read(timeline.at(one)) for one in (timeline.previous_place(place), place))
        return f": {_written(before)} -> {_written(after)}"

    # Branches

    def retry(self) -> None:
        """Retry a rejected order with its remedy, in a branch."""
        order_id = self._rejected()
        if order_id is None:
            self._host.show("no rejected order is selected, nor was one rejected here")
        else:
            self._open_branch(retry(self._session, order_id))

    def reload(self) -> None:
        """Run the strategy's file as it is now, in a branch."""
        self._open_branch(reloaded(self._session.run))

    def other_run(self) -> None:
        """Look at the parent of a branch, or at its branch."""
        if self._host.other_session() is None:
            self._host.show("there is no branch: r retries a rejection in one, :branch makes one")
        else:
            self._host.swap()

    def _open_branch(self, change: Any) -> None:
        result, there, here = made(self._session, change)
        parent = self._session
        parent.timeline.seek(here)
        session = self._host.new_session(result.run, result)
        session.timeline.seek(there)
        self._host.open_branch(session)
        self._host.explain(next(iter(change.edits), self._host.explained_order))
        if result.divergence is not None:
            self._host.look_at(session.scene.about_row(result.divergence.other or result.divergence.one))
        self._host.show()

    def _rejected(self) -> int | None:
        """Return the rejected order that is meant: the selected one, the explained one, or the newest of this step."""
        moment = self._session.timeline.at(self._cursor)
        pane, (_, key) = self._host.focused_name, self._host.selected
        meant = [key if pane == "orders" else None, self._host.explained_order]
        meant += list(range(len(moment.orders), 0, -1))[:_NEAR]
        there = (one for one in meant if isinstance(one, int) and 0 < one <= len(moment.orders))
        return next((one for one in there if moment.get_order(one).status is OrderStatus.REJECTED), None)

    # Two moments

    def difference(self) -> None:
        """Show this moment beside the parent's, or beside the end of the bar before."""
        session, other = self._session, self._host.other_session()
        if session.branch is None or other is None:
            self._compare(session.timeline.previous_bar(self._cursor))
            return
        alike, one, another = first_facts(session.branch)
        final = tuple(map(money, session.branch.final_equities))
        head: list[Cells] = [
            ("parts with", alike, alike, ""),
            ("", one, another, ""),
            (f"at bar {session.branch.compared_step + 1}", final[0], final[1], signed(session.branch.equity_gained)),
        ]
        there = other.timeline.at(other.timeline.cursor)
        rows = rows_of(there, session.timeline.at(self._cursor))
        self._side_by_side("Parent and branch, where each stands", ("parent", "branch"), [*head, *rows])

    def _compare(self, place: Cursor) -> None:
        """Show this moment beside another of the same run; from the strategy's pane, its fields too."""
        session, here = self._session, self._cursor
        rows = list(rows_of(session.timeline.at(place), session.timeline.at(here)))
        if self._host.focused_name == "strategy":
            rows += fields_of(session.calls(place.step)[0], session.calls(here.step)[0])
        names = (f"bar {place.step + 1}", f"bar {here.step + 1}")
        self._side_by_side("This moment beside another", names, rows)

    def _side_by_side(self, title: str, names: tuple[str, str], rows: Sequence[Cells]) -> None:
        shown = [Row(cells, index, "warn" if cells[3] else "") for index, cells in enumerate(rows)]
        self._host.put(ListingScreen(title, _both(*names), shown, keys="esc closes"), _nothing)

    def _compare_with(self, letter: str) -> None:
        marks = self._session.bookmarks
        if letter not in marks:
            raise InputError(f"bookmark {letter} is unknown: there are {', '.join(sorted(marks)) or 'none'}")
        self._compare(marks[letter][0])

    # Bookmarks

    def set_bookmark(self) -> None:
        """Mark the place with a letter."""

        def take(letter: str | None) -> None:
            if letter is not None:
                self._session.bookmarks[letter] = (self._cursor, self._session.bookmarks.get(letter, (None, ""))[1])
                self._host.show(f"bookmark {letter} at bar {self._cursor.step + 1}")

        self._host.put(ChoiceScreen("bookmark: a letter", {}), take)

    def go_to_bookmark(self) -> None:
        """Go to a place that was marked."""
        marks = self._session.bookmarks

        def take(letter: str | None) -> None:
            if letter is not None:
                self._go(marks[letter][0], marks[letter][1])

        if marks:
            names = {letter: f"bar {cursor.step + 1}" for letter, (cursor, _) in sorted(marks.items())}
            self._host.put(ChoiceScreen("to bookmark:", names), take)
        else:
            self._host.show("there is no bookmark: m sets one")

    def bookmarks(self) -> None:
        """List the places that were marked."""
        rows = [
            Row((letter, str(cursor.step + 1), self._time(cursor), clean(note)), letter)
            for letter, (cursor, note) in sorted(self._session.bookmarks.items())
        ]

        def take(chosen: Chosen | None) -> None:
            if chosen is not None and isinstance(chosen[1], str):
                if chosen[0] == "x":
                    del self._session.bookmarks[chosen[1]]
                    self.bookmarks()
                else:
                    self._go(*self._session.bookmarks[chosen[1]])

        keys = "enter goes there, x takes away, esc closes"
        self._host.put(ListingScreen("Bookmarks", _MARKS, rows, keys=keys, empty="there is none: m sets one"), take)

    def _note(self, text: str) -> None:
        free = (letter for letter in "abcdefghijklmnopqrstuvwxyz0123456789" if letter not in self._session.bookmarks)
        there = next((letter for letter, (at, _) in self._session.bookmarks.items() if at == self._cursor), None)
        letter = there or next(free, "z")
        self._session.bookmarks[letter] = (self._cursor, text)
        self._host.show(f"note {letter} at bar {self._cursor.step + 1}: {clean(text)}")

    # Rows

    def explain_row(self) -> None:
        """Explain the order of the selected row; of a fill, go to it."""
        pane, (_, key) = self._host.focused_name, self._host.selected
        if pane == "orders" and isinstance(key, int):
            self._host.explain(key)
            self._host.show()
        elif pane == "events" and isinstance(key, int):
            row = self._session.run.journal.rows[key]
            place = self._session.timeline.whole_after(key)
            self._host.explain(_order_of(row))
            self._go(place)

    def go_to_row(self) -> None:
        """Go to where the event of the selected row happened, or where its order was asked for."""
        pane, (_, key) = self._host.focused_name, self._host.selected
        if pane == "events" and isinstance(key, int):
            self._go(self._session.timeline.whole_after(key))
        elif pane == "orders" and isinstance(key, int):
            self._go(self._session.timeline.find_order(key))

    # The code

    def debug(self) -> None:
        """Go into the call of the strategy at this place."""
        check_debugger()
        self._host.leave_screen(lambda: debug_at(self._session.run, self._cursor))
        self._host.show()

    # Commands

    def order(self) -> None:
        """Ask for an order by a form."""
        symbol, _ = self._host.selected
        symbols = self._session.run.feed.places
        self._host.put(OrderForm(symbol or min(symbols)), self._take_line)

    def command(self) -> None:
        """Ask for a command."""
        self._prompt("")

    def _prompt(self, text: str, hint: str = "") -> None:
        self._host.put(PromptScreen(text, hint=hint, earlier=self._lines), self._take_line)

    def _take_line(self, line: str | None) -> None:
        if line is None or not line.strip():
            return
        self._lines = [one for one in self._lines if one != line] + [line]
        try:
            asked = read_command(line, self._session.run.feed.places)
            self._do(asked)
        except ExpressionError as error:
            self._prompt(line, f"{' ' * _column_of(error, line)}v {error.what}")
        except FillstepError as error:
            self._prompt(line, clean(str(error)))

    def _do(self, asked: Asked) -> None:
        doers: dict[type[Asked], Callable[[Any], object]] = {
            GoTo: self._travel.go_to,
            AddBreak: lambda one: self._add_break(one.text),
            DeleteBreak: lambda one: self._delete_break(one.number),
            Watch: lambda one: self._watch(one.text),
            Give: lambda one: self._give(one.command),
            MakeBranch: lambda one: self._open_branch(change_of(self._session, one)),
            AddNote: lambda one: self._note(one.text),
            Compare: lambda one: self._compare_with(one.letter),
            Verify: lambda _: self._begin_to_verify(),
            Quit: lambda _: self._host.leave(),
        }
        doers[type(asked)](asked)

    def _delete_break(self, number: int) -> None:
        self._session.breakpoints.remove(number)
        self._host.show(f"breakpoint {number} is gone")

    def _begin_to_verify(self) -> None:
        self._host.show("running again in other processes ...")
        self._host.work(self._verify())

    def _give(self, command: Any) -> None:
        session = self._session
        if not session.timeline.is_at_head:
            self._host.show("orders are asked for at the head: $ goes there; :branch buy ... asks here, in a branch")
            return
        try:
            with session.run.deadline:
                order_id = session.run.command(command)
        except (DeadlineError, StrategyError) as error:
            session.runner.error = error
            session.timeline.seek(session.timeline.head)
            self._host.show()
            return
        session.timeline.seek(session.timeline.head)
        self._host.explain(order_id)
        self._host.show()

    def _watch(self, text: str) -> None:
        """List every moment at which a number or a condition changes."""
        session = self._session
        expression = parse_expression(text, session.run.feed.places)
        places = list(Search(session.timeline, Change(expression)).all())
        rows = [
            Row((str(one.step + 1), self._time(one), _written(expression.value(session.timeline.at(one)))), one)
            for one in places[:_MOST_WATCHED]
        ]
        start = _written(expression.value(session.timeline.start()))
        title = f"{clean(text)}: {start} at the start, changes: {len(places):,}"
        screen = ListingScreen(title, _PLACE, rows, keys="enter goes there, esc closes", empty="it never changes")
        self._host.put(screen, self._go_if_chosen)

    async def _verify(self) -> None:
        session = self._session
        try:
            count = await asyncio.to_thread(check_in_fresh_processes, session.run)
        except FillstepError as error:
            self._host.show(_shown(error))
        else:
            self._host.show(f"run again in 3 other processes: all {count:,} events were alike")

    def _go_if_chosen(self, chosen: Chosen | None) -> None:
        if chosen is not None and isinstance(chosen[1], Cursor):
            self._go(chosen[1])

    def _go(self, cursor: Cursor, message: str = "") -> None:
        self._session.timeline.seek(cursor)
        self._host.show(clean(message))

    def _time(self, cursor: Cursor) -> str:
        return "-" if cursor.step < 0 else written_time(self._session.run.feed.time(cursor.step))

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except FillstepError as error:
            self._host.show(_shown(error))


def _both(one: str, other: str) -> tuple[Column, ...]:
    sides = (Column(name, 16, grow=True, most=44) for name in (one, other))
    return Column("", 12), *sides, Column("difference", 12, "right")


def _nothing(_: object) -> None:
    """Take no answer."""


def _column_of(error: ExpressionError, line: str) -> int:
    """Return at which column of a line an error points: it is about the line, or about what follows its first word."""
    if error.text == line:
        return error.start
    word = line.split(maxsplit=1)[0]
    at = line.find(error.text, line.index(word) + len(word))
    return len(line) if at < 0 else at + error.start


def _order_of(row: Any) -> int | None:
    if issubclass(row[2], OrderEvent):
        return int(row[3][1])
    return None


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "holds" if value else "does not hold"
    return "-" if value is None else f"{value:,f}"


def _shown(error: FillstepError) -> str:
    return clean(str(error))
