/*
 * A page of a search, or one resource read by its id.
 */
#include "sources/page.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"
#include "sources/references.h"
#include "sources/self_link.h"

static const char where[] = "sources.pull";

struct paging {
    struct gw_arena *arena; /* of the page */
    struct gw_arena *tree;
    const struct page_asked *asked;
    struct gw_intake intake;
    struct gw_intake_people people;
    struct gw_intake_answer answer; /* of the entry at hand */
    struct page page;
    struct gw_error *err;
};

/* ---- whose ---- */

static bool is_identifier(const struct gw_identifier *asked, const struct gw_identifier *given)
{
    return asked->value && gw_same(asked->value, given->value) &&
           (!asked->system || gw_same(asked->system, given->system));
}

/* The patient asked for, by id where one was asked for, else by record number; anyone else is nobody. */
static size_t whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count,
                    const int64_t **subjects)
{
    const struct gw_request *request = ctx;

    *subjects = &request->cursor.subject;
    if (patient && request->search.patient)
        return strcmp(patient, request->search.patient) == 0;
    for (size_t i = 0; i < count; i++) {
        if (is_identifier(&request->identifier, &identifiers[i]))
            return 1;
    }
    return 0;
}

static enum gw_status not_the_one_asked_for(struct paging *p, const char *sign)
{
    const struct gw_request *request = p->asked->request;

    p->page.leak = true;
    return gw_fail(p->err, GW_EPROTO, where,
                   "%s: the endpoint %s the %s parameter. Nothing of that page was kept; report it to the vendor",
                   gw_request_name(request), sign, request->search.patient ? "patient" : "identifier");
}

/* References by identifier only cannot be told apart without a record number: they end at the door. */
static bool is_anothers(const struct gw_intake_answer *answer)
{
    return answer->patient && answer->entry.subject == GW_NOBODY;
}

/* ---- what is inside ---- */

static enum gw_status copy_text(struct paging *p, const char *text, const char **out)
{
    *out = text ? gw_arena_copy(p->arena, text, strlen(text)) : NULL;
    return *out || !text ? GW_OK : gw_fail(p->err, GW_ENOMEM, where, "no memory for the entries of a page");
}

static enum gw_status note_outcome(struct paging *p, const cJSON *outcome)
{
    int worst = 0;
    const char *line = outcome ? gw_outcome_print(p->tree, outcome, &worst) : "no issue given";

    p->page.notes++;
    p->page.incomplete = p->page.incomplete || strstr(line, "incomplete");
    if (worst < 2)
        return copy_text(p, line, &p->page.note);
    return gw_fail(p->err, GW_EPROTO, where, "%s: the page carries an OperationOutcome (%s) and is not accepted",
                   gw_request_name(p->asked->request), line);
}

/* A merged Patient carries the record number still, but is no longer the person's record. */
static void note_patient(struct paging *p, const struct gw_intake_answer *answer)
{
    if (answer->fact.type != GW_PATIENT || answer->entry.mode != GW_KEEP_FACT || answer->fact.patient.replaced_by ||
        gw_same(p->page.patient, answer->entry.id))
        return;
    p->page.patients++;
    p->page.patient = answer->entry.id;
}

static enum gw_status take(struct paging *p, const struct gw_entry *entry)
{
    const unsigned number = (unsigned)(p->asked->entries_before + entry->index + 1);
    const struct gw_intake_place place = {p->asked->source, p->asked->broken, 0, number};
    struct gw_intake_answer *answer = &p->answer;
    enum gw_status rc;

    if (entry->mode == GW_ENTRY_OUTCOME) {
        rc = note_outcome(p, entry->resource);
        if (rc != GW_OK)
            return rc;
    }
    rc = gw_intake_entry(&p->intake, p->tree, &p->people, entry, &place, answer, p->err);
    if (rc != GW_OK)
        return rc;
    if (is_anothers(answer))
        return not_the_one_asked_for(p, "answered a search for one patient with data of another; it ignores");
    rc = gw_intake_copy(p->arena, &answer->entry, p->err);
    if (rc != GW_OK)
        return rc;
    note_patient(p, answer);
    p->page.entries[p->page.count++] = answer->entry;
    return GW_OK;
}

/* Two people under one record number: which is meant is for a person to say, so neither is kept. */
static void refuse_ambiguous(struct paging *p)
{
    for (size_t i = 0; p->page.patients > 1 && i < p->page.count; i++) {
        struct gw_keep_entry *entry = &p->page.entries[i];

        if (entry->mode != GW_KEEP_FACT)
            continue;
        entry->mode = GW_KEEP_DOOR;
        entry->subject = GW_NOBODY;
        entry->raw = (struct gw_slice){NULL, 0};
        entry->state = GW_STATE_NOT_IN_SCOPE;
        entry->reason = "NOT_ENROLLED";
    }
}

static enum gw_status take_all(struct paging *p, const struct gw_entry *entries, size_t count)
{
    enum gw_status rc = GW_OK;

    p->page.entries = count ? gw_arena_raw(p->arena, count * sizeof(*p->page.entries)) : NULL;
    if (count && !p->page.entries)
        return gw_fail(p->err, GW_ENOMEM, where, "no memory for the entries of a page");
    for (size_t i = 0; rc == GW_OK && i < count; i++)
        rc = take(p, &entries[i]);
    refuse_ambiguous(p);
    return rc;
}

/* ---- Bundle or resource ---- */

static enum gw_status broke_protocol(const struct paging *p, const struct gw_error *failure)
{
    if (failure->status != GW_EINPUT)
        return gw_fail(p->err, failure->status, where, "%s", failure->text);
    return gw_fail(p->err, GW_EPROTO, where,
                   "%s: the answer is not one whole page of FHIR (%s): ask who runs the server what cuts or damages it",
                   gw_request_name(p->asked->request), failure->text);
}

/* What the first page says of the whole search. */
static enum gw_status check_self(struct paging *p, const char *self)
{
    char dropped[100];

    if (!p->asked->query)
        return GW_OK;
    switch (self_compare(self, p->asked->query, dropped, sizeof(dropped))) {
    case SELF_DROPS_PATIENT:
        return not_the_one_asked_for(p, "says by its self link that it searched without");
    case SELF_DROPS:
        p->page.notes++;
        p->page.note = gw_arena_print(p->arena, "ignored: %s", dropped);
        return p->page.note ? GW_OK : gw_fail(p->err, GW_ENOMEM, where, "no memory for the entries of a page");
    case SELF_FINE:
        break;
    }
    return GW_OK;
}

static bool is_searched(const struct page_asked *asked)
{
    return asked->medication && *asked->medication == REFERENCE_BY_IDENTIFIER;
}

/* Is it the Medication that was searched for? A server that ignores the parameter shows its whole formulary. */
static bool has_name(const cJSON *resource, const char *name)
{
    GW_JSON_EACH (identifier, gw_json_array(resource, "identifier")) {
        const char *system = gw_json_string(identifier, "system"), *value = gw_json_string(identifier, "value");
        const size_t length = system ? strlen(system) : 0;

        if (value && (length == 0 || strncmp(name, system, length) == 0) && name[length] == '|' &&
            strcmp(name + length + 1, value) == 0)
            return gw_same(gw_json_string(resource, "resourceType"), "Medication");
    }
    return false;
}

static void keep_searched(struct gw_bundle *bundle, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < bundle->count; i++)
        if (has_name(bundle->entries[i].resource, name))
            bundle->entries[kept++] = bundle->entries[i];
    bundle->count = kept;
    bundle->next = NULL;
}

static enum gw_status read_bundle(struct paging *p, struct gw_slice body)
{
    struct gw_bundle bundle;
    struct gw_error failure;
    enum gw_status rc = gw_bundle_read(p->tree, body, &bundle, &failure);

    if (rc != GW_OK)
        return broke_protocol(p, &failure);
    if (is_searched(p->asked))
        keep_searched(&bundle, p->asked->medication + 1);
    rc = is_searched(p->asked) ? GW_OK : check_self(p, bundle.self);
    if (rc == GW_OK)
        rc = gw_intake_people(p->tree, &bundle, &p->people, p->err);
    if (rc == GW_OK)
        rc = take_all(p, bundle.entries, bundle.count);
    return rc == GW_OK ? copy_text(p, bundle.next, &p->page.next) : rc;
}

static enum gw_status check_resource(const struct paging *p, const struct gw_entry *entry)
{
    const char *wanted = p->asked->medication ? p->asked->medication : p->asked->request->search.patient;
    const char *type = p->asked->medication ? "Medication" : "Patient";

    if (gw_same(gw_json_string(entry->resource, "resourceType"), type) &&
        gw_same(gw_json_string(entry->resource, "id"), wanted))
        return GW_OK;
    return gw_fail(p->err, GW_EPROTO, where, "a %s was read by its id and the endpoint answered with something else",
                   type);
}

static enum gw_status read_resource(struct paging *p, struct gw_slice body)
{
    struct gw_entry entry;
    struct gw_error failure;
    enum gw_status rc = gw_entry_read(p->tree, body, &entry, &failure);

    if (rc != GW_OK)
        return broke_protocol(p, &failure);
    rc = check_resource(p, &entry);
    return rc == GW_OK ? take_all(p, &entry, 1) : rc;
}

enum gw_status page_read(struct gw_arena *arena, struct gw_arena *tree, const struct page_asked *asked,
                         struct gw_slice body, struct page *out, struct gw_error *err)
{
    const struct gw_pull_settings *settings = asked->settings;
    struct paging p = {.arena = arena, .tree = tree, .asked = asked, .err = err};
    enum gw_status rc;

    p.intake = (struct gw_intake){.endpoint = settings->endpoint,
                                  .site = settings->site,
                                  .invalid_blocks = settings->invalid_blocks,
                                  .incomplete_blocks = settings->incomplete_blocks,
                                  .key = settings->key,
                                  .whose = whose,
                                  .ctx = (void *)(uintptr_t)asked->request};
    if ((asked->medication && !is_searched(asked)) || asked->request->read)
        rc = read_resource(&p, body);
    else
        rc = read_bundle(&p, body);
    if (rc == GW_OK)
        *out = p.page;
    out->leak = p.page.leak;
    return rc;
}
