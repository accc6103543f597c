/*
 * Which part of which record a decision names.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "study/decided.h"

static const struct gw_observed parts[] = {{.component = -1}, {.component = 0}, {.component = 1}};

static const struct gw_fact facts[] = {
    {.type = GW_OBSERVATION,
     .type_name = "Observation",
     .id = "a",
     .endpoint = "hm",
     .part_count = 3,
     .observation = {.parts = parts, .part_count = 3}},
    {.type = GW_CONDITION, .type_name = "Condition", .id = "a", .endpoint = "hm", .part_count = 1},
};

static const struct {
    const char *name;
    struct gw_decision_match match;
    size_t fact;
    int part;
    bool named;
} cases[] = {
    {"a result", {.endpoint = "hm", .type = "Observation", .id = "a", .part = ""}, 0, 0, true},
    {"not its components", {.endpoint = "hm", .type = "Observation", .id = "a", .part = ""}, 0, 1, false},
    {"a component", {.endpoint = "hm", .type = "Observation", .id = "a", .part = "component[0]"}, 0, 1, true},
    {"not the next one", {.endpoint = "hm", .type = "Observation", .id = "a", .part = "component[0]"}, 0, 2, false},
    {"not the result itself",
     {.endpoint = "hm", .type = "Observation", .id = "a", .part = "component[0]"},
     0,
     0,
     false},
    {"a diagnosis of the same id", {.endpoint = "hm", .type = "Condition", .id = "a", .part = ""}, 1, 0, true},
    {"a result is no diagnosis", {.endpoint = "hm", .type = "Observation", .id = "a", .part = ""}, 1, 0, false},
    {"another id", {.endpoint = "hm", .type = "Observation", .id = "b", .part = ""}, 0, 0, false},
    {"the same id elsewhere", {.endpoint = "lab", .type = "Observation", .id = "a", .part = ""}, 0, 0, false},
};

Test(decided_names, tell_the_parts_of_records_apart)
{
    const struct gw_subject_input in = {.facts = facts, .fact_count = 2};
    const struct engine e = {.in = &in};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(eq(int, decided_names(&e, &cases[i].match, cases[i].fact, cases[i].part), cases[i].named), "%s",
                  cases[i].name);
}
