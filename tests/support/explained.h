/*
 * Rows of a subject explained, and what is missing of it.
 */
#ifndef SUPPORT_EXPLAINED_H
#define SUPPORT_EXPLAINED_H

#include "gateway/study/explain.h"
#include "support/subject.h"

struct explained {
    struct subject *subject;
    struct gw_subject_input input;
    struct gw_explain_input in; /* delivered, former and reach are the test's to set */
    struct gw_explanation told; /* last */
};

/* Derive the subject, and take what is known now. */
void explained_derive(struct explained *e, struct subject *s);

/* Fail unless there is such a row; fail unless the question can be answered. */
void explained_row(struct explained *e, const char *row_id);
void explained_missing(struct explained *e, const char *concept, const char *window);

/* What was told: its sentences, each ended by a line feed; whether one of them has these words, or is of that topic. */
const char *explained_sentences(const struct explained *e);
bool explained_says(const struct explained *e, const char *words);
bool explained_has_topic(const struct explained *e, const char *topic);

#endif
