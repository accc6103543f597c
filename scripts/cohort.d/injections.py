"""Doses of elranatamab, chosen one by one: what became of each that was planned, and what follows of it by counting.

Planned are days 1, 4 and 8, one a week to week 24, then by the response. Source: mappings/studies/elranatamab-rrmm.
"""
from decimal import Decimal
from fractions import Fraction

CLOCK = 600  # 10:00
PLANNED = [0, 3, 7] + [7 * week for week in range(2, 24)]
# from week 25 every two weeks, from week 49 every four, for those who respond; the others go on once a week
LATER = [*range(168, 336, 14), *range(336, 364, 28)]
DUE = 2              # so many days late a dose is still on schedule, and so long it is waited for
STEPS = {0: "12", 3: "32"}
FULL, LOWER = "76", "44"

# what became of a planned dose -> days late; None: it was not given
FATES = {"given": 0, "a day late": 1, "two days late": 2, "three days late": 3, "missed": None, "lower": 0}


class Injection:
    def __init__(self, planned, fate, before=None):
        self.planned, self.fate = planned, fate
        self.day = planned + FATES[fate]
        self.mg = LOWER if fate == "lower" else STEPS.get(planned, FULL)
        # another size than planned, or sooner than six days after the one before
        self.unusual = fate == "lower" or (self.day > 7 and before is not None and self.day - before < 6)
        self.item = None


class Injections:
    """All doses of a subject treated to the day `treated`."""

    def __init__(self, rng, treated, quiet, held=(), lower=None):
        """Weeks from 0: `quiet` ones, in which every dose is given as planned, unless it was `held`; `lower`: the week of
        one of a lower size."""
        self.fates = {}
        self.given = []
        fate = "given"
        for planned in (day for day in PLANNED if day <= treated):
            before, fate = fate, self._fate(rng, planned // 7, fate, quiet, held, lower)
            if FATES[fate] is not None and planned + FATES[fate] > treated:
                fate = "missed"  # treatment ended before it came
            self.fates[planned] = fate
            if FATES[fate] is not None:
                self._give(planned, fate)
        for planned in LATER:
            if planned <= treated:
                self._give(planned, "given")
                self.fates[planned] = "given"

    def _give(self, planned, fate):
        self.given.append(Injection(planned, fate, self.given[-1].day if self.given else None))

    @staticmethod
    def _fate(rng, week, before, quiet, held, lower):
        if week == lower:
            return "lower"
        if week in held:
            return "missed"
        if before == "three days late":
            return "missed"  # four days are too few
        if week < 2 or week in quiet:
            return "given"
        return rng.choice(("given",) * 8 + ("a day late", "two days late", "three days late", "missed"))

    def until(self, day):
        """(number of doses, day of the last) up to a day."""
        days = [i.day for i in self.given if i.day <= day]
        return len(days), days[-1] if days else None

    def held_after(self, day, days):
        """Doses as planned stop within so many days: with one that was missed, came too late or was not given any more."""
        before = True
        for planned in PLANNED:
            late = FATES[self.fates[planned]] if planned in self.fates else None
            given = late is not None and late <= DUE
            if before and not given and day <= planned <= day + days:
                return planned
            before = given
        return None

    def lower_after(self, day, days):
        return any(i.fate == "lower" and day <= i.day <= day + days for i in self.given)

    def compliance(self, due):
        """(percent, text) of the planned days that were due; after the last dose they were planned all the same."""
        late = [FATES[self.fates[day]] if day in self.fates else None for day in due]
        on_time = sum(days is not None and days <= DUE for days in late)
        given = self.until(due[-1] + DUE)[0]
        return percent(given, len(due)), "%d of %d, %d on schedule" % (given, len(due), on_time)


def planned(response):
    """The days of the plan by the answer to whether there is a response; without one it ends with week 24."""
    return [*PLANNED, *{"Y": LATER, "N": range(168, 364, 7)}.get(response, ())]


def percent(part, whole):
    """Exact where it ends, else with six decimals, half to even."""
    value = Fraction(part * 100, whole)
    rest = value.denominator
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    if rest != 1:
        return format(Decimal(round(value * 10**6)).scaleb(-6), "f")
    return format(Decimal(round(value * 10**10)).scaleb(-10).normalize(), "f")
