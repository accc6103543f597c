/*
 * Files that somebody else is writing, from look to look.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "sources/sightings.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct look {
    uint64_t at_ms;
    struct sighting seen[3];
    const char *whole; /* names, in the order in which they are taken */
};

static const struct {
    const char *name;
    struct look looks[5];
} histories[] = {
    {"still for five seconds",
     {{0, {{"a", 1, 10, 7}}, ""}, {4999, {{"a", 1, 10, 7}}, ""}, {5000, {{"a", 1, 10, 7}}, "a "}}},
    {"growing",
     {{0, {{"a", 1, 10, 7}}, ""},
      {5000, {{"a", 1, 20, 7}}, ""},
      {9000, {{"a", 1, 20, 7}}, ""},
      {10000, {{"a", 1, 20, 7}}, "a "}}},
    {"written over in place",
     {{0, {{"a", 1, 10, 7}}, ""}, {5000, {{"a", 1, 10, 8}}, ""}, {10000, {{"a", 1, 10, 8}}, "a "}}},
    {"another file of the same name",
     {{0, {{"a", 1, 10, 7}}, ""}, {5000, {{"a", 2, 10, 7}}, ""}, {10000, {{"a", 2, 10, 7}}, "a "}}},
    {"renamed from a temporary name: at once", {{0, {{"a.part", 1, 10, 7}}, ""}, {1000, {{"a", 1, 20, 8}}, "a "}}},
    {"renamed from another name: not at once",
     {{0, {{"b", 1, 10, 7}}, ""}, {1000, {{"a", 1, 10, 7}}, ""}, {6000, {{"a", 1, 10, 7}}, "a "}}},
    {"temporary names never",
     {{0, {{".a", 1, 1, 1}, {"a.tmp", 2, 1, 1}, {"a~", 3, 1, 1}}, ""},
      {60000, {{".a", 1, 1, 1}, {"a.tmp", 2, 1, 1}, {"a~", 3, 1, 1}}, ""}}},
    {"what was whole stays so until it is taken",
     {{0, {{".a", 1, 10, 7}}, ""}, {1000, {{"a", 1, 10, 7}}, "a "}, {1001, {{"a", 1, 10, 7}}, "a "}}},
    {"older ones first, then by name",
     {{0, {{"c", 3, 1, 5}, {"b", 2, 1, 5}, {"a", 1, 1, 9}}, ""},
      {5000, {{"c", 3, 1, 5}, {"b", 2, 1, 5}, {"a", 1, 1, 9}}, "b c a "}}},
};

Test(sightings, tell_when_a_file_is_whole)
{
    for (size_t i = 0; i < COUNT(histories); i++) {
        struct sightings before = {NULL, 0, 0};

        for (size_t k = 0; k < COUNT(histories[i].looks) && histories[i].looks[k].whole; k++) {
            const struct look *look = &histories[i].looks[k];
            struct sightings now = {NULL, 0, 0};
            char whole[64] = "";

            for (size_t s = 0; s < COUNT(look->seen) && look->seen[s].name; s++)
                cr_assert(sightings_add(&now, &look->seen[s]));
            sightings_update(&now, &before, look->at_ms, 5000);
            for (size_t s = 0; s < now.count; s++)
                if (now.list[s].whole)
                    strcat(strcat(whole, now.list[s].name), " ");
            cr_expect_str_eq(whole, look->whole, "%s, look %zu", histories[i].name, k);
            sightings_release(&before);
            before = now;
        }
        sightings_release(&before);
    }
}

Test(sightings, know_temporary_names)
{
    static const struct {
        const char *name;
        bool temporary;
    } names[] = {{"a.ndjson", false},  {".a.ndjson", true},    {"a.ndjson.part", true}, {"a.tmp", true},
                 {"part", false},      {"a.ndjson.gz", false}, {"a.partial", true},     {"tmp.json", false},
                 {"a.filepart", true}, {"a.json~", true},      {"a.part.ndjson", false}};

    for (size_t i = 0; i < COUNT(names); i++)
        cr_expect(sighting_is_temporary(names[i].name) == names[i].temporary, "%s", names[i].name);
}
