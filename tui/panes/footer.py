"""The last line of the screen: the keys that do something where one stands. A click on one does it."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.dom import DOMNode

from tui.keys import Action, Scope
from tui.widgets.lines import Line, LineWidget

_BLANKS = 3


class FooterLine(LineWidget):
    """As many actions as have room, the essential ones always among them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"footer--key", "footer--label"}
    DEFAULT_CSS = """
    FooterLine { height: 1; }
    FooterLine > .footer--key { color: $accent; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__(id="footer")
        self._actions: Sequence[Action] = ()
        self._places: list[tuple[range, Action]] = []

    def show_actions(self, actions: Sequence[Action]) -> None:
        """Show those of some actions that have a label."""
        self._actions = [action for action in actions if action.label]
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002 - it is one line
        """Build the line."""
        self._places = list(_placed(_chosen(self._actions, width)))
        spans = [
            span
            for _, action in self._places
            for span in ((f" {action.key_text}", "footer--key"), (f" {action.label} ", "footer--label"))
        ]
        return [tuple(spans)]

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked on."""
        for place, action in self._places:
            if event.x in place:
                await self.app.run_action(action.call, self._target(action))

    def _target(self, action: Action) -> DOMNode:
        return self.app if action.scope is Scope.APP else self.screen.focused or self.app


def _chosen(offered: Sequence[Action], width: int) -> list[Action]:
    """Return the actions that have room, the essential ones first to be chosen, in the order of the registry."""
    chosen = set()
    for action in sorted(offered, key=lambda action: not action.is_essential):
        width -= _cells(action)
        if width < 0:
            break
        chosen.add(action.id)
    return [action for action in offered if action.id in chosen]


def _placed(actions: Sequence[Action]) -> Iterator[tuple[range, Action]]:
    start = 0
    for action in actions:
        yield range(start, start + _cells(action)), action
        start += _cells(action)


def _cells(action: Action) -> int:
    return len(action.key_text) + len(action.label) + _BLANKS
