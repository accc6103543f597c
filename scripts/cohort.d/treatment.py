"""What follows from the days on which the study drug was planted: dose at the onset of an event, what was done with the
drug after it."""
import drugs


def taken(subject):
    """(first, last, dose, rank) of the study drug in order, cut at the end of treatment."""
    over = drugs.last_day(subject.course)
    found = []
    for s in sorted((s for s in subject.stretches if s.drug == drugs.STUDY_DRUG), key=lambda s: s.first):
        last = s.last if over is None else min(over, s.last)
        if s.first <= last:
            found.append((s.first, last, s.dose, s.rank))
    return found


def last_dose(subject, day):
    """(its day, its dose); None: there was none."""
    found = [(min(last, day), dose) for first, last, dose, _ in taken(subject) if first <= day]
    return max(found) if found else None


def on(subject, day):
    """The (first, last, dose, rank) that holds the day, or None."""
    return next((t for t in taken(subject) if t[0] <= day <= t[1]), None)


def action_after(subject, day, delivery):
    """Within a fortnight of a day: withdrawn before interrupted before delayed before reduced."""
    course, last = subject.course, day + 14
    if not last_dose(subject, day) or (course.eot is not None and course.eot < day):
        return ""
    if course.eot is not None and day <= course.eot <= last:
        return "withdrawn"
    if any(day <= first <= last for first, _ in subject.interruptions):
        return "interrupted"
    planned = [start - delay for start, delay, _ in drugs.cycles_as_of(subject, delivery) if delay != "" and delay >= 7]
    if any(day <= due <= last for due in planned):
        return "delayed cycle"
    doses = taken(subject)
    if any(day <= now[0] <= last and int(now[2]) < int(before[2]) for before, now in zip(doses, doses[1:])):
        return "reduced"
    return "none" if course.horizon >= last else ""
