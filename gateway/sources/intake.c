/*
 * What an entry becomes in the ledger: a fact of one subject, a shared fact, or a line at the door.
 */
#include "gateway/sources/intake.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"

static const char where[] = "sources.intake";
static const char urn_uuid[] = "urn:uuid:";

enum { TYPE_NAME_MAX = 64 };

struct taking {
    const struct gw_intake *intake;
    struct gw_arena *arena;
    const struct gw_intake_people *people;
    const struct gw_intake_place *place;
    struct gw_intake_answer *out;
    struct gw_error *err;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for an entry");
}

/* ---- the door ---- */

/* What has no type or id cannot be printed as base/Type/id: it is named by its place in the page or file. */
static void put_place(struct taking *t)
{
    struct gw_keep_entry *entry = &t->out->entry;
    const bool named = entry->type && entry->id;

    entry->source = named ? t->place->source : t->place->broken;
    entry->line = named ? t->place->line : t->place->broken_line;
}

/* Names of types go into lists that people read; anything could stand where one is wanted. */
static bool is_type_name(const char *name)
{
    const size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    return length > 0 && length <= TYPE_NAME_MAX && name[length] == '\0';
}

static enum gw_status end_at_door(struct taking *t, enum gw_state state, const char *reason)
{
    struct gw_keep_entry *entry = &t->out->entry;

    if (entry->type && !is_type_name(entry->type))
        entry->type = entry->id = NULL;
    entry->mode = GW_KEEP_DOOR;
    entry->subject = GW_NOBODY;
    entry->raw = (struct gw_slice){NULL, 0};
    entry->references = NULL;
    entry->reference_count = 0;
    entry->state = state;
    entry->reason = reason;
    put_place(t);
    return GW_OK;
}

static const char *context_of(struct taking *t, const char *reason)
{
    struct gw_text json = GW_TEXT_INIT(4096);
    const char *context;

    gw_text_add(&json, "{\"note\":");
    gw_json_quote(&json, reason);
    gw_text_add(&json, "}");
    context = gw_arena_copy(t->arena, json.at, json.length);
    gw_text_release(&json);
    return context;
}

/* "Observation.component[3].code: ..." and "... at byte 17" without their numbers: the kind of defect. */
static const char *cause_of(struct taking *t, const char *reason)
{
    char *cause = gw_arena_raw(t->arena, strlen(reason) + 1);
    char *end = cause;

    for (; cause && *reason; reason++) {
        if (*reason != '|' && (*reason < '0' || *reason > '9'))
            *end++ = *reason;
    }
    if (cause)
        *end = '\0';
    return cause;
}

/*
 * The item of something unreadable. Its cause is the kind of defect; its id is
 * bound to place and bytes, so that the same defect read again is the same item.
 */
static struct gw_item *make_item(struct taking *t, struct gw_slice raw, const char *reason)
{
    struct gw_item *item = gw_arena_alloc(t->arena, sizeof(*item));
    const char *cause = cause_of(t, reason);
    uint8_t hash[GW_SHA256_BYTES];
    char digits[2 * GW_SHA256_BYTES + 1];
    char line[16];

    if (!item || !cause)
        return NULL;
    gw_sha256(raw.length ? raw.at : "", raw.length, hash);
    gw_hex(hash, sizeof(hash), digits);
    snprintf(line, sizeof(line), "%u", t->out->entry.line);
    item->code = "RESOURCE_INVALID";
    item->blocks = t->intake->invalid_blocks;
    item->fingerprint = gw_arena_print(t->arena, "%s|%s||||%s", item->code, t->intake->site, cause);
    item->context = context_of(t, reason);
    item->suggestion = "";
    item->window_ids = "";
    if (!item->fingerprint || !item->context)
        return NULL;
    const char *const parts[] = {item->fingerprint, t->out->entry.source, line, digits};
    item->id = gw_hmac_id(t->intake->key, t->arena, 'x', parts, sizeof(parts) / sizeof(parts[0]));
    return item->id ? item : NULL;
}

static enum gw_status hold(struct taking *t, struct gw_slice raw, const char *reason)
{
    t->out->invalid = true;
    t->out->reason = gw_arena_copy(t->arena, reason, strlen(reason));
    t->out->entry.part_count = 1;
    t->out->entry.components_only = false;
    end_at_door(t, GW_STATE_HELD, "RESOURCE_INVALID");
    t->out->entry.item = make_item(t, raw, reason);
    return t->out->reason && t->out->entry.item ? GW_OK : no_memory(t->err);
}

/* ---- whose it is ---- */

static bool is_urn(const char *id)
{
    return id && strncmp(id, urn_uuid, sizeof(urn_uuid) - 1) == 0;
}

/* A urn:uuid means the entry with that fullUrl; where there is none, servers mean the id behind it. */
static const char *resolve(const struct gw_intake_people *people, const char *id)
{
    if (!is_urn(id))
        return id;
    for (size_t i = 0; people && i < people->count; i++) {
        if (gw_same(people->list[i].full_url, id))
            return people->list[i].id;
    }
    return id + sizeof(urn_uuid) - 1;
}

static size_t ask_whose(struct taking *t, const struct gw_identifier *identifiers, size_t count)
{
    return t->intake->whose(t->intake->ctx, t->out->patient, identifiers, count, &t->out->subjects);
}

static int64_t find_subject(struct taking *t, const struct gw_fact *fact)
{
    const struct gw_reference *subject = &fact->subject;

    if (fact->type == GW_PATIENT) {
        t->out->patient = fact->id;
        t->out->subject_count = ask_whose(t, fact->identifiers, fact->identifier_count);
    } else if (subject->kind != GW_REFERENCE_NONE && subject->kind != GW_REFERENCE_CONTAINED &&
               (!subject->type || strcmp(subject->type, "Patient") == 0)) {
        t->out->patient = resolve(t->people, subject->id);
        t->out->subject_count = ask_whose(t, &subject->identifier, subject->identifier.value ? 1 : 0);
    }
    return t->out->subject_count ? t->out->subjects[0] : GW_NOBODY;
}

/* ---- facts ---- */

static bool is_use(enum gw_resource type)
{
    return type == GW_MEDICATION_ADMINISTRATION || type == GW_MEDICATION_REQUEST || type == GW_MEDICATION_DISPENSE ||
           type == GW_MEDICATION_STATEMENT;
}

static enum gw_status put_reference(struct taking *t, const char *id, bool by_identifier)
{
    struct gw_keep_reference *reference = gw_arena_alloc(t->arena, sizeof(*reference));

    if (!reference || !id)
        return no_memory(t->err);
    *reference = (struct gw_keep_reference){"Medication", id, by_identifier};
    t->out->entry.references = reference;
    t->out->entry.reference_count = 1;
    return GW_OK;
}

static const char *identifier_text(struct taking *t, const struct gw_identifier *identifier)
{
    return gw_arena_print(t->arena, "%s|%s", identifier->system ? identifier->system : "", identifier->value);
}

/* What a use refers to: a Medication by id, or by one of its identifiers. */
static enum gw_status put_medication(struct taking *t, const struct gw_reference *medication)
{
    if (medication->type && strcmp(medication->type, "Medication") != 0)
        return GW_OK;
    if (medication->kind == GW_REFERENCE_LITERAL && medication->id)
        return put_reference(t, resolve(NULL, medication->id), false);
    if (medication->kind == GW_REFERENCE_LOGICAL && medication->identifier.value)
        return put_reference(t, identifier_text(t, &medication->identifier), true);
    return GW_OK;
}

/* The names under which a Medication may be referred to beside its id. */
static enum gw_status put_names(struct taking *t, const struct gw_fact *fact)
{
    struct gw_keep_reference *names = gw_arena_alloc(t->arena, (fact->identifier_count + 1) * sizeof(*names));
    size_t count = 0;

    if (!names)
        return no_memory(t->err);
    for (size_t i = 0; i < fact->identifier_count; i++) {
        if (!fact->identifiers[i].value)
            continue;
        names[count] = (struct gw_keep_reference){"Medication", identifier_text(t, &fact->identifiers[i]), true};
        if (!names[count++].id)
            return no_memory(t->err);
    }
    t->out->entry.references = names;
    t->out->entry.reference_count = count;
    return GW_OK;
}

static enum gw_status put_references(struct taking *t, const struct gw_fact *fact)
{
    if (fact->type == GW_MEDICATION)
        return put_names(t, fact);
    return is_use(fact->type) ? put_medication(t, &fact->use.reference) : GW_OK;
}

static enum gw_status keep_fact(struct taking *t, const struct gw_fact *fact, int64_t subject)
{
    struct gw_keep_entry *entry = &t->out->entry;

    if (!fact->id)
        return hold(t, entry->raw, "id: missing; a resource without an id cannot be found again");
    entry->mode = subject == GW_NOBODY ? GW_KEEP_SHARED : GW_KEEP_FACT;
    entry->subject = subject;
    gw_sha256(entry->raw.at, entry->raw.length, entry->sha256);
    put_place(t);
    return put_references(t, fact);
}

static void name_entry(struct gw_keep_entry *entry, const struct gw_fact *fact)
{
    entry->type = fact->type_name;
    entry->id = fact->id;
    entry->version_id = fact->version_id;
    entry->last_updated = fact->last_updated;
    entry->part_count = fact->part_count ? (unsigned)fact->part_count : 1;
    entry->components_only =
        fact->type == GW_OBSERVATION && fact->observation.part_count > 0 && fact->observation.parts[0].component >= 0;
}

static enum gw_status take_fact(struct taking *t, const struct gw_fact *fact)
{
    int64_t subject;

    name_entry(&t->out->entry, fact);
    if (fact->type == GW_RESOURCE_OTHER)
        return end_at_door(t, GW_STATE_NOT_IN_SCOPE, "TYPE_NOT_READ");
    if (fact->type == GW_OPERATION_OUTCOME)
        return end_at_door(t, GW_STATE_NOT_IN_SCOPE, "OperationOutcome");
    if (fact->type == GW_MEDICATION)
        return keep_fact(t, fact, GW_NOBODY);
    subject = find_subject(t, fact);
    t->out->entry.patient = fact->type == GW_PATIENT ? NULL : t->out->patient;
    if (subject == GW_NOBODY)
        return end_at_door(t, GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED");
    return keep_fact(t, fact, subject);
}

/* A resource that cannot be read is named all the same where its name can be. */
static void name_broken(struct gw_keep_entry *entry, const cJSON *resource)
{
    const enum gw_resource type = gw_resource_of(gw_json_string(resource, "resourceType"));

    entry->type = type == GW_RESOURCE_OTHER ? NULL : gw_resource_name(type);
    entry->id = NULL; /* an id that was not checked is not repeated */
}

static enum gw_status take_resource(struct taking *t, const struct gw_entry *entry)
{
    struct gw_error failure;

    if (!entry->resource)
        return hold(t, entry->raw, "a resource is wanted: a JSON object");
    switch (gw_fact_read(t->arena, entry->resource, &t->out->fact, &failure)) {
    case GW_OK:
        return take_fact(t, &t->out->fact);
    case GW_EINPUT:
        name_broken(&t->out->entry, entry->resource);
        return hold(t, entry->raw, failure.text);
    default:
        return no_memory(t->err);
    }
}

/* For information: the cause is what of it a person would act upon once, the parts of its id what makes it another. */
static struct gw_item *make_notice(struct taking *t, const char *code, const char *blocks, const char *cause,
                                   const char *note, const char *id)
{
    const struct gw_keep_entry *entry = &t->out->entry;
    struct gw_item *item = gw_arena_alloc(t->arena, sizeof(*item));

    if (!item)
        return NULL;
    item->code = code;
    item->blocks = blocks;
    item->fingerprint = gw_arena_print(t->arena, "%s|%s||||%s", code, t->intake->site, cause);
    item->context = context_of(t, note);
    item->suggestion = "";
    item->window_ids = "";
    if (!item->fingerprint || !item->context)
        return NULL;
    const char *const parts[] = {item->fingerprint, entry->endpoint, entry->type, id};
    item->id = gw_hmac_id(t->intake->key, t->arena, 'x', parts, sizeof(parts) / sizeof(parts[0]));
    return item->id ? item : NULL;
}

/* The server says that what it shows may not be all there is: told once for each kind of search. */
static enum gw_status take_outcome(struct taking *t, const struct gw_entry *entry)
{
    struct gw_keep_entry *out = &t->out->entry;
    const char *line;
    int worst;

    out->type = "OperationOutcome";
    end_at_door(t, GW_STATE_NOT_IN_SCOPE, "OperationOutcome");
    if (!t->intake->incomplete_blocks || !entry->resource)
        return GW_OK;
    line = gw_outcome_print(t->arena, entry->resource, &worst);
    if (!strstr(line, "incomplete"))
        return GW_OK;
    out->item = make_notice(t, "SOURCE_INCOMPLETE", t->intake->incomplete_blocks, line,
                            "the source says that what it showed may not be all there is", t->place->broken);
    return out->item ? GW_OK : no_memory(t->err);
}

/* Bound to the record: told twice, it is the same item. */
static enum gw_status take_deleted(struct taking *t, const struct gw_entry *entry)
{
    struct gw_keep_entry *out = &t->out->entry;

    out->type = entry->deleted_type;
    out->id = entry->deleted_id;
    end_at_door(t, GW_STATE_NOT_IN_SCOPE, "DELETED");
    if (!t->intake->deleted_blocks || !out->type || !out->id)
        return GW_OK;
    out->item = make_notice(t, "SOURCE_DELETED", t->intake->deleted_blocks, out->type,
                            "the source says that it deleted this record; what was read of it stays", out->id);
    out->item_if_kept = true;
    return out->item ? GW_OK : no_memory(t->err);
}

enum gw_status gw_intake_entry(const struct gw_intake *intake, struct gw_arena *arena,
                               const struct gw_intake_people *people, const struct gw_entry *entry,
                               const struct gw_intake_place *place, struct gw_intake_answer *out, struct gw_error *err)
{
    struct taking taking = {intake, arena, people, place, out, err};

    memset(out, 0, sizeof(*out));
    out->entry.endpoint = intake->endpoint;
    out->entry.raw = entry->raw;
    out->entry.part_count = 1;
    switch (entry->mode) {
    case GW_ENTRY_OUTCOME:
        return take_outcome(&taking, entry);
    case GW_ENTRY_DELETED:
        return take_deleted(&taking, entry);
    case GW_ENTRY_EMPTY:
        return end_at_door(&taking, GW_STATE_NOT_IN_SCOPE, "NO_RESOURCE");
    default:
        return take_resource(&taking, entry);
    }
}

enum gw_status gw_intake_unreadable(const struct gw_intake *intake, struct gw_arena *arena, struct gw_slice raw,
                                    const struct gw_intake_place *place, const char *reason,
                                    struct gw_intake_answer *out, struct gw_error *err)
{
    struct taking taking = {intake, arena, NULL, place, out, err};

    memset(out, 0, sizeof(*out));
    out->entry.endpoint = intake->endpoint;
    return hold(&taking, raw, reason);
}

/* ---- Bundles and pages ---- */

enum gw_status gw_intake_people(struct gw_arena *arena, const struct gw_bundle *bundle, struct gw_intake_people *out,
                                struct gw_error *err)
{
    struct gw_intake_people people = {NULL, 0};
    size_t capacity = 0;

    for (size_t i = 0; i < bundle->count; i++) {
        const struct gw_entry *entry = &bundle->entries[i];
        const char *id = gw_json_string(entry->resource, "id");
        struct gw_intake_person *person;

        if (!id || !is_urn(entry->full_url) || !gw_same(gw_json_string(entry->resource, "resourceType"), "Patient"))
            continue;
        person = GW_ARENA_PUSH(arena, people.list, people.count, capacity);
        if (!person)
            return no_memory(err);
        *person = (struct gw_intake_person){entry->full_url, id};
    }
    *out = people;
    return GW_OK;
}

static bool copy_text(struct gw_arena *arena, const char **text)
{
    if (*text)
        *text = gw_arena_copy(arena, *text, strlen(*text));
    return *text != NULL;
}

static bool copy_item(struct gw_arena *arena, const struct gw_item **item)
{
    struct gw_item *copy = gw_arena_raw(arena, sizeof(*copy));

    if (!copy)
        return false;
    *copy = **item;
    *item = copy;
    return copy_text(arena, &copy->id) && copy_text(arena, &copy->fingerprint) && copy_text(arena, &copy->context);
}

static bool copy_references(struct gw_arena *arena, struct gw_keep_entry *entry)
{
    struct gw_keep_reference *copies = gw_arena_raw(arena, entry->reference_count * sizeof(*copies));

    if (!copies)
        return false;
    for (size_t i = 0; i < entry->reference_count; i++) {
        copies[i] = entry->references[i];
        if (!copy_text(arena, &copies[i].type) || !copy_text(arena, &copies[i].id))
            return false;
    }
    entry->references = copies;
    return true;
}

enum gw_status gw_intake_copy(struct gw_arena *arena, struct gw_keep_entry *entry, struct gw_error *err)
{
    const bool texts[] = {entry->type, entry->id, entry->version_id, entry->last_updated, entry->patient};
    bool ok = copy_text(arena, &entry->type) == texts[0] && copy_text(arena, &entry->id) == texts[1] &&
              copy_text(arena, &entry->version_id) == texts[2] && copy_text(arena, &entry->last_updated) == texts[3] &&
              copy_text(arena, &entry->patient) == texts[4];

    ok = ok && (!entry->item || copy_item(arena, &entry->item));
    ok = ok && (entry->reference_count == 0 || copy_references(arena, entry));
    return ok ? GW_OK : no_memory(err);
}
