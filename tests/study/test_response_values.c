/*
 * One assessment of the disease against its baseline, by the bounds of the shipped package.
 *
 * Values are told as in test_response.c: S serum M in g/L, U urine M in mg/24 h, K and L free light chains in mg/L, B
 * marrow plasma cells in %, s- s+ and u- u+ immunofixation; a comparator may stand before the number: "U<50".
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/study/package.h"
#include "study/response.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
static const struct gw_study *study;

static void start(void)
{
    struct gw_error err;

    cr_assert(gw_study_load(&arena, SOURCE_DIR "/mappings/studies/lendex-rrmm", &study, &err) == GW_OK, "%s", err.text);
}

static void stop(void)
{
    gw_arena_release(&arena);
}

TestSuite(response_values, .init = start, .fini = stop);

static struct disease_value value_of(const char *text, size_t length)
{
    const bool equal = length > 1 && text[1] == '=';
    struct disease_value out = {
        .known = true, .at_most = *text == '<', .less = *text == '<' && !equal, .at_least = *text == '>'};
    const size_t sign = (size_t)(out.at_most || out.at_least) + equal;
    struct gw_decimal number;

    cr_assert(gw_decimal_parse(&arena, text + sign, length - sign, &number, NULL) == GW_OK, "%s", text);
    out.value = gw_ratio_of(number);
    return out;
}

static struct disease read_disease(const char *text)
{
    struct disease out = {.serum_fixation = FIXATION_UNKNOWN};
    struct disease_value *const values[] = {&out.serum, &out.urine, &out.kappa, &out.lambda, &out.marrow};

    for (size_t length; *text; text += length + (text[length] == ' ')) {
        const enum immunofixation fixation = text[1] == '-' ? FIXATION_NEGATIVE : FIXATION_POSITIVE;

        length = strcspn(text, " ");
        if (*text == 's')
            out.serum_fixation = fixation;
        else if (*text == 'u')
            out.urine_fixation = fixation;
        else
            *values[strcspn("SUKLB", (char[]){*text, 0})] = value_of(text + 1, length - 1);
    }
    return out;
}

/* The category of `now`, where nothing fell below the baseline in between; "none", "not measurable". */
static const char *assess(const char *baseline_text, const char *now_text)
{
    const struct disease baseline = read_disease(baseline_text), now = read_disease(now_text);
    struct disease lowest = baseline;
    struct response_context context = {.rules = &study->response, .baseline = &baseline, .lowest = &lowest};
    enum response response;

    cr_assert(response_measurable(&arena, &study->response, &baseline, &context.measurable));
    lowest.kappa = disease_chain_difference(&arena, &baseline, context.measurable.chain);
    cr_assert(response_assess(&arena, &context, &now, &response));
    if (!context.measurable.serum && !context.measurable.urine && context.measurable.chain == CHAIN_NONE)
        return response == RESPONSE_NONE ? "not measurable" : "wrong";
    return response == RESPONSE_NONE ? "none" : response_name(response);
}

static const struct {
    const char *what, *baseline, *now, *wanted;
} cases[] = {
    /* what can be followed */
    {"at most so much is not at least that", "S<40", "S1", "not measurable"},
    {"at least so much is", "S>40", "S20", "PR"},
    {"a low ratio, and enough of lambda", "K10 L510", "K10 L260", "PR"},
    {"a low ratio, but too little of lambda", "K10 L99", "K10 L10", "not measurable"},
    {"one chain alone", "K510", "K10 L10", "not measurable"},
    {"the other chain alone", "L510", "K10 L10", "not measurable"},
    {"a chain told as more than so much", "K>510 L10", "K60 L10", "not measurable"},
    {"the other told as less than so much", "K510 L<10", "K60 L10", "not measurable"},
    {"one of two chains measured again", "K510 L10", "K60", "none"},
    {"both chains measured again, one as less than so much", "K510 L10", "K<60 L10", "none"},
    {"serum measured again, but not the urine that was measurable", "S40 U500", "S4", "none"},

    /* comparators */
    {"a fall to at most half", "S40", "S<20", "PR"},
    {"a fall to at least half is no fall", "S40", "S>20", "SD"},
    {"urine of at most 100", "S40 U50", "S4 U<=100", "PR"},
    {"urine of less than 100", "S40 U50", "S4 U<100", "VGPR"},
    {"urine of less than 101", "S40 U50", "S4 U<101", "PR"},
    {"urine of more than 50", "S40 U50", "S4 U>50", "MR"},
    {"a rise to less than so much is none", "S40", "S<60", "SD"},
    {"a rise to more than so much", "S40", "S>60", "PD"},

    /* progression by each measure */
    {"serum by 5 and 25 %", "S20", "S25", "PD"},
    {"serum by less than 5", "S12", "S16.9", "SD"},
    {"serum by 10 % alone", "S49", "S54", "SD"},
    {"urine by 200 and 25 %", "S40 U800", "S40 U1000", "PD"},
    {"urine by less than 25 %", "S40 U801", "S40 U1001", "SD"},
    {"marrow by 10 points", "S40 B5", "S40 B15", "PD"},
    {"marrow by less", "S40 B5", "S40 B14.9", "SD"},
    {"marrow that was not known before", "S40", "S40 B60", "SD"},

    /* complete */
    {"complete", "S40 U50", "S0 U0 B4.9 s- u-", "CR"},
    {"serum still seen", "S40 U50", "S0 U0 B4.9 s+ u-", "VGPR"},
    {"urine still seen", "S40 U50", "S0 U0 B4.9 s- u+", "VGPR"},
    {"urine not looked at", "S40 U50", "S0 U0 B4.9 s-", "VGPR"},
    {"marrow of less than 5", "S40 U50", "S0 U0 B<5 s- u-", "CR"},
    {"marrow of at most 5", "S40 U50", "S0 U0 B<=5 s- u-", "VGPR"},
    {"marrow of more than 4", "S40 U50", "S0 U0 B>4 s- u-", "VGPR"},
    {"chains that are complete", "K510 L10", "K12 L10 B1 s- u-", "CR"},
    {"their ratio at the upper bound of normal", "K510 L10", "K16.5 L10 B1 s- u-", "CR"},
    {"a ratio above it: a fall by 99 % all the same", "K510 L10", "K16.6 L10 B1 s- u-", "VGPR"},
    {"a ratio below the lower bound", "K510 L10", "K2.5 L10 B1 s- u-", "VGPR"},
    {"fixation that shows nothing of chains that stay", "K510 L10", "K460 L10 B1 s- u-", "SD"},

    /* seen by immunofixation alone */
    {"serum gone but for fixation, urine too", "S40 U500", "S0 U0 s+ u+", "VGPR"},
    {"urine disease gone but for fixation", "S5 U500", "S0 U0 u+", "VGPR"},
    {"urine of 150 that was not measured again", "S40 U150", "S0 s+", "PR"},
    {"urine that was never measured", "S40", "S0 s+", "PR"},

    /* what urine alone follows */
    {"urine falls by 90 %", "U5000", "U500", "PR"},
    {"urine falls by half", "U5000", "U2500", "MR"},
    {"urine falls by less", "U5000", "U2501", "SD"},
};

Test(response_values, make_a_category)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(strcmp(assess(cases[i].baseline, cases[i].now), cases[i].wanted) == 0, "%s: got %s, wanted %s",
                  cases[i].what, assess(cases[i].baseline, cases[i].now), cases[i].wanted);
}

static const struct {
    const char *now;
    bool all;
} complete[] = {
    {"S0 B2 s- u-", true}, {"S0 B2 s+ u+", true}, {"S0 B2 s-", false}, {"S0 B2 u-", false}, {"S0 s- u-", false},
};

Test(response_values, tell_whether_a_complete_response_could_be_seen)
{
    for (size_t i = 0; i < sizeof complete / sizeof *complete; i++) {
        const struct disease now = read_disease(complete[i].now);

        cr_expect(eq(int, response_can_be_complete(&now), complete[i].all), "%s", complete[i].now);
    }
}

/* Of K510 L10 the difference is 500, of lambda over kappa -500. */
Test(response_values, differ_by_chain)
{
    const struct disease disease = read_disease("K510 L10");
    const struct gw_ratio wanted = gw_ratio_of(gw_decimal_from_int(500));
    const struct disease_value kappa = disease_chain_difference(&arena, &disease, CHAIN_KAPPA);
    const struct disease_value lambda = disease_chain_difference(&arena, &disease, CHAIN_LAMBDA);

    cr_assert(kappa.known && lambda.known);
    cr_expect(eq(int, gw_ratio_compare(&arena, &kappa.value, &wanted), 0));
    cr_expect(lt(int, gw_ratio_compare(&arena, &lambda.value, &wanted), 0));
    cr_expect(not(disease_chain_difference(&arena, &disease, CHAIN_NONE).known));
}
