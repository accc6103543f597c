/*
 * For the suites of this room: a hospital with discovery, a token endpoint and FHIR, and a clock that a test turns.
 */
#ifndef NET_TEST_HOSPITAL_H
#define NET_TEST_HOSPITAL_H

#include <pthread.h>

#include "gateway/net/session.h"
#include "net/fetch.h"
#include "net/key.h"

struct hospital {
    struct server *server;
    struct gw_jwk *key;
    char key_file[64];
    /* what it does: set before asking, read by the server's threads */
    int token_status;       /* 0: 200 */
    const char *token_body; /* NULL: a fresh token t1, t2, ... with all scopes, life_s */
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

static inline void hospital_token(struct hospital *h, struct exchange *exchange)
{
    const char *assertion = strstr(exchange->body, "client_assertion=");
    char body[512];
    unsigned number;

    pthread_mutex_lock(&h->lock);
    number = ++h->tokens;
    if (assertion)
        snprintf(h->assertion, sizeof(h->assertion), "%s", assertion + 17);
    pthread_mutex_unlock(&h->lock);
    server_sleep(exchange, h->token_delay_ms);
    snprintf(body, sizeof(body),
             "{\"access_token\":\"t%u\",\"token_type\":\"bearer\",\"expires_in\":%d,\"scope\":\"system/*.rs\"}", number,
             h->life_s);
    server_reply(exchange, h->token_status ? h->token_status : 200, "application/json", h->date ? h->date : "",
                 h->token_body ? h->token_body : body);
}

static inline void hospital_read(struct hospital *h, struct exchange *exchange)
{
    const char *bearer = server_header(exchange, "Authorization");
    bool refuse;

    pthread_mutex_lock(&h->lock);
    h->reads++;
    snprintf(h->bearer, sizeof(h->bearer), "%s", bearer ? bearer : "");
    refuse = h->refuse > 0;
    if (refuse)
        h->refuse--;
    pthread_mutex_unlock(&h->lock);
    server_sleep(exchange, h->answer_delay_ms);
    server_reply(exchange, refuse ? 401 : 200, "application/fhir+json", h->fhir_more ? h->fhir_more : "",
                 refuse ? "{}" : "{\"resourceType\":\"Bundle\"}");
}

static inline void hospital_serve(struct exchange *exchange, void *ctx)
{
    struct hospital *h = ctx;
    char body[256];

    if (strstr(exchange->path, "/.well-known/")) {
        pthread_mutex_lock(&h->lock);
        h->discoveries++;
        pthread_mutex_unlock(&h->lock);
        snprintf(body, sizeof(body), "{\"token_endpoint\":\"http://127.0.0.1:%d/token?realm=1\"}",
                 server_port(h->server));
        server_reply(exchange, h->smart_status ? h->smart_status : 200, "application/json", h->date ? h->date : "",
                     body);
    } else if (strncmp(exchange->path, "/token", 6) == 0) {
        hospital_token(h, exchange);
    } else {
        hospital_read(h, exchange);
    }
}

static inline void hospital_open(struct hospital *h)
{
    *h = (struct hospital){.life_s = 300, .lock = PTHREAD_MUTEX_INITIALIZER};
    h->server = server_new(hospital_serve, h);
    cr_assert(gw_jwk_generate(GW_JWK_ES384, 0, &h->key, NULL) == GW_OK);
    snprintf(h->key_file, sizeof(h->key_file), "/tmp/gw-key-%d-%d.jwk", (int)getpid(), server_port(h->server));
    cr_assert(gw_jwk_save(h->key, h->key_file, NULL) == GW_OK);
}

static inline void hospital_close(struct hospital *h)
{
    server_free(h->server);
    unlink(h->key_file);
    gw_jwk_free(h->key);
}

/* Time that stands still until a test moves it. */
struct still {
    int64_t utc;
    uint64_t ms;
};

static inline int64_t still_utc(void *ctx)
{
    return ((struct still *)ctx)->utc;
}

static inline uint64_t still_ms(void *ctx)
{
    return ((struct still *)ctx)->ms;
}

static inline void still_pass(struct still *still, unsigned seconds)
{
    still->utc += seconds;
    still->ms += seconds * 1000ull;
}

#define STILL_CLOCK(still)                                                                                             \
    {                                                                                                                  \
        still_utc, still_ms, (still)                                                                                   \
    }
#define STILL_INIT                                                                                                     \
    {                                                                                                                  \
        1795168800, 1000000                                                                                            \
    } /* 2026-11-20T10:00:00Z */

#endif
