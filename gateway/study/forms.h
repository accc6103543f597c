/*
 * Questionnaires as a study reads them: answered, dated, placed, scored; and results that tell the points of a scale
 * alone. Private to the study room.
 */
#ifndef STUDY_FORMS_H
#define STUDY_FORMS_H

#include "study/parameters.h"

struct form_score {
    const struct gw_scale *scale;
    bool known; /* enough items were answered */
    struct gw_ratio value;
};

struct form { /* one QuestionnaireResponse or result that counts and lies in the subject's study span */
    size_t fact;
    int part;
    const char *rules; /* that made it one; NULL: none but those of its kind */
    const char *instrument;
    struct gw_when when;
    const struct gw_window *window; /* the collected one it lies in; NULL: none, it is evidence for events only */
    struct form_score *scores;
    size_t score_count;
};

/* The score of a scale; a recorded total stands before a sum. NULL: the form has none that is known. */
const struct form_score *form_score(const struct form *form, const char *scale);

/* The form of a window that tells a scale and is closest to its target, of two as close the later; NULL: none. */
const struct form *form_in_window(const struct engine *e, const struct gw_window *window, const char *scale);

void inputs_add_form(struct engine *e, struct inputs *inputs, const struct form *form);

#endif
