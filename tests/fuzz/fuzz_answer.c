/*
 * Any bytes as an HTTP answer: header lines up to the empty one, then the body in small pieces, then its end, whole or
 * cut. What is kept stays within the limit, and a cut answer of status 2xx is never taken. The body is read as a token
 * answer and as a discovery too.
 * Rooms: net
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/answer.h"
#include "net/grant.h"

enum { SMALL = 1000, PIECE = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* libFuzzer calls it; it has no header in C */

static void must(int held, const char *rule)
{
    if (!held) {
        fprintf(stderr, "broken: %s\n", rule);
        abort();
    }
}

static void read_as_grant(const struct gw_text *body)
{
    const char *const wanted[] = {"system/Observation.rs"};
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX);
    struct grant grant = GRANT_INIT;

    if (grant_read(body, wanted, 1, &grant, NULL) == GW_OK)
        must(grant.life_s >= 5 && !strpbrk(grant.value.at, "\r\n "), "a token that can be sent and lives");
    if (smart_read(body, "https://fhir.example.org/r4", &url, NULL) == GW_OK)
        must(strncasecmp(url.at, "https://", 8) == 0, "a token endpoint with https");
    grant_refused(body, 400, "casement", NULL);
    grant_release(&grant);
    gw_text_release(&url);
}

/* Lines, then pieces; false: the answer was broken off. */
static bool play(struct answer *answer, const char *at, size_t left)
{
    while (left > 0 && !answer->head_done) {
        const char *end = memchr(at, '\n', left);
        const size_t length = end ? (size_t)(end + 1 - at) : left;

        if (!answer_header(answer, at, length))
            return false;
        at += length;
        left -= length;
    }
    while (left > 0) {
        const size_t length = left < PIECE ? left : PIECE;

        if (!answer_body(answer, at, length))
            return false;
        at += length;
        left -= length;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_http_response response = GW_HTTP_RESPONSE_INIT;
    struct gw_http_request request = {.url = "https://fhir.example.org/r4"};
    struct answer answer;
    struct gw_error err = {0};

    if (size < 1)
        return 0;
    request.max_bytes = data[0] & 1 ? SMALL : 0;
    answer_init(&answer, &request, &response, request.url);
    if (!play(&answer, (const char *)data + 1, size - 1)) {
        must(answer.err.status != GW_OK, "a reason for breaking off");
    } else if (answer_finish(&answer, data[0] & 2, &err) == GW_OK) {
        must(!(data[0] & 2) || response.status < 200 || response.status >= 300 || response.status == 204,
             "no cut answer is taken");
        must(response.body.length <= (request.max_bytes ? request.max_bytes : GW_HTTP_MAX_BYTES), "the limit");
        must(response.retry_after_s >= 0 && response.retry_after_s <= 86400, "a wait that can be kept");
        read_as_grant(&response.body);
    }
    answer_release(&answer);
    gw_http_response_release(&response);
    return 0;
}
