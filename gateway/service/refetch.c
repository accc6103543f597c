/*
 * A slice that somebody asked for.
 */
#include "service/refetch.h"

#include <string.h>

#include "gateway/ledger/audit.h"
#include "service/named.h"

static const char where[] = "service.refetch";

enum { WHAT_MAX_BYTES = 32 * 1024 };

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for what is to be asked again");
}

/* ---- types and days ---- */

static enum gw_resource type_named(struct gw_slice name)
{
    for (int type = 0; type < GW_RESOURCE_COUNT; type++)
        if (gw_plan_asks((enum gw_resource)type) && named_is(name, gw_resource_name((enum gw_resource)type)))
            return (enum gw_resource)type;
    return GW_RESOURCE_OTHER;
}

static enum gw_status read_types(const char *names, bool types[GW_RESOURCE_COUNT], struct gw_error *err)
{
    const enum gw_status rc = named_check(names, err);
    struct gw_slice name;

    while (rc == GW_OK && named_next(&names, &name)) {
        const enum gw_resource type = type_named(name);

        if (type == GW_RESOURCE_OTHER)
            return gw_fail(err, GW_EUSAGE, where, "no hospital is asked for resources of type \"%.*s\"%s",
                           (int)(name.length < 60 ? name.length : 60), name.at,
                           named_is(name, "Medication") ? ": they come with what refers to them" : "");
        types[type] = true;
    }
    return rc;
}

enum gw_status refetch_slice(struct gw_arena *arena, const struct gw_refetch *refetch, struct gw_plan_slice *out,
                             struct gw_error *err)
{
    bool *types = gw_arena_alloc(arena, GW_RESOURCE_COUNT * sizeof *types);
    enum gw_status rc;

    if (!types)
        return no_memory(err);
    if (refetch->from != GW_NO_DAY && refetch->to != GW_NO_DAY && refetch->from > refetch->to)
        return gw_fail(err, GW_EUSAGE, where, "the days to be asked for again end before they begin");
    rc = read_types(refetch->types, types, err);
    *out = (struct gw_plan_slice){refetch->from, refetch->to, refetch->types ? types : NULL};
    return rc;
}

/* ---- subjects ---- */

static bool is_in(const struct gw_refetch *refetch, const struct setup_study *study)
{
    return !refetch->study || strcmp(refetch->study, study->config->id) == 0;
}

bool refetch_concerns(const struct gw_refetch *refetch, const struct setup_study *study,
                      const struct gw_roster_line *line)
{
    return is_in(refetch, study) && (!refetch->subjects || named_has(refetch->subjects, line->subject));
}

static bool is_subject(const struct gw_refetch *refetch, const struct setup *setup, struct gw_slice name)
{
    for (size_t i = 0; i < setup->study_count; i++)
        for (size_t l = 0; is_in(refetch, &setup->studies[i]) && l < setup->studies[i].roster.count; l++)
            if (named_is(name, setup->studies[i].roster.lines[l].subject))
                return true;
    return false;
}

static enum gw_status check_names(const struct gw_refetch *refetch, const struct setup *setup, struct gw_error *err)
{
    const enum gw_status rc = named_check(refetch->subjects, err);
    const char *rest = refetch->subjects;
    struct gw_slice name;
    bool known = false;

    for (size_t i = 0; i < setup->study_count; i++)
        known |= is_in(refetch, &setup->studies[i]);
    if (!known)
        return gw_fail(err, GW_EUSAGE, where, "there is no study \"%.60s\"", refetch->study);
    while (rc == GW_OK && named_next(&rest, &name))
        if (!is_subject(refetch, setup, name))
            return gw_fail(err, GW_EUSAGE, where, "no subject \"%.*s\" is on the roster",
                           (int)(name.length < 60 ? name.length : 60), name.at);
    return rc;
}

enum gw_status refetch_count(const struct gw_refetch *refetch, const struct setup *setup, size_t *out,
                             struct gw_error *err)
{
    *out = 0;
    for (size_t i = 0; i < setup->study_count; i++)
        for (size_t l = 0; l < setup->studies[i].roster.count; l++)
            *out += refetch_concerns(refetch, &setup->studies[i], &setup->studies[i].roster.lines[l]);
    return check_names(refetch, setup, err);
}

/* ---- the audit trail ---- */

static void print_day(struct gw_text *what, const char *word, gw_day day)
{
    char text[11];

    if (day == GW_NO_DAY)
        return;
    gw_day_print(day, text);
    gw_text_print(what, " %s %s", word, text);
}

enum gw_status refetch_audit(struct gw_ledger *ledger, const struct gw_refetch *refetch, size_t subjects,
                             struct gw_error *err)
{
    struct gw_text what = GW_TEXT_INIT(WHAT_MAX_BYTES);
    enum gw_status rc;

    gw_text_print(&what, "%s of %zu %s", refetch->types ? refetch->types : "all", subjects,
                  subjects == 1 ? "subject" : "subjects");
    if (refetch->subjects)
        gw_text_print(&what, " (%s)", refetch->subjects);
    print_day(&what, "from", refetch->from);
    print_day(&what, "to", refetch->to);
    rc = what.failed ? no_memory(err)
                     : gw_audit_note(ledger,
                                     &(struct gw_audit_act){.act = GW_AUDIT_REFETCH,
                                                            .by = refetch->by,
                                                            .study = refetch->study,
                                                            .what = what.at,
                                                            .reason = refetch->reason},
                                     err);
    gw_text_release(&what);
    return rc;
}
