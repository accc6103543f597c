/*
 * What adverse events go by beyond grades of single values: febrile neutropenia, CRS, ICANS, seriousness, infections.
 * The groups within `ae` of study.json.
 *
 * A group that the file does not have has `on` false, and that evidence is not looked for. Within a group all keys
 * stand in the file: C holds no bound. Temperatures are Cel, counts 10*9/L, pressures mm[Hg], saturation %, flow L/min.
 *
 * Source: mappings/RULES.md 12; CTCAE 5.0 (febrile neutropenia), ASTCT 2019 (CRS, ICANS).
 */
#ifndef GATEWAY_STUDY_EVENT_CRITERIA_H
#define GATEWAY_STUDY_EVENT_CRITERIA_H

#include "gateway/study/plan.h"

struct gw_febrile_rules {
    bool on;
    struct gw_decimal anc;       /* below it */
    struct gw_decimal single;    /* one temperature above it, */
    struct gw_decimal sustained; /* or two at it or above, none below between them, */
    int sustained_minutes;       /* more than so far apart */
    int anc_before_hours;        /* the latest count so old, */
    int anc_after_hours;         /* else the first so late after the fever */
    int anc_candidate_hours;     /* older up to here: a candidate */
    int antipyretic_hours;       /* an antipyretic so long before is noted */
    int end_hours;               /* so long below `sustained`, and anc or more, ends it */
    int grade;                   /* at least */
};

struct gw_crs_rules {
    bool on;
    const char *scale;                       /* part of every grade */
    struct gw_decimal temperature;           /* at it or above */
    int after_dose_days;                     /* within so many days of a dose */
    int doses;                               /* of the first so many; later ones need a second sign */
    struct gw_decimal systolic;              /* below it */
    struct gw_decimal systolic_fall_percent; /* or so much under the subject's median, or more */
    struct gw_decimal spo2;                  /* below it */
    struct gw_decimal low_flow;              /* oxygen flow up to it is low */
    int end_hours;                           /* without fever, vasopressor and oxygen above baseline */
    struct gw_texts reliefs;                 /* ATC codes, or how they begin: after one fever is no longer needed */
    struct gw_texts treatments;              /* the same, given against it */
    struct gw_texts uncounted; /* vasopressors that do not count beside others, as medications.csv names them */
};

struct gw_ice_step {
    int low; /* points, both ends included */
    int high;
    int grade;
};

struct gw_icans_rules {
    bool on;
    const char *scale;
    struct gw_decimal gcs;      /* a Glasgow coma score below it is a sign */
    struct gw_texts treatments; /* ATC codes, or how they begin */
    struct {                    /* full marks have no step and no grade */
        const struct gw_ice_step *items;
        size_t count;
    } steps;
};

struct gw_planned_stay {
    int dose;  /* number of the dose, from 1 */
    int hours; /* a stay up to so long after it was planned */
};

struct gw_seriousness_rules {
    bool on;
    struct gw_texts classes; /* Encounter classes that are an admission */
    int before_days;         /* a stay from so many days before onset */
    int after_days;          /* to so many after is evidence */
    struct {
        const struct gw_planned_stay *items;
        size_t count;
    } planned_stays;
};

struct gw_infection_rules {
    bool on;
    int no_diagnosis_days; /* without a diagnosis of infection so near, a pattern is prophylaxis */
    int oral_grade;        /* evidence of at least this grade: an oral antiinfective, */
    int iv_grade;          /* an intravenous one, */
    int intensive_grade;   /* intensive care or a vasopressor */
};

struct gw_event_criteria {
    int action_days;   /* action with the study drug: a change so many days after the highest grade, or fewer */
    int gcsf_anc_days; /* G-CSF with no count in so many days before is a candidate */
    /* After a count below it in those days G-CSF treats, else it prevents; NULL: not told. */
    const struct gw_decimal *gcsf_anc;
    struct gw_texts other_exclude; /* Condition categories (problem-list-item) that make no event of category OTHER */
    bool relatedness;              /* ask a person where the hospital did not say whether the drug caused an event */
    struct gw_febrile_rules febrile;
    struct gw_crs_rules crs;
    struct gw_icans_rules icans;
    struct gw_seriousness_rules seriousness;
    struct gw_infection_rules infection;
};

#endif
