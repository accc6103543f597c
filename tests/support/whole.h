/*
 * A subject with something of everything that a study of lenalidomide derives: disease, kidneys, comorbidities, earlier
 * lines, doses and cycles, companions, questionnaires, events of every kind of evidence, and what people decided.
 */
#ifndef SUPPORT_WHOLE_H
#define SUPPORT_WHOLE_H

#include "support/scratch.h"
#include "support/subject.h"

/* Subject ES-001 of madrid in lendex-rrmm, first dose 2024-01-15; four windows of each grid. */
void whole_init(struct subject *s, struct scratch *scratch);
void whole_release(struct subject *s, struct scratch *scratch);

/* The windows of a study's grids cut down to so many: a short derivation. */
void whole_shorten(struct subject *s, int windows);

/* Its parts, each of which can stand alone. */
void whole_add_course(struct subject *s);     /* Patient, visits, counts, doses, companions */
void whole_add_parameters(struct subject *s); /* kidneys, frailty, comorbidities, lines, response, forms */
void whole_add_events(struct subject *s);     /* diagnoses, cultures, transfusions, stays, opinions */
void whole_add_questions(struct subject *s);  /* what a person is asked about */
void whole_add_decisions(struct subject *s);  /* about these */

#endif
