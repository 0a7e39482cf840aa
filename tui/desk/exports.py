"""The run as files that other programs read."""

from pathlib import Path

from attrs import define

from core.analysis.export import Format, export, make_folder
from core.text import clean
from tui.desk.part import Part


@define(eq=False)
class Exports(Part):
    """Writes the run that is looked at: all of it, wherever in it one stands."""

    def write(self, name: str, form: Format) -> None:
        """Write its tables into a folder.

        Raises:
            InputError: The folder cannot be made.
        """
        folder, run = str(make_folder(str(Path(name).expanduser()))), self.session.run

        def say(files: list[Path]) -> None:
            steps = f"bars 1 to {run.step_count:,}"
            self._host.show(clean(f"{', '.join(file.name for file in files)} are in {name}: {steps}"))

        self.work("writing the run", lambda: export(run, folder, form), say)
