/*
 * casement keys: the key pair an endpoint knows us by.
 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/net/jwk.h"
#include "gateway/sources/plan.h"

#define SET_MAX_BYTES ((size_t)1 << 20)
#define PLAN_BYTES    ((size_t)1 << 20)

/* The least that a sync needs: reading and searching each type it asks for, as the plan of requests has them. */
static cJSON *scopes_json(struct gw_arena *arena)
{
    const struct gw_wanted wanted = {.endpoint = ""};
    const struct gw_span span = {.patient = "", .anchored = true};
    struct gw_requests requests;
    bool asked[GW_RESOURCE_COUNT] = {[GW_MEDICATION] = true}; /* what the drugs refer to */
    cJSON *scopes = cJSON_CreateArray();

    if (gw_plan_requests(arena, &gw_profile_default, &wanted, &span, GW_STAGE_ANCHOR | GW_STAGE_SPAN, &requests,
                         NULL) != GW_OK)
        output_no_memory();
    for (size_t i = 0; i < requests.count; i++)
        asked[requests.list[i].search.type] = true;
    for (int type = 0; type < GW_RESOURCE_COUNT; type++)
        if (asked[type])
            cJSON_AddItemToArray(scopes, cJSON_CreateString(gw_arena_print(arena, "system/%s.rs",
                                                                           gw_resource_name((enum gw_resource)type))));
    return scopes;
}

/* What the configuration's endpoint says of this key. */
static cJSON *auth_json(const struct gw_jwk *key, const char *path, const char *client)
{
    struct gw_arena arena = GW_ARENA_INIT(PLAN_BYTES);
    cJSON *auth = cJSON_CreateObject();

    cJSON_AddStringToObject(auth, "kind", "smart-backend");
    cJSON_AddStringToObject(auth, "client_id", client);
    cJSON_AddStringToObject(auth, "key", path);
    cJSON_AddStringToObject(auth, "alg", gw_jwk_alg_name(key));
    cJSON_AddItemToObject(auth, "scopes", scopes_json(&arena));
    gw_arena_release(&arena);
    return auth;
}

static void print_key(const struct arguments *arguments, const struct gw_jwk *key, const char *path)
{
    const char *client = arguments->values[OPTION_CLIENT];
    struct output output;
    cJSON *root;

    output_init(&output, stdout);
    if (arguments_has(arguments, OPTION_JSON)) {
        root = cJSON_CreateObject();
        cJSON_AddStringToObject(root, "file", path);
        cJSON_AddStringToObject(root, "alg", gw_jwk_alg_name(key));
        cJSON_AddStringToObject(root, "kid", gw_jwk_kid(key));
        if (client)
            cJSON_AddItemToObject(root, "auth", auth_json(key, path, client));
        output_json(&output, root);
        return;
    }
    printf("Made %s (%s, kid %s). Keep it here: it is the private half.\n"
           "Register the public half with the server: casement keys jwks %s\n",
           path, gw_jwk_alg_name(key), gw_jwk_kid(key), path);
    if (!client)
        return;
    printf("In casement.json, in the endpoint, \"auth\" (the key's path counts from that file):\n");
    output_json(&output, auth_json(key, path, client));
}

int keys_new_command(const struct arguments *arguments)
{
    const char *path = arguments->values[OPTION_OUT_KEY], *name = arguments->values[OPTION_ALG];
    enum gw_jwk_alg alg = GW_JWK_ES384;
    struct gw_jwk *key = NULL;
    struct gw_error failure;
    enum gw_status rc;

    if (name && gw_jwk_alg_parse(name, &alg) != 0)
        return arguments_wrong(arguments, "--alg \"%.40s\" is neither ES384 nor RS384", name);
    rc = gw_jwk_generate(alg, 0, &key, &failure);
    if (rc == GW_OK)
        rc = gw_jwk_save(key, path, &failure);
    if (rc == GW_OK)
        print_key(arguments, key, path);
    gw_jwk_free(key);
    return rc == GW_OK ? 0 : output_failed(&failure);
}

int keys_jwks_command(const struct arguments *arguments)
{
    struct gw_jwk **keys = calloc(arguments->input_count, sizeof *keys);
    struct gw_text set = GW_TEXT_INIT(SET_MAX_BYTES);
    struct gw_error failure;
    enum gw_status rc = GW_OK;

    if (!keys)
        output_no_memory();
    for (size_t i = 0; rc == GW_OK && i < arguments->input_count; i++)
        rc = gw_jwk_load(arguments->inputs[i], &keys[i], &failure);
    if (rc == GW_OK) {
        gw_jwk_public_set((const struct gw_jwk *const *)keys, arguments->input_count, &set);
        if (set.failed)
            output_no_memory();
        printf("%s\n", set.at);
    }
    for (size_t i = 0; i < arguments->input_count; i++)
        gw_jwk_free(keys[i]);
    free(keys);
    gw_text_release(&set);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
