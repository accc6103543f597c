/*
 * One hospital's profile, mappings/sites/<site>.json: its zone, spellings of units, reference ranges, and local codes
 * mapped by FHIR ConceptMap. Shape: mappings/README.md and mappings/sites/site.schema.json.
 */
#ifndef GATEWAY_STUDY_SITE_H
#define GATEWAY_STUDY_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/date.h"
#include "gateway/core/decimal.h"
#include "gateway/fhir/fact.h"
#include "gateway/study/tables.h"

enum gw_contacts {
    GW_CONTACTS_ENCOUNTERS, /* a window is collected when an Encounter lies in it */
    GW_CONTACTS_INFERRED,   /* no Encounters here: any final Observation or completed administration is a contact */
    GW_CONTACTS_NONE,       /* contact not required */
};

struct gw_site_range { /* a reference range of the laboratory, in the concept's canonical unit after loading */
    const char *concept;
    const char *sex; /* FHIR gender or NULL: both */
    int age_low;     /* completed years; -1: unbounded */
    int age_high;
    struct gw_ratio low;
    struct gw_ratio high;
    bool has_low;
    bool has_high;
};

struct gw_form_item { /* an item of a hospital's questionnaire, and its number in the instrument */
    const char *link; /* linkId */
    int item;
};

struct gw_form_answer { /* a coded answer, and the number it stands for */
    const char *system; /* NULL: any */
    const char *code;
    int value;
};

struct gw_form_map {
    const char *questionnaire; /* canonical without version */
    const char *instrument;    /* of instruments.csv */
    unsigned line;             /* in its file */
    const struct gw_form_item *items;
    size_t item_count;
    const struct gw_form_answer *answers;
    size_t answer_count;
};

struct gw_score_map { /* a hospital's code of a result that is the points of a scale */
    struct gw_coding coding;
    const char *scale; /* of instruments.csv */
    unsigned line;     /* in its file */
};

struct gw_site;

/* The zone is opened here: an unknown one is GW_ECONFIG. Ranges are checked against the tables. "file:line: ..." */
enum gw_status gw_site_load(struct gw_arena *arena, const char *path, const struct gw_tables *tables,
                            const struct gw_site **out, struct gw_error *err);
void gw_site_close(const struct gw_site *site); /* closes the zone; the rest is the arena's */

const char *gw_site_id(const struct gw_site *site);
const struct gw_zone *gw_site_zone(const struct gw_site *site);
enum gw_contacts gw_site_contacts(const struct gw_site *site);
bool gw_site_assumes_zone(const struct gw_site *site); /* time_without_offset: site */

const char *gw_site_unit_alias(const struct gw_site *site, const char *text);               /* UCUM code or NULL */
const char *gw_site_missing_unit(const struct gw_site *site, const struct gw_coding *code); /* UCUM code or NULL */
/* The LOINC code (or, for other target systems, the coding) a local coding is mapped to; NULL: not mapped. */
const struct gw_coding *gw_site_target(const struct gw_site *site, const struct gw_coding *local);
/*
 * The system whose rows apply to codes of a system: another one where the site says that its codes are codes of that
 * (a ConceptMap group with unmapped mode "provided": CIE-10-ES as ICD-10-CM), else the system itself. Ask it before
 * gw_tables_condition.
 */
const char *gw_site_system(const struct gw_site *site, const char *system);
const char *gw_site_rule(const struct gw_site *site); /* "site:<id>", the rule of a mapped code in provenance */
/* The range for a concept, sex and age in years (-1: unknown, matches only unbounded ranges). NULL: none. */
const struct gw_site_range *gw_site_range_of(const struct gw_site *site, const char *concept, const char *sex, int age);

/* The scale whose points the results of a local code are; NULL: none. */
const char *gw_site_score(const struct gw_site *site, const struct gw_coding *coding);

/* Which instrument a questionnaire (its canonical, with or without version) is. NULL: not mapped. */
const struct gw_form_map *gw_site_form(const struct gw_site *site, const char *questionnaire);
/*
 * The number of an answered item in its instrument and what was answered: a whole number, a coding that the map or its
 * own digits turn into one, a boolean as 0 or 1. *value -1: an answer that is none of these, or several. False: an item
 * the map does not name, or one without an answer.
 */
bool gw_form_read(const struct gw_form_map *form, const struct gw_response_item *item, int *number, int *value);

#endif
