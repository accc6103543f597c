/*
 * From profiles to items.
 */
#include "service/shortfalls.h"

#include <string.h>

#include "gateway/core/digest.h"
#include "gateway/core/json.h"
#include "gateway/ledger/settle.h"
#include "service/endpoint.h"

static const char where[] = "service.shortfalls";
static const char version[] = "ENDPOINT_VERSION";
static const char capability[] = "ENDPOINT_CAPABILITY";

enum { LIFE_LEAST_S = 5, CONTEXT_MAX_BYTES = 4096 };

/* ---- of one profile ---- */

static bool reads_drugs(const struct gw_profile *profile)
{
    return profile->reads[GW_MEDICATION_ADMINISTRATION] || profile->reads[GW_MEDICATION_STATEMENT] ||
           profile->reads[GW_MEDICATION_DISPENSE] || profile->reads[GW_MEDICATION_REQUEST];
}

size_t shortfalls_of(const struct gw_profile *profile, struct shortfall out[SHORTFALLS_MAX])
{
    struct gw_profile apart = *profile;
    size_t count = 0;

    apart.mixes_patients = false;
    if (!*profile->checked)
        return 0;
    if (gw_profile_usable(&apart, NULL) != GW_OK) {
        out[count++] = (struct shortfall){version, "FHIR", "neither R4 nor R5: nothing is read from it"};
        return count; /* what another release offers says nothing of this one */
    }
    if (profile->mixes_patients)
        out[count++] =
            (struct shortfall){capability, "patient", "patients are not kept apart: nothing is read from it"};
    if (!profile->reads[GW_PATIENT])
        out[count++] = (struct shortfall){capability, "Patient", "no search of patients: nobody is found by number"};
    if (!profile->reads[GW_OBSERVATION])
        out[count++] = (struct shortfall){capability, "Observation", "no laboratory results, vital signs or scores"};
    if (!reads_drugs(profile))
        out[count++] =
            (struct shortfall){capability, "MedicationAdministration", "no drugs in any form: no first dose"};
    if (profile->token_life_s > 0 && profile->token_life_s < LIFE_LEAST_S)
        out[count++] = (struct shortfall){capability, "token", "tokens live too short to work with"};
    return count;
}

/* ---- items ---- */

struct raising {
    struct setup *setup;
    struct gw_item *items;
    size_t count, capacity;
};

/* As the engine's items are named: class, site, system, code, unit, rule; here the endpoint and what it lacks. */
static const char *print_cause(struct raising *r, const struct gw_config_endpoint *endpoint,
                               const struct shortfall *shortfall)
{
    return gw_arena_print(&r->setup->arena, "%s|%s|%s|%s||", shortfall->code, endpoint->site, endpoint->id,
                          shortfall->what);
}

static const char *print_context(struct raising *r, const struct gw_config_endpoint *endpoint,
                                 const struct gw_profile *profile, const struct shortfall *shortfall)
{
    struct gw_text json = GW_TEXT_INIT(CONTEXT_MAX_BYTES);
    const char *copy;

    gw_text_add(&json, "{\"endpoint\":");
    gw_json_quote(&json, endpoint->id);
    gw_text_add(&json, ",\"lacks\":");
    gw_json_quote(&json, shortfall->text);
    gw_text_add(&json, ",\"software\":");
    gw_json_quote(&json, profile->software);
    gw_text_add(&json, ",\"fhir_version\":");
    gw_json_quote(&json, profile->fhir_version);
    gw_text_add(&json, ",\"checked\":");
    gw_json_quote(&json, profile->checked);
    gw_text_add(&json, "}");
    copy = json.failed ? NULL : gw_arena_copy(&r->setup->arena, json.at, json.length);
    gw_text_release(&json);
    return copy;
}

static bool add_item(struct raising *r, const struct gw_config_endpoint *endpoint, const struct gw_profile *profile,
                     const struct shortfall *shortfall)
{
    struct gw_arena *arena = &r->setup->arena;
    const struct setup_study *study = &r->setup->studies[0];
    const struct gw_item_class *class = gw_rules_class(&study->protocol.rules, shortfall->code);
    const char *cause = print_cause(r, endpoint, shortfall);
    const char *context = print_context(r, endpoint, profile, shortfall);
    const char *id = cause ? gw_hmac_id(study->key, arena, 'x', &cause, 1) : NULL;
    struct gw_item *item = id && context ? GW_ARENA_PUSH(arena, r->items, r->count, r->capacity) : NULL;

    if (!item)
        return false;
    *item = (struct gw_item){.id = id,
                             .code = shortfall->code,
                             .fingerprint = cause,
                             .blocks = class ? class->blocks : "E",
                             .context = context,
                             .suggestion = "",
                             .window_ids = ""};
    return true;
}

static bool add_endpoint(struct raising *r, const struct gw_config_endpoint *endpoint)
{
    const char *folder = endpoint_folder(&r->setup->arena, r->setup->config);
    struct shortfall list[SHORTFALLS_MAX];
    struct gw_profile profile;
    size_t count;

    if (!folder)
        return false;
    if (gw_profile_load(folder, endpoint->id, &profile, NULL) != GW_OK)
        return true;
    count = shortfalls_of(&profile, list);
    for (size_t i = 0; i < count; i++)
        if (!add_item(r, endpoint, &profile, &list[i]))
            return false;
    return true;
}

enum gw_status shortfalls_raise(struct setup *s, struct gw_error *err)
{
    const struct gw_clock *clock = s->world->clock;
    struct raising raising = {.setup = s};

    for (size_t e = 0; e < s->endpoint_count; e++)
        if (!add_endpoint(&raising, s->endpoints[e].config))
            return gw_fail(err, GW_ENOMEM, where, "what the endpoints lack needs more memory than allowed");
    return gw_ledger_raise(s->ledger, "ENDPOINT_", raising.items, raising.count, clock->utc(clock->ctx), err);
}
