/*
 * A hospital chart in short lines, for events that go by hours.
 *
 * A chart is entries joined by ";": "d2 14:00 T 38.5" is study day 2 (day 1 is 2024-01-15, in Seoul), a temperature;
 * without a time only the day is told. What:
 *      T, TF   temperature in Cel, in [degF]      S   systolic pressure      O   saturation, %      X   inhaled oxygen,
 * % F       oxygen flow in L/min; FN, FM, FV, FH with nasal cannula, mask, Venturi mask, high flow cannula G Glasgow
 * coma score                 I   points of the ICE questionnaire C       a confirmed Condition, ICD-10-CM; "C D89.832
 * d5" with the day of its abatement P       a completed Procedure, SNOMED CT; "P 47545007 10" for 10 hours R       a
 * drug at a rate, by its ATC code; "R C01CA03 10" for 10 hours A       a drug at once, by its ATC code Ids are e0, e1
 * ... in the order of the chart.
 */
#ifndef SUPPORT_CHART_H
#define SUPPORT_CHART_H

#include "support/subject.h"

#define CHART_ICE "urn:sm:q:ice"

/* A subject of busan in elranatamab-rrmm, whose site answers the ICE in a form and as a score; chart_add_doses. */
void chart_init(struct subject *s, struct scratch *scratch);
void chart_release(struct subject *s, struct scratch *scratch);

void chart_add(struct subject *s, const char *chart);

/* Elranatamab at 10:00 of study days 1, 4, 8, 15 and 22: doses 1 to 5; ids dose1 ... Patient p1. */
void chart_add_doses(struct subject *s);

/*
 * The questions of that code by onset, joined by " | ": "d2 g3 end d4 dose 1"; "g?" without a grade, "end ?" without an
 * end and "ongoing" if it goes on. "none" where there are none.
 */
const char *chart_items(struct subject *s, const char *code);

#endif
