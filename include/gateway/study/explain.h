/*
 * explain(): why is this row here, and why is that value missing, in sentences that a data manager reads.
 *
 * A pure function of what derive() was given and what it returned: no second path to any answer. For the hospital's
 * side of the border only, since it names resources by their ids. What lies outside the windows is counted and never
 * shown.
 *
 * Source: mappings/RULES.md 14, 16, 17.
 */
#ifndef GATEWAY_STUDY_EXPLAIN_H
#define GATEWAY_STUDY_EXPLAIN_H

#include "gateway/study/derive.h"

struct gw_explain_reach { /* how far an endpoint was read for the subject */
    const char *endpoint;
    gw_day day; /* GW_NO_DAY: never */
};

struct gw_explain_batch { /* sent to the study database, or about to be */
    int64_t from_revision, to_revision;
    const char *receipt; /* NULL: it waits */
};

struct gw_explain_input {
    const struct gw_subject_input *subject;
    const struct gw_derived *derived; /* of it, its episodes named by gw_identify */
    const struct gw_rows *delivered;  /* of the latest revision, with their stamps; NULL: not asked */
    const struct gw_rows *former;     /* of an older revision, for a row that is gone since; NULL: none */
    int64_t former_revision;
    const char *rule_set; /* "lendex-rrmm 1.0.0 3f2a9c10" */
    const struct gw_explain_reach *reach;
    size_t reach_count;                     /* 0: as far as the horizon */
    const struct gw_explain_batch *batches; /* of the subject, in order */
    size_t batch_count;
};

struct gw_explain_source {
    const char *role;
    const struct gw_fact *fact;              /* NULL: the roster, or nothing that may be named */
    const struct gw_row_provenance *lineage; /* the line of provenance */
    bool late;                               /* as delivered: it was read when the window of the row was over */
};

struct gw_explain_rule {
    const char *id;
    const struct gw_rule_text *text; /* NULL: this release knows no rule of that name */
};

struct gw_sentence {
    const char *topic; /* says, source, window, flags, grade, items, package, because, change ... */
    const char *text;
};

struct gw_explanation {
    const char *answer; /* of a row: PRESENT, NOT_DELIVERED, HELD, TO_BE_WITHDRAWN, WITHDRAWN; of a value: see below */
    const char *subject;
    const char *concept; /* of a question about a value; else NULL, as the next */
    const char *window;
    const struct gw_table *table; /* of the row; NULL: there is none */
    const struct gw_row *row;
    const char *receipt; /* of the batch that brought the row as it was delivered last, or took it away; NULL: none */
    struct gw_explain_source *sources;
    size_t source_count, source_capacity;
    struct gw_explain_rule *rules;
    size_t rule_count, rule_capacity;
    const struct gw_item **items;
    size_t item_count, item_capacity;
    struct gw_sentence *sentences;
    size_t sentence_count, sentence_capacity;
};

/* Why a row of any table is here. *found is false, and nothing is told, when no rows of the input have that id. */
enum gw_status gw_explain_row(struct gw_arena *arena, const struct gw_explain_input *in, const char *row_id,
                              bool *found, struct gw_explanation *out, struct gw_error *err);

/*
 * Why a laboratory concept, a derived parameter or a category of events has no row in a window. The first that holds:
 *
 *      PRESENT, PRELIMINARY, BLOCKED, NOT_DELIVERED   there is a row
 *      NO_FIRST_DOSE, NO_WINDOW, NOT_PLANNED          the study wants none
 *      FUTURE, OPEN, NO_CONTACT                       the window was not collected
 *      HELD, WITHDRAWN, NO_VALUE, LEFT_OUT            something was recorded in it
 *      AWAITS_ASSESSMENT                              a diagnosis that no contact has collected yet
 *      UNMAPPED                                       something was recorded that may be it
 *      NOT_FETCHED, OUTSIDE_WINDOW, NOT_DONE          nothing was
 *      NOT_ASSESSABLE                                 a parameter whose inputs are missing
 *
 * GW_EUSAGE: no such concept, or no such window in the study.
 */
enum gw_status gw_explain_missing(struct gw_arena *arena, const struct gw_explain_input *in, const char *concept,
                                  const char *window, struct gw_explanation *out, struct gw_error *err);

#endif
