/*
 * Reading a site's profile in parts: site.c the file and the questions asked of it, site_codes.c its ConceptMaps,
 * site_ranges.c its reference ranges, site_forms.c its questionnaires and scores.
 */
#ifndef STUDY_SITE_PARTS_H
#define STUDY_SITE_PARTS_H

#include "gateway/core/settings.h"
#include "gateway/study/site.h"
#include "study/tables_parts.h"

struct site_code { /* a local coding and what it is mapped to */
    struct gw_coding local;
    struct gw_coding target;
    unsigned line; /* of the target in its file */
};

struct site_system { /* a code system whose codes are those of another (a national translation) */
    const char *source;
    const char *target;
    unsigned line;
};

struct site_codes {
    const struct site_code *rows; /* sorted by system and code */
    size_t count;
    const struct site_system *systems;
    size_t system_count;
};

struct site_unit { /* the unit of a coding whose results come without one */
    struct gw_coding coding;
    const char *unit;
};

struct gw_site {
    const char *id;
    const char *rule; /* "site:<id>" */
    struct gw_zone *zone;
    enum gw_contacts contacts;
    bool assumes_zone;
    const struct unit_alias *aliases; /* sorted by text */
    size_t alias_count;
    const struct site_unit *missing;
    size_t missing_count;
    const struct gw_site_range *ranges;
    size_t range_count;
    struct site_codes codes;
    const struct gw_form_map *forms;
    size_t form_count;
    const struct gw_score_map *scores;
    size_t score_count;
};

/* What is wrong becomes findings, and what is right is kept; the caller closes the zone. NULL: the arena is exhausted.
 */
struct gw_site *site_read(struct gw_arena *arena, const char *path, const struct gw_tables *tables,
                          struct gw_findings *findings);

extern const char *const range_keys[];
extern const char *const form_keys[];
extern const char *const score_keys[];
void site_read_codes(struct gw_settings *settings, const cJSON *root, struct site_codes *out);
void site_read_ranges(struct gw_settings *settings, const cJSON *root, const struct gw_tables *tables,
                      struct gw_site *site);

void site_read_forms(struct gw_settings *settings, const cJSON *root, struct gw_site *site);
void site_read_scores(struct gw_settings *settings, const cJSON *root, struct gw_site *site);

const struct gw_coding *site_codes_find(const struct site_codes *codes, const struct gw_coding *local);

#endif
