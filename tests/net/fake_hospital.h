/*
 * For the suites of this room: a hospital with discovery, a token endpoint and FHIR.
 */
#ifndef NET_TEST_FAKE_HOSPITAL_H
#define NET_TEST_FAKE_HOSPITAL_H

#include <pthread.h>

#include "gateway/net/session.h"
#include "net/fetch.h"
#include "net/key.h"

static inline enum gw_status session_get(struct gw_session *session, const char *url, struct gw_http_response *response,
                                         gw_http_done done, void *ctx, uint64_t *call, struct gw_error *err)
{
    const struct gw_session_request request = {.url = url};

    return gw_session_start(session, &request, response, done, ctx, call, err);
}

struct fake_hospital {
    struct fake_server *server;
    struct gw_jwk *key;
    char key_file[64];
    /* what it does: set before asking, read by the server's threads */
    int token_status;              /* 0: 200 */
    const char *token_body;        /* NULL: a fresh token t1, t2, ... with all scopes, life_s */
    const struct gw_jwk *knows[2]; /* whose assertions are taken; both NULL: anybody's */
    int refusal_status;            /* of others */
    const char *refusal;
    int life_s;
    unsigned token_delay_ms;
    const char *date;         /* header line, or NULL */
    int smart_status;         /* of the discovery; 0: 200 */
    unsigned answer_delay_ms; /* of FHIR requests */
    unsigned refuse;          /* so many FHIR requests get 401 although their token is good */
    const char *fhir_more;    /* header lines of FHIR answers */
    /* what it saw */
    pthread_mutex_t lock;
    unsigned tokens, discoveries, reads;
    char assertion[8192]; /* of the last token request */
    char bearer[256];     /* of the last FHIR request, "" when none */
};

static inline bool fake_hospital_knows(const struct fake_hospital *h, const char *assertion)
{
    bool known = false;

    for (size_t i = 0; i < COUNT(h->knows); i++)
        known |= h->knows[i] && token_verifies(h->knows[i], assertion);
    return known;
}

static inline void fake_hospital_token(struct fake_hospital *h, struct exchange *exchange)
{
    const char *assertion = strstr(exchange->body, "client_assertion=");
    char body[512];
    unsigned number;

    pthread_mutex_lock(&h->lock);
    number = ++h->tokens;
    if (assertion)
        snprintf(h->assertion, sizeof(h->assertion), "%s", assertion + 17);
    pthread_mutex_unlock(&h->lock);
    fake_server_sleep(exchange, h->token_delay_ms);
    if ((h->knows[0] || h->knows[1]) && !fake_hospital_knows(h, assertion + 17)) {
        fake_server_reply(exchange, h->refusal_status, "application/json", "", h->refusal);
        return;
    }
    snprintf(body, sizeof(body),
             "{\"access_token\":\"t%u\",\"token_type\":\"bearer\",\"expires_in\":%d,\"scope\":\"system/*.rs\"}", number,
             h->life_s);
    fake_server_reply(exchange, h->token_status ? h->token_status : 200, "application/json", h->date ? h->date : "",
                      h->token_body ? h->token_body : body);
}

static inline void fake_hospital_read(struct fake_hospital *h, struct exchange *exchange)
{
    const char *bearer = fake_server_header(exchange, "Authorization");
    bool refuse;

    pthread_mutex_lock(&h->lock);
    h->reads++;
    snprintf(h->bearer, sizeof(h->bearer), "%s", bearer ? bearer : "");
    refuse = h->refuse > 0;
    if (refuse)
        h->refuse--;
    pthread_mutex_unlock(&h->lock);
    fake_server_sleep(exchange, h->answer_delay_ms);
    fake_server_reply(exchange, refuse ? 401 : 200, "application/fhir+json", h->fhir_more ? h->fhir_more : "",
                      refuse ? "{}" : "{\"resourceType\":\"Bundle\"}");
}

static inline void fake_hospital_serve(struct exchange *exchange, void *ctx)
{
    struct fake_hospital *h = ctx;
    char body[256];

    if (strstr(exchange->path, "/.well-known/")) {
        pthread_mutex_lock(&h->lock);
        h->discoveries++;
        pthread_mutex_unlock(&h->lock);
        snprintf(body, sizeof(body), "{\"token_endpoint\":\"http://127.0.0.1:%d/token?realm=1\"}",
                 fake_server_port(h->server));
        fake_server_reply(exchange, h->smart_status ? h->smart_status : 200, "application/json", h->date ? h->date : "",
                          body);
    } else if (strncmp(exchange->path, "/token", 6) == 0) {
        fake_hospital_token(h, exchange);
    } else {
        fake_hospital_read(h, exchange);
    }
}

static inline void fake_hospital_open(struct fake_hospital *h)
{
    *h = (struct fake_hospital){.life_s = 300, .lock = PTHREAD_MUTEX_INITIALIZER};
    h->server = fake_server_new(fake_hospital_serve, h);
    cr_assert(gw_jwk_generate(GW_JWK_ES384, 0, &h->key, NULL) == GW_OK);
    snprintf(h->key_file, sizeof(h->key_file), "/tmp/gw-key-%d-%d.jwk", (int)getpid(), fake_server_port(h->server));
    cr_assert(gw_jwk_save(h->key, h->key_file, NULL) == GW_OK);
}

static inline void fake_hospital_close(struct fake_hospital *h)
{
    fake_server_free(h->server);
    unlink(h->key_file);
    gw_jwk_free(h->key);
}

#endif
