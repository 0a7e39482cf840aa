"""Reading: what a person says of files that the files do not say themselves, and what may be done to their rows."""

from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from attrs import field, frozen
from attrs.validators import instance_of

from core.errors import NotExactError

GIGABYTE: Final = 10**9


class DateOrder(StrEnum):
    """Which number of `01/02/2006` is the day."""

    UNKNOWN = "unknown"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


def find_zone(name: str) -> ZoneInfo | None:
    """Return the zone of a name such as America/New_York; None where there is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, TypeError, ValueError, OSError):  # OSError: the name of a folder of zones
        return None


def _zone(name: str | None) -> str | None:
    if name is not None and find_zone(name) is None:
        raise NotExactError("zone", name, "the name of a time zone, such as America/New_York")
    return name


def _memory(gigabytes: int | None) -> int | None:
    if gigabytes is not None and (type(gigabytes) is not int or gigabytes <= 0):
        raise NotExactError("memory_gb", gigabytes, "a whole number above zero")
    return gigabytes


@frozen
class Reading:
    """What a person says of files of bars.

    Attributes:
        zone: The zone of times that state none, such as America/New_York; UTC where it is not given.
        dates: Which number of a date such as 01/02/2006 is the day.
        sort: Put rows that are in no order in the order of their times.
        drop_empty: Leave out rows in which a price is empty.
        repair: Widen a high or a low that another price of its bar lies beyond, and say of which bars.
        actions: A file of splits and dividends.
        memory_gb: How much memory files may need, in GB; as much as the machine has where it is not given.

    Raises:
        NotExactError: There is no such zone, or the memory is no whole number above zero.
    """

    zone: str | None = field(default=None, converter=_zone)
    dates: DateOrder = field(default=DateOrder.UNKNOWN, validator=instance_of(DateOrder))
    sort: bool = field(default=False, validator=instance_of(bool))
    drop_empty: bool = field(default=False, validator=instance_of(bool))
    repair: bool = field(default=False, validator=instance_of(bool))
    actions: str | None = None
    memory_gb: int | None = field(default=None, converter=_memory)
