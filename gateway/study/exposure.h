/*
 * What a subject took, day by day, and the cycles it makes. Private to the study room.
 *
 * An exposure is a run of days on which one substance was taken, possessed or intended in one dose and rhythm by the
 * best evidence there is. Days of one substance never overlap. Source: mappings/RULES.md 14.
 */
#ifndef STUDY_EXPOSURE_H
#define STUDY_EXPOSURE_H

#include "study/engine.h"
#include "study/uses.h"

struct stretch { /* days that the same records decide, by their best evidence */
    gw_day first;
    gw_day last;  /* GW_DAY_MAX: beyond the horizon */
    gw_day until; /* the last day of an administration whose dose counts on a day of it; at least `last` */
    gw_day from;  /* the rounds of its rhythm count from here */
    struct rhythm rhythm;
    struct intake dose;    /* of one intake */
    struct gw_ratio daily; /* of a day with doses; only with a dose */
    enum gw_evidence_rank rank;
    bool negative;         /* it was not taken */
    bool conflict;         /* records of one rank tell different doses: none is known */
    const struct use *use; /* that decided, of several the first by key */
    size_t *facts;         /* that say so */
    size_t fact_count, fact_capacity;
    size_t *others; /* that say less, or of less weight, for these days */
    size_t other_count, other_capacity;
};

struct exposure {
    const char *substance;          /* as medications.csv names it; else the coding's display or code */
    const struct gw_drug_row *drug; /* NULL: in no row, a concomitant drug without a role */
    gw_day first;
    gw_day last; /* GW_DAY_MAX: goes on beyond the horizon */
    int every;   /* days from one dose to the next: 1 daily, 2 every other day, 7 weekly; 0: once */
    bool has_dose;
    struct gw_ratio dose; /* of one day on which it is taken, in `unit` */
    const char *unit;     /* "mg"; NULL without a dose */
    const char *route;    /* code or text; NULL */
    enum gw_evidence_rank rank;
    const size_t *facts; /* the records it rests on */
    size_t fact_count;
    int nth;            /* of its substance, of those that rest on the same smallest record, from 0 */
    const char *row_id; /* of its row in `exposures` or `conmeds`; NULL: it makes none */

    const struct stretch *stretches; /* its very days, in order; between them at most what merges */
    size_t stretch_count;
    struct rhythm rhythm;
    const char *dose_text;              /* of one intake, as the study sees it; NULL without a dose */
    bool study_drug;                    /* else concomitant */
    bool provisional;                   /* rests on a provisional record alone */
    bool stopped;                       /* a record says that it ended on its last day */
    int level;                          /* on the study's ladder, 1 the first; 0: none, or off it */
    enum gw_purpose purpose;            /* of a drug that may prevent or treat */
    const struct gw_decision *decision; /* of a person, on the purpose; NULL: none */
    const size_t *others;               /* records of less weight for the same days */
    size_t other_count;
};

struct cycle {
    int number; /* 1 .. */
    gw_day start;
    gw_day next; /* start of the next one, else the day after the last day that counts */
    struct gw_ratio planned_mg;
    struct gw_ratio actual_mg;
    int delay_days;         /* of this start against the former's planned next */
    struct gw_ratio dex_mg; /* total in the cycle */
    const char *dex_class;  /* HIGH ...; NULL: none fits */
    const char *row_id;     /* NULL: it makes none yet */

    bool over;       /* the next one began, treatment ended, or its planned days are past */
    gw_day known_on; /* the day whose evidence completes it */
    bool ended;      /* it is the last one, and treatment ended in it */
    bool has_actual; /* every dose in it is known */
    bool told_dex;   /* some dose of dexamethasone in it is told, known or not */
    bool has_dex;    /* some dose of dexamethasone in it is told, and every one known */
};

struct interruption { /* a hole in the treatment days of a cycle */
    gw_day first;
    gw_day last; /* at most the last treatment day, which nobody may have seen yet */
};

/* ---- made by the stage ---- */

struct bounds {
    gw_day low;  /* days before it are cut */
    gw_day high; /* days after it too */
    bool study_drug;
};

struct stretches {
    struct stretch *list;
    size_t count, capacity;
};

/* An order or a supply of a drug that is no treatment of the disease, begun so long before day 1 that whether it still
 * holds is not known: it counts for nothing. */
bool exposure_is_stale(const struct engine *e, const struct use *use);

/* The days of one substance: of its uses, in order of their first day, the best evidence for each day. */
void days_find(struct engine *e, const struct use *uses, size_t count, const struct bounds *bounds,
               struct stretches *out);

/* Its stretches put together to exposures, pushed to the engine's; the negative ones are left out. Facts are those of
 * the stretches seen. */
void days_merge(struct engine *e, const struct stretches *stretches, bool study_drug, gw_day seen);

/*
 * Cycles and interruptions of the study's drug with cycles, into the engine. high: the last day of treatment; seen: the
 * last day that an assessment told of.
 */
void cycles_find(struct engine *e, gw_day high, gw_day seen);
void cycles_emit(struct engine *e);

/* Rows of the study's drugs; `seen`: the last day that an assessment told of. */
void exposures_emit(struct engine *e, gw_day seen);
void conmeds_emit(struct engine *e, gw_day seen);

/* The amount of a drug taken from one day to another, by better evidence than orders. False: some dose is not known,
 * or (*any false) nothing was told at all. */
bool amount_taken(struct engine *e, const char *substance, gw_day first, gw_day last, struct gw_ratio *out, bool *any);

/* Dexamethasone of the planned days of a cycle that is over: a late start of the next adds days, no dose. False: none
 * was told, or some dose is not known. */
bool cycle_dexamethasone(struct engine *e, const struct cycle *cycle, struct gw_ratio *out);

/* actual / planned x 100 as printed for the study; NULL: nothing was planned. */
const char *percent_of(struct engine *e, const struct gw_ratio *actual, const struct gw_ratio *planned);

/* The last day whose doses an assessment told of; the baseline tells of day 1. */
gw_day doses_seen_until(const struct engine *e);

/* Why doses up to a day cannot be judged: that day is to come, or no assessment has told of it; NULL: they can. */
const char *doses_unseen(struct engine *e, gw_day last);

/* The window in which a change on a day is collected: the baseline for what began by day 1, else the next assessment.
 * NULL: none yet. */
const struct gw_window *reported_in(const struct engine *e, gw_day day);

/* What a row tells changes once a day is seen: noted where that needs no contact, but only the day itself. */
void seen_on(struct engine *e, gw_day day);

/* Name a row by what it is about and the smallest of its records; nth tells rows of one such record apart. */
const char *row_name(struct engine *e, char letter, const char *what, const struct exposure *x, int nth);
/* Every exposure's `nth`. */
void exposures_number(struct engine *e);

const char *evidence_name(enum gw_evidence_rank rank); /* administered ... intended */

/* ---- asked by the stages after it ---- */

/* The drug whose cycles the study counts; else the first that starts day 1; NULL: the study has none. */
const char *exposure_drug(const struct engine *e);

/* The exposures of a substance, contiguous, in order of days; the count of them. */
size_t exposures_of(const struct engine *e, const char *substance, const struct exposure **list);

/* The exposure that covers a day; NULL: none. */
const struct exposure *exposure_on(const struct engine *e, const char *substance, gw_day day);

/* The last day of a dose at or before a day; GW_NO_DAY: none. */
gw_day last_dose_day(const struct engine *e, const char *substance, gw_day day);

/* Doses of a substance at or before a day (elranatamab's dose_number); 0: none. */
int doses_until(const struct engine *e, const char *substance, gw_day day);

/* The days on which the drug of `schedule` is planned, rising; what hangs on a response is left out until it is known.
 */
struct dose_plan {
    gw_day *days;
    size_t count, capacity;
    gw_day high; /* nothing is planned after it */
};

void dose_plan_make(struct engine *e, struct dose_plan *out);

/* A dose was given on the planned day or window_days beside it. */
bool dose_given_near(const struct engine *e, gw_day day);

/* Of a study that plans no cycles (mappings/RULES.md 13). */
#define UNPLANNED_CYCLE_DAYS 28

/* How long a cycle is planned to be. */
int cycle_days(const struct engine *e);

/* A day, or the end of treatment, death or withdrawal where one comes before it. */
gw_day treated_until(const struct engine *e, gw_day day);

/* The cycle a day lies in; NULL: none. */
const struct cycle *cycle_on(const struct engine *e, gw_day day);

#endif
