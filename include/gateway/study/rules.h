/*
 * The small tables of mappings/common that steer the engine: what an exception code blocks (exception-codes.csv), what
 * is evidence of which adverse event (ae-evidence.csv), which values are worked out of others (compositions.csv), what
 * a coded answer says (coded-answers.csv), which stays are planned (stay-codes.csv), and what each rule id of
 * provenance means (rule-texts.csv).
 */
#ifndef GATEWAY_STUDY_RULES_H
#define GATEWAY_STUDY_RULES_H

#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/study/tables.h"

struct gw_item_class {
    const char *code;       /* UNIT_MISSING */
    const char *blocks;     /* R record, A adverse event or derived row, S subject, E endpoint, - nothing */
    const char *rule_scope; /* whether a resolution may become a rule */
    const char *cause;
    const char *resolutions; /* what a person can do, joined by "; " */
    const char *decisions;   /* kinds of decisions that do it (decision.def), joined by ";"; "": none here */
};

enum gw_evidence_kind {
    GW_AE_LAB,         /* a concept graded in a direction */
    GW_AE_RANGE,       /* a concept beyond its reference limit: recorded, the grade is a person's */
    GW_AE_VITAL,       /* a measured sign that a rule of its own reads */
    GW_AE_OBSERVATION, /* a coded answer that is positive */
    GW_AE_DRUG_ROLE,   /* the start of a drug of a role of medications.csv */
    GW_AE_DRUG,        /* the start of a substance of it */
    GW_AE_PROCEDURE,   /* a procedure of a category of procedures.csv */
    GW_AE_CONDITION,   /* "*": a confirmed diagnosis that stands in no row of ae-conditions.csv */
};

/* One row of ae-evidence.csv. What a listed diagnosis shows is said by its own row in ae-conditions.csv. */
struct gw_ae_evidence {
    const char *category;
    const char *subcategory; /* NULL: none */
    enum gw_evidence_kind kind;
    const char *key; /* concept, role, substance, procedure category */
    enum gw_direction direction;
    enum gw_evidence_class evidence; /* certain, supporting */
    const char *unless;              /* a concept with a value in the `days` before, or "diagnosis" of the category */
    const char *with;                /* a role whose intravenous use within `days` makes it certain */
    int days;                        /* for `with`; -1: none */
    bool treatment;                  /* of a drug that may prevent or treat, its use as treatment alone */
    const char *term;                /* NULL: that of the grade */
    unsigned line;                   /* in its file */
};

enum gw_composition_kind {
    GW_COMPOSE_SHARE,  /* base x (first + second) / 100 */
    GW_COMPOSE_SUM,    /* base + first */
    GW_COMPOSE_LINEAR, /* base + slope x (reference - first) */
};

struct gw_composition { /* one row of compositions.csv: of the rows of one concept the first that can be applied is */
    const char *concept;
    enum gw_composition_kind kind;
    const char *base;   /* concept whose resource, day and windows the value takes */
    const char *first;  /* NULL: none */
    const char *second; /* NULL: none */
    const char *unit;   /* in which the base was reported and the result is; NULL: canonical */
    struct gw_ratio slope, reference;
    const char *method;
};

enum gw_answer { GW_ANSWER_POSITIVE, GW_ANSWER_NEGATIVE, GW_ANSWER_CONTAMINANT };

struct gw_reason_text {
    const char *reason;
    const char *sentence;
};

struct gw_rule_text {    /* a rule as provenance names it */
    const char *id;      /* "loinc"; "site:*" stands for every id that begins with "site:" */
    const char *section; /* of mappings/RULES.md: "6 Codes" */
    const char *sentence;
};

struct gw_stay_code { /* of planned treatment */
    const char *system;
    const char *code;
    bool prefix;
};

struct gw_relatedness_code { /* what a physician's assessment means */
    const char *system;
    const char *code;
    const char *relatedness; /* related, not related, unassessed */
};

struct gw_coded_answer {
    const char *system; /* NULL: any */
    const char *code;
    enum gw_answer meaning;
};

enum gw_scale_kind {
    GW_SCALE_FUNCTION, /* (1 - (mean - 1) / range) x 100 */
    GW_SCALE_SYMPTOM,  /* ((mean - 1) / range) x 100 */
    GW_SCALE_GLOBAL,   /* the same, for an overall rating */
    GW_SCALE_SUM,      /* of all items; none may be missing */
    GW_SCALE_TOTAL,    /* the sum as the hospital recorded it, in one item; it stands before a sum */
};

#define GW_SCALE_MAX_ITEMS 32

struct gw_scale {           /* one row of instruments.csv */
    const char *instrument; /* QLQ-C30 */
    const char *name;       /* QLPF: a parameter; ADL, IADL, ICE: an input of others */
    enum gw_scale_kind kind;
    int items[GW_SCALE_MAX_ITEMS];
    size_t item_count;
    int low, high; /* of one answer */
    const char *data_group;
};

struct gw_rules {
    const struct gw_item_class *classes;
    size_t class_count;
    const struct gw_ae_evidence *evidence; /* file order */
    size_t evidence_count;
    const struct gw_composition *compositions; /* file order */
    size_t composition_count;
    const struct gw_coded_answer *answers;
    size_t answer_count;
    const struct gw_stay_code *stay_codes;
    size_t stay_code_count;
    const struct gw_relatedness_code *causality;
    size_t causality_count;
    const struct gw_reason_text *reasons; /* why a parameter is not assessable */
    size_t reason_count;
    const struct gw_rule_text *texts;
    size_t text_count;
    const struct gw_scale *scales; /* file order: the scales of one instrument together */
    size_t scale_count;
};

/* GW_ECONFIG "file:line: what, what to do". */
enum gw_status gw_rules_load(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_error *err);

const struct gw_item_class *gw_rules_class(const struct gw_rules *rules, const char *code); /* NULL: unknown code */

/* The scale of that name whose total a hospital may record as such (item 0 of kind total); NULL: none. */
const struct gw_scale *gw_rules_total(const struct gw_rules *rules, const char *scale);

/* What a coded answer says of a culture or test: an organism or any code that no row calls otherwise is positive. */
enum gw_answer gw_rules_answer(const struct gw_rules *rules, const struct gw_concept *answer);

/* Relatedness by an assessment of causality; NULL: causality.csv has no row for it. */
const char *gw_rules_causality(const struct gw_rules *rules, const struct gw_coding *coding);

/* stay-codes.csv says so of a reason, type or diagnosis of a stay: it was for treatment that was planned. */
bool gw_rules_planned(const struct gw_rules *rules, const struct gw_coding *coding);

/* The text of a rule id: its own, else that of the longest beginning which ends in "*"; NULL: no rule is called so. */
const struct gw_rule_text *gw_rules_text(const struct gw_rules *rules, const char *id);

/* The sentence that says what a reason of a derived parameter means; NULL: none. */
const char *gw_rules_reason(const struct gw_rules *rules, const char *reason);

#endif
