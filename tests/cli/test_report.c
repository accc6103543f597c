/*
 * The equation in words: said plainly when it holds, and loudly when a part is missing.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "cli/report.h"

static char *text;
static size_t size;

static const char *told(const struct gw_equation *equation)
{
    struct output output = {.out = open_memstream(&text, &size)};

    report_parts(&output, equation);
    fclose(output.out);
    return text;
}

static struct gw_equation equation_of(int64_t in)
{
    struct gw_equation equation = {.in = in, .sum = 5};

    equation.states[GW_STATE_DELIVERED] = 3;
    equation.states[GW_STATE_HELD] = 2;
    return equation;
}

Test(report, says_that_every_part_is_accounted_for)
{
    const struct gw_equation equation = equation_of(5);
    struct gw_error err = {.status = GW_OK};

    cr_expect(eq(str, (char *)told(&equation),
                 (char *)"STATE              PARTS\n"
                         "delivered              3\n"
                         "evidence               0\n"
                         "unchanged              0\n"
                         "superseded             0\n"
                         "not_in_scope           0\n"
                         "outside_window         0\n"
                         "held                   2\n"
                         "retracted              0\n"
                         "sum of the states      5\n"
                         "read                   5\n"
                         "ok  every part read is accounted for\n"));
    cr_expect(eq(int, report_balance(&equation, &err), GW_OK));
    free(text);
}

Test(report, is_loud_about_a_part_that_is_lost)
{
    const struct gw_equation equation = equation_of(6);
    struct gw_error err = {.status = GW_OK};
    cJSON *json = report_parts_json(&equation);

    cr_expect(strstr(told(&equation), "\nFAIL  THE LEDGER DOES NOT BALANCE\n") != NULL, "%s", text);
    cr_expect(eq(int, gw_exit_code(report_balance(&equation, &err)), 70));
    cr_expect(eq(str, err.text,
                 (char *)"the ledger does not balance: 6 parts were read and 5 are accounted for; stop "
                         "the gateway, keep the state folder as it is and report this"));
    cr_expect(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(json, "balanced")));
    cJSON_Delete(json);
    free(text);
}

Test(report, counts_what_was_not_derived_yet)
{
    struct gw_equation equation = equation_of(5);

    equation.waiting = 2;
    cr_expect(strstr(told(&equation), "\n2 of the held parts were kept and not derived yet: the next pass does it\n") !=
                  NULL,
              "%s", text);
    free(text);
}
