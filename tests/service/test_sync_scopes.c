/*
 * A sync with a token that is not good for everything: what it lacks stops alone.
 */
#include "service/sync_bench.h"

#include "gateway/net/jwk.h"

#define SCOPES_BUT_CONDITIONS                                                                                          \
    "system/Patient.rs system/Encounter.rs system/Observation.rs system/Procedure.rs system/AdverseEvent.rs "          \
    "system/Medication.rs system/MedicationAdministration.rs system/MedicationRequest.rs "                             \
    "system/MedicationDispense.rs system/MedicationStatement.rs system/QuestionnaireResponse.rs"
#define GRANT(scopes) "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":300,\"scope\":\"" scopes "\"}"

static const char *const wanted[] = {"system/*.rs"};

static void want_tokens(struct bench *b)
{
    struct gw_config_endpoint *endpoint = &b->endpoints[0];
    struct gw_jwk *key = NULL;

    endpoint->key = path_of(b, "key.jwk");
    cr_assert(eq(int, gw_jwk_generate(GW_JWK_ES384, 0, &key, &b->err), GW_OK), "%s", b->err.text);
    cr_assert(eq(int, gw_jwk_save(key, endpoint->key, &b->err), GW_OK), "%s", b->err.text);
    gw_jwk_free(key);
    endpoint->auth_kind = "smart-backend";
    endpoint->client_id = "casement";
    endpoint->scopes = wanted;
    endpoint->scope_count = 1;
    b->hospitals[0].smart = gw_arena_print(&b->arena, "{\"token_endpoint\":\"http://127.0.0.1:%d/token\"}",
                                           fake_server_port(b->hospitals[0].server));
}

static void expect_lacking(struct bench *b)
{
    const struct gw_sync_endpoint *told = &b->result.endpoints[0];

    cr_expect(eq(int, told->failure.status, GW_EDENIED), "%s", told->failure.text);
    cr_expect(strstr(told->failure.text, "Condition") && strstr(told->failure.text, "without the scope system/*.rs"),
              "%s", told->failure.text);
    cr_expect(not(fake_server_heard(b->hospitals[0].server, "/fhir/Condition")), "nobody asks for what is not granted");
    expect_cell(b, SUBJECTS, "S-2", "of the other hospital; here an answer is owed");
}

Test(sync_scopes, A3_a_scope_that_is_not_granted_stops_its_type_alone)
{
    struct bench b;

    set_up(&b, HEADER MADRID ESSEN, 2, "essen");
    fake_hospital_add(&b.hospitals[1], FAKE_PATIENT("p2"));
    want_tokens(&b);
    b.hospitals[0].token = GRANT(SCOPES_BUT_CONDITIONS);
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    expect_lacking(&b);
    cr_expect(fake_server_heard(b.hospitals[0].server, "/fhir/Observation?"), "the other types are asked for");
    cr_expect(gt(sz, b.result.endpoints[0].fresh, 0), "and kept");
    cr_expect(eq(int, b.result.endpoints[1].failure.status, GW_OK));
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    expect_lacking(&b);
    b.hospitals[0].token = GRANT("system/*.rs");
    run_fine(&b);
    expect_cell(&b, SUBJECTS, "S-1,S-2", "asked for by the first sync that may");
    expect_cell(&b, VALUE, "1.20", "with what was kept before");
    tear_down(&b);
}

/* Not that of the scope: whoever is refused three times may be told why only by a person. */
Test(sync_scopes, A3_a_type_that_is_refused_with_403_stops_alone_too)
{
    struct bench b;

    set_up(&b, HEADER MADRID ESSEN, 2, "essen");
    fake_hospital_add(&b.hospitals[1], FAKE_PATIENT("p2"));
    b.hospitals[0].refused = "Condition";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, b.result.endpoints[0].failure.status, GW_EDENIED));
    cr_expect(strstr(b.result.endpoints[0].failure.text, "403") != NULL, "%s", b.result.endpoints[0].failure.text);
    cr_expect(fake_server_heard(b.hospitals[0].server, "/fhir/Observation?") &&
              fake_server_heard(b.hospitals[0].server, "/fhir/Procedure?"));
    expect_cell(&b, SUBJECTS, "S-2", "of the other hospital");
    tear_down(&b);
}
