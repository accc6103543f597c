/*
 * An adverse event in the making: what the evidence of one category adds up to. Private to the study room.
 *
 * A source finds episodes of one kind of evidence, or signs that may support one. events.c puts them together, in this
 * order: episodes of laboratory values, episodes of diagnoses and other certain records, which join the former where
 * they overlap, then signs, which join an episode of their category or become a candidate for a person.
 */
#ifndef STUDY_EPISODE_H
#define STUDY_EPISODE_H

#include "study/engine.h"

struct episode_evidence {
    size_t fact;
    int part;
    const char *kind; /* lab, vital, condition, drug, encounter, procedure, device */
    const char *concept;
    const char *role; /* onset, worst, recovery, supporting */
    gw_day day;
    int grade;                 /* -1: none */
    const char *value;         /* canonical value, delivered only if the study wants values */
    bool in_window;            /* stands in a collected window of its own */
    const struct datum *datum; /* the value itself; NULL: none */
    const char *rules;         /* by which it is evidence, as engine_rules gives them; NULL: "episodes" */
};

struct episode_grade {
    gw_day day;
    int grade;
    size_t evidence; /* that told it */
};

struct episode {
    const char *category;
    const char *subcategory;
    const char *branch; /* tells apart episodes of one category that one value may bear; NULL: none does */
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
    bool treated; /* a drug or procedure against it was used */
    struct episode_evidence *evidence;
    size_t evidence_count, evidence_capacity;
    struct episode_grade *grades;
    size_t grade_count, grade_capacity;
    size_t parent;                  /* place of the episode it belongs to, from 1; 0: none */
    const char *id;                 /* ae_id; NULL: no assessment has collected it yet */
    const struct gw_window *window; /* the assessment that collects it */
};

struct episodes {
    struct episode *list;
    size_t count, capacity;
};

struct episode *episode_add(struct engine *e, struct episodes *episodes); /* NULL: out of memory, noted in e */
void episode_cite(struct engine *e, struct episode *episode, struct episode_evidence evidence);
/* A change of grade, told by the evidence cited last. */
void episode_note_grade(struct engine *e, struct episode *episode, gw_day day, int grade);

/* The last day on which anything can be known of an event: horizon, death, withdrawal, end of the last window. */
gw_day episode_known_until(const struct engine *e);
/* No episode is known to change by the mere passing of days from this day on. */
gw_day episode_closing_day(const struct engine *e);

/* ---- sources: each adds the episodes of its kind, those of one category in order of onset ---- */

typedef void episode_source(struct engine *e, struct episodes *episodes);

episode_source lab_episodes;   /* graded values, and values beyond a limit */
episode_source coded_episodes; /* certain diagnoses */

/* ---- rows: event_rows.c ---- */

/* The assessment that collects each, and the id it is born with. */
void episode_name(struct engine *e, struct episode *episode);
void episode_emit(struct engine *e, const struct episodes *episodes, const struct episode *episode);

#endif
