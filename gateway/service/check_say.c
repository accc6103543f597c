/*
 * The lines of a check, and the words that several of them need.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "service/check_parts.h"

static const char *copy_of(struct check *c, const char *text)
{
    const char *copy = text ? gw_arena_copy(c->texts, text, strlen(text)) : NULL;

    return copy || !text ? copy : "";
}

static void say(struct check *c, const char *what, enum gw_check_verdict verdict, enum gw_status status,
                const struct advice *advice, const char *text)
{
    const struct gw_check_line line = {.endpoint = c->endpoint ? c->endpoint->id : NULL,
                                       .what = what,
                                       .verdict = verdict,
                                       .text = copy_of(c, text),
                                       .means = copy_of(c, advice ? advice->means : NULL),
                                       .ask = copy_of(c, advice ? advice->ask : NULL),
                                       .status = status};

    c->line(c->ctx, &line);
}

void check_say(struct check *c, const char *what, enum gw_check_verdict verdict, const struct advice *advice,
               const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(c, what, verdict, GW_OK, advice, text);
}

void check_fail(struct check *c, const char *what, const struct advice *advice, const struct gw_error *failure)
{
    const bool uncertified = c->trouble == GW_TROUBLE_TLS && failure->status == GW_EDENIED;
    const struct advice own = uncertified ? check_client_advice(c) : (struct advice){0};

    if (c->first->status == GW_OK)
        *c->first = *failure;
    say(c, what, GW_CHECK_FAIL, failure->status, uncertified ? &own : advice, failure->text);
}

void check_skip(struct check *c, const char *what)
{
    check_say(c, what, GW_CHECK_SKIPPED, NULL, "not tried, because of the failure above");
}

void check_undecided(struct check *c, const char *what, const struct gw_error *err)
{
    check_say(c, what, GW_CHECK_SKIPPED, NULL, "not decided, because no answer came that tells (%s)", err->text);
}

const char *check_print(struct check *c, const char *format, ...)
{
    char text[1024];
    const char *copy;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    copy = gw_arena_copy(c->texts, text, strlen(text));
    return copy ? copy : "";
}

const char *check_type_means(enum gw_resource type)
{
    static const char *const lacks[GW_RESOURCE_COUNT] = {
        [GW_PATIENT] = "sex, age and the day of death",
        [GW_ENCOUNTER] = "visits: contacts can only be inferred from results and doses",
        [GW_OBSERVATION] = "laboratory results, vital signs and scores",
        [GW_CONDITION] = "diagnoses, comorbidities and most adverse events",
        [GW_PROCEDURE] = "transplants, dialysis and transfusions",
        [GW_MEDICATION] = "the names of drugs that are recorded by reference",
        [GW_MEDICATION_ADMINISTRATION] = "doses as given",
        [GW_MEDICATION_STATEMENT] = "drugs as reported",
        [GW_MEDICATION_DISPENSE] = "drugs as handed over",
        [GW_MEDICATION_REQUEST] = "drugs as ordered",
        [GW_ADVERSE_EVENT] = "adverse events that the hospital recorded as such",
        [GW_QUESTIONNAIRE_RESPONSE] = "answers to questionnaires",
        [GW_DIAGNOSTIC_REPORT] = "reports of imaging, which find thromboses",
    };

    return lacks[type] ? lacks[type] : "what is recorded in it";
}
