/*
 * derive(): everything the study knows of one subject, from what the sources said. A pure function.
 *
 * No clock, no files, no order of arrival, no locale: the same inputs give the same bytes. The horizon is the last day
 * up to which every needed search of the subject succeeded; missed windows and provisional ends are judged against it.
 *
 *      decide ──> current ──> diagnoses ──> uses ──> anchors ──> windows ──> place ──> forms ──> duplicates ──┐
 *      ┌──────────────────────────────────────────────────────────────────────────────────────────────────────┘
 *      └──> measure ──> compose ──> index ──> flag ──> grade ──> emit ──> exposure ──> events ──> parameters ──> settle
 *
 * Each stage reads what earlier stages returned and returns one new table; settle() alone gives every part its state.
 */
#ifndef GATEWAY_STUDY_DERIVE_H
#define GATEWAY_STUDY_DERIVE_H

#include "gateway/core/digest.h"
#include "gateway/fhir/fact.h"
#include "gateway/study/decision.h"
#include "gateway/study/package.h"
#include "gateway/study/roster.h"
#include "gateway/study/rows.h"
#include "gateway/study/rules.h"
#include "gateway/study/site.h"
#include "gateway/study/tables.h"
#include "gateway/study/windows.h"

enum gw_state { /* every part ever read is in exactly one */
                GW_STATE_DELIVERED,
                GW_STATE_EVIDENCE,
                GW_STATE_UNCHANGED,
                GW_STATE_SUPERSEDED,
                GW_STATE_NOT_IN_SCOPE,
                GW_STATE_OUTSIDE_WINDOW,
                GW_STATE_HELD,
                GW_STATE_RETRACTED,
                GW_STATE_COUNT,
};

const char *gw_state_name(enum gw_state state); /* "delivered" ... as in the ledger */

struct gw_part_state {
    size_t fact; /* index into the input's facts */
    int part;    /* index of the fact's part: 0 .. part_count - 1 */
    enum gw_state state;
    const char *reason;  /* "" where the state says all */
    const char *rows;    /* row ids it is the value source of, sorted, joined by ";"; "" */
    const char *items;   /* exception ids, the same way */
    const char *concept; /* of a laboratory value whose code is mapped; NULL: none, or it ended before that was asked */
    gw_day first, last;  /* the days that its date can mean; GW_NO_DAY: no value, or not placed */
};

/* An exception item. Its cause is its fingerprint: class|site|system|code|unit|rule. */
struct gw_item {
    const char *id;          /* x + 20 hex */
    const char *code;        /* UNIT_MISSING */
    const char *fingerprint; /* "UNIT_MISSING|hm|urn:hm:lab|ANC-K||" */
    const char *blocks;      /* R A S E - */
    bool has_fact;
    size_t fact;
    int part;
    gw_day day;             /* it is about; GW_NO_DAY: none */
    const char *rows;       /* ids of the rows it is about, where they are not those of the part; NULL */
    const char *context;    /* JSON object */
    const char *suggestion; /* JSON object, or "" */
    const char *window_ids; /* windows that could use it, joined by ";" */
    int64_t decision;       /* that is being carried out, and closes the item when it was; 0: none */
};

/* An item that would be there, had a person not decided; or a record about which nothing more is asked. */
struct gw_resolution {
    const char *item; /* its id; NULL: any item of the fact */
    size_t fact;
    int64_t decision; /* its n */
};

/* A version of one of the subject's resources that names another patient: if it is the newest, the resource is no
 * longer the subject's. */
struct gw_move {
    enum gw_resource type;
    const char *endpoint;
    const char *id;
    const char *version_id;   /* NULL: none */
    const char *last_updated; /* NULL: none */
    int64_t delivery;
    uint8_t sha256[32];
};

enum gw_refusal_kind {
    GW_REFUSAL_REJECTED, /* the study database does not take the row (PUSH_REJECTED) */
    GW_REFUSAL_TOUCHED,  /* the row there is not as it was written (TARGET_CHANGED) */
};

struct gw_refusal { /* of a row, by the study database it was sent to */
    enum gw_refusal_kind kind;
    enum gw_table_id table;
    const char *subject_key;
    const char *row_id;
    const char *reason; /* "SQLSTATE 22003"; of what was touched "missing" where it is gone, else "" */
    const char
        *stands; /* of what was touched: a digest, the database's own, of what is there; "": gone, or not known */
    const char *theirs; /* what is there, a JSON object by column; NULL: not known. It stays in the hospital */

    /* from the ledger */
    int64_t decided; /* the last decision that there was when it was noted: later ones may be about it */
    int64_t answer;  /* the decision by which the row is to be sent all the same (gw_refusal_answer); 0: none */
};

struct gw_refusals {
    struct gw_refusal *list;
    size_t count;
    size_t capacity;
};

/* The one of a row; NULL: it was not refused. subject_key NULL: all are of one subject. */
const struct gw_refusal *gw_refusal_find(const struct gw_refusal *list, size_t count, const char *subject_key,
                                         enum gw_table_id table, const char *row_id);

struct gw_signed_rows { /* the rows of the revision that a decision of kind sign names */
    int64_t decision;
    struct gw_rows rows;
};

struct gw_subject_input {
    const struct gw_study *study;
    const struct gw_tables *tables;
    const struct gw_rules *rules;
    const struct gw_site *site;
    const struct gw_roster_line *roster;
    const struct gw_decision
        *decisions; /* all that were ever made, any order; those of other subjects are passed over */
    size_t decision_count;
    bool author_approves;        /* fourEyes is off: who decided may approve */
    const struct gw_fact *facts; /* every version of every fact of the subject, any order */
    size_t fact_count;
    const struct gw_move *moves; /* any order */
    size_t move_count;
    const struct gw_refusal *refusals; /* that stand, any order; for gw_history */
    size_t refusal_count;
    const struct gw_signed_rows *signatures; /* any order; for gw_history. One that lacks here holds nothing */
    size_t signature_count;
    gw_day horizon;
    struct gw_hmac *key; /* the study's pseudonym key */
};

struct gw_refusal_answer { /* to a refusal, where it is another than the one it had */
    enum gw_table_id table;
    const char *row_id;
    int64_t decision; /* by which the row is to be sent: again, or over what a person typed; 0: none */
};

struct gw_linked { /* a patient that a person said is the subject too: its records are to be asked for */
    const char *endpoint;
    const char *patient;
};

struct gw_held_row { /* of a signed window, that would be another */
    const char *window;
    enum gw_table_id table;
    const struct gw_row *stands; /* NULL: it would be new */
    const struct gw_row *is;     /* NULL: it would be gone */
};

struct gw_derived {
    struct gw_rows rows;         /* sorted */
    struct gw_part_state *parts; /* one for each part of each fact, in order of fact index and part */
    size_t part_count;
    struct gw_item *items; /* sorted by id */
    size_t item_count;
    struct gw_resolution *resolutions; /* sorted by item, then those of facts, in their order */
    size_t resolution_count;
    bool blocked;    /* a subject-blocking item is open: no batch leaves */
    gw_day next_day; /* first later horizon on which the answer may change without new facts; GW_NO_DAY: none */
    struct gw_windows windows;
    struct gw_linked *linked; /* by endpoint and patient, each once */
    size_t linked_count;
    struct engine *engine; /* derive's own, for gw_history */

    /* from gw_history */
    const char **lasting; /* ids of open items raised by an earlier comparison: they stay. Sorted */
    size_t lasting_count;
    struct gw_refusal_answer *answers; /* to refusals */
    size_t answer_count;
    struct gw_held_row *held; /* by window as signed, then table */
    size_t held_count;
    int32_t anchor_version; /* from 1, one more whenever D1, EOT, death or withdrawal is another day */
};

/* GW_OK or GW_ENOMEM. What is wrong with data is an item, never a failure. Results live in the arena. */
enum gw_status gw_derive(struct gw_arena *arena, const struct gw_subject_input *input, struct gw_derived *out,
                         struct gw_error *err);

/* How provenance names the version of a resource that a fact is (content_sha256); NULL: no line of it does. */
const char *gw_derived_content(const struct gw_derived *derived, size_t fact);

/*
 * identify(): keep ids of episodes and drugs stable. Gives each ae_episodes row of `next` (and all that points to it)
 * the ae_id of the previous episode of the same category with the largest overlap of evidence facts (ties: earlier
 * onset, smaller id), and the same way each row of `exposures` and `conmeds` the exp_id or cm_id of the previous one of
 * its drug (ties: the same start first); an unmatched one keeps the id derive() gave it at birth. previous may be
 * empty. The rows are sorted again. gw_identify_derived renames the rows that parts name, too.
 */
enum gw_status gw_identify(struct gw_arena *arena, const struct gw_rows *previous, struct gw_rows *next,
                           struct gw_error *err);
enum gw_status gw_identify_derived(struct gw_arena *arena, const struct gw_rows *previous, struct gw_derived *derived,
                                   struct gw_error *err);

/*
 * history(): what the change of what was delivered tells a person. Adds to `derived`, between gw_identify and
 * gw_difference: ANCHOR_MOVED, which blocks until a decision confirms it, where D1 moved by more than the study allows;
 * CORRECTION_AFTER_PUSH and WITHDRAWN_AFTER_PUSH, one for each source whose change or withdrawal changed a row;
 * PUSH_REJECTED and TARGET_CHANGED, one for each row that the study database refuses, for as long as it does (those of
 * the exceptions' own table apart, or each would give another), with what people decided about them. Rows of a signed
 * window stay as they were signed, and SIGNED_CHANGED, one for each such window, asks what is to become of the change.
 * Items of former comparisons stay. previous may be empty: then there is nothing to tell. Source: mappings/RULES.md 10,
 * 20 and 21.
 */
enum gw_status gw_history(const struct gw_rows *previous, struct gw_derived *derived, struct gw_error *err);

/* An item that comes from a comparison with what was delivered, or from a sink's answer: no part of a state of
 * knowledge. */
bool gw_item_is_history(const char *code);

enum gw_change_kind { GW_CHANGE_ADD, GW_CHANGE_UPDATE, GW_CHANGE_WITHDRAW };

struct gw_change {
    enum gw_change_kind kind;
    enum gw_table_id table;
    struct gw_row *row; /* WITHDRAW: key cells and status withdrawn, all else empty */
    int64_t decision;   /* by which it is sent, whether or not it changed; 0: because it did */
    const char *over;   /* gw_refusal.stands of what it is written over, if just that is there; NULL: over ours alone */
};

struct gw_difference {
    struct gw_change *changes; /* table order, then row_id */
    size_t count;
    size_t added, updated, withdrawn, unchanged;
};

/* NULL: it has none of this row. */
const struct gw_change *gw_difference_find(const struct gw_difference *difference, enum gw_table_id table,
                                           const char *row_id);

/*
 * What must change so that `previous` becomes `next`. Both sorted. Rows of provenance alone make no batch: when nothing
 * else changed the difference is empty.
 */
enum gw_status gw_difference(struct gw_arena *arena, const struct gw_rows *previous, const struct gw_rows *next,
                             struct gw_difference *out, struct gw_error *err);

#endif
