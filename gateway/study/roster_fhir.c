/*
 * Enrolment as FHIR has it: ResearchSubjects of a ResearchStudy, or the members of a Group, as roster lines.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/study/roster.h"
#include "study/roster_parts.h"

struct enrolling {
    struct gw_arena *arena;
    const struct gw_roster_source *source;
    struct gw_roster *out;
    size_t capacity;
    bool tells_of_consent; /* some ResearchSubject names one */
    struct gw_error *err;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "study.roster", "the roster needs more memory than allowed");
}

/* ---- days ---- */

static gw_day day_of(const struct enrolling *g, const char *text)
{
    struct gw_when when;

    if (!text || gw_when_read(text, g->source->zone, true, &when) != GW_DATE_OK || when.first != when.last)
        return GW_NO_DAY;
    return when.first;
}

/* Who left is not asked about, also where nobody wrote down when: then it is the day we heard of it. */
static gw_day left_on(const struct enrolling *g, const cJSON *period, const cJSON *resource)
{
    const gw_day end = day_of(g, gw_json_string(period, "end"));
    const gw_day updated = day_of(g, gw_json_string(gw_json_get(resource, "meta"), "lastUpdated"));

    return end != GW_NO_DAY ? end : updated != GW_NO_DAY ? updated : g->source->today;
}

/* ---- who ---- */

/* "Patient/17", or with a base before it; NULL: another type, or none. */
static const char *patient_of(struct enrolling *g, const cJSON *reference)
{
    const char *text = gw_json_string(reference, "reference"), *id = text ? strrchr(text, '/') : NULL;
    static const char type[] = "Patient";
    const size_t length = sizeof type - 1;

    if (!id || (size_t)(id - text) < length || strncmp(id - length, type, length) != 0 ||
        ((size_t)(id - text) > length && id[-(ptrdiff_t)length - 1] != '/') || id[1] == '\0')
        return NULL;
    return gw_arena_copy(g->arena, id + 1, strlen(id + 1));
}

static void name_patient(struct enrolling *g, const cJSON *reference, struct gw_roster_line *line)
{
    const cJSON *identifier = gw_json_get(reference, "identifier");

    line->patient = patient_of(g, reference);
    line->mrn_system = gw_json_string(identifier, "system");
    line->mrn = gw_json_string(identifier, "value");
}

static enum gw_status add(struct enrolling *g, const struct gw_roster_line *line, const char *what)
{
    struct gw_roster_line *slot;

    if (!line->patient && !(line->mrn_system && line->mrn))
        return gw_fail(g->err, GW_ECONFIG, "study.roster",
                       "%s %u of the endpoint names no Patient: correct it there, the former enrolment stays", what,
                       line->line);
    slot = GW_ARENA_PUSH(g->arena, g->out->lines, g->out->count, g->capacity);
    if (!slot)
        return no_memory(g->err);
    *slot = *line;
    slot->site = g->source->site;
    slot->study = g->source->study;
    return roster_check_last(g->out, what, g->err);
}

/* ---- ResearchSubject ---- */

enum standing { NOT_YET, ON_STUDY, LEFT };

/* Of the value set research-subject-status: who was never on the study is no subject. */
static enum standing standing_of(const char *status)
{
    static const char *const on[] = {"on-study", "on-study-intervention", "on-study-observation", "follow-up"};
    static const char *const left[] = {"off-study", "withdrawn"};

    if (gw_is_among(on, sizeof on / sizeof *on, status))
        return ON_STUDY;
    return gw_is_among(left, sizeof left / sizeof *left, status) ? LEFT : NOT_YET;
}

/* The study's own number: of the system that the configuration names, or the first. */
static const char *number_of(const struct enrolling *g, const cJSON *resource)
{
    const cJSON *identifiers = gw_json_get(resource, "identifier");

    GW_JSON_EACH (identifier, identifiers) {
        const char *value = gw_json_string(identifier, "value");

        if (value && *value && (!g->source->system || gw_same(gw_json_string(identifier, "system"), g->source->system)))
            return value;
    }
    return NULL;
}

static enum gw_status add_research_subject(struct enrolling *g, const cJSON *resource, unsigned number)
{
    const enum standing standing = standing_of(gw_json_string(resource, "status"));
    const cJSON *period = gw_json_get(resource, "period"), *who = gw_json_get(resource, "individual");
    struct gw_roster_line line = {.line = number,
                                  .recruited = day_of(g, gw_json_string(period, "start")),
                                  .end_of_treatment = GW_NO_DAY,
                                  .first_dose = GW_NO_DAY,
                                  .withdrawn = GW_NO_DAY,
                                  .subject = number_of(g, resource),
                                  .consent_missing = !gw_json_get(resource, "consent")};

    if (standing == NOT_YET) {
        g->out->ignored++;
        return GW_OK;
    }
    if (!line.subject)
        return gw_fail(g->err, GW_ECONFIG, "study.roster",
                       "ResearchSubject %u of the endpoint has no identifier that is the subject's number: write it "
                       "there, the former enrolment stays",
                       number);
    if (standing == LEFT)
        line.withdrawn = left_on(g, period, resource);
    g->tells_of_consent |= !line.consent_missing;
    name_patient(g, who ? who : gw_json_get(resource, "subject"), &line); /* R5 */
    return add(g, &line, "ResearchSubject");
}

/* ---- Group ---- */

/* A Group knows patients and no subjects: a number that stays the same, and tells nobody whose it is. */
static const char *pseudonym_of(struct enrolling *g, const struct gw_roster_line *line)
{
    const char *const parts[] = {"Group", g->source->site, line->patient ? line->patient : line->mrn_system,
                                 line->patient ? "" : line->mrn};

    return gw_hmac_id(g->source->key, g->arena, 's', parts, sizeof parts / sizeof *parts);
}

static enum gw_status add_member(struct enrolling *g, const cJSON *group, const cJSON *member, unsigned number)
{
    const cJSON *period = gw_json_get(member, "period");
    struct gw_roster_line line = {.line = number,
                                  .recruited = day_of(g, gw_json_string(period, "start")),
                                  .end_of_treatment = GW_NO_DAY,
                                  .first_dose = GW_NO_DAY,
                                  .withdrawn = GW_NO_DAY};

    name_patient(g, gw_json_get(member, "entity"), &line);
    if (cJSON_IsTrue(gw_json_get(member, "inactive")))
        line.withdrawn = left_on(g, period, group);
    else if (gw_json_string(period, "end"))
        line.withdrawn = left_on(g, period, group);
    if (!line.patient && !(line.mrn_system && line.mrn))
        return add(g, &line, "member");
    line.subject = pseudonym_of(g, &line);
    return line.subject ? add(g, &line, "member") : no_memory(g->err);
}

static enum gw_status add_group(struct enrolling *g, const cJSON *group)
{
    const cJSON *members = gw_json_get(group, "member");
    unsigned number = 0;
    enum gw_status rc = GW_OK;

    GW_JSON_EACH (member, members)
        if (rc == GW_OK)
            rc = add_member(g, group, member, ++number);
    return rc;
}

/* ---- all of them ---- */

enum gw_status gw_roster_read(struct gw_arena *arena, const struct gw_roster_source *source,
                              const cJSON *const *resources, size_t count, struct gw_roster *out, struct gw_error *err)
{
    struct gw_roster roster = {0};
    struct enrolling g = {.arena = arena, .source = source, .out = &roster, .err = err};
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < count; i++) {
        const char *type = gw_json_string(resources[i], "resourceType");

        if (gw_same(type, "Group"))
            rc = add_group(&g, resources[i]);
        else if (gw_same(type, "ResearchSubject"))
            rc = add_research_subject(&g, resources[i], (unsigned)i + 1);
        else
            roster.ignored++;
    }
    for (size_t i = 0; i < roster.count; i++)
        roster.lines[i].consent_missing &= g.tells_of_consent;
    if (rc == GW_OK)
        *out = roster;
    return rc;
}
