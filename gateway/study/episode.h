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

struct stays;      /* stays.h */
struct intensives; /* intensive.h */
struct givens;     /* timeline.h */
struct doses_given;

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

struct episode_decisions { /* what people decided about its evidence (event_decisions.c); NULL: nothing */
    const struct gw_decision *event, *grade, *seriousness, *relatedness, *action_taken, *outcome;
    const struct gw_decision *graded; /* the one that gave the highest grade */
    const char *rules;                /* their rule ids */
};

struct episode {
    const char *category;
    const char *asked_as; /* the category that the question had, where a person gave another; NULL: this one */
    const char *subcategory;
    const char *diagnosis; /* the code, where the category alone says nothing of what it is (OTHER); NULL: it does */
    const char *branch;    /* tells apart episodes of one category that one value may bear; NULL: none does */
    const char *term;
    gw_day onset;
    gw_day end; /* GW_NO_DAY: none */
    gw_day
        changes_on; /* without another fact: its outcome is unknown, or its stated end is reached; GW_NO_DAY: never */
    bool ongoing;
    bool lapsed; /* of diagnoses: over since a day that nobody told */
    const char *outcome;
    int max_grade; /* -1: none */
    gw_day max_day;
    int baseline_grade;           /* -1: none */
    const struct datum *baseline; /* whose grade that is; NULL: none */
    bool from_lab;
    bool coded;
    bool confirmed;                 /* by a person */
    const char *asked_by;           /* id of the exception that was confirmed; NULL: none */
    bool serious, serious_hospital; /* certain by evidence */
    const char *relatedness;        /* by the hospital; NULL: nobody there said */
    bool treated;                   /* a drug or procedure against it was used */
    struct episode_evidence *evidence;
    size_t evidence_count, evidence_capacity;
    struct episode_grade *grades;
    size_t grade_count, grade_capacity;
    size_t parent;                  /* place of the episode it belongs to, from 1; 0: none */
    const char *id;                 /* ae_id; NULL: no assessment has collected it yet */
    const struct gw_window *window; /* the assessment that collects it */
    struct episode_decisions decided;
    const char *scale;   /* of its grades; NULL: the study's */
    int dose_number;     /* of the study drug, the latest at or before its onset; 0: none, or not told */
    int days_since_dose; /* only with a dose */
    gw_day dosed_for;    /* the onset for which these two were told */
};

struct candidate { /* what supporting evidence proposes: it joins an event that is certain, or asks a person */
    struct episode episode;
    const struct gw_coding *coding; /* of the first evidence; NULL: none */
    const char *note;
    bool alone;   /* whatever stands beside it, a person looks */
    bool certain; /* an event even where it stands alone */
    bool quiet;   /* where it stands alone it says nothing */
    enum {
        END_SEEN,   /* its end is the last day of its signs: none where that is the first too */
        END_TOLD,   /* its end is told */
        END_LAPSED, /* it is over since a day that nobody told */
        END_OPEN,   /* it goes on; a diagnosis that is confirmed too */
    } ending;
    bool joined;         /* its evidence went over to another */
    const char *item;    /* code of the question; NULL: AE_CANDIDATE */
    const char *details; /* further members of the question's context: ,"dose_number":1; NULL: none */
};

struct episodes {
    struct episode *list;
    size_t count, capacity;
    const struct stays *stays;       /* in hospital */
    const struct givens *givens;     /* every drug given, and the doses of the study drug among them; empty where the */
    const struct doses_given *doses; /* study looks for no syndrome */
    struct candidate *candidates;
    size_t candidate_count, candidate_capacity;
};

struct episode *episode_add(struct engine *e, struct episodes *episodes); /* NULL: out of memory, noted in e */
void episode_cite(struct engine *e, struct episode *episode, struct episode_evidence evidence);
/* Of a value, without a grade and by the rules of all episodes, where the caller knows no others. */
struct episode_evidence evidence_of_datum(const struct datum *datum, const char *kind, const char *role);
/* What is asked about an episode is asked of its first evidence. */
struct item_about episode_about(const struct episode *episode, const char *note);
/* A change of grade, told by the evidence cited last. */
void episode_note_grade(struct engine *e, struct episode *episode, gw_day day, int grade);

/* A candidate of a category from a day on, ended that day unless the caller says otherwise. NULL: out of memory. */
struct candidate *candidate_add(struct engine *e, struct episodes *episodes, const char *category, gw_day onset,
                                const char *note);
/* Those that no event of their category meets are put before a person, the others join it. */
void candidates_settle(struct engine *e, struct episodes *episodes, const struct intensives *intensives);

/* ---- episodes by category and onset, looked up without a walk ---- */

struct shelf {
    struct episode **list;
    gw_day *reach; /* the last day of any up to this place */
    size_t count;
};

struct shelf shelf_of(struct engine *e, struct episode *list, size_t count);
/* Its end, or the last day of its evidence where nobody knows how it went on; GW_DAY_MAX: it goes on. */
gw_day episode_last_day(const struct episode *episode);

struct episode_kind {
    const char *subcategory, *diagnosis; /* as in an episode; NULL: any */
};

/*
 * The episode of a category nearest to the days, at most `slack` days away, of those as near the earliest; it is of the
 * kind or one of the two has none. NULL: none.
 */
struct episode *shelf_find(const struct shelf *shelf, const char *category, struct episode_kind kind, gw_day first,
                           gw_day last, int slack);

/* Of day 1 at a time before that of the first dose: it tells of before treatment. */
bool episode_precedes_dose(const struct engine *e, const struct gw_when *when);
/* The last day on which anything can be known of an event: horizon, death, withdrawal, end of the last window. */
gw_day episode_known_until(const struct engine *e);
/* No episode is known to change by the mere passing of days from this day on. */
gw_day episode_closing_day(const struct engine *e);

/* ---- sources: each adds the episodes of its kind, those of one category in order of onset ---- */

typedef void episode_source(struct engine *e, struct episodes *episodes);

episode_source lab_episodes;   /* graded values, and values beyond a limit */
episode_source coded_episodes; /* diagnoses: certain ones, and those that make a candidate */
episode_source crs_episodes;   /* fever after a dose: candidates, after coded_episodes */
episode_source icans_episodes; /* ICE scores: candidates, after crs_episodes */

episode_source febrile_episodes; /* fever and a low count */

episode_source result_signs; /* cultures, tests and procedures, as candidates */
episode_source drug_signs;   /* starts of drugs, as candidates */

/* ---- rows: event_rows.c ---- */

/* The assessment that collects each, and the id it is born with. */
void episode_name(struct engine *e, struct episode *episode);
void episode_emit(struct engine *e, const struct episodes *episodes, const struct episode *episode);

#endif
