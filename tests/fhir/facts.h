/*
 * A resource from JSON text to its fact in one call, for the suites of this room. Single quotes in the text stand for
 * double ones, so that the cases can be read.
 */
#ifndef TESTS_FHIR_FACTS_H
#define TESTS_FHIR_FACTS_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/core/text.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/fact.h"

struct reading {
    struct gw_arena arena;
    const cJSON *tree;
    struct gw_fact fact;
    struct gw_error err;
    enum gw_status rc;
};

static inline char *double_quotes(struct gw_arena *arena, const char *text)
{
    char *copy = gw_arena_copy(arena, text, strlen(text));

    for (char *at = copy; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    return copy;
}

static inline void reading_of(struct reading *reading, const char *text)
{
    const char *json;

    memset(reading, 0, sizeof(*reading));
    reading->arena.limit = 1 << 20;
    json = double_quotes(&reading->arena, text);
    reading->rc = gw_json_parse(&reading->arena, json, strlen(json), NULL, &reading->tree, NULL, &reading->err);
    cr_assert(eq(int, reading->rc, GW_OK), "%s: %s", text, reading->err.text);
    reading->rc = gw_fact_read(&reading->arena, reading->tree, &reading->fact, &reading->err);
}

static inline void reading_release(struct reading *reading)
{
    gw_arena_release(&reading->arena);
}

/* A resource of a type with a subject, an id and more members ("'status':'final'"). */
static inline void reading_with(struct reading *reading, const char *type, const char *members)
{
    char text[8192];

    snprintf(text, sizeof(text), "{'resourceType':'%s','id':'r-1','subject':{'reference':'Patient/p-1'}%s%s}", type,
             *members ? "," : "", members);
    reading_of(reading, text);
}

/* NULL reads as "-", so that texts can be compared. */
static inline const char *or_dash(const char *text)
{
    return text ? text : "-";
}

/* cr_expect that two texts are equal, either of which may be NULL. */
#define EXPECT_TEXT(got, wanted, ...) cr_expect(eq(str, (char *)or_dash(got), (char *)or_dash(wanted)), __VA_ARGS__)

#endif
