"""Changes: where a number of the selected row was changed."""

from functools import partial

from attrs import define, field

from core.replay.cursor import Cursor
from core.replay.expression import parse_expression
from core.text import clean
from tui.desk.part import Part
from tui.numbers_asked import numbers_of, writer_of
from tui.screens.choice import ChoiceScreen


@define(eq=False)
class Changes(Part):
    """Goes from one change of a number to the next."""

    _number: tuple[object, tuple[str, str]] | None = field(default=None, init=False)  # whose changes are looked for

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

        def take(answer: str) -> None:
            self._number = (whose, numbers[answer])
            self._go_to_change(*numbers[answer], forward=forward)

        if len(numbers) == 1:
            take(next(iter(numbers)))
        else:
            way = "next" if forward else "last"
            names = {key: name for key, (name, _) in numbers.items()}
            self.put(ChoiceScreen(f"where it {way} changed:", names), take)

    def _go_to_change(self, name: str, number: str, *, forward: bool) -> None:
        session, cursor = self.session, self.cursor

        def look() -> Cursor | None:
            if not number.startswith("#"):
                return session.timeline.last_change(number, forward=forward)
            search = session.search(number)
            return search.after(cursor) if forward else search.before(cursor)

        self.work("looking for a change", look, partial(self._show, name, number, forward=forward))

    def _show(self, name: str, number: str, found: Cursor | None, *, forward: bool) -> None:
        if found is None:
            self._host.show(f"{clean(name)} was not changed {'after' if forward else 'before'} this place")
            return
        self.go(found, f"{name}{'' if number.startswith('#') else self._values(number, found)}")

    def _values(self, number: str, place: Cursor) -> str:
        timeline, written = self.session.timeline, writer_of(number)
        read = parse_expression(number, self.session.run.feed.places).value
        before, after = (read(timeline.at(one)) for one in (timeline.previous_place(place), place))
        return f": {written(before)} -> {written(after)}"
