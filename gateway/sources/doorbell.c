/*
 * Who rings is known by the secret alone, and that is asked first.
 */
#include "gateway/sources/doorbell.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/core/digest.h"
#include "gateway/net/rate.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct bell {
    struct gw_upkeep *upkeep;
    struct gw_rate rate;
};

struct gw_doorbell {
    const struct gw_clock *clock;
    struct bell *bells;
    size_t count;
};

/* ---- who rings -------------------------------------------------------------------------------------------------- */

static struct bell *bell_of(const struct gw_doorbell *doorbell, const char *rest)
{
    const size_t length = strcspn(rest, "/");

    for (size_t i = 0; i < doorbell->count; i++) {
        const char *const endpoint = gw_upkeep_endpoint(doorbell->bells[i].upkeep);

        if (strlen(endpoint) == length && strncmp(endpoint, rest, length) == 0)
            return &doorbell->bells[i];
    }
    return NULL;
}

/* Digests of one length are compared, so that neither the time nor the length of a guess tells anything. */
static bool is_secret(const char *shown, const char *secret)
{
    uint8_t one[GW_SHA256_BYTES], other[GW_SHA256_BYTES];

    gw_sha256(shown, strlen(shown), one);
    gw_sha256(secret, strlen(secret), other);
    return CRYPTO_memcmp(one, other, sizeof one) == 0;
}

static bool may_ring(const struct bell *bell, const struct gw_exchange *exchange)
{
    static const char scheme[] = "Bearer ";
    const char *const shown = gw_exchange_header(exchange, "Authorization");
    const bool bearer = shown && strncasecmp(shown, scheme, sizeof scheme - 1) == 0;
    const bool same = is_secret(bearer ? shown + sizeof scheme - 1 : "", bell ? gw_upkeep_secret(bell->upkeep) : "?");

    return bell && bearer && same;
}

static uint64_t now_ms(const struct gw_doorbell *doorbell)
{
    return doorbell->clock->monotonic_ms(doorbell->clock->ctx);
}

static void refuse(struct gw_exchange *exchange, int status, const char *name, const char *value)
{
    const struct gw_http_header header = {name, value};

    gw_exchange_answer(exchange, &(struct gw_reply){.status = status, .headers = &header, .header_count = 1});
}

static bool look(void *ctx, struct gw_exchange *exchange)
{
    const struct gw_doorbell *const doorbell = ctx;
    struct bell *const bell = bell_of(doorbell, gw_exchange_rest(exchange));

    if (!may_ring(bell, exchange)) {
        if (bell)
            gw_upkeep_counts(bell->upkeep)->denied++;
        refuse(exchange, 401, "WWW-Authenticate", "Bearer");
        return false;
    }
    if (!gw_rate_take(&bell->rate, now_ms(doorbell))) {
        gw_upkeep_turned_away(bell->upkeep);
        refuse(exchange, 429, "Retry-After", "10");
        return false;
    }
    return true;
}

/* ---- what is heard ---------------------------------------------------------------------------------------------- */

static void answer(void *ctx, int status)
{
    gw_exchange_say(ctx, status,
                    status == 200   ? "kept"
                    : status == 400 ? "this is no notification; what changed is looked for all the same"
                                    : "it could not be kept: send it again");
}

static void handle(void *ctx, struct gw_exchange *exchange)
{
    const struct gw_doorbell *const doorbell = ctx;
    const char *const rest = gw_exchange_rest(exchange);
    const struct bell *const bell = bell_of(doorbell, rest);
    const char *const slash = strchr(rest, '/');

    if (bell)
        gw_upkeep_hear(bell->upkeep, slash ? slash + 1 : "", gw_exchange_body(exchange), answer, exchange);
    else /* it was taken out of the settings while the body came in */
        answer(exchange, 503);
}

/* ---- lifetime --------------------------------------------------------------------------------------------------- */

void gw_doorbell_routes(struct gw_doorbell *doorbell, struct gw_route routes[GW_DOORBELL_ROUTES])
{
    static const char *const methods[GW_DOORBELL_ROUTES] = {"POST", "PUT", "DELETE"};

    for (size_t i = 0; i < COUNT(methods); i++)
        routes[i] = (struct gw_route){.method = methods[i],
                                      .path = "/notify/",
                                      .max_body = GW_NOTIFY_BODY_BYTES,
                                      .look = look,
                                      .handle = handle,
                                      .ctx = doorbell};
}

enum gw_status gw_doorbell_new(const struct gw_clock *clock, struct gw_doorbell **out, struct gw_error *err)
{
    struct gw_doorbell *const doorbell = calloc(1, sizeof *doorbell);

    if (!doorbell)
        return gw_fail(err, GW_ENOMEM, "sources.doorbell", "no memory for a doorbell");
    doorbell->clock = clock ? clock : &gw_system_clock;
    *out = doorbell;
    return GW_OK;
}

enum gw_status gw_doorbell_set(struct gw_doorbell *doorbell, struct gw_upkeep *const *upkeeps, size_t count,
                               struct gw_error *err)
{
    struct bell *const bells = calloc(count + 1, sizeof *bells);

    if (!bells)
        return gw_fail(err, GW_ENOMEM, "sources.doorbell", "no memory for %zu doorbells", count);
    for (size_t i = 0; i < count; i++) {
        bells[i].upkeep = upkeeps[i];
        gw_rate_init(&bells[i].rate, GW_DOORBELL_PER_SECOND * 60, GW_DOORBELL_BURST, now_ms(doorbell));
    }
    free(doorbell->bells);
    doorbell->bells = bells;
    doorbell->count = count;
    return GW_OK;
}

void gw_doorbell_free(struct gw_doorbell *doorbell)
{
    if (doorbell)
        free(doorbell->bells);
    free(doorbell);
}
