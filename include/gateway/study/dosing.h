/*
 * How doses are written and what they are for: dose-units.csv, drug-products.csv, drug-routes.csv, drug-patterns.csv of
 * mappings/common. Read with the clinical tables, read-only, in their arena.
 *
 * Source: mappings/RULES.md 14 and the tables themselves.
 */
#ifndef GATEWAY_STUDY_DOSING_H
#define GATEWAY_STUDY_DOSING_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/decimal.h"
#include "gateway/fhir/fact.h"

enum gw_dose_kind {
    GW_DOSE_MASS,     /* base mg */
    GW_DOSE_ACTIVITY, /* base [iU] */
    GW_DOSE_VOLUME,   /* base mL */
    GW_DOSE_COUNT,    /* capsules, tablets: units of the product */
};

struct gw_dose_unit {
    const char *text;
    enum gw_dose_kind kind;
    struct gw_ratio factor; /* to the base unit of its kind */
};

struct gw_drug_product { /* a product code that is no ingredient code */
    const char *substance;
    const char *system;
    const char *code;
    struct gw_decimal strength; /* of one unit of the product */
    const char *unit;           /* of dose-units.csv */
};

struct gw_drug_route {
    const char *system; /* NULL: `code` is a word, in small letters */
    const char *code;   /* of the ATC system: the beginning of the code of a drug that is used in this way alone */
    const char *route;  /* CDISC submission value */
    bool systemic;
};

enum gw_purpose { /* why a drug that may do both was given */
                  GW_PURPOSE_UNKNOWN,
                  GW_PURPOSE_PROPHYLAXIS,
                  GW_PURPOSE_TREATMENT,
                  GW_PURPOSE_FLUSH, /* of a line: no use of the drug */
};

struct gw_drug_pattern { /* bounds that the file leaves empty are absent and always fit */
    const char *substance;
    enum gw_purpose purpose;
    bool has_low;
    bool has_high;
    struct gw_decimal low; /* of one intake, in `unit`, both ends included */
    struct gw_decimal high;
    const char *unit;  /* mg or [iU]; NULL: any dose, known or not */
    int times_per_day; /* 0: any */
    int days_per_week; /* 0: any */
    const char *route; /* NULL: any */
    int until_cycle;   /* begun in this cycle or an earlier one; 0: any */
};

struct gw_dosing {
    const struct gw_dose_unit *units;
    size_t unit_count;
    const struct gw_drug_product *products;
    size_t product_count;
    const struct gw_drug_route *routes;
    size_t route_count;
    const struct gw_drug_pattern *patterns; /* the first that fits holds */
    size_t pattern_count;
};

const char *gw_dose_base_unit(enum gw_dose_kind kind); /* mg, [iU], mL, {unit} */

/* A unit by its code or text, exactly; NULL: in no row, or no text. */
const struct gw_dose_unit *gw_dose_unit_find(const struct gw_dosing *dosing, const char *text);

/* The product a coding names; NULL: none. */
const struct gw_drug_product *gw_drug_product_find(const struct gw_dosing *dosing, const struct gw_coding *coding);

/* The route a coding, or else a word, names; of words ASCII letters compare without case. NULL: none. */
const struct gw_drug_route *gw_drug_route_find(const struct gw_dosing *dosing, const struct gw_concept *route);

/* The local route that the ATC code of a drug implies; NULL: none does, or the code is of another system. */
const struct gw_drug_route *gw_drug_route_implied(const struct gw_dosing *dosing, const struct gw_coding *drug);

#endif
