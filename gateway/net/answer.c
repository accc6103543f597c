/*
 * The carrier's success proves nothing: libcurl calls a body cut on close, half a gzip body and two different lengths a
 * success (measured with 7.88.1). So the framing is looked at here, and gzip is inflated here.
 */
#include "net/answer.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char where[] = "net.http";

enum {
    HEAD_MAX = 64 * 1024,
    HEADS_MAX = 50,              /* 1xx answers before the one that counts */
    ERROR_BODY_MAX = 256 * 1024, /* an OperationOutcome; what is beyond is not kept */
    PIECE = 32 * 1024,
};

void answer_init(struct answer *answer, const struct gw_http_request *request, struct gw_http_response *response,
                 const char *described)
{
    *answer = (struct answer){
        .response = response,
        .described = described,
        .max_bytes = request->max_bytes ? request->max_bytes : GW_HTTP_MAX_BYTES,
        .sink = request->sink,
        .sink_ctx = request->sink_ctx,
        .ignore_body = request->method && strcmp(request->method, "HEAD") == 0,
        .content_length = -1,
    };
    response->body.max = answer->max_bytes < SIZE_MAX ? (size_t)answer->max_bytes : SIZE_MAX - 1;
}

void answer_release(struct answer *answer)
{
    gw_inflate_free(answer->inflate);
    answer->inflate = NULL;
}

static bool good(const struct answer *answer)
{
    return answer->response->status >= 200 && answer->response->status < 300;
}

/* ---- the head -------------------------------------------------------------------------------------------------- */

/* Is the value (to its end) this word, whatever its case? */
static bool is_word(const char *value, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(value, word, length) == 0;
}

static bool take_length(struct answer *answer, const char *value, size_t length)
{
    int64_t number = 0;

    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)value[i]) || number > INT64_MAX / 10 - 1)
            return false;
        number = number * 10 + (value[i] - '0');
    }
    if (length == 0 || (answer->content_length >= 0 && answer->content_length != number))
        return false;
    answer->content_length = number;
    return true;
}

static bool broken(struct answer *answer, const char *what)
{
    gw_fail(&answer->err, GW_EPROTO, where, "%s: %s; the answer was not used", answer->described, what);
    return false;
}

/* Headers that decide how the body is read. *ours: it was one. */
static bool framing_header(struct answer *answer, const char *name, size_t name_length, const char *value,
                           size_t length, bool *ours)
{
    *ours = true;
    if (is_word(name, name_length, "Content-Length")) {
        if (!take_length(answer, value, length))
            return broken(answer, "conflicting or unreadable Content-Length headers");
    } else if (is_word(name, name_length, "Transfer-Encoding")) {
        if (answer->chunked || !is_word(value, length, "chunked"))
            return broken(answer, "a Transfer-Encoding other than chunked");
        answer->chunked = true;
    } else if (is_word(name, name_length, "Content-Encoding")) {
        if (length == 0 || is_word(value, length, "identity"))
            return true;
        if (answer->encoded || (!is_word(value, length, "gzip") && !is_word(value, length, "x-gzip")))
            return broken(answer, "a Content-Encoding other than one gzip, which is all we offered");
        answer->encoded = true;
    } else {
        *ours = false;
    }
    return true;
}

static void keep(char *out, size_t size, const char *value, size_t length)
{
    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), value);
}

/* RateLimit: "name";r=0;t=59 (IETF draft; Medplum sends it with 429 in place of Retry-After). */
static void take_rate_limit(struct answer *answer, const char *value, size_t length)
{
    char text[256];
    const char *at;

    keep(text, sizeof(text), value, length);
    at = strstr(text, ";t=");
    if (!at)
        at = strstr(text, "; t=");
    if (!at)
        return;
    if (answer->response->retry_after[0])
        return;
    answer->limited = true;
    keep(answer->response->retry_after, sizeof(answer->response->retry_after), strchr(at, '=') + 1,
         strspn(strchr(at, '=') + 1, "0123456789"));
}

static void kept_header(struct answer *answer, const char *name, size_t name_length, const char *value, size_t length)
{
    struct gw_http_response *response = answer->response;
    char date[64], number[8];

    if (is_word(name, name_length, "Content-Type")) {
        keep(response->content_type, sizeof(response->content_type), value, length);
    } else if (is_word(name, name_length, "ETag")) {
        keep(response->etag, sizeof(response->etag), value, length);
    } else if (is_word(name, name_length, "Retry-After")) {
        keep(response->retry_after, sizeof(response->retry_after), value, length);
        answer->limited = false;
    } else if (is_word(name, name_length, "RateLimit")) {
        take_rate_limit(answer, value, length);
    } else if (is_word(name, name_length, "X-Progress")) {
        keep(response->x_progress, sizeof(response->x_progress), value, length);
    } else if (is_word(name, name_length, "X-Export-Status")) {
        keep(number, sizeof(number), value, length);
        response->export_status = number[strspn(number, "0123456789")] == '\0' ? atoi(number) : 0;
    } else if (is_word(name, name_length, "Date")) {
        keep(date, sizeof(date), value, length);
        response->date = curl_getdate(date, NULL) > 0 ? curl_getdate(date, NULL) : 0;
    } else if (is_word(name, name_length, "Location")) {
        gw_text_clear(&response->location);
        gw_text_append(&response->location, value, length);
    } else if (is_word(name, name_length, "Content-Location")) {
        gw_text_clear(&response->content_location);
        gw_text_append(&response->content_location, value, length);
    }
}

/* The three digits after the first blank; 0 when there are none. Lines are not terminated by NUL. */
static int status_of(const char *line, size_t length)
{
    const char *at = memchr(line, ' ', length), *end = line + length;
    int status = 0;

    while (at && at < end && *at == ' ')
        at++;
    for (int i = 0; at && at < end && i < 3 && isdigit((unsigned char)*at); i++)
        status = status * 10 + (*at++ - '0');
    return status;
}

/* "HTTP/1.1 200 OK": a head begins, perhaps after one of 1xx. */
static bool status_line(struct answer *answer, const char *line, size_t length)
{
    gw_http_response_clear(answer->response);
    answer->head_done = answer->chunked = answer->encoded = answer->limited = false;
    answer->content_length = -1;
    answer->http1 = length > 5 && line[5] <= '1';
    answer->response->status = status_of(line, length);
    if (++answer->heads > HEADS_MAX + 1)
        return broken(answer, "more than 50 interim answers");
    return true;
}

static void head_ends(struct answer *answer)
{
    struct gw_http_response *response = answer->response;
    const int64_t now = response->date ? response->date : (int64_t)time(NULL);

    answer->head_done = response->status >= 200;
    if (answer->limited && response->status != 429 && response->status != 503)
        response->retry_after[0] = '\0'; /* a quota told with a good answer is no order to wait */
    if (!response->retry_after[0])
        return;
    response->retry_after_s = gw_http_retry_after(response->retry_after, now);
    response->retry_longer = gw_http_retry_is_longer(response->retry_after, now);
}

static bool too_large(struct answer *answer)
{
    answer->response->trouble = GW_TROUBLE_TOO_LARGE;
    gw_fail(&answer->err, GW_ENOMEM, where, "%s: the answer is larger than %llu bytes; ask for less at once",
            answer->described, (unsigned long long)answer->max_bytes);
    return false;
}

/* A length beyond the limit is refused before the body is fetched in vain. */
static bool announces_too_much(const struct answer *answer)
{
    return answer->head_done && good(answer) && !answer->encoded && !answer->ignore_body &&
           answer->content_length > 0 && (uint64_t)answer->content_length > answer->max_bytes;
}

bool answer_header(struct answer *answer, const char *line, size_t length)
{
    const char *colon, *value, *end = line + length;
    size_t name_length;
    bool ours;

    answer->head_bytes += length;
    if (answer->head_bytes > HEAD_MAX)
        return broken(answer, "more than 64 KiB of headers");
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0)
        return status_line(answer, line, length);
    while (end > line && isspace((unsigned char)end[-1]))
        end--;
    if (end == line) {
        head_ends(answer);
        return !announces_too_much(answer) || too_large(answer);
    }
    colon = memchr(line, ':', (size_t)(end - line));
    if (answer->head_done || !colon) /* a trailer; a line that is no header is libcurl's to judge */
        return true;
    name_length = (size_t)(colon - line);
    for (value = colon + 1; value < end && (*value == ' ' || *value == '\t');)
        value++;
    if (!framing_header(answer, line, name_length, value, (size_t)(end - value), &ours))
        return false;
    if (!ours)
        kept_header(answer, line, name_length, value, (size_t)(end - value));
    return true;
}

/* ---- the body -------------------------------------------------------------------------------------------------- */

/* Bytes as they mean: to the sink or the response. */
static bool give(struct answer *answer, const char *bytes, size_t length)
{
    struct gw_text *body = &answer->response->body;

    if (!good(answer)) {
        const size_t room = body->length < ERROR_BODY_MAX ? ERROR_BODY_MAX - body->length : 0;

        gw_text_append(body, bytes, length < room ? length : room);
        body->failed = false; /* a lower max_bytes cuts it sooner */
        return true;
    }
    answer->body_bytes += length;
    if (answer->body_bytes > answer->max_bytes)
        return too_large(answer);
    if (answer->sink)
        return answer->sink(answer->sink_ctx, bytes, length, &answer->err) == GW_OK;
    gw_text_append(body, bytes, length);
    if (!body->failed)
        return true;
    gw_fail(&answer->err, GW_ENOMEM, where, "%s: no memory for the answer", answer->described);
    return false;
}

/* What inflate says, with the address before it. */
static bool inflate_failed(struct answer *answer, enum gw_status rc, const struct gw_error *reason)
{
    if (!good(answer))
        return true;
    if (rc == GW_ENOMEM)
        answer->response->trouble = GW_TROUBLE_TOO_LARGE;
    gw_fail(&answer->err, rc == GW_EINPUT ? GW_EPROTO : rc, where, "%s: the gzip answer %s", answer->described,
            reason->text);
    return false;
}

static bool give_inflated(struct answer *answer, const char *bytes, size_t length)
{
    struct gw_slice in = {bytes, length};
    struct gw_error reason = {0};
    char piece[PIECE];
    size_t made;

    if (!answer->inflate)
        answer->inflate = gw_inflate_new(answer->max_bytes);
    if (!answer->inflate) {
        gw_fail(&answer->err, GW_ENOMEM, where, "%s: no memory to inflate the answer", answer->described);
        return false;
    }
    do {
        enum gw_status rc = gw_inflate_step(answer->inflate, &in, piece, sizeof(piece), &made, &reason);

        if (rc != GW_OK)
            return inflate_failed(answer, rc, &reason);
        if (made && !give(answer, piece, made))
            return false;
    } while (in.length > 0 || made == sizeof(piece));
    return true;
}

bool answer_body(struct answer *answer, const char *bytes, size_t length)
{
    if (length == 0 || answer->ignore_body)
        return true;
    answer->raw_bytes += length;
    return answer->encoded ? give_inflated(answer, bytes, length) : give(answer, bytes, length);
}

/* Over HTTP/1 with neither a length nor chunks the closing of the connection ends the body, or cuts it. */
static bool end_is_certain(const struct answer *answer)
{
    if (!answer->http1 || answer->chunked || answer->content_length >= 0 || answer->inflate)
        return true;
    if (answer->raw_bytes == 0 && !answer->response->content_type[0])
        return true;
    return gw_http_is_json(answer->response); /* its reader sees whether the last brace is there */
}

enum gw_status answer_finish(struct answer *answer, bool cut, struct gw_error *err)
{
    struct gw_error reason = {0};

    if (!good(answer) || answer->ignore_body || answer->response->status == 204)
        return GW_OK;
    answer->response->incomplete = true;
    answer->response->trouble = GW_TROUBLE_CUT;
    if (cut)
        return gw_fail(err, GW_EPROTO, where, "%s: the connection ended before the whole answer came",
                       answer->described);
    if (!end_is_certain(answer))
        return gw_fail(err, GW_EPROTO, where,
                       "%s: the answer has neither a Content-Length nor chunks, so that a cut would not show",
                       answer->described);
    if (answer->inflate && gw_inflate_end(answer->inflate, &reason) != GW_OK)
        return gw_fail(err, GW_EPROTO, where, "%s: the gzip answer %s", answer->described, reason.text);
    answer->response->incomplete = false;
    answer->response->trouble = GW_TROUBLE_NONE;
    return GW_OK;
}
