"""What positions, orders and events have in common: lines of a view, in a list with a border."""

from collections.abc import Callable, Collection, Mapping
from typing import ClassVar, Final, Protocol, TypeAlias

from attrs import frozen
from textual.binding import BindingType

from core.text import clean
from tui.filtering import Filter, FilteredLines, Matches, matching
from tui.keys import FILTER_ACTIONS, LIST_ACTIONS, bindings
from tui.messages import FilterRequested, RowSelected
from tui.panes.pane import Pane
from tui.shown import Lines, NumberedLines
from tui.widgets.columns import Column
from tui.widgets.lines import set_border_text
from tui.widgets.rows import Follow, Row, Rows, Tone

MOST_IN_STEP: Final = 256
"""At so many lines that are not known a filter looks in one step, or between two keys."""

MOST_AT_ONCE: Final = 2048
"""At so many when it is set."""

PAUSE: Final = 0.01
"""Seconds for keys between two looks."""

_NOTHING: Final = frozenset[str]()


class Line(Protocol):
    """What a list needs of a line, besides the fields that its columns are named after."""

    @property
    def key(self) -> object:
        """What the line stands for, at every moment."""
        ...

    @property
    def about(self) -> str | None:
        """The symbol it is about."""
        ...

    @property
    def tone(self) -> Tone:
        """How it is colored."""
        ...


Total: TypeAlias = Callable[[Collection[str] | None], Line]
"""Returns the line of all lines together, or of those about some symbols."""


@frozen(eq=False)
class _LineRows:
    """Lines as rows: of each line the fields that have a column."""

    lines: Lines[Line]
    fields: tuple[str, ...]
    still: Collection[str]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, index: int) -> Row:
        return self.row(self.lines[index])

    def row(self, line: Line) -> Row:
        """Return a line as a row."""
        cells = tuple(getattr(line, name) for name in self.fields)
        changed = getattr(line, "changed", _NOTHING)
        places = frozenset(i for i, name in enumerate(self.fields) if name in changed and name not in self.still)
        return Row(cells, line.key, line.tone, places)


class ListPane(Rows, Pane):
    """A list of lines with a title, and how far it is scrolled, in its border; a filter chooses among them."""

    ACTIONS = (*LIST_ACTIONS, *FILTER_ACTIONS)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(
        self,
        columns: Mapping[str, Column],
        *,
        empty: str,
        follow: Follow = "",
        still: Collection[str] = (),
        also: tuple[str, ...] = (),
    ) -> None:
        """Make a list that is empty until `show_lines`.

        Args:
            columns: The columns, by the field of a line that each shows.
            empty: A hint to show while there is no line.
            follow: The end at which the cursor stays.
            still: Fields that never stand out.
            also: Fields without a column that a filter looks at too.
        """
        super().__init__(columns.values(), empty=empty, follow=follow, report_position=self._write_position)
        self._fields, self._still = tuple(columns), still
        self._matched_fields = (*columns, *also)
        self._all: Lines[Line] = ()
        self._shown: Lines[Line] = ()
        self._total: Total | None = None
        self._filter: Filter | None = None
        self._matches: Matches[Line] | None = None
        self._looks_on = False
        self._oldest: int | None = None

    def show_lines(self, lines: Lines[Line], total: Total | None = None) -> None:
        """Show the lines of a view, or those that the filter chooses.

        Args:
            lines: The lines.
            total: Makes a last line, for more than one.
        """
        self._all, self._total = lines, total
        self._show_matching(MOST_IN_STEP)

    @property
    def chosen(self) -> tuple[str | None, object] | None:
        """The symbol of the row under the cursor, and what the row stands for."""
        row = self.selected
        return None if row is None else (self.about, row.key)

    @property
    def about(self) -> str | None:
        """The symbol that the row under the cursor is about; None where there is none."""
        return self._shown[self.cursor].about if len(self._shown) else None

    def on_rows_selected(self, message: Rows.Selected) -> None:
        """Tell which symbol the row is about that the cursor was moved to."""
        message.stop()
        self.post_message(RowSelected(self._shown[message.index].about, self.NAME, message.key))

    # The filter

    @property
    def filter_text(self) -> str:
        """What chooses among the lines; empty where nothing does."""
        return "" if self._filter is None else self._filter.text

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.post_message(FilterRequested(self.NAME))

    def set_filter(self, text: str) -> None:
        """Choose among the lines by a text, or show all of them for an empty one."""
        self._filter = Filter(text.strip()) if text.strip() else None
        self._matches = self._oldest = None
        self.restart()
        self._show_matching(MOST_AT_ONCE)

    def _matches_filter(self, line: Line) -> bool:
        cells = [getattr(line, name) for name in self._matched_fields]
        return self._filter is None or self._filter.matches(cells)

    def _show_matching(self, most: int) -> None:
        """Show the lines that match, after a look at so many that are not known; what is left is looked at later."""
        is_whole, above = True, 0
        if self._filter is None:
            self._shown = self._all
        elif isinstance(self._all, NumberedLines):
            chosen = self._matches_of(self._all).look(self._all, most)
            self._shown, is_whole, above = chosen, chosen.is_whole, self._come_in_above(chosen)
        else:
            self._shown = matching(self._all, self._matches_filter)
        self._write_title(is_whole=is_whole)
        rows = _LineRows(self._shown, self._fields, self._still)
        self.show(rows, footer=self._footer_of(rows), empty=self._hint_for(is_whole=is_whole), above=above)
        if not is_whole and not self._looks_on:
            self._looks_on = True
            self.set_timer(PAUSE, self._look_on)

    def _come_in_above(self, chosen: FilteredLines[Line]) -> int:
        """Return how many lines stand before the one that was the oldest, in a list whose newest come last."""
        if chosen.lines.is_newest_first:
            return 0
        oldest = self._oldest
        above = 0 if oldest is None or oldest >= chosen.lines.stop else chosen.count_before(oldest)
        self._oldest = chosen.found[chosen.low] if len(chosen) else None
        return above

    def _look_on(self) -> None:
        self._looks_on = False
        if self._filter is not None:
            self._show_matching(MOST_IN_STEP)

    def _matches_of(self, lines: NumberedLines[Line]) -> Matches[Line]:
        if self._matches is None or self._matches.origin is not lines.origin:
            self._matches, self._oldest = Matches(lines.origin, self._matches_filter), None
        return self._matches

    def _footer_of(self, rows: _LineRows) -> Row | None:
        if self._total is None or len(rows) <= 1:
            return None
        chosen = None if self._filter is None else [rows.lines[index].about or "" for index in range(len(rows))]
        return rows.row(self._total(chosen))

    def _hint_for(self, *, is_whole: bool) -> str | None:
        if self._filter is None:
            return None
        return f"{'nothing matches' if is_whole else 'looking for'} /{clean(self._filter.text)}: esc clears"

    def _write_title(self, *, is_whole: bool) -> None:
        title = self.TITLE
        if self._filter is not None:
            count = f"{len(self._shown):,}{'' if is_whole else '+'} of {len(self._all):,}"
            title = f"{title} /{clean(self._filter.text)} {count}"
        set_border_text(self, title=title)

    def _write_position(self, text: str) -> None:
        set_border_text(self, subtitle=text)
