/*
 * An adverse event in the making: what the evidence of one category adds up to. Private to the study room.
 */
#ifndef STUDY_EPISODE_H
#define STUDY_EPISODE_H

#include "study/engine.h"

struct episode_evidence {
    size_t fact;
    int part;
    const char *kind; /* lab, condition */
    const char *concept;
    const char *role; /* onset, worst, recovery, supporting */
    gw_day day;
    int grade;         /* -1: none */
    const char *value; /* canonical value, delivered only if the study wants values */
    bool in_window;    /* stands in a collected window of its own */
    const struct datum *datum; /* the value itself; NULL: none */
    const char *rules; /* by which it is evidence, as engine_rules gives them; NULL: "episodes" */
};

struct episode_grade {
    gw_day day;
    int grade;
};

struct episode {
    const char *category;
    const char *subcategory;
    const char *term;
    gw_day onset;
    gw_day end; /* GW_NO_DAY: none */
    gw_day
        changes_on; /* without another fact: its outcome is unknown, or its stated end is reached; GW_NO_DAY: never */
    bool ongoing;
    const char *outcome;
    int max_grade; /* -1: none */
    gw_day max_day;
    int baseline_grade; /* -1: none */
    bool from_lab;
    bool coded;
    struct episode_evidence *evidence;
    size_t evidence_count, evidence_capacity;
    struct episode_grade *grades;
    size_t grade_count, grade_capacity;
};

struct episodes {
    struct episode *list;
    size_t count, capacity;
};

struct episode *episode_add(struct engine *e, struct episodes *episodes); /* NULL: out of memory, noted in e */
void episode_cite(struct engine *e, struct episode *episode, struct episode_evidence evidence);
void episode_note_grade(struct engine *e, struct episode *episode, gw_day day, int grade);

/* Each adds the episodes of its kind, in order of onset. */
void lab_episodes(struct engine *e, struct episodes *episodes);
void coded_episodes(struct engine *e, struct episodes *episodes);

#endif
