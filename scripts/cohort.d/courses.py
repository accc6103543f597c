"""How a subject's treatment ran, chosen first: which windows there are follows from the choice of the story, never from
asking where a day lies.

A story is "treated through n assessments, then stopped between windows", "stopped inside T30-k", "died four days after
the end", "still on treatment, next window open" and so on; each writes its own windows. Days are elapsed days (day 0 is
D1, the first dose). Numbers come from mappings/studies/lendex-rrmm: T30-k is 30k-5 .. 30k+5, T90-m is 90m-15 .. 90m+15.
"""
from days import AWKWARD_STARTS, CLOCK_CHANGES, first_of_month

# Days after assessment k that lie in no window of either grid, by k % 3 (k = 0: the days after the baseline).
GAPS = {0: (16, 24), 1: (6, 24), 2: (6, 14)}
BOTH = range(-5, 6)                                     # offsets inside T30-3m and T90-m
T90_ONLY = [*range(-15, -5), *range(6, 16)]             # offsets inside T90-m alone


class Node:
    """One assessment: a target day and the kinds of placement it offers, each with its offsets from the target."""

    def __init__(self, name, target, kinds, must=False, k=None):
        self.name, self.target, self.kinds, self.must, self.k = name, target, kinds, must, k
        self.visits = []
        self.missed = False
        self.late = False        # its visit arrives with the second delivery
        self.no_contact = False  # results without an Encounter

    def windows(self, kind):
        """What takes a result of the laboratory group, and of the G90 group, in a placement of this kind."""
        if self.k is None:
            return (self.name,), (self.name,)
        t30, t90 = "T30-%02d" % self.k, "T90-%02d" % (self.k // 3)
        return {"t30": ((t30,), ()), "both": ((t30, t90), (t90,)), "t90": ((t90,), (t90,))}[kind]


def grid_node(k, below=16, must=False):
    """Assessment k; `below` cuts it short: only offsets under it exist any more."""
    kinds = {"both": BOTH, "t90": T90_ONLY} if k % 3 == 0 else {"t30": BOTH}
    kinds = {kind: [o for o in offsets if o < below] for kind, offsets in kinds.items()}
    return Node("N%02d" % k, 30 * k, {kind: offsets for kind, offsets in kinds.items() if offsets}, must, k)


class Course:
    def __init__(self, story, d1, horizon):
        self.story, self.d1, self.horizon = story, d1, horizon  # horizon in elapsed days
        self.eot = self.death = self.withdrawn = None
        self.last30 = self.last90 = 0  # grid windows that exist
        self.rest = None               # state of the grid windows after these; None: dropped, there is no row
        self.open30 = None             # the T30 window the horizon lies in, nobody seen yet
        self.eot_state = self.fu_state = None  # where no visit decides: missed, future; None: dropped
        self.tail = "BETWEEN_WINDOWS"  # why data after the last assessment are not collected
        self.tail_days = None          # elapsed days for such data
        self.nodes = []

    def grid(self, n, last90=None):
        self.last30, self.last90 = n, n // 3 if last90 is None else last90
        self.nodes += [grid_node(k) for k in range(1, n + 1)]

    def node(self, name):
        return next((n for n in self.nodes if n.name == name), None)


def gap_day(rng, k):
    low, high = (1, 24) if k == 0 else GAPS[k % 3]
    return 30 * k + rng.randint(low, high)


def end_nodes(course, rng, eot_high=5, fu=(-15, 15), first=0, fu_open=True):
    """The EOT and FU assessments after an end of treatment."""
    course.nodes.append(Node("EOT", course.eot, {"end": range(first, eot_high + 1)}))
    course.eot_state = "missed"
    if fu_open:
        course.nodes.append(Node("FU", course.eot + 90, {"end": range(fu[0], fu[1] + 1)}))
        course.fu_state = "missed"


# ---- stories: each takes (rng, n, d1 or None, as_of) and gives a course ----

def on_treatment(rng, n, as_of):
    """Still treated when the data were read; the reading day lies between windows."""
    rest = rng.randint(*GAPS[n % 3]) if n else rng.randint(14, 24)
    course = Course("on_treatment", as_of - 30 * n - rest, 30 * n + rest)
    course.grid(n)
    course.rest = "future"
    return course


def window_open(rng, n, as_of):
    """Still treated; the reading day lies in T30-(n+1) (n % 3 < 2), where nobody has been seen yet."""
    course = Course("window_open", as_of - 30 * n - 27, 30 * n + 27)
    course.grid(n)
    course.rest, course.open30 = "future", n + 1
    return course


def capped(rng, n, as_of):
    """Treated past 36 months: followed up to the cap, nothing after."""
    start = as_of - rng.randint(1190, 1400)
    course = Course("capped", start, as_of - start)
    course.grid(36)
    course.tail, course.tail_days = "AFTER_36_MONTHS", (1110, 1180)
    return course


def _finished(rng, story, eot, as_of, d1=None):
    """A course whose follow-up is over when the data are read."""
    d1 = d1 if d1 is not None else as_of - eot - rng.randint(130, 500)
    course = Course(story, d1, as_of - d1)
    course.eot = eot
    return course


def stopped_between(rng, n, as_of, d1=None):
    course = _finished(rng, "stopped_between", gap_day(rng, n), as_of, d1)
    course.grid(n)
    end_nodes(course, rng)
    course.tail_days = (course.eot + 6, course.eot + 74)
    return course


def stopped_in_t30(rng, n, as_of, d1=None):
    """The end falls inside T30-k: the window ends the day before, and was visited before."""
    k = n if n % 3 else n + 1
    j = rng.randint(-4, 5)
    course = _finished(rng, "stopped_in_t30", 30 * k + j, as_of, d1)
    course.grid(k - 1)
    course.last30, course.last90 = k, (k - 1) // 3
    course.nodes.append(grid_node(k, j, must=True))
    end_nodes(course, rng)
    course.tail_days = (course.eot + 6, course.eot + 74)
    return course


def stopped_in_both(rng, n, as_of, d1=None):
    """The end falls inside T30-3m and T90-m: both end the day before."""
    m, j = max(1, n // 3), rng.randint(-4, 5)
    course = _finished(rng, "stopped_in_both", 90 * m + j, as_of, d1)
    course.grid(3 * m - 1)
    course.last30, course.last90 = 3 * m, m
    node = grid_node(3 * m, j, must=True)
    node.kinds = {"both": node.kinds["both"]}
    course.nodes.append(node)
    end_nodes(course, rng)
    course.tail_days = (course.eot + 6, course.eot + 74)
    return course


def stopped_at_opening(rng, n, as_of, d1=None):
    """The end falls on the first day of T30-k, which is dropped."""
    k = n if n % 3 else n + 1
    course = _finished(rng, "stopped_at_opening", 30 * k - 5, as_of, d1)
    course.grid(k - 1)
    end_nodes(course, rng)
    course.tail_days = (course.eot + 6, course.eot + 74)
    return course


def stopped_in_t90(rng, n, as_of, d1=None):
    """The end falls inside T90-m, before T30-3m opens: T90-m is cut short and was visited, T30-3m is dropped."""
    m = max(1, n // 3)
    course = _finished(rng, "stopped_in_t90", 90 * m - 10, as_of, d1)
    course.grid(3 * m - 1)
    course.last90 = m
    node = grid_node(3 * m, -10, must=True)
    course.nodes.append(node)
    end_nodes(course, rng)
    course.tail_days = (course.eot + 6, course.eot + 74)
    return course


def stopped_on_day_one(rng, n, as_of, d1=None):
    """One dose: day 1 stays the baseline, the EOT window starts the day after."""
    course = _finished(rng, "stopped_on_day_one", 0, as_of, d1)
    end_nodes(course, rng, first=1)
    course.node("EOT").must = True
    course.tail_days = (6, 74)
    return course


def follow_up_ahead(rng, n, as_of):
    """Stopped a few weeks before the data were read: the follow-up window is still to come."""
    eot = gap_day(rng, n)
    since = rng.randint(20, 70)
    course = Course("follow_up_ahead", as_of - eot - since, eot + since)
    course.eot = eot
    course.grid(n)
    end_nodes(course, rng, fu_open=False)
    course.fu_state = "future"
    return course


def died_at_end(rng, n, as_of, d1=None):
    """Died within the EOT window, after the visit that closed treatment."""
    course = stopped_between(rng, n, as_of, d1)
    course.story = "died_at_end"
    after = rng.randint(1, 3)
    course.death = course.eot + after
    course.nodes = course.nodes[:-2]
    end_nodes(course, rng, eot_high=after, fu_open=False)
    course.nodes[-1].must = True
    course.fu_state, course.tail_days = None, None
    return course


def died_before_follow_up(rng, n, as_of, d1=None):
    course = stopped_between(rng, n, as_of, d1)
    course.story = "died_before_follow_up"
    course.death = course.eot + rng.randint(20, 60)
    course.nodes.pop()
    course.fu_state, course.tail_days = None, (course.eot + 6, course.death)
    return course


def withdrew_between(rng, n, as_of, d1=None):
    day = gap_day(rng, n)
    d1 = d1 if d1 is not None else as_of - day - rng.randint(60, 400)
    course = Course("withdrew_between", d1, as_of - d1)
    course.withdrawn = day
    course.grid(n)
    course.tail, course.tail_days = "AFTER_WITHDRAWAL", (day + 1, day + 50)
    return course


def withdrew_in_t30(rng, n, as_of, d1=None):
    """Withdrew on the very day of the visit: that day still counts."""
    k = n if n % 3 else n + 1
    j = rng.randint(-4, 4)
    d1 = d1 if d1 is not None else as_of - 30 * k - rng.randint(60, 400)
    course = Course("withdrew_in_t30", d1, as_of - d1)
    course.withdrawn = 30 * k + j
    course.grid(k - 1)
    course.last30, course.last90 = k, (k - 1) // 3
    node = grid_node(k, j + 1, must=True)
    node.kinds = {"t30": [j]}
    course.nodes.append(node)
    course.tail = "AFTER_WITHDRAWAL"
    course.tail_days = (course.withdrawn + 1, course.withdrawn + 50)
    return course


# Stories in the order in which subjects get them; the second number is the most assessments a story stays true for.
STORIES = [(stopped_between, 32), (on_treatment, 35), (stopped_in_t30, 31), (capped, 36), (died_before_follow_up, 32),
           (stopped_in_both, 30), (withdrew_between, 33), (window_open, 34), (stopped_at_opening, 31),
           (follow_up_ahead, 33), (stopped_in_t90, 30), (died_at_end, 32), (withdrew_in_t30, 31),
           (stopped_between, 32), (on_treatment, 35), (stopped_on_day_one, 0)]
# Stories that can start on a given day, the data being read long after.
_DATED = (stopped_between, stopped_in_t30, stopped_in_both, stopped_at_opening, stopped_in_t90, died_before_follow_up,
          withdrew_between, withdrew_in_t30)


def choose(rng, number, as_of, most):
    """The course of subject `number` with at most `most` assessments; every fourth dated story starts awkwardly."""
    story, limit = STORIES[number % len(STORIES)]
    n = rng.randint(2, max(2, min(limit, most, 34)))
    if story is window_open and n % 3 == 2:
        n -= 1
    if story in _DATED and number % 3 != 1:
        d1 = _awkward_start(rng, number, n)
        if d1 + 30 * n + 260 < as_of:
            return story(rng, n, as_of, d1)
    return story(rng, n, as_of)


def _awkward_start(rng, number, n):
    if number % 3 == 0:
        return rng.choice(AWKWARD_STARTS)
    return rng.choice(CLOCK_CHANGES) - 30 * rng.randint(1, n)  # an assessment's target is a night of clock change


def month_inside(course, rng):
    """Move D1 so that a whole month lies inside T90-m. Gives (m, first day of the month), or None if there is no T90."""
    full = [m for m in range(1, course.last90 + 1) if course.node("N%02d" % (3 * m)) and not
            course.node("N%02d" % (3 * m)).must]
    if not full:
        return None
    m = rng.choice(full)
    first = first_of_month(course.d1 + 90 * m)
    course.d1, course.horizon = first + 15 - 90 * m, course.horizon + course.d1 - (first + 15 - 90 * m)
    return m, first


def grid_rows(course, states):
    """Rows (window, group, target, state, contact) of one subject; `states` holds what visits decided, by window."""
    rows = [("BASELINE", "both", 0, "collected", "")]
    for prefix, group, every, last, most in (("T30", "G30", 30, course.last30, 36), ("T90", "G90", 90, course.last90, 12)):
        for k in range(1, most + 1):
            name = "%s-%02d" % (prefix, k)
            state, contact = states.get(name, ("missed" if k <= last else course.rest, ""))
            if prefix == "T30" and k == course.open30:
                state = "open"
            if state:
                rows.append((name, group, every * k, state, contact))
    if course.eot is not None:
        for name, target, otherwise in (("EOT", course.eot, course.eot_state), ("FU", course.eot + 90, course.fu_state)):
            state, contact = states.get(name, (otherwise, ""))
            if state:
                rows.append((name, "both", target, state, contact))
    return rows
