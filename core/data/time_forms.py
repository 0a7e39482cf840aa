"""Forms of times: how a file writes its times, known by the first one."""

import re
from typing import Final

from attrs import frozen

from core.data.reading import DateOrder

_DATE: Final = (
    r"[0-9]{4}(?:-[0-9]{2}-|/[0-9]{2}/|\.[0-9]{2}\.|[0-9]{2})[0-9]{2}"
    r"|[0-9]{2}\.[0-9]{2}\.[0-9]{4}|[0-9]{1,2}(?:/[0-9]{1,2}/|-[0-9]{1,2}-)[0-9]{4}"
)
_CLOCK: Final = r"[0-9]{2}:[0-9]{2}(?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_SHORT_CLOCK: Final = "[0-9]{6}"
_OFFSET: Final = r" ?(?:GMT|UTC)?[+-][01][0-9]:?[0-5][0-9]"
_ZONE: Final = rf"Z| (?:UTC|GMT)|{_OFFSET}| [A-Z][A-Za-z]+(?:/[A-Za-z0-9_+-]+)+"
_TIME: Final = re.compile(f"({_DATE})(?:(T| {{1,2}})({_CLOCK}|{_SHORT_CLOCK})({_ZONE})?)?")
_EPOCH: Final = re.compile("[0-9]{9,19}")
_CLOCK_ALONE: Final = re.compile(f"{_CLOCK}|{_SHORT_CLOCK}")

_FORMATS: Final = {
    DateOrder.UNKNOWN: "",
    DateOrder.DAY_FIRST: "%d{0}%m{0}%Y",
    DateOrder.MONTH_FIRST: "%m{0}%d{0}%Y",
}


@frozen
class TimeForm:
    """How a time is written.

    Attributes:
        date: The pattern of its date.
        date_format: How polars reads that; empty where day and month cannot be told apart.
        between: What stands between the date and the time of day; empty where there is a date alone.
        has_colons: Whether the time of day is written with colons.
        zone: The zone of the first one as it is written; empty where it states none.
    """

    date: str
    date_format: str
    between: str = ""
    has_colons: bool = True
    zone: str = ""

    @property
    def pattern(self) -> str:
        """The pattern of a whole time that is written like this."""
        if not self.between:
            return f"^(?:{self.date})$"
        return f"^{self.date}{self.between}{_CLOCK if self.has_colons else _SHORT_CLOCK}{self._zone_pattern}$"

    @property
    def has_wide_dates(self) -> bool:
        """Whether every date takes as many characters as any other."""
        return "," not in self.date

    @property
    def is_offset(self) -> bool:
        """Whether the zone is one that differs by so many hours and minutes from UTC."""
        return not self.zone or (self.zone[-1].isdigit() and _is(_OFFSET, self.zone))

    @property
    def zone_name(self) -> str | None:
        """The zone where it is a name, such as US/Eastern; None for an offset, for UTC, and where there is none."""
        return None if self.is_offset or self.zone.strip() in ("Z", "UTC", "GMT") else self.zone.strip()

    @property
    def _zone_pattern(self) -> str:
        if not self.zone or not self.is_offset:
            return re.escape(self.zone)
        before = re.escape(self.zone[: re.search("[+-]", self.zone).start()])  # type: ignore[union-attr] # it is there
        return f"{before}[+-][01][0-9]{':' if ':' in self.zone else ''}[0-5][0-9]"


def _is(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def find_form(text: str, dates: DateOrder = DateOrder.UNKNOWN) -> TimeForm | None:
    """Return how a time is written; None for what is no time.

    >>> find_form("2024-01-31 09:30").date_format
    '%Y-%m-%d'
    >>> find_form("31.01.2024").date_format
    '%d.%m.%Y'
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    date, between, clock, zone = (group or "" for group in match.groups())
    return TimeForm(*_date_form(date, dates), between, ":" in clock, zone)


def _date_form(date: str, dates: DateOrder) -> tuple[str, str]:
    """Return the pattern of a date, and how polars reads it."""
    if date.isdigit():
        return "[0-9]{8}", "%Y%m%d"
    mark = next(one for one in date if not one.isdigit())
    escaped = re.escape(mark)
    if date[4] == mark and date[2] != mark:
        return f"[0-9]{{4}}{escaped}[0-9]{{2}}{escaped}[0-9]{{2}}", f"%Y{mark}%m{mark}%d"
    if mark == ".":
        return f"[0-9]{{2}}{escaped}[0-9]{{2}}{escaped}[0-9]{{4}}", _FORMATS[DateOrder.DAY_FIRST].format(mark)
    return f"[0-9]{{1,2}}{mark}[0-9]{{1,2}}{mark}[0-9]{{4}}", _FORMATS[dates].format(mark)


def is_epoch(text: str) -> bool:
    """Say whether a text is a count of seconds since 1970, or of parts of a second; eight digits are a date."""
    return _EPOCH.fullmatch(text) is not None


def is_clock(text: str) -> bool:
    """Say whether a text is a time of day."""
    return _CLOCK_ALONE.fullmatch(text) is not None
