"""Days and instants of a hospital. A day is a proleptic ordinal (datetime.date.toordinal); an instant is a day and a
minute of the hospital's own clock, written with that zone's offset or as UTC. Chosen first, written afterwards: nothing
here asks in which window a day lies."""
from datetime import date, datetime
from zoneinfo import ZoneInfo

_ISO = {}
_CLOCK = ["T%02d:%02d:00" % divmod(minute, 60) for minute in range(1440)]


def iso(day):
    text = _ISO.get(day)
    if text is None:
        text = _ISO[day] = date.fromordinal(day).isoformat()
    return text


def minutes(clock):
    """Of the day, of a clock as 08:30."""
    hours, minute = clock.split(":")
    return 60 * int(hours) + int(minute)


def day_of(text):
    return date.fromisoformat(text).toordinal()


def month_of(day):
    """The month of a day as FHIR writes a partial date: 2024-02."""
    return iso(day)[:7]


def first_of_month(day):
    return date.fromordinal(day).replace(day=1).toordinal()


def first_of_next_month(day):
    first = date.fromordinal(day).replace(day=1)
    return date(first.year + first.month // 12, first.month % 12 + 1, 1).toordinal()


class Zone:
    """One IANA zone. Offsets are kept by day and hour: a hospital's timestamps fall on few of them."""

    def __init__(self, name):
        self._zone = ZoneInfo(name)
        self._minutes = {}
        self._texts = {}

    def offset(self, day, minute):
        key = day * 24 + minute // 60
        found = self._minutes.get(key)
        if found is None:
            local = datetime.combine(date.fromordinal(day), datetime.min.time()).replace(hour=minute // 60)
            found = int(local.replace(tzinfo=self._zone).utcoffset().total_seconds()) // 60
            self._minutes[key] = found
        return found

    def local(self, day, minute):
        """2024-02-09T00:30:00+01:00"""
        offset = self.offset(day, minute)
        text = self._texts.get(offset)
        if text is None:
            text = self._texts[offset] = "%s%02d:%02d" % ("-" if offset < 0 else "+", *divmod(abs(offset), 60))
        return iso(day) + _CLOCK[minute] + text

    def utc(self, day, minute):
        """2024-02-08T23:30:00Z: the same instant, whose UTC date may be another one."""
        day, minute = divmod(day * 1440 + minute - self.offset(day, minute), 1440)
        return iso(day) + _CLOCK[minute] + "Z"


def bare(day, minute):
    """A time without offset: not valid FHIR."""
    return iso(day) + _CLOCK[minute]


# Nights in which clocks change in Europe and in the US, for visits that fall on them.
CLOCK_CHANGES = [day_of(text) for text in (
    "2021-10-31", "2022-03-27", "2022-10-30", "2023-03-26", "2023-10-29", "2024-03-31", "2024-10-27",
    "2021-11-07", "2022-03-13", "2022-11-06", "2023-03-12", "2023-11-05", "2024-03-10", "2024-11-03")]

# First doses at month ends and on a leap day: 36 months later is clipped to a month's end.
AWKWARD_STARTS = [day_of(text) for text in (
    "2022-01-31", "2022-03-31", "2022-05-31", "2022-08-31", "2022-10-31", "2022-12-31", "2023-01-31", "2023-03-31",
    "2024-02-29", "2024-01-31", "2024-05-31", "2023-11-30", "2022-02-28", "2023-02-28")]
