/*
 * What the stages of derive() hand to each other. Private to the study room.
 *
 * One struct per derivation; each stage fills its own table and reads the earlier ones. Stages attach items to parts
 * and may end one (engine_end_part); settle() weighs that against rows, citations and items.
 */
#ifndef STUDY_ENGINE_H
#define STUDY_ENGINE_H

#include "gateway/study/derive.h"
#include "gateway/study/measure.h"

/* ---- parts: one for each part of each fact ---- */

struct part {
    size_t fact;
    int index;
    bool final; /* an earlier stage already knows: state and reason below stand */
    enum gw_state state;
    const char *reason;
    bool cited;        /* some row names it as evidence */
    const char **rows; /* rows it is the value source of */
    size_t row_count, row_capacity;
    const char **items;
    size_t item_count, item_capacity;
    bool held;             /* an item of block R is on it */
    const char *held_by;   /* its code */
    const char *waits_for; /* code of the first item of block A on it: an adverse event or derived row waits */
};

/* ---- versions ---- */

struct version_told; /* lineage.c */

struct version { /* one for each fact, in input order */
    bool current;
    bool moved;                      /* a later version of its resource names another patient: none is current */
    const char *key;                 /* endpoint|type|id, for keyed ids */
    const char *hash;                /* by engine_hash */
    const struct version_told *told; /* what provenance says of it; made when first asked for (lineage.c) */
};

struct medication_name { /* one for each identifier of a current Medication */
    const struct gw_identifier *identifier;
    size_t fact;
};

/* ---- observations ---- */

struct placed { /* a datum in one window: one row */
    size_t datum_index;
    const struct gw_window *window;
    size_t window_index;
    bool anl01, anl02, anl03;
};

struct composed; /* compose.h */

struct appraisal { /* what is made of a value; most of a long history is never asked for its */
    struct gw_measure measure;
    struct gw_limits limits;
    struct gw_grade low, high, grade;
    const struct gw_decision *graded_by; /* a person, where a comparator left the grade open; NULL: nobody */
};

extern const struct appraisal engine_not_appraised;

struct datum {    /* one part of a current Observation that has a value, or what such give together */
    size_t index; /* in the engine's list */
    size_t fact;
    int part;
    const struct gw_fact *source;
    const struct gw_observed *observed;
    struct gw_when when;
    struct gw_when end;
    bool dated;
    bool provisional;      /* preliminary: kept, never flagged */
    bool category_read;    /* of a category the study reads, or of none */
    bool after_first_dose; /* on day 1, timed after the first dose */
    bool evidence;         /* no row of its own, but may date an episode */
    bool before;           /* no row of its own, but may be the baseline of a study that has no window for it */
    bool by_specimen;      /* dated by the collection of the Specimen at index `specimen` */
    size_t specimen;
    const char *windows; /* ids of the windows that could take it, joined by ";" */
    struct gw_code_result code;
    const char *decisions;         /* what people decided about its value and place, as rule ids; NULL: nothing */
    bool waits;                    /* for its status or code: not read */
    bool measured;                 /* measure holds a usable value */
    bool graded;                   /* low, high and grade were computed */
    const struct appraisal *value; /* changed by engine_appraise() alone; an empty one until then */
    const struct composed *made;   /* worked out of others; fact and part are those of its base. NULL: observed */
    const char *obs_id;
    size_t first_placed, placed_count; /* first_placed holds until stage_flag sorts the list */
};

/* A window takes it, or it dates events, or it tells of the time before. */
static inline bool datum_is_used(const struct datum *datum)
{
    return datum->placed_count > 0 || datum->evidence || datum->before;
}

/* What it says may date an event: it was read, is final, of one day, and in a window or evidence between them. */
static inline bool datum_tells(const struct datum *datum)
{
    return datum->measured && !datum->provisional && datum->when.first == datum->when.last &&
           (datum->placed_count > 0 || datum->evidence);
}

/* ---- diagnoses ---- */

struct diagnosis { /* a current Condition that counts, whenever it began: history and risk too */
    size_t fact;
    const struct gw_coding *coding;      /* the one that `row` reads, else the first; NULL: none */
    const struct gw_condition_row *row;  /* of this study's tables, risk rows aside; NULL: in none */
    const struct gw_condition_row *risk; /* a risk row of this study; NULL: none */
    bool listed;                         /* in some row of some study */
    bool confirmed;                      /* verificationStatus confirmed or absent; else supporting only */
    bool dated;                          /* its start could be read, by onset or else by recordedDate */
    struct gw_when start;
    gw_day end; /* abated on; GW_NO_DAY: not, or not known */
};

/* ---- suggestions ---- */

struct unit_use { /* how often the subject's results of one code came in one unit */
    const struct gw_coding *coding;
    const char *unit;
    size_t count;
};

struct code_suggestion { /* the laboratory row that a local code of the subject probably means */
    const struct gw_coding *coding;
    const char *text; /* JSON object */
};

/* ---- the whole ---- */

struct exposure; /* exposure.h */
struct cycle;    /* exposure.h */
struct form;     /* forms.h */
struct use;      /* uses.h */
struct interruption;
struct parameter;     /* parameters.h */
struct expected_dose; /* start_dose.c */

struct fact_mark { /* marks.h */
    size_t round;
    int seen;
};

struct anchor_fact {
    size_t fact;
    const char *rules; /* "d1", "eot", "d1;eot" */
};

struct engine {
    struct gw_arena *arena;
    const struct gw_subject_input *in;
    struct gw_error *err;
    bool failed;            /* out of memory: every stage checks once at its end */
    struct appraisal spare; /* written to once it failed */

    struct part *parts;
    size_t part_count;
    size_t *first_part; /* of each fact */

    struct version *versions;
    size_t *order;                       /* facts by type, endpoint, id, version: what engine_find searches */
    struct medication_name *medications; /* in order of what a logical reference names them by, then of key */
    size_t medication_count, medication_capacity;
    struct fact_mark *fact_marks; /* made when the first round begins */
    size_t mark_round;
    const struct gw_fact *person; /* the current Patient; NULL: none yet */
    size_t person_index;

    const char *roster_hash, *roster_digest; /* of the roster line, as provenance names it; made when first asked for */

    struct gw_anchors anchors;
    int64_t first_dose_utc; /* time of the first dose where one is stated, else -1 */
    const char *d1_status;  /* confirmed, provisional, conflict; NULL: no D1 */
    gw_day next_line;       /* another anti-myeloma line began after D1; GW_NO_DAY: none known */
    const char *eot_status; /* confirmed, provisional, none */
    const char *eot_reason;
    struct anchor_fact *anchor_facts; /* that are evidence for D1 or EOT */
    size_t anchor_fact_count, anchor_fact_capacity;
    struct gw_linked *linked;
    size_t linked_count, linked_capacity;
    const char *anchor_decisions; /* rule ids of what people decided about them; NULL: nothing */

    struct gw_windows windows;
    struct window_state *window_states; /* one for each window */

    struct diagnosis *diagnoses; /* in order of start, undated last, then of key */
    size_t diagnosis_count;

    struct datum *data;
    size_t data_count, data_capacity;
    struct datum **by_concept; /* those with a concept, by its number, in the order of `data` */
    size_t *concept_first;     /* of each concept in by_concept, and the end */
    struct placed *placed;
    size_t placed_count, placed_capacity;

    size_t *baselines; /* data that are the baseline of their concept */
    size_t baseline_count, baseline_capacity;

    struct use *uses; /* by substance, those without one last; then first day, key, number */
    size_t use_count, use_capacity;
    struct exposure *exposures; /* by substance, then first day */
    size_t exposure_count, exposure_capacity;
    struct cycle *cycles; /* of the study's drug with cycles, in order */
    size_t cycle_count, cycle_capacity;
    struct interruption *interruptions; /* of its doses, in order */
    size_t interruption_count, interruption_capacity;

    struct form *forms; /* questionnaires in collected windows, in order of time */
    size_t form_count, form_capacity;

    struct expected_dose *expected_dose; /* start_dose.c */
    struct parameter *parameters;        /* derived so far */
    size_t parameter_count, parameter_capacity;

    struct gw_row_subjects *subject_row; /* from stage_emit on, where D1 is: parameters fill its summary columns */

    struct code_suggestion *code_suggestions; /* by coding */
    size_t code_suggestion_count, code_suggestion_capacity;
    struct unit_use *unit_uses; /* counted when the first suggestion is wanted */
    size_t unit_use_count, unit_use_capacity;
    bool units_counted;

    struct decided *decided; /* decisions in force, as look-ups find them */
    size_t decided_count, decided_capacity;
    uint64_t decided_kinds;               /* bit k: there is one of kind k */
    bool decided_facts;                   /* some are about whole records */
    struct fact_decision *fact_decisions; /* of each fact, what a person decided about all of it; NULL: nothing */
    struct answered *answered;            /* items that a decision keeps from being raised */
    size_t answered_count, answered_capacity;

    struct gw_item *items;
    size_t item_count, item_capacity;
    bool blocked;
    const char *blocked_by; /* code of the subject-blocking item */

    struct gw_rows rows;
    gw_day next_day;
};

struct window_state {
    const char *state; /* open collected missed truncated future */
    gw_day contact;    /* the one closest to the target */
    gw_day last_contact;
    const char *contact_kind;
    size_t contact_fact; /* that told the contact; only with one */
};

/* ---- stages, in the order in which derive() runs them ---- */

void stage_decide(struct engine *e);     /* which decisions are in force; facts as they say */
void stage_current(struct engine *e);    /* which version counts: versions, person, and the parts that end here */
void stage_diagnoses(struct engine *e);  /* every Condition that counts, with its rows and dates */
void stage_uses(struct engine *e);       /* every record of a drug, with its days, dose and rhythm */
void stage_anchors(struct engine *e);    /* D1, EOT, death, withdrawal */
void stage_windows(struct engine *e);    /* windows, contacts, states */
void stage_place(struct engine *e);      /* date and place of every observed value */
void stage_forms(struct engine *e);      /* questionnaires: place and scores */
void stage_duplicates(struct engine *e); /* the same result told twice */
void stage_measure(struct engine *e);    /* code, unit, value of what a window or an event can use */
void stage_compose(struct engine *e);    /* values that others of the same sample give */
void stage_index(struct engine *e);      /* values by concept */
void stage_flag(struct engine *e);       /* anl01 and anl03 */
void stage_grade(struct engine *e);      /* limits, grades, anl02 */
void stage_emit(struct engine *e);       /* subject, window and observation rows */
void stage_exposure(struct engine *e);   /* intervals of the study drugs, cycles, dose levels */
void stage_events(struct engine *e);     /* adverse events: episodes, evidence, grade changes */
void stage_parameters(struct engine *e); /* rows of the table `derived` */
void stage_settle(struct engine *e, struct gw_derived *out);

/* ---- shared by the stages ---- */

enum gw_status engine_out_of_memory(struct gw_error *err); /* GW_ENOMEM with its sentence */

void flag_worst(struct engine *e); /* anl02, at the end of grading */
/* Above 0: a is the later value, or stands before b where they are as late (mappings/RULES.md 9). */
int engine_later(const struct engine *e, const struct datum *a, const struct datum *b);

/* What settling does with the items and answers from these on: again for those that a comparison with the rows of
 * before raised (history.c). */
void settle_from(struct engine *e, size_t items, size_t answered, struct gw_derived *out);

struct values {
    struct datum *const *list;
    size_t count;
};

/* All values of a concept, whatever became of them; from stage_flag on. */
struct values engine_values(const struct engine *e, const char *concept);

/* The appraisal of a datum to write to: made where it had none. Never NULL. */
struct appraisal *engine_appraise(struct engine *e, struct datum *datum);

/* The baseline value of a concept: measured, its limits read; NULL: none. */
const struct datum *engine_baseline(const struct engine *e, const char *concept);

/* The drug a Medication* fact is about, resolved through its Medication; NULL: in no row, unresolved, or a study drug
 * for the eye, the skin and the like, which is none. */
const struct gw_drug_row *engine_drug(const struct engine *e, const struct gw_fact *fact);

/* The current version of a resource, or NULL; *index is its place among the facts. */
const struct gw_fact *engine_find(const struct engine *e, enum gw_resource type, const char *endpoint, const char *id,
                                  size_t *index);

/* The versions of the resource of a fact, from the first to the newest, by their index. */
const size_t *engine_versions(const struct engine *e, size_t fact, size_t *count);

/* The current Medication of an endpoint that carries an identifier, of several the one of the smallest key; or NULL. */
const struct gw_fact *engine_find_medication(const struct engine *e, const char *endpoint,
                                             const struct gw_identifier *identifier);

/* h + 20 hex: the resource of a fact as the study may see it; made when first asked for. NULL fails the engine. */
const char *engine_hash(struct engine *e, size_t fact);
struct part *engine_part(struct engine *e, size_t fact, int part);
void engine_end_part(struct engine *e, struct part *part, enum gw_state state, const char *reason);
void engine_end_fact(struct engine *e, size_t fact, enum gw_state state, const char *reason); /* all parts */

/* The last day on which a collected window saw the subject, else D1: where times without an event are censored. */
gw_day engine_last_contact(const struct engine *e);

/* The obs_id of what a component (-1: the resource itself) of a fact says; made: of the concept worked out with it as
 * base, NULL: as observed. NULL fails the engine. */
const char *engine_value_id(struct engine *e, size_t fact, int component, const char *made);
void engine_name_datum(struct engine *e, struct datum *datum);         /* gives it its obs_id */
bool engine_lives_and_consents(const struct engine *e, gw_day day);    /* neither dead nor withdrawn before it */
bool engine_category_on(const struct engine *e, const char *category); /* one of the study's */
/* Values of the concept, or what they give, may date an event of the study: ae-evidence.csv, compositions.csv. */
bool engine_dates_events(const struct engine *e, const char *concept);

/* Into the context of items what a person wants to see beside them; once all is derived. */
void surround_items(struct engine *e);

/* On day 1, timed after the first dose: no baseline. */
bool engine_after_first_dose(const struct engine *e, const struct gw_when *when);

/* A day on which the answer may change: kept if it is the earliest after the horizon. */
void engine_next_day(struct engine *e, gw_day day);

struct item_proposal { /* the whole event that an item asks about */
    const char *category;
    const char *subcategory;
    const char *term;
    gw_day onset;
    gw_day end;           /* GW_NO_DAY: none */
    int grade;            /* -1: none */
    const char *evidence; /* JSON list */
    const char *details;  /* further members, each after a comma; NULL: none */
};

struct item_about { /* what an item is about; unset members are left out */
    size_t fact;
    int part;
    bool has_fact;
    const struct gw_coding *coding;
    const char *unit;
    const char *rule;
    const char *windows;
    const char *rows; /* ids of the rows it is about; NULL: those of the fact */
    const char *asks; /* what is asked of them, where another answer of the rows is another question; NULL */
    gw_day day;
    const struct gw_quantity *quantity;
    const char *text; /* of the element in question */
    const char *suggestion;
    const char *note; /* one plain sentence */
    const struct item_proposal *proposal;
    const char *details; /* further members of the context, each after a comma; NULL: none */
    int64_t decision;    /* that is being carried out; 0: none */
};

struct answered {
    const char *code;
    const char *item; /* its id, where it cannot be made from `about`; NULL */
    struct item_about about;
    int64_t decision; /* its n */
};

/* class|site|system|code|unit|rule: the cause of an item. NULL: out of memory, noted in e. */
const char *engine_fingerprint(struct engine *e, const char *code, const struct item_about *about);

/* The id of an item; the same whether or not it is raised. */
const char *engine_item_id(struct engine *e, const char *fingerprint, const struct item_about *about);

/* Raise an item; block R holds the part, S the subject. Codes and blocks come from the one table in items.c. */
void engine_raise(struct engine *e, const char *code, const struct item_about *about);

/*
 * What a person will probably decide, as a JSON object with the reason; "" where nothing tells, NULL: out of memory,
 * noted. Units once all values were measured; codes from the table that engine_suggest_codes makes then.
 */
void engine_suggest_codes(struct engine *e);
const char *engine_suggest_code(const struct engine *e, const struct datum *datum);
const char *engine_suggest_unit(struct engine *e, const struct datum *datum);

/* The same about a datum: its coding, unit, value, day and windows. */
void engine_raise_datum(struct engine *e, const struct datum *datum, const char *code, const char *note);

/* What an item of that code about a datum says, but for its note. */
struct item_about engine_about_datum(const struct datum *datum, const char *code);

/* A list cell: the texts sorted (in place) and joined by ";". "" for none; NULL fails the engine. */
const char *engine_join(struct engine *e, const char **list, size_t count);

/* A part is the value source of a row. */
void engine_value_source(struct engine *e, size_t fact, int part, const char *row_id);

const char *engine_date(struct engine *e, gw_day day); /* text in the arena; NULL for GW_NO_DAY */
/*
 * Provenance of a row: who said it, in which role, by which rules. Every row has at least one line. Rule ids stand in
 * mappings/common/rule-texts.csv; of several make a list with engine_rules.
 */
void engine_provenance(struct engine *e, const char *table, const char *of_row, size_t fact, const char *role,
                       const char *rule_ids, const char *transformation);
/* The same of the subject's roster line, and of a row that no source may be named for. */
void engine_provenance_of_roster(struct engine *e, const char *table, const char *of_row, const char *rule_ids);
void engine_provenance_of_rules(struct engine *e, const char *table, const char *of_row, const char *role,
                                const char *rule_ids);

/* The first collected assessment of events and intervals (the study's first group) that saw a day and looks back as
 * far; NULL: none, or none yet. */
const struct gw_window *engine_assessment(const struct engine *e, gw_day day);
/* Why not: AWAITS_ASSESSMENT, or NO_CONTACT where the one that would have looked was missed. */
const char *engine_unassessed(const struct engine *e, gw_day day);
/* The last day that such an assessment saw; GW_NO_DAY: none yet. */
gw_day engine_assessed_until(const struct engine *e);
/* An assessment that needs no contact will see a day to come when it is there. */
bool engine_will_see(const struct engine *e, gw_day day);
/* Neither window, study nor site does without a routine contact. */
bool engine_wants_contact(const struct engine *e, const struct gw_window *window);

/* Rule ids, or lists of such, as one list, sorted, each once; NULL ones are left out. At most ENGINE_MOST_RULES. */
#define ENGINE_MOST_RULES 24
const char *engine_rules(struct engine *e, const char *const *ids, size_t count);
/* "CTCAE 5.0:ANC:4": the row that gave a grade; NULL: no row did, or out of memory, noted. */
const char *engine_grade_rule(struct engine *e, const struct gw_grade *grade);

struct gw_row *engine_row(struct engine *e, enum gw_table_id table, const char *row_id, const char *status);

#endif
