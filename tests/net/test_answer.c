/*
 * Answers line by line, as the carrier hands them over: without a NUL at their end.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

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
