/*
 * Decisions of people: an append-only list, an input of derive() like the facts.
 *
 *      {"n": 7, "at": "2026-11-20T20:00:00Z", "by": "dm1", "reason": "lab manual p. 3", "kind": "unit",
 *       "scope": "site:hm", "match": {"fingerprint": "UNIT_MISSING|hm|urn:hm:lab|ANC-K||"},
 *       "set": {"unit": "10*9/L"}, "approved_by": "dm2", "undoes": null}
 *
 * Nothing is edited: a later decision (higher n) on the same thing overrides an earlier one, an `undo` takes one back
 * (and an undo may be undone). A decision is about a cause (its fingerprint), about one evidence fact of a subject, or
 * about a subject; never about a row, whose id may change. Only what the study database answered is told of a row
 * there, and so a decision about that names one (`row`), with what stood on both sides.
 *
 * A rule (a decision on a cause, or one that switches a rule off) and one that moves D1 or EOT act when approved: by
 * `approved_by`, or by a later decision of kind `approve`. Unless the installation lets authors approve (fourEyes
 * false), who approves is another person than who decided. Source: mappings/RULES.md 20.
 */
#ifndef GATEWAY_STUDY_DECISION_H
#define GATEWAY_STUDY_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

enum gw_decision_kind {
#define GW_MEMBER(id, name, form, choices)
#define GW_KIND(id, name, matches, one_of, needs, takes) GW_DECIDE_##id,
#include "gateway/study/decision.def"
#undef GW_KIND
#undef GW_MEMBER
    GW_DECIDE_COUNT
};

enum gw_decision_member {
#define GW_MEMBER(id, name, form, choices) GW_SET_##id,
#define GW_KIND(id, name, matches, one_of, needs, takes)
#include "gateway/study/decision.def"
#undef GW_KIND
#undef GW_MEMBER
    GW_SET_COUNT
};

const char *gw_decision_kind_name(enum gw_decision_kind kind);
enum gw_decision_kind gw_decision_kind_of(const char *name); /* GW_DECIDE_COUNT: none */
const char *gw_decision_matches(enum gw_decision_kind kind); /* of F E S N: what one of the kind may be about */

/* What it is about. All NULL: nothing but its scope. */
struct gw_decision_match {
    const char *fingerprint; /* a cause; else: */
    const char *subject;     /* the study's number of the subject */
    const char *endpoint;    /* with type, id and part: an evidence fact of the subject */
    const char *type;        /* "Observation" */
    const char *id;
    const char *part; /* "component[0]"; "": the resource itself */
};

struct gw_decision {
    int64_t n; /* from 1, rising */
    const char *at;
    const char *by;
    const char *reason;
    enum gw_decision_kind kind;
    const char *scope; /* "endpoint:<id>", "site:<id>", "study:<id>": where it holds */
    struct gw_decision_match match;
    /* As written; "true" or "false" for a switch, lists joined by ";", the id of MERGE_WITH; NULL: not set. */
    const char *set[GW_SET_COUNT];
    struct gw_decision_match with; /* MERGE_WITH */
    const char *approved_by;       /* NULL: not with it */
    int64_t undoes;                /* 0: none */
};

struct gw_decisions {
    const struct gw_decision *list; /* by n */
    size_t count;
};

/*
 * Read one from its JSON text, which the arena must hold. GW_EINPUT "set.loinc: ...", naming the member and what to
 * write. GW_ENOMEM.
 */
enum gw_status gw_decision_read(struct gw_arena *arena, struct gw_slice text, struct gw_decision *out,
                                struct gw_error *err);

/* A file of them, one a line or all in a JSON array; blank lines are none. GW_ENOINPUT; GW_EINPUT "path:line: ..."; two
 * of one n: the same. */
enum gw_status gw_decisions_load(struct gw_arena *arena, const char *path, struct gw_decisions *out,
                                 struct gw_error *err);

/* Canonical: members in the order of the shape above, one line without its end. */
void gw_decision_print(struct gw_text *out, const struct gw_decision *decision);
void gw_decision_print_set(struct gw_text *out, const struct gw_decision *decision); /* its `set` alone */

/*
 * Put a member in by its text ("loinc", "751-8"), as a command line has it; GW_EINPUT like gw_decision_read. value
 * NULL: "true". MERGE_WITH is written as endpoint|type|id|part.
 */
enum gw_status gw_decision_set(struct gw_arena *arena, struct gw_decision *decision, const char *name,
                               const char *value, struct gw_error *err);

/* The members of `set` that go together, and the match, are of its kind. GW_EINPUT says which are not. */
enum gw_status gw_decision_check(const struct gw_decision *decision, struct gw_error *err);

/* Acts only when approved. */
bool gw_decision_wants_approval(const struct gw_decision *decision);

/* Two names of people mean one: blanks around them and the case of their letters aside. */
bool gw_decision_same_person(const char *a, const char *b);

#endif
