/*
 * From what a laboratory wrote to a concept, a value in its canonical unit, limits and a grade. Pure functions of the
 * tables and the site's profile.
 *
 * Source: mappings/RULES.md 6 to 8.
 */
#ifndef GATEWAY_STUDY_MEASURE_H
#define GATEWAY_STUDY_MEASURE_H

#include "gateway/study/site.h"
#include "gateway/study/tables.h"

/* ---- code ---- */

enum gw_code_verdict {
    GW_CODE_MAPPED,
    GW_CODE_NOT_LISTED, /* carries a LOINC code found in no row: not in scope */
    GW_CODE_UNKNOWN,    /* no LOINC code and no site mapping */
    GW_CODE_UNVERIFIED,
    GW_CODE_CONFLICT, /* codings map to two concepts */
};

struct gw_code_result {
    enum gw_code_verdict verdict;
    const struct gw_lab *lab;       /* MAPPED, UNVERIFIED */
    const struct gw_coding *source; /* the coding that decided, for source_code and the fingerprint; NULL: none there */
    const char *rule;               /* "loinc" or "site:<id>": for provenance */
};

/*
 * Which laboratory row a code names. Every coding is looked at: LOINC directly, local ones through the site's map; two
 * that name different concepts are a conflict; of two rows of one concept the better preference wins.
 */
struct gw_code_result gw_code_map(const struct gw_tables *tables, const struct gw_site *site,
                                  const struct gw_concept *code);

/* ---- value ---- */

enum gw_value_verdict {
    GW_VALUE_OK,
    GW_VALUE_ABSENT, /* no value, whether or not with a dataAbsentReason: not in scope, counted */
    GW_VALUE_UNIT_MISSING,
    GW_VALUE_UNIT_UNKNOWN,
    GW_VALUE_UNIT_CONFLICT,
    GW_VALUE_IMPLAUSIBLE,
    GW_VALUE_TYPE, /* a kind this row cannot have: text, range, ... */
};

struct gw_measure {
    enum gw_value_verdict verdict;
    const char *unit_code;      /* the UCUM code that converted, of the source value */
    struct gw_decimal source;   /* as written */
    struct gw_ratio canonical;  /* exact, in the row's canonical unit */
    const char *comparator;     /* "<" ... or NULL */
    const char *value_num;      /* canonical as printed for the study; NULL for a coded row */
    const char *value_text;     /* coded rows: the answer's code; else NULL */
    const char *unit;           /* canonical unit */
    const char *transformation; /* "x 1/1000", "(x - 32) * 5/9", "" : for provenance */
};

/* Convert one observed value. Results live in the arena. GW_ENOMEM or GW_OK; what is wrong with the value is a verdict.
 */
enum gw_status gw_measure_read(struct gw_arena *arena, const struct gw_tables *tables, const struct gw_site *site,
                               const struct gw_lab *lab, const struct gw_coding *code,
                               const struct gw_observed *observed, struct gw_measure *out, struct gw_error *err);

/* ---- limits ---- */

enum gw_range_verdict { GW_RANGE_FOUND, GW_RANGE_MISSING, GW_RANGE_TEXT_ONLY, GW_RANGE_AMBIGUOUS };

struct gw_limits {
    enum gw_range_verdict verdict;
    bool from_site; /* else from the resource */
    bool has_low;
    bool has_high;
    struct gw_ratio low; /* canonical unit */
    struct gw_ratio high;
    struct gw_ratio source_low; /* in the unit of the source value, for the unit families */
    struct gw_ratio source_high;
    const char *low_num; /* printed, canonical */
    const char *high_num;
};

/* Reference limits of a measured value: the resource's range of type normal or none that fits, else the site's for sex
 * and age. */
enum gw_status gw_limits_read(struct gw_arena *arena, const struct gw_tables *tables, const struct gw_site *site,
                              const struct gw_lab *lab, const struct gw_observed *observed,
                              const struct gw_measure *measure, const char *sex, int age, struct gw_limits *out,
                              struct gw_error *err);

/* H or L against the limits: true when the interpretation contradicts them. */
bool gw_limits_contradict(struct gw_arena *arena, const struct gw_observed *observed, const struct gw_measure *measure,
                          const struct gw_limits *limits);

/* ---- grade ---- */

enum gw_grade_flag { GW_GRADE_EXACT, GW_GRADE_PROVISIONAL, GW_GRADE_UNKNOWN01 };

struct gw_baseline {
    bool known;
    struct gw_ratio value; /* canonical */
    struct gw_limits limits;
};

struct gw_grade {
    bool applies; /* the tables grade this concept in this direction */
    bool graded;  /* false: not gradable here (see flag and ambiguous) */
    int grade;    /* 0 .. 4 */
    enum gw_direction direction;
    enum gw_grade_flag flag;
    bool comparator_ambiguous; /* COMPARATOR_AMBIGUOUS: the grade depends on where below or above it lies */
    bool range_wanted;         /* a limit would have decided between 0 and 1 (or further): RANGE_* item */
    bool lln_below_cut;        /* absolute bound won over the laboratory's own limit */
    const char *term;
    const struct gw_grade_row *row; /* that decided; NULL for grade 0 */
};

/*
 * Grade one value in one direction (mappings/RULES.md 8). Absolute bounds win; limits and baseline as given (limits may
 * be not FOUND, baseline may be unknown: provisional by xULN). A comparator is graded only if every possible value has
 * the same grade.
 */
enum gw_status gw_grade_value(struct gw_arena *arena, const struct gw_tables *tables, const struct gw_lab *lab,
                              const struct gw_measure *measure, const struct gw_limits *limits,
                              const struct gw_baseline *baseline, enum gw_direction direction, struct gw_grade *out,
                              struct gw_error *err);

/* The worse of both directions, as an observation row shows it (grade 0 has no direction unless only one applies). */
struct gw_grade gw_grade_worse(const struct gw_grade *low, const struct gw_grade *high);

#endif
