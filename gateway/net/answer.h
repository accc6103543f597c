/*
 * One answer while it arrives: header lines and body pieces in, a response out, cuts and forgeries found on the way.
 */
#ifndef NET_ANSWER_H
#define NET_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/net/http.h"
#include "gateway/net/inflate.h"

struct answer {
    struct gw_http_response *response;
    const char *described; /* the URL as messages may show it */
    uint64_t max_bytes;
    gw_http_sink sink;
    void *sink_ctx;
    bool ignore_body; /* HEAD */

    /* of the final head so far */
    unsigned heads;
    size_t head_bytes;
    bool head_done;
    bool http1;
    bool chunked;
    bool encoded;           /* gzip */
    int64_t content_length; /* -1: not given */
    bool limited;           /* a RateLimit header said when to come back */

    uint64_t raw_bytes;
    uint64_t body_bytes;
    struct gw_inflate *inflate;
    struct gw_error err; /* why it was broken off */
};

void answer_init(struct answer *answer, const struct gw_http_request *request, struct gw_http_response *response,
                 const char *described);
void answer_release(struct answer *answer);

/* One header line with its line end. false: broken off, answer->err says why. */
bool answer_header(struct answer *answer, const char *line, size_t length);
bool answer_body(struct answer *answer, const char *bytes, size_t length);

/*
 * No more comes. cut: the carrier saw the body end too early. What a status other than 2xx has for a body is for people
 * and may be cut; the status counts.
 */
enum gw_status answer_finish(struct answer *answer, bool cut, struct gw_error *err);

#endif
