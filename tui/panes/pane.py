"""What every pane is: a numbered part of the screen that is shown a view, and tells what was chosen in it."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, ClassVar

from tui.keys import Action
from tui.messages import PaneName
from tui.widgets.lines import LineWidget, set_border_text


class Place(Enum):
    """Where a pane stands."""

    OWN = "a place of its own"
    OWN_IF_WIDE = "a place of its own in the wide layout; in the narrow one, that which panes share"
    SHARED = "the place that panes share, of whom one is seen"
    BOTTOM = "over the footer"


class Pane(LineWidget, can_focus=True):
    """A pane; where it is a kind of another widget too, that is its first base, so that its CSS applies.

    Attributes:
        NAME: What the program calls it, and CSS by `#NAME`.
        TITLE: What its border says, its number first, which is its key.
        PLACE: Where it stands.
        ACTIONS: What can be done in it alone; its bindings are made of them.
        HELP: What it shows, in a sentence or two.
        SIGNS: Its signs and words, and how each is read.
        FOLLOWS_CLOCK: Whether a step changes what it shows even where nothing was announced, as marks do.
    """

    ALLOW_MAXIMIZE = True
    NAME: ClassVar[PaneName]
    TITLE: ClassVar[str]
    PLACE: ClassVar[Place] = Place.OWN
    ACTIONS: ClassVar[Sequence[Action]] = ()
    SIGNS: ClassVar[Sequence[tuple[str, str]]] = ()
    FOLLOWS_CLOCK: ClassVar[bool] = True

    def __init__(self) -> None:
        has_border = self.PLACE is not Place.BOTTOM
        super().__init__(id=self.NAME, classes="pane" if has_border else None)
        if has_border:
            set_border_text(self, title=self.TITLE)

    @property
    def chosen(self) -> tuple[str | None, object] | None:
        """What is chosen in it: the symbol, and what that stands for; None where nothing is."""
        return None

    def show_view(self, view: Any) -> None:
        """Show its part of a view, and refresh the lines that changed.

        Args:
            view: What all panes show at a moment; each pane says which part of it it takes.
        """
        raise NotImplementedError
