/*
 * Answers line by line, as the carrier hands them over: without a NUL at their end; and what they mean.
 */
#include "net/fetch.h"

#include <stdlib.h>

#include "net/answer.h"

static const struct {
    const char *line;
    bool http1;
    int status;
} lines[] = {
    {"HTTP/1.1 200 OK", true, 200}, {"HTTP/1.0 404", true, 404},  {"HTTP/2 200 ", false, 200},
    {"HTTP/1.1  503 X", true, 503}, {"HTTP/1.1 2000", true, 200}, {"HTTP/1.1 ", true, 0},
    {"HTTP/1.1", true, 0},          {"HTTP/1.1 -20", true, 0},
};

Test(answer, reads_a_status_line_to_its_end_and_no_further)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct gw_http_response response = GW_HTTP_RESPONSE_INIT;
        const struct gw_http_request request = {.url = "https://fhir.example.org"};
        const size_t length = strlen(lines[i].line);
        char *bytes = malloc(length); /* a byte past it is the sanitizer's */
        struct answer answer;

        memcpy(bytes, lines[i].line, length);
        answer_init(&answer, &request, &response, request.url);
        cr_expect(answer_header(&answer, bytes, length));
        cr_expect(response.status == lines[i].status, "%s: %d", lines[i].line, response.status);
        cr_expect(answer.http1 == lines[i].http1, "%s", lines[i].line);
        answer_release(&answer);
        gw_http_response_release(&response);
        free(bytes);
    }
}

/* ---- what an answer means ---- */

Test(answer, reads_every_shape_of_retry_after)
{
    static const struct {
        const char *value;
        int32_t want;
    } cases[] = {
        {"3", 3},
        {" 3 ", 3},
        {"0", 1},
        {"-5", 1},
        {"1.5", 2},
        {"2.0", 2},
        {"abc", 0},
        {"", 0},
        {"3x", 0},
        {"99999999", 86400},
        {"99999999999999999999999", 86400},
        {"Fri, 20 Nov 2026 10:02:00 GMT", 120},
        {"Fri, 20 Nov 2020 10:02:00 GMT", 1},
        {"Wed, 20 Nov 2030 10:02:00 GMT", 86400},
        {"1795168860", 60},
        {"1795168860500", 60},
        {"1795168700", 1}, /* epoch seconds, milliseconds, past */
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(gw_http_retry_after(cases[i].value, 1795168800) == cases[i].want, "%s: %d", cases[i].value,
                  gw_http_retry_after(cases[i].value, 1795168800));
}

Test(answer, tells_what_a_status_means)
{
    static const struct {
        int status;
        enum gw_status want;
    } cases[] = {
        {200, GW_OK},     {204, GW_OK},      {202, GW_OK},      {302, GW_EPROTO}, {304, GW_EPROTO},
        {400, GW_EPROTO}, {401, GW_EDENIED}, {403, GW_EDENIED}, {404, GW_EPROTO}, {407, GW_EDENIED},
        {408, GW_ERETRY}, {410, GW_EPROTO},  {422, GW_EPROTO},  {429, GW_ERETRY}, {500, GW_ERETRY},
        {501, GW_EPROTO}, {502, GW_ERETRY},  {503, GW_ERETRY},  {504, GW_ERETRY}, {0, GW_EPROTO},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_http_response response = {.status = cases[i].status};
        struct gw_error err = {0};

        cr_expect(gw_http_verdict(&response, "https://h.example/r4/Patient/77?x", &err) == cases[i].want, "%d",
                  cases[i].status);
        cr_expect(!strstr(err.text, "77"), "%s", err.text);
    }
}

Test(answer, tells_a_page_that_wants_a_client_certificate)
{
    static const struct {
        int status;
        const char *type, *body;
        bool wants;
    } cases[] = {
        {400, "text/html", "<center>No required SSL certificate was sent</center>", true},
        {400, "text/html; charset=utf-8", "<center>The SSL certificate error</center>", true},
        {400, "text/html", "<center>400 Bad Request</center>", false},
        {400, "text/html", "", false},
        {400, "application/fhir+json", "{\"text\":\"SSL certificate\"}", false},
        {404, "text/html", "No required SSL certificate was sent", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_http_response response = GW_HTTP_RESPONSE_INIT;
        struct gw_error err = {0};

        response.status = cases[i].status;
        snprintf(response.content_type, sizeof(response.content_type), "%s", cases[i].type);
        gw_text_add(&response.body, cases[i].body);
        cr_expect(gw_http_wants_certificate(&response) == cases[i].wants, "case %zu", i);
        cr_expect(gw_http_verdict(&response, "https://h.example/r4/x", &err) ==
                      (cases[i].wants ? GW_EDENIED : GW_EPROTO),
                  "case %zu", i);
        cr_expect(!strstr(err.text, "\"cert\"") == !cases[i].wants, "%s", err.text);
        cr_expect((gw_http_trouble(&response, NULL) == GW_TROUBLE_TLS) == cases[i].wants, "case %zu", i);
        gw_http_response_release(&response);
    }
}

Test(answer, knows_the_media_types_of_fhir_json)
{
    static const struct {
        const char *type;
        bool json;
    } cases[] = {
        {"application/fhir+json", true},
        {"Application/FHIR+JSON; charset=UTF-8", true},
        {"application/json;x=y", true},
        {"application/json+fhir", true},
        {"text/html", false},
        {"", false},
        {"application/fhir+ndjson", false},
        {"application/jsonx", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_http_response response = {0};

        strcpy(response.content_type, cases[i].type);
        cr_expect(gw_http_is_json(&response) == cases[i].json, "%s", cases[i].type);
    }
}
