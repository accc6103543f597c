/*
 * What must last of an endpoint's subscriptions: written by one job of the ledger's writer each time, read at the
 * start.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "sources/upkeep_parts.h"
#include "sources/upkeep_requests.h"

static const char where[] = "sources.upkeep";

enum { FORM_BYTES = 8, JOB_BYTES = 8 << 20, NOTES_BYTES = 64 << 20 };

void job_free(struct job *job)
{
    gw_arena_release(&job->arena);
    free(job);
}

struct job *job_new(struct link *link)
{
    struct job *const job = calloc(1, sizeof *job);

    if (job)
        *job = (struct job){.upkeep = link->upkeep, .link = link, .arena = GW_ARENA_INIT(JOB_BYTES), .status = 200};
    return job;
}

/* ---- what must last --------------------------------------------------------------------------------------------- */

static enum gw_status run_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct job *const job = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < job->hint_count && rc == GW_OK; i++)
        rc = gw_hint_put(ledger, job->upkeep->settings.endpoint, &job->hints[i], job->utc, err);
    if (rc == GW_OK)
        rc = gw_ledger_note_put(ledger, GW_SUBSCRIPTION_SPACE, job->name, job->note, err);
    return rc;
}

/* What was heard and could not be kept is owed: the subscription's count has gone on. */
static void not_kept(struct job *job)
{
    job->link->forgotten = false;
    gw_subscription_doubt(&job->link->state);
    gw_text_clear(&job->link->noted);
    if (job->done)
        job->upkeep->counts.not_kept++;
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct job *const job = ctx;
    struct gw_upkeep *const upkeep = job->upkeep;
    const struct gw_upkeep_settings *const settings = &upkeep->settings;

    if (failure)
        not_kept(job);
    else if (job->done && job->status == 200)
        upkeep->counts.kept++;
    if (job->done)
        job->done(job->ctx, failure ? 503 : job->status);
    if (!failure && job->hint_count && !upkeep->closing)
        settings->hinted(settings->ctx, settings->endpoint);
    if (!failure && job->link->forgotten && job->link->gone && settings->removed)
        settings->removed(settings->ctx, settings->endpoint, job->link->type);
    job_free(job);
    upkeep_arm(upkeep);
    upkeep_let_go(upkeep);
}

void job_refuse(struct job *job)
{
    not_kept(job);
    if (job->done)
        job->done(job->ctx, 503);
    job_free(job);
}

void job_submit(struct job *job)
{
    struct gw_upkeep *const upkeep = job->upkeep;
    const struct gw_clock *const clock = upkeep->clock;

    job->utc = clock->utc(clock->ctx);
    job->name = job->link->type ? gw_arena_print(&job->arena, "%s|%s", upkeep->settings.endpoint, job->link->type)
                                : gw_arena_print(&job->arena, "%s", upkeep->settings.endpoint);
    if (!job->link->forgotten)
        job->note = gw_arena_print(&job->arena, "%s", job->link->noted.at);
    if (!job->name || (!job->note && !job->link->forgotten) ||
        gw_writer_submit(upkeep->settings.writer, 1 + job->hint_count, run_job, on_kept, job, NULL) != GW_OK)
        job_refuse(job);
    else
        upkeep->open++;
}

bool job_add(struct job *job, const struct gw_hint *hint)
{
    struct gw_hint *const place = GW_ARENA_PUSH(&job->arena, job->hints, job->hint_count, job->hint_capacity);

    if (place)
        *place = *hint;
    return place != NULL;
}

/* ---- the notes -------------------------------------------------------------------------------------------------- */

struct loading {
    struct gw_upkeep *upkeep;
    struct gw_arena arena;
    struct gw_ledger_notes notes; /* of all endpoints */
};

static enum gw_status run_load(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct loading *const loading = ctx;

    return gw_ledger_notes(ledger, &loading->arena, GW_SUBSCRIPTION_SPACE, &loading->notes, err);
}

/* What the settings make of the resource, so that a new secret or topic is met after a restart. */
static void learn_form(struct link *link)
{
    struct gw_text resource = GW_TEXT_INIT(UPKEEP_RESOURCE_MAX), criteria = GW_TEXT_INIT(GW_URL_MAX);
    uint8_t digest[GW_SHA256_BYTES];
    char form[2 * FORM_BYTES + 1];

    subscription_write(&link->upkeep->settings, link->type, NULL, &resource);
    gw_sha256(resource.at, resource.length, digest);
    gw_hex(digest, FORM_BYTES, form);
    subscription_criteria(&link->upkeep->settings, link->type, &criteria);
    gw_subscription_form(&link->state, criteria.at, form, upkeep_now_s(link->upkeep));
    OPENSSL_cleanse(resource.at, resource.length);
    gw_text_release(&resource);
    gw_text_release(&criteria);
}

/* One that has a note and is not wanted was made by other settings. */
static struct link *link_of_note(struct gw_upkeep *upkeep, const char *type)
{
    for (size_t i = 0; i < upkeep->link_count; i++)
        if (gw_same(upkeep->links[i].type, type))
            return &upkeep->links[i];
    return upkeep_add(upkeep, type);
}

static void read_note(struct link *link, const char *text, const char *if_damaged)
{
    const struct gw_upkeep_settings *const settings = &link->upkeep->settings;

    if (gw_subscription_read(&link->state, text, NULL) != GW_OK && settings->alert)
        settings->alert(settings->ctx, settings->endpoint, if_damaged);
}

static bool remember_note(struct gw_upkeep *upkeep, const char *type, const char *text)
{
    struct link *const link = link_of_note(upkeep, type);

    if (!link)
        return false;
    if (link < upkeep->links + upkeep->wanted_count) {
        read_note(link, text, "the note of a subscription is damaged: it is made anew");
        return true;
    }
    read_note(link, text, "the note of a subscription that is not wanted any more is damaged: have it deleted there");
    gw_subscription_leave(&link->state, upkeep_now_s(upkeep));
    return true;
}

bool gw_upkeep_is_note_of(const char *name, const char *endpoint, const char **type)
{
    const size_t length = strlen(endpoint);

    if (strncmp(name, endpoint, length) != 0 || (name[length] != '\0' && name[length] != '|'))
        return false;
    *type = name[length] ? name + length + 1 : NULL;
    return true;
}

/* What was taken up of it stays taken up when there is no memory for all: it is tried again. */
static bool remember(struct gw_upkeep *upkeep, const struct gw_ledger_notes *notes)
{
    const char *type;
    bool fine = true;

    for (size_t i = 0; fine && i < notes->count; i++)
        if (gw_upkeep_is_note_of(notes->list[i].name, upkeep->settings.endpoint, &type))
            fine = remember_note(upkeep, type, notes->list[i].text);
    for (size_t i = 0; fine && i < upkeep->wanted_count; i++)
        learn_form(&upkeep->links[i]);
    return fine;
}

static void on_loaded(void *ctx, const struct gw_error *failure)
{
    struct loading *const loading = ctx;
    struct gw_upkeep *const upkeep = loading->upkeep;

    if (!upkeep->closing && !failure && remember(upkeep, &loading->notes))
        upkeep_begin(upkeep);
    else
        upkeep_arm(upkeep);
    gw_arena_release(&loading->arena);
    free(loading);
    upkeep_let_go(upkeep);
}

enum gw_status upkeep_load(struct gw_upkeep *upkeep, struct gw_error *err)
{
    struct loading *const loading = calloc(1, sizeof *loading);
    enum gw_status rc = loading ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory to begin with");

    if (rc != GW_OK)
        return rc;
    *loading = (struct loading){.upkeep = upkeep, .arena = GW_ARENA_INIT(NOTES_BYTES)};
    rc = gw_writer_submit(upkeep->settings.writer, 1, run_load, on_loaded, loading, err);
    if (rc == GW_OK) {
        upkeep->open++;
        return GW_OK;
    }
    gw_arena_release(&loading->arena);
    free(loading);
    return rc;
}
