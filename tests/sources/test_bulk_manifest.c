/*
 * Manifests in three dialects, and what is none.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/sources/pull.h"
#include "sources/bulk_manifest.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define T            "\"transactionTime\":\"2026-11-20T19:58:54+00:00\""
#define FILE_1       "{\"type\":\"Observation\",\"url\":\"https://f.example.org/1\"}"

static struct gw_arena arena = GW_ARENA_INIT(64 << 20);

/* "kind type url count;..." and the rest of it. */
static void print(struct gw_text *out, const struct bulk_manifest *m)
{
    for (size_t i = 0; i < m->count; i++)
        gw_text_print(out, "%c %s %s %ld;", "ODE"[m->entries[i].kind], m -> entries[i].type ? m->entries[i].type : "-",
                      m->entries[i].url, (long)m->entries[i].count);
    gw_text_print(out, " %s %s %s", m->transaction_time, m->requires_token ? "token" : "open", m->next ? m->next : "-");
}

static const struct {
    const char *name;
    const char *text;
    const char *read;
} manifests[] = {
    {"STU1: output and error",
     "{" T ",\"request\":\"x\",\"requiresAccessToken\":true,\"output\":[" FILE_1
     "],\"error\":[{\"type\":\"OperationOutcome\",\"url\":\"https://f.example.org/e\"}]}",
     "O Observation https://f.example.org/1 -1;E - https://f.example.org/e -1; 2026-11-20T19:58:54+00:00 token -"},
    {"STU2: counts, deletions, extensions",
     "{" T ",\"requiresAccessToken\":false,\"output\":[{\"type\":\"Patient\",\"url\":\"a\",\"count\":12}],"
     "\"deleted\":[{\"type\":\"Bundle\",\"url\":\"d\",\"count\":3}],\"error\":[],\"extension\":{}}",
     "O Patient a 12;D - d 3; 2026-11-20T19:58:54+00:00 open -"},
    {"STU3: outcome in place of error, a next link, continuesInFile passed over",
     "{" T ",\"requiresAccessToken\":true,\"outputOrganizedBy\":\"\","
     "\"output\":[{\"type\":\"Patient\",\"url\":\"a\",\"continuesInFile\":\"never\"}],\"outcome\":[{\"url\":\"o\"}],"
     "\"link\":[{\"relation\":\"self\",\"url\":\"s\"},{\"relation\":\"next\",\"url\":\"https://f.example.org/m2\"}]}",
     "O Patient a -1;E - o -1; 2026-11-20T19:58:54+00:00 token https://f.example.org/m2"},
    {"STU3: organised by Patient, files of several types",
     "{" T ",\"outputOrganizedBy\":\"Patient\",\"output\":[{\"url\":\"a\"}]}",
     "O - a -1; 2026-11-20T19:58:54+00:00 token -"},
    {"nothing to export", "{" T ",\"requiresAccessToken\":true,\"output\":[]}", " 2026-11-20T19:58:54+00:00 token -"},
    {"lists of null", "{" T ",\"output\":[],\"deleted\":null,\"error\":null}", " 2026-11-20T19:58:54+00:00 token -"},
    {"a file listed twice is one", "{" T ",\"output\":[" FILE_1 "," FILE_1 "]}",
     "O Observation https://f.example.org/1 -1; 2026-11-20T19:58:54+00:00 token -"},
    {"counts that are none",
     "{" T ",\"output\":[{\"type\":\"Patient\",\"url\":\"a\",\"count\":-1},"
     "{\"type\":\"Patient\",\"url\":\"b\",\"count\":\"7\"}]}",
     "O Patient a -1;O Patient b -1; 2026-11-20T19:58:54+00:00 token -"},
};

Test(bulk_manifest, s19_is_read_in_every_dialect)
{
    for (size_t i = 0; i < COUNT(manifests); i++) {
        struct gw_text read = GW_TEXT_INIT(4096);
        struct bulk_manifest manifest;
        struct gw_error err = {0};

        gw_arena_clear(&arena);
        cr_assert(bulk_manifest_read(&arena, (struct gw_slice){manifests[i].text, strlen(manifests[i].text)}, &manifest,
                                     &err) == GW_OK,
                  "%s: %s", manifests[i].name, err.text);
        print(&read, &manifest);
        cr_expect_str_eq(read.at, manifests[i].read, "%s", manifests[i].name);
        gw_text_release(&read);
    }
    gw_arena_release(&arena);
}

static const struct {
    const char *name;
    const char *text;
    const char *says;
} refused[] = {
    {"nothing", "", "at byte 0"},
    {"a login page", "<html>", "at byte 0"},
    {"cut short", "{" T ",\"output\":[" FILE_1, "at byte"},
    {"a list", "[]", "\"output\""},
    {"an OperationOutcome", "{\"resourceType\":\"OperationOutcome\",\"issue\":[]}", "\"output\""},
    {"no output", "{" T "}", "\"output\""},
    {"an output that is none", "{" T ",\"output\":{}}", "\"output\""},
    {"no time", "{\"output\":[]}", "transactionTime"},
    {"a time that is none", "{\"transactionTime\":\"2026-11-20 19:58:54\",\"output\":[]}", "transactionTime"},
    {"a time without a zone", "{\"transactionTime\":\"2026-11-20T19:58:54\",\"output\":[]}", "transactionTime"},
    {"a file that is a text", "{" T ",\"output\":[\"https://f.example.org/Jane\"]}", "no object"},
    {"a file without an URL", "{" T ",\"output\":[{\"type\":\"Patient\"}]}", "\"url\""},
    {"an empty URL", "{" T ",\"output\":[{\"type\":\"Patient\",\"url\":\"\"}]}", "\"url\""},
    {"a type that is a path", "{" T ",\"output\":[{\"type\":\"../../x\",\"url\":\"Jane\"}]}", "\"type\""},
    {"deletions that are none", "{" T ",\"output\":[],\"deleted\":7}", "no array"},
    {"a next link to nowhere", "{" T ",\"output\":[],\"link\":[{\"relation\":\"next\"}]}", "next link"},
    {"a name twice", "{" T "," T ",\"output\":[]}", "at byte"},
};

Test(bulk_manifest, s19_is_refused_when_it_is_none)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct bulk_manifest manifest;
        struct gw_error err = {0};

        gw_arena_clear(&arena);
        cr_expect(bulk_manifest_read(&arena, (struct gw_slice){refused[i].text, strlen(refused[i].text)}, &manifest,
                                     &err) == GW_EPROTO,
                  "%s", refused[i].name);
        cr_expect(strstr(err.text, refused[i].says) && !strstr(err.text, "Jane"), "%s: %s", refused[i].name, err.text);
    }
    gw_arena_release(&arena);
}

Test(bulk_manifest, survives_a_shortage_of_memory_anywhere)
{
    for (size_t limit = 0; limit < 8192; limit += 64) {
        struct gw_arena small = GW_ARENA_INIT(limit);
        struct bulk_manifest manifest;
        struct gw_error err = {0};
        const enum gw_status rc = bulk_manifest_read(
            &small, (struct gw_slice){manifests[1].text, strlen(manifests[1].text)}, &manifest, &err);

        cr_expect(rc == GW_OK || rc == GW_ENOMEM, "%zu: %s", limit, err.text);
        gw_arena_release(&small);
    }
}
