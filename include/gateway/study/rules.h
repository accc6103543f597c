/*
 * Three small tables of mappings/common that steer the engine: what an exception code blocks (exception-codes.csv),
 * which laboratory concept makes which adverse-event category (lab-events.csv), and what each rule id of provenance
 * means (rule-texts.csv).
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
};

struct gw_lab_event {
    const char *category;
    const char *concept;
    enum gw_direction direction;
};

struct gw_rule_text {    /* a rule as provenance names it */
    const char *id;      /* "loinc"; "site:*" stands for every id that begins with "site:" */
    const char *section; /* of mappings/RULES.md: "6 Codes" */
    const char *sentence;
};

struct gw_rules {
    const struct gw_item_class *classes;
    size_t class_count;
    const struct gw_lab_event *lab_events;
    size_t lab_event_count;
    const struct gw_rule_text *texts;
    size_t text_count;
};

/* GW_ECONFIG "file:line: what, what to do". */
enum gw_status gw_rules_load(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_error *err);

const struct gw_item_class *gw_rules_class(const struct gw_rules *rules, const char *code); /* NULL: unknown code */

/* The text of a rule id: its own, else that of the longest beginning which ends in "*"; NULL: no rule is called so. */
const struct gw_rule_text *gw_rules_text(const struct gw_rules *rules, const char *id);

#endif
