"""Visits and what happens at them, chosen first: on which day of which window somebody was seen, which cytopenias began,
worsened and recovered at which visit, which diagnoses were made between visits.

Every visit carries the answer (the windows that take it, or the reason why none does); blood counts carry the grade that
was picked for that visit. Episodes are picked whole, with onset, worst and end, and lie apart from each other.
"""
from courses import Node, gap_day
from values import CYTOPENIA_GRADES, CYTOPENIAS, STEADY

MORNING = 450  # 07:30, before a first dose at 11:00


class Visit:
    __slots__ = ("day", "minute", "windows", "g90", "reason", "g90_reason", "node", "order", "grades", "evidence",
                 "counts_only", "encounter", "kind", "delivery", "night", "encounter_id", "specimen_id", "baseline")

    def __init__(self, day, minute, windows=(), g90=(), reason="", g90_reason="BETWEEN_WINDOWS", node=None, order=0):
        self.day, self.minute, self.windows, self.g90 = day, minute, windows, g90
        self.reason, self.g90_reason, self.node, self.order = reason, g90_reason, node, order
        self.grades = {}        # concept -> grade key of a blood count picked for this visit
        self.evidence = ()      # concepts whose value here dates an episode although no window takes it
        self.counts_only = False
        self.encounter = True
        self.delivery = 1
        self.night = False
        self.baseline = False
        self.encounter_id = self.specimen_id = None


class Episode:
    def __init__(self, category, onset, end, grade, worst, removable=None):
        self.category, self.onset, self.end, self.grade, self.worst = category, onset, end, grade, worst
        self.ongoing = ""
        self.removable = removable  # the visit whose correction makes the episode disappear


class History:
    """Everything chosen about one subject's visits and events; days are elapsed days."""

    def __init__(self, course):
        self.course = course
        self.visits = []       # in windows and between them, any order
        self.episodes = []     # as the first delivery shows them
        self.conditions = []   # dicts for the writer, with elapsed days and the episode they make
        self.base = {concept: 0 for concept in (*CYTOPENIAS, *STEADY)}  # grade key of the steady state
        self.busy = set()      # numbers k of assessments that belong to an episode
        self.reported = set()  # numbers k of assessments that report a diagnosis
        self.quiet_tail = False  # nothing may be counted after the last assessment


def _minute(rng):
    return rng.randint(MORNING, MORNING + 150)


def place(rng, node, kind, offset, order):
    windows, g90 = node.windows(kind)
    visit = Visit(node.target + offset, _minute(rng), windows, g90, node=node, order=order)
    node.visits.append(visit)
    return visit


def pick_visits(rng, course, share, seconds):
    """Who was seen when. `share`: how many assessments were kept; `seconds`: how often there is a further visit."""
    history = History(course)
    _baseline(rng, history, seconds)
    for node in course.nodes:
        if not node.must and rng.random() > share:
            node.missed = True
            continue
        _assessment(rng, node, seconds)
    return history


def _baseline(rng, history, seconds):
    """The baseline visit on day 1 or shortly before; a further one before it never wins."""
    node = Node("BASELINE", 0, {"base": range(-14, 1)}, must=True)
    history.baseline = node
    nearest = 0 if rng.random() < 0.6 else -rng.randint(1, 9)
    place(rng, node, "base", nearest, 0)
    if rng.random() < seconds:
        place(rng, node, "base", nearest - rng.randint(1, 5), 1)
    for visit in node.visits:
        visit.baseline = True


def _assessment(rng, node, seconds):
    kind = "t90" if "both" not in node.kinds and "t90" in node.kinds or ("t90" in node.kinds and rng.random() < 0.12) \
        else next(iter(node.kinds))
    offsets = node.kinds[kind]
    first = rng.choice(list(offsets))
    if kind == "end":
        node.first_kind = kind
        place(rng, node, kind, first, 0)
        later = first + 1
        if later in offsets and first >= 0 and rng.random() < seconds:
            place(rng, node, kind, later, 1)
        return
    node.first_kind = kind
    place(rng, node, kind, first, 0)
    if node.must or rng.random() >= seconds:
        return
    _second_visit(rng, node, kind, first)


def _second_visit(rng, node, kind, first):
    """A further visit of the same assessment, farther from the target: or as far and earlier, which loses the tie."""
    farther = [(kind, o) for o in node.kinds[kind] if abs(o) > abs(first)]
    if kind == "both":
        farther += [("t90", o) for o in node.kinds.get("t90", ())]
    if first > 0 and rng.random() < 0.4:
        farther = [(kind, -first)]
    if farther:
        place(rng, node, *rng.choice(farther), 1)


# ---- blood counts ----

def pick_counts(rng, history, wanted, steady_abnormal):
    """Choose `wanted` cytopenia episodes; with steady_abnormal a subject may live with a low count from the start."""
    course = history.course
    if steady_abnormal:
        history.base[rng.choice(sorted(CYTOPENIAS))] = rng.choice((-1, -1, -2))
    runs = [n.k for n in course.nodes if n.k and not n.must and n.k + 1 <= course.last30 and _plain(n) and
            _plain(course.node("N%02d" % (n.k + 1)))]
    rng.shuffle(runs)
    for k in runs:
        if wanted == 0:
            break
        wanted -= _episode(rng, history, k)
    _open_end(rng, history)


def _plain(node):
    """Kept, with its first visit where both grids (or T30) take it, free to be used."""
    return node is not None and not node.missed and not node.must and node.first_kind != "t90"


def _free(history, *numbers):
    return all(k not in history.busy for k in numbers)


def _only_first(history, node):
    """An assessment inside an episode has one visit: a second one would be one more count to explain."""
    node.visits = [v for v in node.visits if v.order == 0]
    return node.visits[0]


def _episode(rng, history, k):
    """One episode that begins around assessment k. 1 if it was chosen."""
    course = history.course
    node, following = course.node("N%02d" % k), course.node("N%02d" % (k + 1))
    third = course.node("N%02d" % (k + 2)) if k + 2 <= course.last30 else None
    concept = rng.choice(sorted(CYTOPENIAS))
    base = history.base[concept]
    worse = [g for g in CYTOPENIA_GRADES[concept] if g < base]
    if not _free(history, k - 1, k, k + 1, k + 2):
        return 0
    shapes = ["single", "single", "before", "after"]
    if _plain(third):
        shapes.append("worsening")
    if k % 3:
        shapes += ["merged", "apart"]
    shape = rng.choice(shapes)
    if shape in ("worsening", "before", "merged") and len(worse) < 2:
        shape = "single"
    _SHAPES[shape](rng, history, concept, worse, node, following, third)
    history.busy.update((k - 1, k, k + 1, k + 2) if shape == "worsening" else (k - 1, k, k + 1))
    return 1


def _set(visit, concept, grade):
    visit.grades[concept] = grade
    return visit


def _single(rng, history, concept, worse, node, following, third):
    """Low at one assessment, recovered at the next."""
    grade = rng.choice(worse)
    first, last = _set(_only_first(history, node), concept, grade), _only_first(history, following)
    history.episodes.append(Episode(CYTOPENIAS[concept], first, last, grade, first, removable=(first, concept)))


def _worsening(rng, history, concept, worse, node, following, third):
    """Low, lower at the next assessment, recovered at the third."""
    mild, severe = sorted(rng.sample(worse, 2), reverse=True)
    first = _set(_only_first(history, node), concept, mild)
    worst = _set(_only_first(history, following), concept, severe)
    last = _only_first(history, third)
    history.episodes.append(Episode(CYTOPENIAS[concept], first, last, severe, worst))


def _between(rng, history, k):
    """A count between two assessments: no window takes it."""
    visit = Visit(gap_day(rng, k), _minute(rng), reason="BETWEEN_WINDOWS")
    visit.counts_only = True
    history.visits.append(visit)
    return visit


def _before(rng, history, concept, worse, node, following, third):
    """First seen low between two assessments: the count there dates the onset."""
    one, other = rng.sample(worse, 2)
    first = _set(_between(rng, history, node.k - 1), concept, one)
    first.evidence = (concept,)
    second, last = _set(_only_first(history, node), concept, other), _only_first(history, following)
    if history.course.node("N%02d" % (node.k - 1)):
        earlier = history.course.node("N%02d" % (node.k - 1))
        earlier.visits = earlier.visits[:1]
    history.episodes.append(Episode(CYTOPENIAS[concept], first, last, min(one, other), first if one < other else second))


def _after(rng, history, concept, worse, node, following, third):
    """Low at an assessment, recovered between it and the next: the count there dates the end."""
    grade = rng.choice(worse)
    first = _set(_only_first(history, node), concept, grade)
    last = _between(rng, history, node.k)
    last.evidence = (concept,)
    _only_first(history, following)
    history.episodes.append(Episode(CYTOPENIAS[concept], first, last, grade, first))


def _visits_of(rng, node, pattern):
    """Replace an assessment's visits by given offsets; each comes with its order of closeness to the target."""
    node.visits = []
    return [place(rng, node, "t30", offset, order) for offset, order in pattern]


def _merged(rng, history, concept, worse, node, following, third):
    """Two low counts six days apart with a normal one between them: one episode."""
    one, other = rng.sample(worse, 2)
    first, _, second = _visits_of(rng, node, ((-4, 2), (-1, 0), (2, 1)))
    _set(first, concept, one), _set(second, concept, other)
    last = _only_first(history, following)
    history.episodes.append(Episode(CYTOPENIAS[concept], first, last, min(one, other), first if one < other else second))


def _apart(rng, history, concept, worse, node, following, third):
    """Two low counts ten days apart with a normal one between them: two episodes."""
    one, other = rng.choice(worse), rng.choice(worse)
    first, middle, second = _visits_of(rng, node, ((-5, 2), (0, 0), (5, 1)))
    _set(first, concept, one), _set(second, concept, other)
    last = _only_first(history, following)
    history.episodes.append(Episode(CYTOPENIAS[concept], first, middle, one, first))
    history.episodes.append(Episode(CYTOPENIAS[concept], second, last, other, second))


_SHAPES = {"single": _single, "worsening": _worsening, "before": _before, "after": _after, "merged": _merged,
           "apart": _apart}


def _open_end(rng, history):
    """A low count at the very last visit: still open if the data were read soon after, of unknown outcome if nobody
    counted for 56 days."""
    course = history.course
    last = course.node("N%02d" % course.last30)
    if last is None or not _plain(last) or not _free(history, last.k - 1, last.k) or rng.random() > 0.35:
        return
    concept = rng.choice(sorted(CYTOPENIAS))
    worse = [g for g in CYTOPENIA_GRADES[concept] if g < -1 and g < history.base[concept]]
    if course.story in ("on_treatment", "window_open"):
        ongoing = "Y"
    elif course.story == "stopped_between":
        ongoing = ""
        for node in course.nodes:
            if node.k is None:
                node.missed, node.visits = True, []
    else:
        return
    visit = _set(_only_first(history, last), concept, rng.choice(worse))
    episode = Episode(CYTOPENIAS[concept], visit, None, visit.grades[concept], visit)
    episode.ongoing = ongoing
    history.episodes.append(episode)
    history.busy.update((last.k - 1, last.k, last.k + 1))
    history.quiet_tail = True


# ---- diagnoses ----

def pick_conditions(rng, history, events, wanted):
    """Diagnoses between assessments, each followed by a kept assessment in the 30-day grid that reports it."""
    course = history.course
    numbers = [n.k for n in course.nodes if n.k and not n.missed and not n.must and n.first_kind != "t90" and
               _free(history, n.k - 1, n.k, n.k + 1)]
    rng.shuffle(numbers)
    left = {category: list(kinds) for category, kinds in events.items()}
    for k in numbers:
        if len(history.reported) >= wanted:
            break
        if any(abs(k - other) < 4 for other in history.reported):
            continue
        history.reported.add(k)
        _diagnosis(rng, history, left, k)


def _diagnosis(rng, history, left, k):
    """One diagnosis, of a kind this subject has not had: far apart or not, kinds met twice would invite merging."""
    category = rng.choice([c for c in ("INFECTION", "INFECTION", "GASTROINTESTINAL", "THROMBOEMBOLISM", "NEUTROPENIA",
                                       "THROMBOCYTOPENIA") if left[c]])
    _, code, words = left[category].pop(rng.randrange(len(left[category])))
    onset = 30 * k - rng.randint(11, 14)
    end = onset + rng.randint(3, 5)
    draw = rng.random()
    if category in ("INFECTION", "GASTROINTESTINAL") and draw < 0.2:  # twice within 14 days: one event
        again = end + rng.randint(2, 4)
        _condition(history, category, code, words, onset, end, None)
        _condition(history, category, code, words, again, again + 3, (onset, again + 3), first=False)
    elif category == "INFECTION" and draw < 0.4 and left[category]:  # two sites at a time: two events
        _condition(history, category, code, words, onset, end, (onset, end))
        _, code, words = left[category].pop()
        _condition(history, category, code, words, onset + 1, end + 3, (onset + 1, end + 3))
    elif category == "THROMBOEMBOLISM" and draw < 0.5:
        _condition(history, category, code, words, onset, None, (onset, None))
    else:
        _condition(history, category, code, words, onset, end, (onset, end))


def _condition(history, category, code, words, onset, end, episode, first=True):
    """episode: the (onset, end) that this diagnosis completes; None when another one completes it. The first diagnosis
    of an episode carries the question for its grade."""
    history.conditions.append({"category_of": category, "code": code, "words": words, "onset_day": onset,
                               "end_day": end, "episode": episode, "first": first})
