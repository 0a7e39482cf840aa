"""Lines of styled text that are painted again only where they changed.

Invariant: once a paint is done, the screen shows the lines of the newest `build`, and between two builds of one size
exactly the lines that differ are refreshed. New data never changes a size, so it never causes a layout.

Two decisions are kept here. First, these widgets have no border of their own, and work with one: a pane either
subclasses the widget and gives it a border in CSS (one widget less to compose, so the quicker way), or is a container
around it. Regions given to `Widget.refresh` count from the content's corner, inside the border, as `render_line` does,
so both ways cost the same. Second, text is data: it reaches the terminal as it is, and no markup in it is ever read.
Border titles are the one place where Textual reads markup, and even reading `border_title` back gives markup: use
`set_border_text`.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar, Self, TypeAlias, TypedDict, Unpack

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.style import Style

Span: TypeAlias = tuple[str, str]
"""Text, and the component classes that style it: one, or several with spaces between, the later over the earlier."""

Line: TypeAlias = tuple[Span, ...]
"""The spans of one line, from left to right. Cells to the right of the last one are blank."""

_UNKNOWN = Size(0, 0)


class WidgetNames(TypedDict, total=False):
    """The words by which CSS finds a widget, as Textual calls them."""

    name: str | None
    id: str | None
    classes: str | None


def line_text(line: Line) -> str:
    """Return the text of a line without its styles."""
    return "".join(text for text, _ in line)


def line_regions(changed: Iterable[int], width: int) -> list[Region]:
    """Cover changed lines with as few regions as will do.

    Args:
        changed: Numbers of lines, ascending.
        width: Cells of a line.
    """
    regions: list[Region] = []
    for y in changed:
        if regions and regions[-1].bottom == y:
            regions[-1] = Region(0, regions[-1].y, width, regions[-1].height + 1)
        else:
            regions.append(Region(0, y, width, 1))
    return regions


def set_border_text(widget: Widget, *, title: str | None = None, subtitle: str | None = None) -> bool:
    """Write plain text into a widget's border, and say whether anything changed.

    Textual repaints the whole widget when a border text is set, so nothing is set that stands there already; a
    `LineWidget` repaints the line of the border alone.

    Args:
        widget: The widget with the border.
        title: Text for the top; None leaves what is there, an empty text takes it away.
        subtitle: Text for the bottom, likewise.
    """
    changed = False
    for attribute, text in (("border_title", title), ("border_subtitle", subtitle)):
        if text is not None and (getattr(widget, attribute) or "") != Content(text).markup:
            content = Content(text) if text else None
            if isinstance(widget, LineWidget):
                widget.set_border(attribute, content)
            else:
                setattr(widget, attribute, content)
            changed = True
    return changed


class LineWidget(Widget):
    """A widget of as many lines as the layout gives it, each built from data and kept until it changes."""

    ALLOW_SELECT: ClassVar[bool] = False
    _whole: tuple[Region, ...] = ()  # what is refreshed where no region is named; everything where it is empty
    DEFAULT_CSS = """
    LineWidget {
        width: 1fr;
        height: 1fr;
    }
    """

    def __init__(self, **names: Unpack[WidgetNames]) -> None:
        super().__init__(**names)
        self._lines: list[Line] = []
        self._strips: list[Strip | None] = []
        self._styles_by_name: dict[str, Style] = {}
        self._built_size = _UNKNOWN
        self._unseen_change = False

    def build(self, width: int, height: int) -> Sequence[Line]:
        """Build the lines of this size, from what the widget was given last.

        Args:
            width: Cells of a line.
            height: Lines; those that are not built are blank.
        """
        raise NotImplementedError

    def redraw(self) -> int:
        """Build again, refresh the lines that changed, and return how many did.

        While the layout gives the widget no room, nothing is built.
        """
        size = self.size
        if size != self._built_size or not size:
            return self._put_off(size)
        changed = self._replace(self._built_lines(size))
        if changed:
            self.refresh(*line_regions(changed, size.width))
        return len(changed)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Refresh regions; where none is named, everything, or while a text of the border is set, its line."""
        return super().refresh(*(regions or self._whole), repaint=repaint, layout=layout, recompose=recompose)

    def refresh_some(self, regions: Sequence[Region]) -> None:
        """Refresh regions; none where there is none."""
        if regions:
            self.refresh(*regions)

    def set_border(self, attribute: str, text: Content | None) -> None:
        """Set a text of the border, and refresh its line alone."""
        (left, top), (width, height) = self.content_offset, self.outer_size
        y = 0 if attribute == "border_title" else height - 1
        self._whole = (Region(-left, y - top, width, 1),)
        setattr(self, attribute, text)
        self._whole = ()

    def _put_off(self, size: Size) -> int:
        """Leave building to the next paint, because no size or a new one came in between."""
        self._built_size = _UNKNOWN
        self._unseen_change = not size
        if size:
            self.refresh()
        return size.height

    def plain_lines(self) -> list[str]:
        """Return the text of every line as it was built last."""
        return [line_text(line) for line in self._lines]

    def _built_lines(self, size: Size) -> list[Line]:
        lines = list(self.build(size.width, size.height))[: size.height] if size else []
        return lines + [()] * (size.height - len(lines))

    def _rebuild(self, size: Size) -> None:
        self._lines = self._built_lines(size)
        self._strips = [None] * size.height
        self._built_size = size

    def _replace(self, lines: list[Line]) -> list[int]:
        pairs = zip_longest(self._lines, lines)
        changed = [y for y, (old, new) in enumerate(pairs) if old != new]
        for y in changed:
            self._strips[y] = None
        self._lines = lines
        return changed

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give Textual the lines of a region, built for the size they are painted at."""
        if (size := self.size) != self._built_size:
            self._rebuild(size)
        if self._unseen_change:
            # Textual keeps the painted lines of a widget that was hidden and comes back at the size it had.
            self._unseen_change = False
            self.refresh()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return line `y` of the content, made once for each change of it."""
        strip = self._strips[y]
        if strip is None:
            strip = self._strips[y] = self._to_strip(self._lines[y])
        return strip

    def _to_strip(self, line: Line) -> Strip:
        """Make the strip of a line; neighbors of one style are one segment, so that their style is written once."""
        segments: list[Segment] = []
        last = None
        for text, names in line:
            if names == last:
                segments[-1] = Segment(segments[-1].text + text, segments[-1].style)
            else:
                segments.append(Segment(text, self._style(names)))
                last = names
        return Strip(segments)

    def _style(self, names: str) -> Style:
        """Return the style of component classes, kept here because every `refresh` empties Textual's own cache."""
        style = self._styles_by_name.get(names)
        if style is None:
            style = self._styles_by_name[names] = self._combine(names.split())
        return style

    def _combine(self, names: Sequence[str]) -> Style:
        """Lay component classes over each other: one with a background replaces what is under it, others add to it."""
        style = self.rich_style
        for name in names:
            component = self.get_component_styles(name)
            opaque = component.has_rule("background")
            style = component.rich_style if opaque else style + component.partial_rich_style
        return style

    def notify_style_update(self) -> None:
        """Forget what was made with styles that are no longer valid."""
        super().notify_style_update()
        self._styles_by_name.clear()
        self._strips = [None] * len(self._lines)
