"""What a person says of files: what is taken, and what is refused."""

import pytest

from core.data.reading import Reading
from core.errors import NotExactError


@pytest.mark.parametrize("zone", ["", "Mars/Base", "America", "../etc/passwd", "a\0b", 5])
def test_a_zone_that_is_none_is_refused(zone: object) -> None:
    with pytest.raises(NotExactError, match=r"^zone must be the name of a time zone, such as America/New_York, was "):
        Reading(zone=zone)  # type: ignore[arg-type]


@pytest.mark.parametrize("gigabytes", [0, -1, True, 1.5, "4"])
def test_memory_that_is_none_is_refused(gigabytes: object) -> None:
    with pytest.raises(NotExactError, match=r"^memory_gb must be a whole number above zero, was "):
        Reading(memory_gb=gigabytes)  # type: ignore[arg-type]


def test_what_is_said_is_kept() -> None:
    reading = Reading(zone="America/New_York", memory_gb=4)
    assert (reading.zone, reading.memory_gb) == ("America/New_York", 4)
