/*
 * The form of a token request.
 */
#include "net/assertion.h"

#include <curl/curl.h>

#include "gateway/core/digest.h"
#include "gateway/core/json.h"

static const char where[] = "net.token";

enum { LIFE_S = 240 /* 300 at most; the rest is for clocks that differ */ };

static enum gw_status print_claims(const struct assertion *assertion, struct gw_text *out, struct gw_error *err)
{
    uint8_t random[24];
    enum gw_status rc = gw_random(random, sizeof(random), err);

    if (rc != GW_OK)
        return rc;
    gw_text_add(out, "{\"iss\":");
    gw_json_quote(out, assertion->client_id);
    gw_text_add(out, ",\"sub\":");
    gw_json_quote(out, assertion->client_id);
    gw_text_add(out, ",\"aud\":"); /* one text: an array kills one server's process */
    gw_json_quote(out, assertion->token_url);
    gw_text_print(out, ",\"iat\":%lld,\"exp\":%lld,\"jti\":\"", (long long)assertion->utc,
                  (long long)assertion->utc + LIFE_S);
    gw_base64url_encode(out, random, sizeof(random));
    gw_text_add(out, "\"}");
    return out->failed ? gw_fail(err, GW_ENOMEM, where, "no memory for a token request") : GW_OK;
}

static void print_scopes(const struct assertion *assertion, struct gw_text *form)
{
    gw_text_add(form, "&scope=");
    for (size_t i = 0; i < assertion->scope_count; i++) {
        char *escaped = curl_easy_escape(NULL, assertion->scopes[i], 0);

        gw_text_print(form, "%s%s", i ? "%20" : "", escaped ? escaped : "");
        curl_free(escaped);
    }
}

enum gw_status assertion_form(const struct assertion *assertion, struct gw_text *form, struct gw_error *err)
{
    struct gw_text claims = GW_TEXT_INIT(ASSERTION_FORM_MAX);
    enum gw_status rc = print_claims(assertion, &claims, err);

    gw_text_add(form, "grant_type=client_credentials");
    print_scopes(assertion, form);
    gw_text_add(form, "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
                      "&client_assertion=");
    if (rc == GW_OK)
        rc = gw_jwt_sign(assertion->key, claims.at, form, err);
    gw_text_release(&claims);
    return rc;
}
