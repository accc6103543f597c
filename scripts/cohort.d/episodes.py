"""The truth of events: those that stories tell, cytopenias and diagnoses as they were chosen, each with the assessment that
collects it and with what was known of the study drug then."""
import drugs
import response
import treatment
from days import iso
from events import Event
from values import CYTOPENIAS

COLUMNS = ("category,subcategory,onset,end,ongoing,onset_study_day,teae,assessed_window,max_grade,max_grade_date,"
           "baseline_grade,serious,serious_hospital,seriousness_origin,relatedness,relatedness_by,action_taken,outcome,treatment_given,"
           "days_since_first_dose,days_since_last_dose,dose_level_at_onset,cycle_no,parent,certainty")
PROPOSAL_COLUMNS = "code,category,subcategory,onset,end,grade"


def _cytopenia(subject, episode):
    end = episode.end.day if episode.end else None
    outcome = "recovered" if end is not None else "not recovered" if episode.ongoing else "unknown"
    concept = next(c for c, category in CYTOPENIAS.items() if category == episode.category)
    event = Event(episode.category, episode.onset.day, end, grade=str(-episode.grade), worst=episode.worst.day,
                  baseline=str(-subject.history.base[concept]), outcome=outcome)
    event.concept = concept
    return event


def _kind(subject, chosen):
    kinds = subject.dialect.events[chosen["category_of"]]
    return next(kind for kind, code, _ in kinds if code == chosen["code"])


def events_as_of(subject, delivery):
    found = [event for event in subject.events if event.told <= delivery and not (event.gone and delivery == 2)]
    for episode in subject.history.episodes:
        if delivery == 1 or not getattr(episode, "gone", False):
            found.append(_cytopenia(subject, episode))
    before = []
    for chosen in subject.history.conditions:
        if delivery == 1 and chosen.get("late"):
            continue
        before.append(chosen["item"])
        if chosen["episode"]:
            onset, end = chosen["episode"]
            event = Event(chosen["category_of"], onset, end, subcategory=_kind(subject, chosen),
                          outcome="recovered" if end is not None else "not recovered")
            found.append(event.cite("onset", before[0]).cite("supporting", *before[1:]))
            before = []
    return found


def _row(subject, event, delivery):
    def text(elapsed):
        return "" if elapsed is None else iso(subject.day(elapsed))
    eot, dose = subject.course.eot, treatment.last_dose(subject, event.onset)
    parent = event.parent
    return (event.category, event.subcategory, text(event.onset), text(event.end), event.ongoing,
            str(event.onset + 1), "Y" if eot is None or event.onset <= eot + 30 else "",
            drugs.window_of(subject, event.onset, delivery), event.grade, text(event.worst if event.grade else None),
            event.baseline, event.serious, event.serious, "evidence" if event.serious else "", event.relatedness,
            "site" if event.relatedness != "unassessed" else "",
            treatment.action_after(subject, event.worst if event.grade else event.onset, delivery), event.outcome,
            event.treated, str(event.onset), str(event.onset - dose[0]) if dose else "",
            str(drugs.LEVELS[dose[1]]) if dose else "", drugs.cycle_on(subject, event.onset, delivery)[0],
            "%s %s" % (parent.category, text(parent.onset)) if parent else "", "certain")


def rows_as_of(subject, delivery):
    return sorted(_row(subject, event, delivery) for event in events_as_of(subject, delivery)
                  if drugs.window_of(subject, event.onset, delivery))


def proposals_as_of(subject, delivery):
    def text(elapsed):
        return "" if elapsed is None else iso(subject.day(elapsed))
    about = [(p.code, p.category, p.subcategory, text(p.onset), text(p.end), p.grade) for p in subject.proposals
             if p.told <= delivery]
    return sorted(about + [(code, what, "", text(day), "", "") for code, what, day in response.questions_of(subject)])
