/*
 * What can go wrong on the wire while an answer comes: broken off at any place, held back, blown up, dressed up.
 */
#include "net/client.h"

#include "support/chance.h"
#include "support/gzip.h"

enum { KIB = 1024 };

/* Asked once; the case's name for what follows. */
static struct outcome asked(struct gw_http *http, const struct gw_http_request *request)
{
    struct outcome outcome = OUTCOME_INIT;

    fetch(http, request, &outcome);
    return outcome;
}

/* May another try help, and does nobody take what came for an answer? */
static void expect_passing(const struct outcome *outcome, const char *name, size_t at)
{
    cr_expect(outcome->failure.status == GW_ERETRY ||
                  (outcome->failure.status == GW_EPROTO && outcome->response.incomplete),
              "%s at %zu: %d %s", name, at, outcome->failure.status, outcome->failure.text);
}

/* ---- broken off ------------------------------------------------------------------------------------------------ */

enum framing { LENGTH, CHUNKS, UNTIL_CLOSED };
enum ending { RESET, CLOSED };

struct cut {
    struct gw_text whole; /* head and body */
    size_t length;        /* of it to send */
    enum ending ending;
    bool keep; /* send all and keep the connection */
};

/* A head of 3 KiB and 16 KiB of JSON. */
static void write_answer(struct gw_text *out, enum framing framing)
{
    gw_text_clear(out);
    gw_text_add(out, HEAD TYPED_JSON);
    for (int i = 0; i < 3 * KIB / 32; i++)
        gw_text_print(out, "X-%05d: 0123456789012345678\r\n", i);
    if (framing == LENGTH)
        gw_text_print(out, "Content-Length: %d\r\n\r\n", 16 * KIB);
    else
        gw_text_add(out, framing == CHUNKS ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
    for (int i = 0; i < 16; i++) {
        if (framing == CHUNKS)
            gw_text_add(out, "400\r\n");
        gw_text_print(out, "%c%*s", i == 0 ? '{' : ' ', KIB - 1, i == 15 ? "}" : "");
        if (framing == CHUNKS)
            gw_text_add(out, "\r\n");
    }
    if (framing == CHUNKS)
        gw_text_add(out, "0\r\n\r\n");
}

static void play_cut(struct exchange *exchange, void *ctx)
{
    const struct cut *cut = ctx;

    fake_server_send(exchange, cut->whole.at, cut->length);
    if (cut->ending == RESET && cut->length < cut->whole.length)
        fake_server_reset(exchange);
    exchange->close = true;
}

static void cut_everywhere(enum framing framing, enum ending ending, const char *name)
{
    struct cut cut = {.whole = GW_TEXT_INIT(64 * KIB), .ending = ending};
    struct fake_server *server = fake_server_new(play_cut, &cut);
    struct gw_http *http = client_of(NULL);
    const struct gw_http_request request = {.url = fake_server_base(server)};
    struct outcome outcome;

    write_answer(&cut.whole, framing);
    for (cut.length = 0; cut.length < cut.whole.length; cut.length += KIB) {
        outcome = asked(http, &request);
        expect_passing(&outcome, name, cut.length);
        outcome_reset(&outcome);
    }
    cut.length = cut.whole.length - 1;
    outcome = asked(http, &request);
    if (framing == LENGTH)
        expect_passing(&outcome, name, cut.length); /* of chunks that is the line end behind the last of them */
    outcome_reset(&outcome);
    cut.length = cut.whole.length;
    outcome = asked(http, &request);
    cr_expect(outcome.failure.status == GW_OK && outcome.response.body.length == 16 * KIB &&
                  outcome.response.body.at[16 * KIB - 1] == '}',
              "%s: the next try is not hurt: %s", name, outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
    gw_text_release(&cut.whole);
}

Test(http_wire, n3_an_answer_reset_at_any_kib_is_a_reason_to_try_again)
{
    cut_everywhere(LENGTH, RESET, "N3: a length");
    cut_everywhere(CHUNKS, RESET, "N3: chunks");
}

Test(http_wire, n3_n5_an_answer_closed_at_any_kib_is_a_reason_to_try_again)
{
    cut_everywhere(LENGTH, CLOSED, "N5: a length");
    cut_everywhere(CHUNKS, CLOSED, "N5: chunks");
}

/* ---- held back ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *at_once; /* then one byte of the rest every 100 ms, round and round */
    const char *rest;    /* "": silence */
} trickles[] = {
    {"N4: silence from the start", "", ""},
    {"N4: the status line byte by byte", "", HEAD},
    {"N4: silence in the head", HEAD TYPED_JSON, ""},
    {"N4: headers byte by byte without end", HEAD, "X-Y: z\r\n"},
    {"N4: silence before the body", HEAD TYPED_JSON "Content-Length: 50\r\n\r\n", ""},
    {"N4: silence in the body", HEAD TYPED_JSON "Content-Length: 50\r\n\r\n{\"a\":", ""},
    {"N4: a body byte by byte", HEAD TYPED_JSON "Content-Length: 5000\r\n\r\n", " "},
    {"N4: a chunk's length byte by byte", HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n", "0"},
    {"N4: silence between two chunks", HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", ""},
};

static void play_trickle(struct exchange *exchange, void *ctx)
{
    const size_t i = strtoul(strchr(exchange->path, '?') + 1, NULL, 10), length = strlen(trickles[i].rest);

    (void)ctx;
    fake_server_send(exchange, trickles[i].at_once, strlen(trickles[i].at_once));
    for (size_t k = 0; k < 40 && !exchange->close; k++) {
        if (length > 0)
            fake_server_send(exchange, trickles[i].rest + k % length, 1);
        fake_server_sleep(exchange, 100);
    }
    exchange->close = true;
}

/* All at once, as each takes a second. */
Test(http_wire, n4_an_answer_that_is_held_back_is_given_up)
{
    struct fake_server *server = fake_server_new(play_trickle, NULL);
    struct gw_http *http = client_of(&(struct gw_http_options){.concurrent = COUNT(trickles)});
    const uint64_t before = uv_hrtime();
    struct outcome outcomes[COUNT(trickles)];

    for (size_t i = 0; i < COUNT(trickles); i++) {
        char url[128];
        const struct gw_http_request request = {.url = url, .stall_s = 1, .total_ms = 3000};

        snprintf(url, sizeof url, "%s?%zu", fake_server_base(server), i);
        outcomes[i] = (struct outcome)OUTCOME_INIT;
        cr_assert(gw_http_start(http, &request, &outcomes[i].response, outcome_done, &outcomes[i], NULL, NULL) ==
                  GW_OK);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(uv_hrtime() - before < 3900000000u, "the last of them was held back longer than asked");
    for (size_t i = 0; i < COUNT(trickles); i++) {
        cr_expect(outcomes[i].times == 1 && outcomes[i].failure.status == GW_ERETRY, "%s: %d %s", trickles[i].name,
                  outcomes[i].failure.status, outcomes[i].failure.text);
        outcome_reset(&outcomes[i]);
    }
    client_gone(http);
    fake_server_free(server);
}

/* ---- heads ----------------------------------------------------------------------------------------------------- */

struct head {
    unsigned interim; /* of 103 */
    unsigned lines;   /* of 33 bytes */
    size_t one;       /* a line of so many bytes */
};

static void play_head(struct exchange *exchange, void *ctx)
{
    const struct head *head = ctx;
    struct gw_text text = GW_TEXT_INIT(1 << 20);

    for (unsigned i = 0; i < head->interim; i++)
        gw_text_add(&text, "HTTP/1.1 103 Early\r\n\r\n");
    gw_text_add(&text, HEAD TYPED_JSON "Content-Length: 2\r\n");
    for (unsigned i = 0; i < head->lines; i++)
        gw_text_print(&text, "X-%06u: 012345678901234567890\r\n", i % 1000000);
    if (head->one)
        gw_text_print(&text, "X-One: %*s\r\n", (int)head->one, "x");
    gw_text_add(&text, "\r\n{}");
    fake_server_send(exchange, text.at, text.length);
    gw_text_release(&text);
    exchange->close = true;
}

static const struct {
    const char *name;
    struct head head;
    enum gw_status status;
    const char *says;
} heads[] = {
    {"N7: fifty interim answers", {.interim = 50}, GW_OK, ""},
    {"N7: one more", {.interim = 51}, GW_EPROTO, "more than 50 interim"},
    {"N7: a flood of them", {.interim = 5000}, GW_EPROTO, "more than 50 interim"},
    {"N4: 62 KiB of headers", {.lines = 62 * KIB / 33}, GW_OK, ""},
    {"N4: 66 KiB of headers", {.lines = 66 * KIB / 33}, GW_EPROTO, "64 KiB of headers"},
    {"N4: a flood of headers", {.lines = 20000}, GW_EPROTO, "64 KiB of headers"},
    {"N4: one header of 60 KiB", {.one = 60 * KIB}, GW_OK, ""},
    {"N4: one header of 70 KiB", {.one = 70 * KIB}, GW_EPROTO, "64 KiB of headers"},
    {"N4: one header of 300 KiB", {.one = 300 * KIB}, GW_EPROTO, ""},
};

Test(http_wire, n4_n7_heads_have_a_limit)
{
    struct head head = {0};
    struct fake_server *server = fake_server_new(play_head, &head);
    struct gw_http *http = client_of(NULL);
    const struct gw_http_request request = {.url = fake_server_base(server)};

    for (size_t i = 0; i < COUNT(heads); i++) {
        struct outcome outcome;

        head = heads[i].head;
        outcome = asked(http, &request);
        cr_expect(outcome.failure.status == heads[i].status && strstr(outcome.failure.text, heads[i].says), "%s: %d %s",
                  heads[i].name, outcome.failure.status, outcome.failure.text);
        cr_expect(!outcome.response.incomplete, "%s: another try would be the same", heads[i].name);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}

static const struct {
    const char *name;
    const char *bytes;
    size_t length; /* 0: to the NUL */
    enum gw_status status;
    int http; /* status; with GW_OK */
    const char *body;
} forms[] = {
    {"N7: HTTP/1.0 with a length", "HTTP/1.0 200 OK\r\n" TYPED_JSON "Content-Length: 2\r\n\r\n{}", 0, GW_OK, 200, "{}"},
    {"N7: HTTP/1.0 that keeps the connection",
     "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" TYPED_JSON "Content-Length: 2\r\n\r\n{}", 0, GW_OK, 200, "{}"},
    {"N7: lines that end in LF alone", "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 2\n\n{}", 0,
     GW_OK, 200, "{}"},
    {"N7: a status line without words", "HTTP/1.1 200\r\n" TYPED_JSON "Content-Length: 2\r\n\r\n{}", 0, GW_OK, 200,
     "{}"},
    {"N7: chunk extensions, quoted",
     HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n2;x=\"a b;c\"\r\n{}\r\n0;y\r\n\r\n", 0, GW_OK, 200, "{}"},
    {"N7: chunk lengths with zeros before them",
     HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n0002\r\n{}\r\n000\r\n\r\n", 0, GW_OK, 200, "{}"},
    {"N7: trailers, one of which lies about the length",
     HEAD TYPED_JSON
     "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\nContent-Length: 9\r\n\r\n",
     0, GW_OK, 200, "{}"},
    {"N7: trailers that would change what was said",
     HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Type: text/html\r\n\r\n", 0, GW_OK, 200,
     "{}"},
    {"N7: 100 before the answer to a GET",
     "HTTP/1.1 100 Continue\r\n\r\n" HEAD TYPED_JSON "Content-Length: 2\r\n\r\n{}", 0, GW_OK, 200, "{}"},
    {"N7: an interim answer with another length",
     "HTTP/1.1 103 Early\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n\r\n" HEAD TYPED_JSON
     "Content-Length: 2\r\n\r\n{}",
     0, GW_OK, 200, "{}"},
    {"N7: 204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}", 0, GW_OK, 204, ""},
    {"N7: 304 with a length and no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 90\r\n\r\n", 0, GW_OK, 304, ""},
    {"N7: a header folded onto the next line", HEAD "Content-Type:\r\n application/json\r\nContent-Length: 2\r\n\r\n{}",
     0, GW_OK, 200, "{}"},
    {"N7: two types: the last", HEAD "Content-Type: text/html\r\n" TYPED_JSON "Content-Length: 2\r\n\r\n{}", 0, GW_OK,
     200, "{}"},
    {"N7: equal lengths in one header", HEAD TYPED_JSON "Content-Length: 2, 2\r\n\r\n{}", 0, GW_EPROTO, 0, ""},
    {"N7: a length with a sign", HEAD TYPED_JSON "Content-Length: +2\r\n\r\n{}", 0, GW_EPROTO, 0, ""},
    {"N7: a length in hexadecimal", HEAD TYPED_JSON "Content-Length: 0x2\r\n\r\n{}", 0, GW_EPROTO, 0, ""},
    {"N7: a length beyond all numbers", HEAD TYPED_JSON "Content-Length: 99999999999999999999\r\n\r\n{}", 0, GW_EPROTO,
     0, ""},
    {"N7: an empty length", HEAD TYPED_JSON "Content-Length: \r\n\r\n{}", 0, GW_EPROTO, 0, ""},
    {"N7: a chunk length that is none", HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 0,
     GW_ERETRY, 0, ""},
    {"N7: a chunk longer than it says", HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n", 0,
     GW_ERETRY, 0, ""},
    {"N7: chunks twice", HEAD TYPED_JSON "Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 0,
     GW_EPROTO, 0, ""},
    {"N7: a NUL in a header", HEAD "X: a\0b\r\n" TYPED_JSON "Content-Length: 2\r\n\r\n{}",
     sizeof(HEAD "X: a\0b\r\n" TYPED_JSON "Content-Length: 2\r\n\r\n{}") - 1, GW_EPROTO, 0, ""},
    {"N7: HTTP/0.9", "{}", 0, GW_EPROTO, 0, ""},
    {"N7: a version nobody knows", "HTTP/9.9 200 OK\r\n\r\n{}", 0, GW_EPROTO, 0, ""},
};

static void play_form(struct exchange *exchange, void *ctx)
{
    const size_t i = *(const size_t *)ctx;

    fake_server_send(exchange, forms[i].bytes, forms[i].length ? forms[i].length : strlen(forms[i].bytes));
    exchange->close = true;
}

Test(http_wire, n7_legal_forms_are_taken_and_forged_ones_refused)
{
    size_t i = 0;
    struct fake_server *server = fake_server_new(play_form, &i);
    struct gw_http *http = client_of(NULL);
    const struct gw_http_request request = {.url = fake_server_base(server), .total_ms = 5000};

    for (i = 0; i < COUNT(forms); i++) {
        struct outcome outcome = asked(http, &request);

        cr_expect(outcome.failure.status == forms[i].status, "%s: %d %s", forms[i].name, outcome.failure.status,
                  outcome.failure.text);
        if (forms[i].status == GW_OK) {
            cr_expect(outcome.response.status == forms[i].http, "%s: %d", forms[i].name, outcome.response.status);
            cr_expect_str_eq(outcome.response.body.at, forms[i].body, "%s: %s", forms[i].name,
                             outcome.response.body.at);
        }
        cr_expect(strcmp(outcome.response.content_type, "text/html") != 0, "%s", forms[i].name);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}

/* ---- packed ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *encoding;
    enum { ZIP, PLAIN, TWICE, ZLIB } packed;
    enum gw_status status;
    const char *says;
} packings[] = {
    {"N6: gzip", "gzip", ZIP, GW_OK, ""},
    {"N6: gzip by its old name, in capitals", "X-GZIP", ZIP, GW_OK, ""},
    {"N6: plain called identity", "identity", PLAIN, GW_OK, ""},
    {"N6: plain called gzip", "gzip", PLAIN, GW_EPROTO, "is not gzip"},
    {"N6: zlib called gzip", "gzip", ZLIB, GW_EPROTO, "is not gzip"},
    {"N6: zlib called deflate", "deflate", ZLIB, GW_EPROTO, "Content-Encoding"},
    {"N6: packed twice and saying so", "gzip, gzip", TWICE, GW_EPROTO, "Content-Encoding"},
    {"N6: gzip and identity in one", "gzip, identity", ZIP, GW_EPROTO, "Content-Encoding"},
    {"N6: an encoding nobody knows", "zstd", PLAIN, GW_EPROTO, "Content-Encoding"},
};

static void play_packed(struct exchange *exchange, void *ctx)
{
    const size_t i = *(const size_t *)ctx;
    struct gw_text once = GW_TEXT_INIT(KIB), body = GW_TEXT_INIT(KIB);

    gzip_append(&once, JSON, strlen(JSON));
    if (packings[i].packed == ZIP)
        gw_text_append(&body, once.at, once.length);
    else if (packings[i].packed == TWICE)
        gzip_append(&body, once.at, once.length);
    else if (packings[i].packed == ZLIB) /* {} as zlib writes it */
        gw_text_append(&body, "\x78\x9c\xab\xae\x05\x00\x01\x75\x00\xf9", 10);
    else
        gw_text_add(&body, JSON);
    fake_server_print(exchange, HEAD TYPED_JSON "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                      packings[i].encoding, body.length);
    fake_server_send(exchange, body.at, body.length);
    gw_text_release(&once);
    gw_text_release(&body);
}

Test(http_wire, n6_packed_answers_are_what_they_say_or_refused)
{
    size_t i = 0;
    struct fake_server *server = fake_server_new(play_packed, &i);
    struct gw_http *http = client_of(NULL);
    const struct gw_http_request request = {.url = fake_server_base(server)};

    for (i = 0; i < COUNT(packings); i++) {
        struct outcome outcome = asked(http, &request);

        cr_expect(outcome.failure.status == packings[i].status && strstr(outcome.failure.text, packings[i].says),
                  "%s: %d %s", packings[i].name, outcome.failure.status, outcome.failure.text);
        if (packings[i].status == GW_OK)
            cr_expect_str_eq(outcome.response.body.at, JSON, "%s", packings[i].name);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}

/* Packed nothing, again and again: each member is legal, and none of them brings anything. */
static void play_empty_members(struct exchange *exchange, void *ctx)
{
    struct gw_text body = GW_TEXT_INIT(1 << 20);

    for (int i = 0; i < 20000; i++)
        gzip_append(&body, "", 0);
    gzip_append(&body, *(const char **)ctx, strlen(*(const char **)ctx));
    fake_server_print(exchange, HEAD TYPED_JSON "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", body.length);
    fake_server_send(exchange, body.at, body.length);
    gw_text_release(&body);
}

Test(http_wire, n6_members_without_content_are_passed_over)
{
    const char *text = JSON;
    struct fake_server *server = fake_server_new(play_empty_members, &text);
    struct gw_http *http = client_of(NULL);
    struct outcome outcome = asked(http, &(struct gw_http_request){.url = fake_server_base(server)});

    cr_expect_str_eq(outcome.response.body.at, JSON, "%s", outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

/* ---- kept connections ------------------------------------------------------------------------------------------ */

/* By the number of the request: an answer, after which the connection ends in one of four ways, or none. */
static void play_moody(struct exchange *exchange, void *ctx)
{
    uint64_t seed = exchange->number;
    const unsigned mood = (unsigned)(chance_next(&seed) % 6);

    (void)ctx;
    if (mood == 4) {
        fake_server_reset(exchange);
        return;
    }
    fake_server_reply(exchange, 200, "application/json", mood == 3 ? "Connection: close\r\n" : "", "{}");
    if (mood == 1)
        fake_server_reset(exchange);
    if (mood == 2 || mood == 3)
        exchange->close = true;
}

/*
 * A connection that died while it was kept is not the request's fault: it goes out once more over a new one. One that
 * dies under the request itself is.
 */
Test(http_wire, n11_dead_connections_cost_no_answer_and_no_process)
{
    struct fake_server *server = fake_server_new(play_moody, NULL);
    struct gw_http *http = client_of(&(struct gw_http_options){.concurrent = 4});
    struct outcome outcomes[8];
    unsigned answered = 0;

    for (int round = 0; round < 12; round++) {
        for (size_t i = 0; i < COUNT(outcomes); i++) {
            const struct gw_http_request request = {.url = fake_server_base(server)};

            outcomes[i] = (struct outcome)OUTCOME_INIT;
            cr_assert(gw_http_start(http, &request, &outcomes[i].response, outcome_done, &outcomes[i], NULL, NULL) ==
                      GW_OK);
        }
        uv_run(&loop, UV_RUN_DEFAULT);
        for (size_t i = 0; i < COUNT(outcomes); i++) {
            cr_expect(outcomes[i].times == 1);
            if (outcomes[i].failure.status == GW_OK)
                answered++;
            else
                expect_passing(&outcomes[i], "N11", i);
            outcome_reset(&outcomes[i]);
        }
    }
    cr_expect(answered > 12 * COUNT(outcomes) / 2, "%u", answered);
    cr_expect(fake_server_requests(server) <= 2 * 12 * COUNT(outcomes), "one more try each at most");
    client_gone(http);
    fake_server_free(server);
}
