/*
 * What derived parameters go by: renal function, frailty, thrombosis risk, monitoring, response. The groups `history`,
 * `renal`, `frailty`, `charlson`, `prior_lines`, `vte`, `antibiotic_prophylaxis`, `cytopenia`, `monitoring`,
 * `response`, `spm`, `completeness` and `questionnaires` of study.json.
 *
 * A group that the file does not have has `on` false, and nothing that needs it is derived. Within a group all keys
 * stand in the file: C holds no bound. Bounds are in the canonical unit of their concept in loinc-labs.csv.
 *
 * Source: mappings/RULES.md 13; the publications that the packages' READMEs name.
 */
#ifndef GATEWAY_STUDY_CRITERIA_H
#define GATEWAY_STUDY_CRITERIA_H

#include "gateway/study/plan.h"

struct gw_history_rules { /* how far back records count; diagnoses, procedures and drugs against the disease: always */
    bool on;
    int order_days;    /* orders and dispenses of other drugs, begun so many days before D1 */
    int weight_days;   /* weights, so many before the study span */
    int baseline_days; /* of a study without a baseline window: values so many days before D1; 0: none */
};

enum gw_clearance { GW_CLEARANCE_CG, GW_CLEARANCE_MDRD };

struct gw_renal_rules {
    bool on;
    enum gw_clearance formula; /* CG: Cockcroft-Gault with actual body weight; MDRD: four variables, no race factor */
    int weight_before_days;    /* the latest weight so many days before the creatinine, */
    int weight_after_days;     /* else the nearest so many after */
    int dialysis_days;         /* evidence of dialysis so near to a day holds for it */
    struct gw_texts dialysis_codes; /* ICD-10 prefixes without their dot: diagnoses that are such evidence */
    struct gw_decimals dosing_cut;  /* mL/min, falling: groups >= first, >= second, below */
    struct gw_decimal analysis_cut; /* mL/min: mild or none above */
    bool analysis_cut_inclusive;    /* exactly the cut is mild or none */
    struct gw_decimal severe_cut;   /* mL/min: severe below, moderate from it on */
    struct gw_decimal failure_umol; /* creatinine in umol/L: renal failure strictly above */
};

struct gw_score_step { /* score points when from <= value <= to */
    const char *part;  /* AGE, CHARLSON, ADL, IADL, ECOG */
    int from;
    int to;
    int score;
};

struct gw_score_group {
    const char *group; /* FIT, FRAIL ... */
    int from;          /* sum of the scores, both ends included */
    int to;
};

struct gw_score {
    bool on;
    struct { /* parts without a step that holds score 0 */
        const struct gw_score_step *items;
        size_t count;
    } steps;
    struct {
        const struct gw_score_group *items;
        size_t count;
    } groups;
};

struct gw_frailty_rules {
    bool on;
    struct gw_score imwg;       /* needs age, Charlson, ADL and IADL */
    struct gw_score simplified; /* age, Charlson and ECOG, where ADL or IADL is missing; never mixed with the other */
};

struct gw_charlson_rules {
    bool on;
    struct gw_texts exclude; /* ICD-10 prefixes that do not count: the index disease */
};

struct gw_prior_lines_rules { /* lines of treatment before D1, as far as drug records tell them */
    bool on;
    int gap_days;      /* so many days without any drug of one line part it from the next */
    int together_days; /* the drugs of a line begin within so many days */
};

struct gw_vte_class {
    const char *class_name; /* key "class": LMWH, VKA, ASPIRIN ... */
    const char *atc;        /* prefix */
};

struct gw_vte_dose { /* the prophylactic dose of a day; more is treatment */
    const char *substance;
    struct gw_decimal daily;
    const char *unit; /* UCUM */
};

struct gw_vte_rules {
    bool on;
    int recent_days;                      /* a VTE so many days before D1 or fewer is recent: level 1 */
    struct gw_decimal high_dex_mg;        /* dexamethasone in 28 days, this or more: level 1 */
    struct gw_decimal platelets;          /* 10*9/L: level 2 needs this or more */
    int age;                              /* years, this or more: other risk */
    struct gw_decimal bmi;                /* kg/m2, this or more */
    int ecog;                             /* this or more */
    struct gw_decimal warfarin_crcl;      /* mL/min: below it warfarin stands for heparin */
    struct gw_decimal warfarin_platelets; /* 10*9/L: below it too */
    int cycles;                           /* level 1 is given its drug for so many cycles, then aspirin */
    int coverage_percent;                 /* of the days of these cycles, this or more is given */
    struct {
        const struct gw_vte_class *items;
        size_t count;
    } classes;
    struct {
        const struct gw_vte_dose *items;
        size_t count;
    } doses;
};

struct gw_prophylaxis_rules {
    bool on;
    int cycles;                 /* the first so many */
    int coverage_percent;       /* of their days, this or more is given */
    struct gw_texts substances; /* of medications.csv */
};

struct gw_cytopenia_rules { /* reactions to low counts; ANC and platelets in 10*9/L */
    bool on;
    int anc_age_days;                 /* how old the count at a cycle's start may be */
    struct gw_decimal anc_start;      /* below it a cycle waits exposure.delay_days */
    struct gw_decimal anc_stop;       /* below it: stop and G-CSF */
    struct gw_decimal platelets_stop; /* below it: transfusion, change or stop */
    int within_days;                  /* of the count */
};

struct gw_monitoring_set {
    const char *id;           /* CBC, RENAL ... */
    struct gw_texts concepts; /* each of them is looked for */
    int early_every_days;     /* in the first early_cycles cycles; 0 cycles: not used */
    int early_cycles;
    int every_days; /* afterwards */
    int slack_days; /* so many days later than that is no gap yet */
};

struct gw_monitoring {
    const struct gw_monitoring_set *items; /* count 0: nothing is monitored */
    size_t count;
};

struct gw_response_rules { /* IMWG; serum M in g/L, urine M in mg/24 h, free light chains in mg/L */
    bool on;
    struct gw_decimal measurable_serum; /* this or more */
    struct gw_decimal measurable_urine;
    struct gw_decimal measurable_flc; /* involved chain, with an abnormal ratio */
    struct gw_decimal ratio_low;      /* normal ratio, both ends included */
    struct gw_decimal ratio_high;
    struct gw_decimal cr_marrow_percent;  /* plasma cells: below it */
    struct gw_decimal vgpr_serum_percent; /* falls: this or more */
    struct gw_decimal vgpr_urine;         /* below it */
    struct gw_decimal vgpr_dflc_percent;
    struct gw_decimal pr_serum_percent;
    struct gw_decimal pr_urine_percent;
    struct gw_decimal pr_urine; /* or below it */
    struct gw_decimal pr_dflc_percent;
    struct gw_decimal mr_serum_percent;
    struct gw_decimal mr_urine_percent;
    struct gw_decimal pd_percent; /* rise from the lowest confirmed value, this or more, and absolutely: */
    struct gw_decimal pd_serum;
    struct gw_decimal pd_serum_high; /* where the lowest value is pd_serum_high_from or more */
    struct gw_decimal pd_serum_high_from;
    struct gw_decimal pd_urine;
    struct gw_decimal pd_dflc; /* more than */
    struct gw_decimal pd_marrow_points;
    bool censor_at_next_line; /* TTP and PFS */
};

struct gw_spm_rules {
    bool on;
    const char *category;  /* of ae-conditions.csv */
    struct gw_texts apart; /* subcategories counted apart */
};

struct gw_completeness_rules {
    bool on;
    int within_days; /* who was seen so near to the last planned day was followed to the end */
};

struct gw_questionnaire_rules {
    bool on;
    struct gw_decimal change_points; /* a change of more counts */
};

#endif
