/*
 * The files behind an explanation.
 */
#include "service/explanation.h"

#include <string.h>
#include <time.h>

#include "gateway/service/pseudonym.h"
#include "service/enrolment.h"
#include "service/steering.h"

static const char where[] = "service.explain";

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the study and its roster need more memory than allowed");
}

/* ---- sites ---- */

static struct source_site *site_named(const struct source *s, const char *id)
{
    for (size_t i = 0; i < s->site_count; i++)
        if (strcmp(s->sites[i].id, id) == 0)
            return &s->sites[i];
    return NULL;
}

/* id NULL: the profile's own. */
static enum gw_status add_site(struct source *s, const char *id, const char *profile, struct gw_error *err)
{
    struct source_site *site = &s->sites[s->site_count];
    enum gw_status rc = gw_site_load(s->arena, profile, s->protocol.tables, &site->site, err);

    if (rc != GW_OK)
        return rc;
    s->site_count++;
    site->id = id ? id : gw_site_id(site->site);
    return steering_file(s->digest, profile, site->digest, err);
}

static enum gw_status make_room(struct source *s, size_t sites, struct gw_error *err)
{
    s->sites = gw_arena_alloc(s->arena, (sites + 1) * sizeof *s->sites);
    return s->sites ? GW_OK : no_memory(err);
}

/* ---- of a configuration ---- */

static enum gw_status load_study(struct source *s, const char *package, struct gw_error *err)
{
    enum gw_status rc = gw_protocol_load(s->arena, package, &s->protocol, err);

    return rc == GW_OK ? steering_study(s->arena, package, s->protocol.rule_set, s->digest, err) : rc;
}

static enum gw_status load_configured(struct source *s, const struct gw_config_study *config, struct gw_error *err)
{
    const struct gw_config *all = s->query->config;
    enum gw_status rc = load_study(s, config->package, err);

    if (rc == GW_OK)
        rc = gw_roster_load(s->arena, config->enrolment, config->id, NULL, &s->roster, err);
    if (rc == GW_OK)
        rc = make_room(s, all->endpoint_count, err);
    for (size_t i = 0; rc == GW_OK && i < all->endpoint_count; i++)
        if (!site_named(s, all->endpoints[i].site))
            rc = add_site(s, all->endpoints[i].site, all->endpoints[i].site_profile, err);
    if (rc == GW_OK)
        rc = gw_pseudonym_bind(all->pseudonym_key, s->query->ledger, false, err);
    return rc == GW_OK ? gw_pseudonym_open(all->pseudonym_key, config->id, &s->key, err) : rc;
}

/* ---- of a map ---- */

static enum gw_status recall(struct source *s, const char *name, struct remembered_input *out, struct gw_error *err)
{
    const enum gw_status rc = remembered_input(s->query->ledger, s->arena, name, out, err);

    if (rc == GW_OK && !out->path)
        return gw_fail(err, GW_EUSAGE, where,
                       "%s: does not say which files it was made with: name the configuration with -c, or make the "
                       "folder again with casement map",
                       s->query->ledger_path);
    return rc;
}

static void note_change(struct source *s, const struct remembered_input *input, const char *digest)
{
    if (strcmp(input->digest, digest) == 0)
        return;
    s->changed = gw_arena_print(s->arena, "%s%s%s", s->changed ? s->changed : "", s->changed && *s->changed ? ", " : "",
                                input->path);
}

static enum gw_status open_map_key(struct source *s, struct gw_error *err)
{
    const char *ledger = s->query->ledger_path, *slash = strrchr(ledger, '/');
    struct remembered_input key;
    enum gw_status rc = remembered_input(s->query->ledger, s->arena, "key", &key, err);

    if (rc == GW_OK && !key.path)
        key.path = gw_arena_print(s->arena, "%.*spseudonym.key", slash ? (int)(slash + 1 - ledger) : 0, ledger);
    if (rc == GW_OK && !key.path)
        rc = no_memory(err);
    if (rc == GW_OK)
        rc = gw_pseudonym_bind(key.path, s->query->ledger, false, err);
    return rc == GW_OK ? gw_pseudonym_open(key.path, s->protocol.study->id, &s->key, err) : rc;
}

static enum gw_status load_mapped(struct source *s, struct gw_error *err)
{
    struct remembered_input package, site, roster, as_of;
    char digest[DERIVED_DIGITS + 1];
    enum gw_status rc = recall(s, "package", &package, err);

    if (rc == GW_OK)
        rc = recall(s, "site", &site, err);
    if (rc == GW_OK)
        rc = recall(s, "enrolment", &roster, err);
    if (rc == GW_OK)
        rc = recall(s, "as_of", &as_of, err);
    if (rc == GW_OK)
        rc = load_study(s, package.path, err);
    if (rc == GW_OK)
        rc = make_room(s, 1, err);
    if (rc == GW_OK)
        rc = add_site(s, NULL, site.path, err);
    if (rc == GW_OK)
        rc = gw_roster_load(s->arena, roster.path, s->protocol.study->id, s->sites[0].id, &s->roster, err);
    if (rc != GW_OK)
        return rc;
    gw_day_parse(as_of.path, &s->as_of);
    note_change(s, &package, s->digest);
    if (steering_file(NULL, site.path, digest, err) == GW_OK)
        note_change(s, &site, digest);
    if (steering_file(NULL, roster.path, digest, err) == GW_OK)
        note_change(s, &roster, digest);
    return open_map_key(s, err);
}

/* ---- subjects ---- */

static const struct gw_roster_line *line_of(const struct source *s, const char *subject)
{
    for (size_t i = 0; i < s->roster.count; i++)
        if (strcmp(s->roster.lines[i].subject, subject) == 0)
            return &s->roster.lines[i];
    return NULL;
}

/* The day a subject is explained as of: that of its last derivation, else how far it was read, else today. */
static enum gw_status find_horizon(struct source *s, struct gw_enrolled *subject, struct gw_error *err)
{
    struct gw_explain_reach *reach;
    struct derived_before before;
    size_t count;
    enum gw_status rc;

    subject->horizon = s->as_of;
    if (!s->query->config)
        return GW_OK;
    rc = remembered_derivation(s->query->ledger, s->arena, subject->number, &before, err);
    if (rc == GW_OK)
        rc = source_reach(s, subject, &reach, &count, err);
    if (rc != GW_OK)
        return rc;
    subject->horizon = before.horizon;
    for (size_t i = 0; before.horizon == GW_NO_DAY && i < count; i++)
        if (reach[i].day > subject->horizon)
            subject->horizon = reach[i].day;
    if (subject->horizon == GW_NO_DAY)
        subject->horizon = enrolment_horizon(gw_site_zone(subject->site), time(NULL), GW_NO_DAY);
    return GW_OK;
}

/* Those of the roster whom the ledger knows, in its order, which is that of their numbers. */
static enum gw_status find_subjects(struct source *s, struct gw_error *err)
{
    struct gw_ledger_subjects all = {0};
    enum gw_status rc = gw_ledger_subjects(s->query->ledger, s->arena, &all, err);

    if (rc != GW_OK)
        return rc;
    s->subjects = gw_arena_alloc(s->arena, (all.count + 1) * sizeof *s->subjects);
    s->known = gw_arena_alloc(s->arena, (all.count + 1) * sizeof *s->known);
    if (!s->subjects || !s->known)
        return no_memory(err);
    for (size_t i = 0; rc == GW_OK && i < all.count; i++) {
        const struct gw_roster_line *line = line_of(s, all.list[i].subject_key);
        const struct source_site *site = line ? site_named(s, line->site) : NULL;

        if (!site || all.list[i].purged || strcmp(all.list[i].study, s->protocol.study->id) != 0)
            continue;
        s->subjects[s->subject_count] =
            (struct gw_enrolled){.number = all.list[i].number, .line = line, .site = site->site};
        s->known[s->subject_count] = all.list[i];
        rc = find_horizon(s, &s->subjects[s->subject_count++], err);
    }
    return rc;
}

enum gw_status source_reach(struct source *s, const struct gw_enrolled *subject, struct gw_explain_reach **out,
                            size_t *count, struct gw_error *err)
{
    const struct gw_config *config = s->query->config;
    enum gw_status rc = GW_OK;

    *count = 0;
    *out = NULL;
    if (!config)
        return GW_OK;
    *out = gw_arena_alloc(s->arena, (config->endpoint_count + 1) * sizeof **out);
    if (!*out)
        return no_memory(err);
    for (size_t i = 0; rc == GW_OK && i < config->endpoint_count; i++) {
        struct gw_explain_reach *reach = &(*out)[*count];

        if (strcmp(config->endpoints[i].site, subject->line->site) != 0)
            continue;
        reach->endpoint = config->endpoints[i].id;
        rc = remembered_horizon(s->query->ledger, s->arena, reach->endpoint, subject->number, &reach->day, err);
        ++*count;
    }
    return rc;
}

enum gw_status source_changed(struct source *s, const struct gw_enrolled *subject, const char **changed,
                              struct gw_error *err)
{
    char digest[DERIVED_DIGITS + 1];
    struct derived_before before;
    enum gw_status rc;

    *changed = s->changed ? s->changed : "";
    if (!s->query->config)
        return GW_OK;
    rc = remembered_derivation(s->query->ledger, s->arena, subject->number, &before, err);
    steering_subject(site_named(s, subject->line->site)->digest, subject->line, digest);
    if (rc == GW_OK && before.horizon != GW_NO_DAY && strcmp(before.digest, digest) != 0)
        *changed = "release, package, tables, site profile or roster line";
    return rc;
}

/* ---- all of it ---- */

enum gw_status source_open(struct source *s, const struct gw_config_study *config, struct gw_error *err)
{
    enum gw_status rc = config ? load_configured(s, config, err) : load_mapped(s, err);

    if (rc == GW_OK)
        rc = find_subjects(s, err);
    s->pass = (struct gw_pass){.ledger = s->query->ledger,
                               .protocol = &s->protocol,
                               .key = s->key,
                               .author_approves = s->query->config && !s->query->config->four_eyes,
                               .subjects = s->subjects,
                               .subject_count = s->subject_count};
    return rc;
}

void source_release(struct source *s)
{
    for (size_t i = 0; i < s->site_count; i++)
        gw_site_close(s->sites[i].site);
    gw_hmac_free(s->key);
}
