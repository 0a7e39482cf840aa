"""Screens that paint what has changed, and no more.

Textual has a whole screen painted twice when a dialog closes, and when the focus moves. Each cell of these screens is
that of a widget, which is refreshed by itself where it changes; and a layout paints what it has moved.
"""

from collections.abc import Sequence
from typing import Self, TypeVar

from textual.geometry import Region
from textual.screen import ModalScreen, Screen

from tui.widgets.lines import LineWidget

ResultT = TypeVar("ResultT")


class PartsScreen(Screen[ResultT]):
    """A screen whose widgets paint themselves."""

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Lay out, and paint regions; where none is named, what has changed is known to the widgets."""
        return super().refresh(*regions, repaint=repaint and bool(regions), layout=layout, recompose=recompose)

    def uncover(self, regions: Sequence[Region]) -> None:
        """Paint again what a dialog has covered.

        Args:
            regions: Where it was, in cells of the screen.
        """
        if self.region in regions:
            self.refresh(self.region)
            return
        for widget in self.query(LineWidget):
            place = -widget.content_region.offset
            covered = [widget.region.intersection(region).translate(place) for region in regions]
            widget.refresh_some([region for region in covered if region])


class Dialog(ModalScreen[ResultT], PartsScreen[ResultT]):
    """A screen over another; where it does not dim that, it covers what its own widgets do."""

    @property
    def covered(self) -> Sequence[Region]:
        """The regions of the screen below that are not seen as they are."""
        return [self.region] if self.styles.background.a else [widget.region for widget in self.children]

    def uncover(self, regions: Sequence[Region]) -> None:  # noqa: ARG002 - what is seen below it is not its own
        """Paint all of it again."""
        self.refresh(self.region)
