/*
 * What a study plans to give: doses, cycles, schedules. The groups `exposure`, `schedule`, `dexamethasone` and
 * `start_dose` of study.json.
 *
 * A group that the file does not have has `on` false, and nothing that needs it is derived. Within a group all keys
 * stand in the file: C holds no dose and no bound. Doses are milligrams.
 *
 * Source: mappings/RULES.md 14; the protocols, and the recommendations that the packages' READMEs name.
 */
#ifndef GATEWAY_STUDY_PLAN_H
#define GATEWAY_STUDY_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/decimal.h"

struct gw_texts {
    const char *const *items;
    size_t count;
};

struct gw_ints {
    const int *items;
    size_t count;
};

struct gw_decimals {
    const struct gw_decimal *items;
    size_t count;
};

enum gw_plan { GW_PLAN_STANDARD, GW_PLAN_FIGURE1 };

struct gw_exposure_rules { /* an oral drug given in cycles with rest days */
    bool on;
    const char *drug;                 /* a substance of medications.csv */
    int drug_gap_days;                /* intervals of one dose merge over a gap of at most so many days */
    int dispense_days;                /* a dispense without daysSupply or a dose covers so many days */
    int treatment_days;               /* days with drug at the start of a cycle; the others are rest */
    int cycle_days;                   /* a cycle without a gap before it begins so long after the former one */
    int restart_gap_days;             /* a dose after a gap of at least so many days starts a cycle */
    int delay_days;                   /* a start so late is DELAYED */
    int interruption_days;            /* a hole so long within the treatment days is an interruption */
    int alternate_day_tolerance_days; /* doses at most so many days apart are one alternate-day schedule */
    struct gw_decimals ladder;        /* dose levels, falling; level 1 is the first */
    struct gw_decimal planned_mg_per_cycle;
    enum gw_plan plan; /* figure1: the cycle planned is that of the start dose table */
};

struct gw_planned_dose {
    int elapsed; /* days from D1 */
    struct gw_decimal mg;
};

struct gw_dose_phase { /* from first_week to last_week, a dose every so many days; week 1 is elapsed 0 to 6 */
    int first_week;
    int last_week; /* 0: to the end of the study */
    int every_days;
    struct gw_decimal mg;
    bool responders; /* for subjects with a response; the others go on as in the phase before */
};

struct gw_dose_schedule { /* an injected drug given on single days */
    bool on;
    const char *drug;
    struct { /* in order of `elapsed` */
        const struct gw_planned_dose *items;
        size_t count;
    } doses;
    struct {
        const struct gw_dose_phase *items;
        size_t count;
    } phases;
    struct gw_ints minimum_gaps; /* days from dose 1 to 2, 2 to 3 ...; the last one holds for all that follow */
    int window_days;             /* a dose counts as the planned one when so many days from it, or fewer */
};

struct gw_dexamethasone_class { /* by falling dose */
    const char *class_name;     /* key "class": HIGH, LOW ... */
    struct gw_decimal mg;       /* in a cycle */
};

struct gw_dexamethasone_plan { /* what an age is expected to get */
    int age_low;               /* completed years at D1, both ends included */
    int age_high;
    int first_cycles; /* so many cycles at first_mg, then mg; 0: mg from the start */
    struct gw_decimal first_mg;
    struct gw_decimal mg; /* in a cycle */
};

struct gw_dexamethasone_rules {
    bool on;
    const char *drug;
    int cycle_days;
    struct {
        const struct gw_dexamethasone_class *items;
        size_t count;
    } classes;
    struct {
        const struct gw_dexamethasone_plan *items;
        size_t count;
    } expected;
};

enum gw_frequency { GW_DAILY, GW_EVERY_OTHER_DAY };

struct gw_start_dose {                  /* a cell of the table: the first row that fits holds */
    const struct gw_decimal *crcl_low;  /* mL/min, included; NULL: no lower bound */
    const struct gw_decimal *crcl_high; /* not included; NULL: no upper bound */
    bool dialysis;
    bool cytopenic;
    struct gw_decimal dose;
    enum gw_frequency frequency;
    struct gw_decimal mg_per_cycle;
};

struct gw_start_dose_rules {
    bool on;
    const char *drug;
    struct gw_decimal anc;       /* 10*9/L; below it the subject is cytopenic */
    struct gw_decimal platelets; /* 10*9/L */
    bool equal_is_cytopenic;     /* a count that is exactly the bound */
    struct {
        const struct gw_start_dose *items;
        size_t count;
    } rows;
};

#endif
