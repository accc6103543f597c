/*
 * Three dialects, one struct. What is missing or odd is "not told": the state machine decides what that means.
 */
#include "gateway/sources/notify.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/fhir/fact.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char where[] = "sources.notify";

enum { NUMBER_DIGITS = 18, ID_MAX = 64 };

struct reading {
    struct gw_arena *arena;
    struct gw_notification *out;
    size_t capacity;
    const cJSON *bundle; /* NULL: a single resource */
    enum gw_status status;
    struct gw_error *err;
};

/* ---- words ------------------------------------------------------------------------------------------------------ */

static enum gw_notice notice_of(const char *word)
{
    static const char *const words[] = {"handshake", "heartbeat", "event-notification", "query-status", "query-event"};
    const int place = word ? gw_place_in(words, COUNT(words), word) : -1;

    return place < 0 ? GW_NOTICE_PLAIN : GW_NOTICE_HANDSHAKE + (enum gw_notice)place;
}

static enum gw_subscription_status status_of(const char *word)
{
    static const char *const words[] = {"requested", "active", "error", "off", "entered-in-error"};
    static const enum gw_subscription_status meanings[] = {GW_SUBSCRIPTION_REQUESTED, GW_SUBSCRIPTION_ACTIVE,
                                                           GW_SUBSCRIPTION_ERROR, GW_SUBSCRIPTION_OFF,
                                                           GW_SUBSCRIPTION_OFF};
    const int place = word ? gw_place_in(words, COUNT(words), word) : -1;

    return place < 0 ? GW_SUBSCRIPTION_UNSAID : meanings[place];
}

/* Digits alone: the backport writes it as a text, R5 as an integer64, which JSON has as a text, and servers as either.
 */
static int64_t number_of(const char *text)
{
    const size_t digits = text ? strspn(text, "0123456789") : 0;

    if (digits == 0 || digits > NUMBER_DIGITS || text[digits] != '\0')
        return GW_NOTIFY_NO_NUMBER;
    return strtoll(text, NULL, 10);
}

/* A member that is a text or a number. */
static const char *text_or_number(const cJSON *object, const char *name)
{
    const char *const text = gw_json_string(object, name);

    return text ? text : gw_json_number(object, name);
}

static const char *code_of(const cJSON *concept)
{
    return gw_json_string(gw_json_first(gw_json_array(concept, "coding")), "code");
}

/* ---- references ------------------------------------------------------------------------------------------------- */

static struct gw_reference reference_of(struct reading *reading, const char *text)
{
    struct gw_reference reference = {.kind = GW_REFERENCE_NONE};

    if (text && reading->status == GW_OK)
        reading->status = gw_reference_read(reading->arena, text, &reference, reading->err);
    if (reference.kind != GW_REFERENCE_LITERAL || !reference.type)
        reference.type = reference.id = NULL; /* urn:uuid: names nothing that could be read */
    return reference;
}

static const char *patient_in(struct reading *reading, const cJSON *object)
{
    const struct gw_reference reference = reference_of(reading, gw_json_string(object, "reference"));

    return gw_same(reference.type, "Patient") ? reference.id : NULL;
}

/* Whose it is, as the resource itself says. */
static const char *patient_of_resource(struct reading *reading, const cJSON *resource)
{
    static const char *const members[] = {"subject", "patient"};
    const char *patient = NULL;

    for (size_t i = 0; i < COUNT(members) && !patient; i++)
        patient = patient_in(reading, gw_json_object(resource, members[i]));
    return patient;
}

/* ---- hints ------------------------------------------------------------------------------------------------------ */

static struct gw_hint *hint_add(struct reading *reading)
{
    struct gw_notification *const out = reading->out;
    struct gw_hint *hint;

    if (out->hint_count == GW_NOTIFY_EVENTS_MAX) {
        out->truncated = true;
        return NULL;
    }
    hint = GW_ARENA_PUSH(reading->arena, out->hints, out->hint_count, reading->capacity);
    if (!hint && reading->status == GW_OK)
        reading->status = gw_fail(reading->err, GW_ENOMEM, where, "a notification needs more memory than it may have");
    if (hint)
        hint->number = GW_NOTIFY_NO_NUMBER;
    return hint;
}

static void name_it(struct reading *reading, struct gw_hint *hint, const char *text)
{
    const struct gw_reference reference = reference_of(reading, text);

    hint->type = reference.type;
    hint->id = reference.id;
    if (gw_same(reference.type, "Patient"))
        hint->patient = reference.id;
}

static void hint_of_resource(struct reading *reading, const cJSON *resource)
{
    struct gw_hint *const hint = hint_add(reading);
    const char *const type = gw_json_string(resource, "resourceType"), *const id = gw_json_string(resource, "id");

    if (!hint)
        return;
    if (type && id)
        name_it(reading, hint, gw_arena_print(reading->arena, "%s/%s", type, id));
    if (!hint->patient)
        hint->patient = patient_of_resource(reading, resource);
}

/* The entry that brought the focus along knows whose it is. */
static void find_patient(struct reading *reading, struct gw_hint *hint)
{
    GW_JSON_EACH (entry, gw_json_array(reading->bundle, "entry")) {
        const cJSON *const resource = gw_json_object(entry, "resource");

        if (hint->patient || !hint->id)
            return;
        if (gw_same(gw_json_string(resource, "resourceType"), hint->type) &&
            gw_same(gw_json_string(resource, "id"), hint->id))
            hint->patient = patient_of_resource(reading, resource);
    }
}

/* ---- the status, as Parameters ---------------------------------------------------------------------------------- */

static const char *number_in(const cJSON *parameter)
{
    static const char *const members[] = {"valueString", "valueInteger64", "valueUnsignedInt", "valueInteger"};
    const char *text = NULL;

    for (size_t i = 0; i < COUNT(members) && !text; i++)
        text = text_or_number(parameter, members[i]);
    return text;
}

static void read_event_part(struct reading *reading, struct gw_hint *hint, const cJSON *part)
{
    const char *const name = gw_json_string(part, "name");

    if (gw_same(name, "event-number"))
        hint->number = number_of(number_in(part));
    else if (gw_same(name, "focus"))
        name_it(reading, hint, gw_json_string(gw_json_object(part, "valueReference"), "reference"));
    else if (gw_same(name, "additional-context") && !hint->patient)
        hint->patient = patient_in(reading, gw_json_object(part, "valueReference"));
}

static void read_event_parts(struct reading *reading, const cJSON *parameter)
{
    struct gw_hint *const hint = hint_add(reading);

    if (!hint)
        return;
    GW_JSON_EACH (part, gw_json_array(parameter, "part"))
        read_event_part(reading, hint, part);
    find_patient(reading, hint);
}

static void read_parameter(struct reading *reading, const cJSON *parameter)
{
    struct gw_notification *const out = reading->out;
    const char *const name = gw_json_string(parameter, "name");

    if (gw_same(name, "type"))
        out->notice = notice_of(gw_json_string(parameter, "valueCode"));
    else if (gw_same(name, "status"))
        out->status = status_of(gw_json_string(parameter, "valueCode"));
    else if (gw_same(name, "topic"))
        out->topic = gw_json_string(parameter, "valueCanonical");
    else if (gw_same(name, "subscription"))
        out->subscription =
            reference_of(reading, gw_json_string(gw_json_object(parameter, "valueReference"), "reference")).id;
    else if (gw_same(name, "events-since-subscription-start"))
        out->events_since_start = number_of(number_in(parameter));
    else if (gw_same(name, "notification-event"))
        read_event_parts(reading, parameter);
    else if (gw_same(name, "error") && !out->error)
        out->error = code_of(gw_json_object(parameter, "valueCodeableConcept"));
}

/* ---- the status, as SubscriptionStatus -------------------------------------------------------------------------- */

static void read_event(struct reading *reading, const cJSON *event)
{
    struct gw_hint *const hint = hint_add(reading);

    if (!hint)
        return;
    hint->number = number_of(text_or_number(event, "eventNumber"));
    name_it(reading, hint, gw_json_string(gw_json_object(event, "focus"), "reference"));
    GW_JSON_EACH (context, gw_json_array(event, "additionalContext"))
        if (!hint->patient)
            hint->patient = patient_in(reading, context);
    find_patient(reading, hint);
}

static void read_status(struct reading *reading, const cJSON *status)
{
    struct gw_notification *const out = reading->out;

    out->notice = notice_of(gw_json_string(status, "type"));
    out->status = status_of(gw_json_string(status, "status"));
    out->topic = gw_json_string(status, "topic");
    out->subscription = reference_of(reading, gw_json_string(gw_json_object(status, "subscription"), "reference")).id;
    out->events_since_start = number_of(text_or_number(status, "eventsSinceSubscriptionStart"));
    out->error = code_of(gw_json_first(gw_json_array(status, "error")));
    GW_JSON_EACH (event, gw_json_array(status, "notificationEvent"))
        read_event(reading, event);
}

/* True when the resource is a status of one of the two forms. */
static bool read_either(struct reading *reading, const cJSON *resource)
{
    const char *const type = gw_json_string(resource, "resourceType");

    if (gw_same(type, "SubscriptionStatus"))
        read_status(reading, resource);
    else if (gw_same(type, "Parameters"))
        GW_JSON_EACH (parameter, gw_json_array(resource, "parameter"))
            read_parameter(reading, parameter);
    else
        return false;
    return true;
}

/* ---- bodies ----------------------------------------------------------------------------------------------------- */

static void start(struct reading *reading, struct gw_arena *arena, struct gw_notification *out, struct gw_error *err)
{
    *out = (struct gw_notification){.notice = GW_NOTICE_PLAIN, .events_since_start = GW_NOTIFY_NO_NUMBER};
    *reading = (struct reading){.arena = arena, .out = out, .status = GW_OK, .err = err};
}

static bool is_type_word(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!((text[i] >= 'A' && text[i] <= 'Z') || (i > 0 && text[i] >= 'a' && text[i] <= 'z')))
            return false;
    return length > 0 && length <= ID_MAX;
}

/*
 * "Observation/o-1" is what an update is sent to, "Observation" the path we gave a type's subscription: where the body
 * names no resource the path may.
 */
static void read_rest(struct reading *reading, const char *rest)
{
    struct gw_hint *const hint = reading->out->hint_count ? reading->out->hints : hint_add(reading);
    const size_t length = strcspn(rest, "/");

    if (!hint || hint->id || reading->out->hint_count > 1)
        return;
    if (rest[length] == '/')
        name_it(reading, hint, rest);
    else if (is_type_word(rest, length))
        hint->type = rest;
}

/* Any other Bundle: each of its resources is a hint. */
static void read_entries(struct reading *reading)
{
    GW_JSON_EACH (entry, gw_json_array(reading->bundle, "entry"))
        hint_of_resource(reading, gw_json_object(entry, "resource"));
    if (reading->out->hint_count == 0)
        hint_add(reading);
}

static enum gw_status read_tree(struct reading *reading, const cJSON *tree)
{
    const char *const type = gw_json_string(tree, "resourceType");

    if (!type)
        return gw_fail(reading->err, GW_EINPUT, where, "a notification's body is no FHIR resource");
    if (gw_same(type, "Bundle")) {
        reading->bundle = tree;
        if (!read_either(reading, gw_json_object(gw_json_first(gw_json_array(tree, "entry")), "resource")))
            read_entries(reading);
    } else if (!read_either(reading, tree)) {
        hint_of_resource(reading, tree);
    }
    return reading->status;
}

enum gw_status gw_notification_read(struct gw_arena *arena, const char *rest, struct gw_slice body,
                                    struct gw_notification *out, struct gw_error *err)
{
    struct reading reading;
    const cJSON *tree;
    enum gw_status rc = GW_OK;

    start(&reading, arena, out, err);
    if (body.length > 0) {
        rc = gw_json_parse(arena, body.at, body.length, NULL, &tree, NULL, err);
        if (rc == GW_OK)
            rc = read_tree(&reading, tree);
    }
    if (rc == GW_EINPUT)
        start(&reading, arena, out, err);
    if (out->notice == GW_NOTICE_PLAIN)
        read_rest(&reading, rest);
    return rc == GW_OK ? reading.status : rc;
}

/* ---- answers to what we asked ----------------------------------------------------------------------------------- */

static enum gw_status read_subscription(struct reading *reading, const cJSON *tree)
{
    const char *const id = gw_json_string(tree, "id");

    reading->out->notice = GW_NOTICE_QUERY_STATUS;
    reading->out->status = status_of(gw_json_string(tree, "status"));
    reading->out->subscription =
        reference_of(reading, id ? gw_arena_print(reading->arena, "Subscription/%s", id) : NULL).id;
    reading->out->topic = gw_json_string(tree, "topic");
    reading->out->error = gw_json_string(tree, "error") ? "error" : NULL;
    return reading->status;
}

/* Of a searchset with several statuses the one of our subscription. */
static bool read_ours(struct reading *reading, const char *id)
{
    GW_JSON_EACH (entry, gw_json_array(reading->bundle, "entry")) {
        struct reading one;
        struct gw_notification found;

        start(&one, reading->arena, &found, reading->err);
        one.bundle = reading->bundle;
        if (read_either(&one, gw_json_object(entry, "resource")) &&
            (!id || !found.subscription || gw_same(found.subscription, id))) {
            *reading->out = found;
            reading->status = one.status;
            return true;
        }
    }
    return false;
}

enum gw_status gw_notification_read_answer(struct gw_arena *arena, const char *id, struct gw_slice body,
                                           struct gw_notification *out, struct gw_error *err)
{
    struct reading reading;
    const cJSON *tree;
    enum gw_status rc;

    start(&reading, arena, out, err);
    rc = gw_json_parse(arena, body.at, body.length, NULL, &tree, NULL, err);
    if (rc != GW_OK)
        return rc;
    if (gw_same(gw_json_string(tree, "resourceType"), "Subscription"))
        return read_subscription(&reading, tree);
    if (gw_same(gw_json_string(tree, "resourceType"), "Bundle")) {
        reading.bundle = tree;
        if (read_ours(&reading, id))
            return reading.status;
    } else if (read_either(&reading, tree)) {
        return reading.status;
    }
    return gw_fail(err, GW_EINPUT, where, "the answer holds no status of a subscription");
}
