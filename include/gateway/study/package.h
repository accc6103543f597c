/*
 * A study package, mappings/studies/<id>/study.json: the protocol as data.
 *
 * Which anchors, which windows, which data groups, which adverse-event categories. Values the protocol leaves open are
 * configuration values with a default, listed under `unconfirmed` until the study team has confirmed them.
 * Source: mappings/RULES.md 2 to 4 and 12.
 */
#ifndef GATEWAY_STUDY_PACKAGE_H
#define GATEWAY_STUDY_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"
#include "gateway/fhir/fact.h"
#include "gateway/study/criteria.h"
#include "gateway/study/event_criteria.h"
#include "gateway/study/plan.h"

enum gw_anchor_id { GW_ANCHOR_D1, GW_ANCHOR_EOT };

#define GW_MAX_GROUPS 8
typedef uint8_t gw_groups; /* bit i: group i of the study's list */

struct gw_window_rule {
    const char *id; /* "T30-%02d" for a grid, else the id itself */
    enum gw_anchor_id from;
    bool grid;
    int first; /* k runs from first .. first + count - 1 (a grid's first is 1 unless said) */
    int count;
    int every; /* days; the target is every * k */
    int target;
    int low; /* days from the target, both ends included */
    int high;
    gw_groups groups;
    bool contact;   /* collected only if a routine contact lies in it */
    bool until_eot; /* truncated at EOT - 1 */
    bool until_cap;
};

enum gw_evidence_rank { /* by falling weight */
                        GW_RANK_ROSTER,
                        GW_RANK_ADMINISTRATION,
                        GW_RANK_STATEMENT,
                        GW_RANK_DISPENSE,
                        GW_RANK_REQUEST,
                        GW_RANK_COUNT,
};

struct gw_collected { /* the laboratory concepts a group takes, in place of what data_group of loinc-labs.csv says */
    const char *group;
    struct gw_texts concepts;
};

struct gw_study {
    const char *id;
    const char *version;
    const char *tables_study; /* whose rows of mappings/common count: "000", or several joined, "000;001;003" */
    const char *grade_scale;
    const char *const *groups; /* names, in order of first use: bit 0 is groups[0] */
    size_t group_count;
    bool continuous; /* one group ALL without gaps: takes every laboratory group (elranatamab) */
    const struct gw_window_rule *windows;
    size_t window_count;
    struct {
        const struct gw_collected *items; /* none: as loinc-labs.csv says */
        size_t count;
    } collects;

    /* anchors */
    const char *const *d1_drugs;
    size_t d1_drug_count;
    bool d1_evidence[GW_RANK_COUNT];
    int first_dose_spread_days;
    int recruit_low; /* elapsed days in which recruitment is allowed; INT_MIN and INT_MAX: on any day */
    int recruit_high;
    const char *eot_drug; /* NULL: treatment end does not matter */
    int eot_gap_days;
    int eot_spread_days;      /* EOT_COMPONENTS_DIFFER beyond */
    int dispense_spread_days; /* ANCHOR_CONFLICT of dispense and order beyond */
    int anchor_move_days;
    int earlier_line_days; /* records so long before recruitment or the roster's first dose are of an earlier line */
    int cap_months;        /* 0: no cap */
    bool cap_applies_to_follow_up;

    /* choices that the protocol leaves open: mappings/RULES.md */
    bool day_basis_study_day; /* dayBasis studyDay: the grids from D1 one day earlier; the baseline stays */
    bool require_contact;
    bool labs_at_g30;
    bool tie_later;
    const char *const *contact_classes;
    size_t contact_class_count;
    bool event_lookback_last_collected; /* eventLookback sinceLastCollected; else sinceLastTarget */
    enum { GW_BETWEEN_GRADE, GW_BETWEEN_DATES, GW_BETWEEN_NONE } between_windows;
    enum { GW_VALUES_POINTER, GW_VALUES_VALUE, GW_VALUES_NONE } evidence_values;
    bool minimise_starts;

    /* adverse events */
    const char *condition_tables_study; /* key ae.tables_study: whose diagnoses count; tables_study unless said */
    const char *const *categories;
    size_t category_count;
    struct gw_texts special_interest; /* of these, those the study evaluates; none named: all */
    int lab_merge_days;               /* one normal value between two abnormal ones */
    int condition_merge_days;
    int combine_days;  /* lab-derived and coded event of one category */
    int no_value_days; /* outcome unknown after */
    int treatment_emergent_days;
    struct gw_event_criteria events; /* keys of `ae` too */

    /* doses planned, and what derived parameters go by: groups that the file may have, see their headers */
    struct gw_exposure_rules exposure;
    struct gw_dose_schedule schedule;
    struct gw_dexamethasone_rules dexamethasone;
    struct gw_start_dose_rules start_dose;
    struct gw_history_rules history;
    struct gw_renal_rules renal;
    struct gw_frailty_rules frailty;
    struct gw_charlson_rules charlson;
    struct gw_prior_lines_rules prior_lines;
    struct gw_vte_rules vte;
    struct gw_prophylaxis_rules antibiotic_prophylaxis;
    struct gw_cytopenia_rules cytopenia;
    struct gw_monitoring monitoring;
    struct gw_response_rules response;
    struct gw_spm_rules spm;
    struct gw_completeness_rules completeness;
    struct gw_questionnaire_rules questionnaires;

    const char *const *derived;
    size_t derived_count;
    const char *const *unconfirmed;
    size_t unconfirmed_count;

    /* How the study words its reasons of placing (key `reasons`: inside, before, after). */
    const char *reason_inside; /* IN_WINDOW */
    const char *reason_before; /* BEFORE_BASELINE */
    const char *reason_after;  /* AFTER_36_MONTHS */
    uint8_t sha256[32];        /* of the package text: the rule-set number */
};

/*
 * Load and check DIR/study.json. GW_ECONFIG: the first finding as "path:line: what, what to do". An unknown key, an
 * overlap of windows within a group, a wrong type or range are findings.
 */
enum gw_status gw_study_load(struct gw_arena *arena, const char *dir, const struct gw_study **out,
                             struct gw_error *err);

/*
 * Whether something that the study collects or derives reads resources of a type: AdverseEvent where it has event
 * categories, DiagnosticReport for thromboembolism (imaging), QuestionnaireResponse for frailty by IMWG, quality of
 * life and ICANS. Types that every study reads, and those that none asks for, are true. Source: mappings/RULES.md 18.
 */
bool gw_study_reads(const struct gw_study *study, enum gw_resource type);

/* Whether values of a laboratory row count from history.weight_days before the span too: weight, for a clearance. */
struct gw_lab;
bool gw_study_looks_back(const struct gw_study *study, const struct gw_lab *lab);

/* How many days before D1 values still are a baseline, in a study without a window of its own for it; 0: none. */
int gw_study_baseline_days(const struct gw_study *study);

/*
 * Every finding, one a line, appended to out; the count of them. For `casement study lint`. Lines with "note:" are for
 * the reader (rows that are not verified) and are not counted.
 */
struct gw_tables;
size_t gw_study_lint(struct gw_arena *arena, const char *dir, const char *common_dir, const char *const *sites,
                     size_t site_count, struct gw_text *out);

/*
 * The groups in which a laboratory row makes rows of its own: those whose concepts the study lists (`collects`), and
 * where it lists none those its data_group names ("G30+G90" both; with
 * labs_at_g30 off only the last), every group for a BASELINE row (which only the BASELINE window takes) and for a
 * continuous study, none for AE-evidence and optional rows.
 */
gw_groups gw_study_lab_groups(const struct gw_study *study, const struct gw_lab *lab);
gw_groups gw_study_all_groups(const struct gw_study *study);
int gw_study_group_bit(const struct gw_study *study, const char *name); /* -1: no such group */

#endif
