"""What every module builds with: the truth of a part, a resource as delivered, a dosage instruction."""

TRUTH_COLUMNS = ("site,patient,subject,resource_type,resource_id,version_id,part,state,reason,windows,concept,grade,"
                 "grade_direction,value_num,anl01_windows,exception_codes,delivery,grade_flag")


def remembered(function):
    """A function of a subject and a delivery, worked out once: what it is asked for is asked for often."""
    def answer(subject, delivery):
        known = subject.known.get((function, delivery))
        if known is None:
            known = subject.known[function, delivery] = function(subject, delivery)
        return known
    return answer


DAILY = {"frequency": 1, "period": 1, "periodUnit": "d"}


def dosage(words, milligrams, repeat, route=None):
    """One dosage instruction: in words, and so that a machine can read it."""
    found = {"text": words, "timing": {"repeat": repeat}}
    if route:
        found["route"] = {"text": route}
    found["doseAndRate"] = [{"doseQuantity": {"value": milligrams, "unit": "mg", "system": "http://unitsofmeasure.org",
                                              "code": "mg"}}]
    return found


class Row:
    """The truth of one part."""

    __slots__ = ("part", "state", "reason", "windows", "concept", "grade", "direction", "value", "anl01", "codes", "flag")

    def __init__(self, state, reason="", part="", windows=(), concept="", grade="", direction="", value="", codes="",
                 flag=""):
        self.part, self.state, self.reason, self.windows, self.concept = part, state, reason, windows, concept
        self.grade, self.direction, self.value, self.codes, self.flag = grade, direction, value, codes, flag
        self.anl01 = ()

    def copy(self, **changes):
        other = Row(self.state, self.reason, self.part, self.windows, self.concept, self.grade, self.direction,
                    self.value, self.codes, self.flag)
        other.anl01 = self.anl01
        for name, value in changes.items():
            setattr(other, name, value)
        return other

    def text(self):
        return "%s,%s,%s,%s,%s,%s,%s,%s,%s,%s" % (
            self.part, self.state, self.reason, ";".join(sorted(self.windows)), self.concept, self.grade,
            self.direction, self.value, ";".join(sorted(self.anl01)), self.codes)


class Item:
    """One resource version as delivered. `rows` is its truth after its own delivery, `after` the one after both."""

    __slots__ = ("delivery", "kind", "rid", "version", "text", "rows", "after", "lab", "tested", "said")

    def __init__(self, delivery, kind, rid, version, text, rows):
        self.delivery, self.kind, self.rid, self.version, self.text = delivery, kind, rid, version, text
        self.rows, self.after, self.lab = rows, None, None
        self.tested = None  # (concept, elapsed day, number): a test that was done
        self.said = None    # (kind, concept, elapsed day) where an event cites it


class Lab:
    """What a later version of a result needs to know about it."""

    __slots__ = ("visit", "concept", "order", "minute", "key", "number", "outside")

    def __init__(self, visit, concept, order, minute, key, number, outside):
        self.visit, self.concept, self.order, self.minute, self.key = visit, concept, order, minute, key
        self.number, self.outside = number, outside  # canonical value; why no window takes it, or ""
