/*
 * How a failure is worded and which exit status it becomes.
 */
#include "gateway/core/error.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static const struct {
    enum gw_status status;
    int code;
} codes[] = {
    {GW_OK, 0},      {GW_EUSAGE, 64},    {GW_EINPUT, 65},  {GW_ENOINPUT, 66}, {GW_ERETRY, 69},
    {GW_ENOMEM, 70}, {GW_ECANCELED, 70}, {GW_ECREATE, 73}, {GW_EIO, 74},      {GW_EBUSY, 75},
    {GW_EPROTO, 76}, {GW_EDENIED, 77},   {GW_ECONFIG, 78},
};

Test(error, becomes_the_exit_status_of_the_contract)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        cr_expect(eq(int, gw_exit_code(codes[i].status), codes[i].code), "status %d", codes[i].status);
    cr_expect(eq(int, gw_exit_code((enum gw_status) - 99), 70), "a status nobody knows is our own fault");
}

Test(error, hands_back_the_status_and_keeps_the_text)
{
    struct gw_error err = {0};

    cr_expect(eq(int, gw_fail(&err, GW_EINPUT, "fhir.bundle", "%s: %d entries", "page 2", 3), GW_EINPUT));
    cr_expect(eq(int, err.status, GW_EINPUT));
    cr_expect(eq(str, (char *)err.where, (char *)"fhir.bundle"));
    cr_expect(eq(str, err.text, (char *)"page 2: 3 entries"));
}

Test(error, can_be_left_out)
{
    cr_expect(eq(int, gw_fail(NULL, GW_EIO, "core.test", "%s", "nobody listens"), GW_EIO));
}

Test(error, may_quote_the_text_it_replaces)
{
    struct gw_error err = {0};

    gw_fail(&err, GW_EIO, "core.text", "no room");
    gw_fail(&err, GW_ECONFIG, "core.test", "casement.json: %s", err.text);
    cr_expect(eq(str, err.text, (char *)"casement.json: no room"));
}

static const struct {
    const char *name;
    const char *given;
    const char *expected;
} lines[] = {
    {"line feed and tab", "a\nb\tc", "a b c"},
    {"escape sequence", "\x1b[31mred\x7f", " [31mred "},
    {"C1 control",
     "a\xC2\x9B"
     "b",
     "a  b"},
    {"text outside ASCII stays", "M\xC3\xBCnchen \xE2\x82\xAC", "M\xC3\xBCnchen \xE2\x82\xAC"},
    {"the first character after C1", "\xC2\xA0", "\xC2\xA0"},
};

Test(error, is_one_line_without_control_characters)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct gw_error err = {0};
        gw_fail(&err, GW_EINPUT, "core.test", "%s", lines[i].given);
        cr_expect(eq(str, err.text, (char *)lines[i].expected), "%s", lines[i].name);
    }
}

/* The field holds 399 bytes: each case fills up to where a character of its length would be cut. */
static const struct {
    const char *name;
    size_t fill;
    const char *character;
    size_t kept;
} cuts[] = {
    {"one byte fits", 398, "x", 399},
    {"one byte does not", 399, "x", 399},
    {"two bytes fit", 397, "\xC3\xBC", 399},
    {"two bytes do not", 398, "\xC3\xBC", 398},
    {"three bytes fit", 396, "\xE2\x82\xAC", 399},
    {"three bytes lack one", 397, "\xE2\x82\xAC", 397},
    {"three bytes lack two", 398, "\xE2\x82\xAC", 398},
    {"four bytes fit", 395, "\xF0\x9F\x98\x80", 399},
    {"four bytes lack one", 396, "\xF0\x9F\x98\x80", 396},
    {"four bytes lack three", 398, "\xF0\x9F\x98\x80", 398},
};

Test(error, is_cut_between_characters)
{
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct gw_error err = {0};
        char fill[400];
        memset(fill, 'a', sizeof fill);
        gw_fail(&err, GW_EINPUT, "core.test", "%.*s%s and more", (int)cuts[i].fill, fill, cuts[i].character);
        cr_expect(eq(sz, strlen(err.text), cuts[i].kept), "%s", cuts[i].name);
    }
}
