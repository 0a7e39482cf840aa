"""The palette: Textual's own, which keeps still where the terminal leaves no room for its list."""

from textual.command import CommandList, CommandPalette


class Palette(CommandPalette):
    """Finds an action by its name."""

    def _action_command_list(self, action: str) -> None:
        """Hand an action to the list; one that has no lines cannot go up or down them."""
        if self.query_one(CommandList).scrollable_content_region.area:
            super()._action_command_list(action)
