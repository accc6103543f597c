/*
 * The signs of CRS in order of time, and the runs of them that belong together. Private to the study room.
 */
#ifndef STUDY_CRS_PARTS_H
#define STUDY_CRS_PARTS_H

#include "study/episode.h"
#include "study/oxygen.h"

#define CRS_CATEGORY "CRS"

enum crs_grade {
    CRS_FEVER = 1,
    CRS_SIGN = 2,    /* low pressure without a vasopressor, hypoxia, oxygen at low flow */
    CRS_SUPPORT = 3, /* one vasopressor; oxygen at high flow or by mask */
    CRS_MUCH = 4,    /* several vasopressors; positive pressure */
};

enum crs_kind { FEVER, HYPOTENSION, HYPOXIA, VASOPRESSOR, OXYGEN };

struct crs_sign {
    enum crs_kind kind;
    struct moment moment;
    gw_day day;
    size_t fact;
    int part;
    const struct datum *datum;     /* NULL: a drug or procedure */
    const struct given *given;     /* of a vasopressor */
    const struct support *support; /* of oxygen */
    int grade;                     /* in the run looked at; 0: does not count */
    bool vague;                    /* of oxygen whose device nobody told */
};

struct crs_history {
    const struct gw_crs_rules *rules;
    struct readings temperatures, flows;
    struct givens givens;
    struct doses_given doses;
    struct crs_sign *signs; /* in order of time */
    size_t count, capacity;
};

struct crs_run {  /* signs that belong together */
    size_t onset; /* places of its first and last fever */
    size_t last_fever;
    int64_t reach;  /* last second of fever, vasopressor or oxygen */
    int64_t end_at; /* end_hours later */
    struct dose_relation dose;
    bool on_oxygen; /* had oxygen before the dose */
    struct gw_ratio flow;
};

/* All signs of the subject, in what was given and in values. */
struct crs_history crs_read(struct engine *e, const struct episodes *episodes);

/* What an item or evidence names a sign by. */
const char *crs_concept(const struct crs_sign *sign);

/* In the days after one of the first `doses` doses. */
bool crs_is_after_dose(const struct crs_history *h, const struct crs_sign *fever, size_t doses);

/* The run that begins with a fever. */
struct crs_run crs_follow(struct engine *e, const struct crs_history *h, size_t onset);

/* Grades of the signs in a run, 0 of those that do not count; with what people said of devices. */
void crs_grade(struct engine *e, struct crs_history *h, const struct crs_run *run);

/* One question for a candidate, about the worst of what is open; none where more cannot be proven. */
void crs_ask_for_device(struct engine *e, const struct crs_history *h);

#endif
