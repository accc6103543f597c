/*
 * One subject put together by hand: a study, a site, a roster line and resources as JSON texts, derived on demand.
 */
#ifndef SUPPORT_SUBJECT_H
#define SUPPORT_SUBJECT_H

#include "gateway/study/derive.h"
#include "support/scratch.h"

#define SUBJECT_MAX_FACTS     512
#define SUBJECT_MAX_DECISIONS 64

struct subject {
    struct gw_arena arena;
    const struct gw_study *study;
    const struct gw_tables *tables;
    struct gw_rules rules;
    const struct gw_site *site;
    struct gw_roster_line line;
    struct gw_fact facts[SUBJECT_MAX_FACTS];
    const char *texts[SUBJECT_MAX_FACTS]; /* of the facts, as JSON */
    size_t count;
    struct gw_hmac *key;
    struct gw_decision decisions[SUBJECT_MAX_DECISIONS];
    size_t decision_count;
    bool author_approves;
    const struct gw_refusal *refusals; /* by the study database; none unless a test has some */
    size_t refusal_count;
    struct gw_signed_rows *signatures; /* what gw_history is given; those of a ledger would be its revisions */
    size_t signature_count;
    gw_day horizon;
    int64_t delivery;
    struct gw_derived derived;
};

/* Subject ES-001, patient p1, of site madrid in lendex-rrmm, first dose 2024-01-15, horizon 2024-12-31. */
void subject_init(struct subject *s);
void subject_init_at(struct subject *s, const char *study, const char *site);
void subject_release(struct subject *s);
/* Another profile of its site, which is written to the folder. */
void subject_set_profile(struct subject *s, struct scratch *scratch, const char *json);

/* Add a resource; %s and the like as in printf, single quotes stand for double ones. */
void subject_add(struct subject *s, const char *json, ...) __attribute__((format(printf, 2, 3)));

/* Put another text in the place of a fact that was added. False: it is not one that can be read. */
bool subject_replace(struct subject *s, size_t fact, const char *json);

/* An ANC (or any LOINC code) in 10*9/L, final, with range 1.5 to 7.5, effective as given. */
void subject_add_lab(struct subject *s, const char *id, const char *loinc, const char *effective, const char *value);

/* A final value of a LOINC code in a UCUM unit, without a range; the value may begin with a comparator. */
void subject_add_value(struct subject *s, const char *id, const char *loinc, const char *effective, const char *value,
                       const char *unit);

/* A Condition by its ICD-10-CM code, confirmed or of another verification; end NULL: it goes on. */
void subject_add_condition(struct subject *s, const char *id, const char *code, const char *onset, const char *end);
void subject_add_condition_as(struct subject *s, const char *id, const char *verification, const char *code,
                              const char *onset, const char *end);

/* A completed record of a drug by its ATC code; members: its days, its dose ... */
void subject_add_drug(struct subject *s, const char *type, const char *id, const char *atc, const char *members);

/* Patient p1; a birth date may be partial. */
void subject_add_patient(struct subject *s, const char *gender, const char *born);

/* An ambulatory Encounter on a day; so many days after the first dose (v30); every 30 days after it (e1, e2 ...). */
void subject_add_visit(struct subject *s, const char *id, const char *day);
void subject_add_visit_after(struct subject *s, int days);
void subject_add_visits(struct subject *s, int visits);

/* Patient p1, a visit every 30 days from the first dose on (e1, e2 ...), and a normal ANC on the day itself. */
void subject_add_monthly_visits(struct subject *s, int visits);

/*
 * A decision by dm1, approved by dm2, for the subject's site where match names a fingerprint, else for its study; gives
 * its n, which rises from 1. match: a fingerprint, "Observation/v", "Observation/v#component[0]", or "" for the subject
 * itself. set: a JSON object; single quotes stand for double ones.
 */
int64_t subject_decide(struct subject *s, const char *kind, const char *match, const char *set);
/* The same, false where such a decision is refused when it is read. */
bool subject_may_decide(struct subject *s, const char *kind, const char *match, const char *set);
/* The same as it stands in a file, single quotes again. */
const struct gw_decision *subject_decide_json(struct subject *s, const char *json);
/* The rule ids in the provenance of an observation's row; "" where there is none. */
const char *subject_rules(struct subject *s, const char *row_id);

/* The facts from last to first; in an order of chance (support/chance.h). */
void subject_turn(struct subject *s);
void subject_shuffle(struct subject *s, uint64_t *seed);

/* What gw_derive is given of it. */
struct gw_subject_input subject_input(const struct subject *s);
void subject_derive(struct subject *s);

gw_day subject_day(const char *text);
/* A date; that so many days after the first dose. */
const char *subject_day_text(struct subject *s, gw_day day);
const char *subject_date(struct subject *s, int days);
/* State of part 0 of the current version of a resource: "delivered", "held UNIT_MISSING" ... */
const char *subject_state(struct subject *s, const char *id);
const char *subject_state_of(struct subject *s, const char *id, int part);
/* Fail unless the current version of a resource (its part) is in the state and reason told. */
void subject_expect(struct subject *s, const char *id, const char *state);
void subject_expect_part(struct subject *s, const char *id, int part, const char *state);
/* The observation row of a resource id in a window; NULL: none. */
const struct gw_row_observations *subject_observation(struct subject *s, const char *id, const char *window);
const struct gw_row_windows *subject_window(struct subject *s, const char *window);
const struct gw_row_ae_episodes *subject_episode(struct subject *s, size_t index);
const struct gw_row_ae_episodes *subject_episode_of(struct subject *s, const char *category); /* first; fails if none */
const struct gw_row_subjects *subject_row(const struct subject *s);      /* its own; fails where there is none */
size_t subject_count(const struct subject *s, enum gw_table_id table);   /* of rows */
const struct gw_item *subject_item(struct subject *s, const char *code); /* first of that code; NULL */
size_t subject_items(struct subject *s, const char *code);
/* Fail unless the context of the first of that code has this part. */
void subject_expect_context(struct subject *s, const char *code, const char *part);

/* The codes of all items in order, joined by ";". */
const char *subject_item_codes(struct subject *s);

/* The study of this subject alone, to change before it is derived. */
struct gw_study *subject_study(struct subject *s);
/* The roster alone tells the first dose: no record contradicts it. */
void subject_trust_roster(struct subject *s);
/* Ask for these parameters, joined by ";", and no others. */
void subject_ask(struct subject *s, const char *parameters);
/* The row of a parameter, of a window (NULL: of the subject); of: as in its id, NULL: none. NULL: no such row. */
const struct gw_row_derived *subject_parameter(struct subject *s, const char *name, const char *window, const char *of);
/* Fail unless it is there with this value or else text; "!NO_WEIGHT": not assessable, why. */
void subject_expect_parameter(struct subject *s, const char *name, const char *window, const char *of,
                              const char *wanted);

/* Fail, naming what it is, unless the text is the one wanted; "" is also no text at all. */
void expect_text(const char *what, const char *got, const char *wanted);

#endif
