"""Findings: what is found in a file while it is read, so that a person can be told."""

from attrs import define, field

from core.origin import WARNING, Finding


@define
class Findings:
    """What was found so far, in that order."""

    _all: list[Finding] = field(factory=list, init=False)

    def add(self, name: str, what: str) -> None:
        """Add something that was found, by its name."""
        self._all.append((name, what))

    def warn(self, what: str) -> None:
        """Add something at which a person should look."""
        self.add(WARNING, what)

    def all(self) -> tuple[Finding, ...]:
        """Return what was found."""
        return tuple(self._all)
