/*
 * Files in: lines, Bundles and single resources, plain and packed, whole and damaged.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/sources/files.h"
#include "support/gzip.h"
#include "support/scratch.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct scratch scratch;
static struct gw_intake intake;

/* What came out: one line an entry, "source:line type/id reason". */
struct heard {
    struct gw_text entries;
    struct gw_text refused;
    struct gw_text invalid;
    size_t pages;
    size_t count;
    size_t largest;
    size_t fail_at; /* page to fail at, from 1 */
    size_t deletions;
    int64_t subjects; /* the sum of their numbers */
    struct gw_files_answer answer;
};

static struct heard heard;

/* pat-17 is subject 17; pat-17.18 is two. */
static size_t whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count,
                    const int64_t **subjects)
{
    static int64_t numbers[2];
    const int found = patient ? sscanf(patient, "pat-%" SCNd64 ".%" SCNd64, &numbers[0], &numbers[1]) : 0;

    (void)ctx, (void)identifiers, (void)count;
    *subjects = numbers;
    return found > 0 ? (size_t)found : 0;
}

static enum gw_status hear_page(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *err)
{
    struct heard *h = ctx;

    cr_expect(count > 0 && count <= GW_FILES_PAGE_ENTRIES + 1); /* one may be of two subjects */
    h->count += count;
    h->largest = count > h->largest ? count : h->largest;
    if (++h->pages == h->fail_at)
        return gw_fail(err, GW_EIO, "test", "disk full");
    for (size_t i = 0; i < count; i++) {
        const struct gw_keep_entry *e = &entries[i];
        uint8_t hash[GW_SHA256_BYTES];

        h->subjects += e->subject;
        gw_text_print(&h->entries, "%s:%u %s/%s %s\n", e->source, e->line, e->type ? e->type : "", e->id ? e->id : "",
                      e->reason ? e->reason : "");
        if (e->mode == GW_KEEP_DOOR)
            continue;
        cr_expect(e->raw.at[0] == '{' && e->raw.at[e->raw.length - 1] == '}');
        gw_sha256(e->raw.at, e->raw.length, hash);
        cr_expect(memcmp(hash, e->sha256, sizeof(hash)) == 0, "bytes moved under the page");
    }
    return GW_OK;
}

static void hear_refused(void *ctx, const char *path, const struct gw_error *failure)
{
    struct heard *h = ctx;
    const char *slash = strrchr(path, '/');

    gw_text_print(&h->refused, "%s %d\n", slash ? slash + 1 : path, failure->status);
}

static void hear_invalid(void *ctx, const char *place, const char *reason)
{
    struct heard *h = ctx;

    gw_text_print(&h->invalid, "%s %s\n", place, reason);
}

static void hear_nothing(void)
{
    gw_text_release(&heard.entries);
    gw_text_release(&heard.refused);
    gw_text_release(&heard.invalid);
    heard = (struct heard){
        .entries = GW_TEXT_INIT(64 << 20), .refused = GW_TEXT_INIT(1 << 20), .invalid = GW_TEXT_INIT(1 << 20)};
}

static void open_all(void)
{
    scratch_init(&scratch);
    intake = (struct gw_intake){
        .endpoint = "hm", .site = "hm", .invalid_blocks = "R", .key = gw_hmac_new("key", 3), .whose = whose};
    hear_nothing();
}

static void close_all(void)
{
    hear_nothing();
    gw_hmac_free(intake.key);
    scratch_release(&scratch);
}

TestSuite(files, .init = open_all, .fini = close_all);

static enum gw_status read_path(const char *path)
{
    const struct gw_files files = {
        .intake = &intake, .page = hear_page, .refused = hear_refused, .invalid = hear_invalid, .ctx = &heard};
    struct gw_error err = {0};

    return gw_files_read(&files, path, &heard.answer, &err);
}

#define OBSERVATION(id)                                                                                                \
    "{\"resourceType\":\"Observation\",\"id\":\"" id "\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"              \
    "\"subject\":{\"reference\":\"Patient/pat-1\"}}"
#define GOAL         "{\"resourceType\":\"Goal\",\"id\":\"g\"}"
#define SIXTY_FOUR   "................................................................"
#define ONE_KIB      TWICE(TWICE(TWICE(TWICE(SIXTY_FOUR))))
#define FOUR_KIB     TWICE(TWICE(ONE_KIB))
#define TWICE(text)  text text
#define BUNDLE(list) "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[" list "]}"
#define ENTRY(text)  "{\"resource\":" text "}"

static const struct {
    const char *name;
    const char *file;
    const char *text;
    const char *entries;
    const char *invalid; /* beginning */
    const char *refused;
} cases[] = {
    {"lines", "o.ndjson", OBSERVATION("a") "\n" GOAL "\n",
     "o.ndjson:1 Observation/a \no.ndjson:2 Goal/g TYPE_NOT_READ\n", "", ""},
    {"blank lines and CRLF count, but not as entries", "o.ndjson", "\r\n" OBSERVATION("a") "\r\n \n" OBSERVATION("b"),
     "o.ndjson:2 Observation/a \no.ndjson:4 Observation/b \n", "", ""},
    {"a byte order mark", "o.ndjson", "\xEF\xBB\xBF" OBSERVATION("a") "\n", "o.ndjson:1 Observation/a \n", "", ""},
    {"a line cut short", "o.ndjson", OBSERVATION("a") "\n{\"resourceType\":\"Obs\n" OBSERVATION("b") "\n",
     "o.ndjson:1 Observation/a \no.ndjson:2 / RESOURCE_INVALID\no.ndjson:3 Observation/b \n", "o.ndjson:2 ", ""},
    {"a cut last line", "o.ndjson", OBSERVATION("a") "\n{\"resourceType\"",
     "o.ndjson:1 Observation/a \no.ndjson:2 / RESOURCE_INVALID\n", "o.ndjson:2 ", ""},
    {"UTF-16", "o.ndjson", "\xFF\xFE{\n", "", "", "o.ndjson -2\n"},
    {"UTF-16, the other end first", "o.json", "\xFE\xFF{\n", "", "", "o.json -2\n"},
    {"nothing", "o.ndjson", "", "", "", ""},
    {"a Bundle", "b.json", BUNDLE(ENTRY(OBSERVATION("a")) "," ENTRY(GOAL)),
     "b.json:1 Observation/a \nb.json:2 Goal/g TYPE_NOT_READ\n", "", ""},
    {"a Bundle over several lines, named as lines", "b.ndjson",
     "\n{ \"resourceType\" :\n\"Bundle\", \"entry\": [\n" ENTRY(OBSERVATION("a")) "]}\n", "b.ndjson:1 Observation/a \n",
     "", ""},
    {"a Bundle that names its type behind the head", "b.json",
     "{\"entry\":[" ENTRY("{\"resourceType\":\"Goal\",\"id\":\"g\",\"x\":\"" FOUR_KIB
                          "\"}") "],\"resourceType\":\"Bundle\"}\n",
     "b.json:1 Goal/g TYPE_NOT_READ\n", "", ""},
    {"an empty Bundle", "b.json", BUNDLE(""), "", "", ""},
    {"an entry of a Bundle that is no FHIR", "b.json", BUNDLE(ENTRY("{}") "," ENTRY(OBSERVATION("a"))),
     "b.json:1 / RESOURCE_INVALID\nb.json:2 Observation/a \n", "b.json:1 resourceType", ""},
    {"a Bundle cut short counts not at all", "b.json",
     "{\"resourceType\":\"Bundle\",\"entry\":[" ENTRY(OBSERVATION("a")) ",", "", "", "b.json -2\n"},
    {"Bundles as lines are no file we know", "b.ndjson", BUNDLE("") "\n" BUNDLE("") "\n", "", "", "b.ndjson -2\n"},
    {"a Bundle among lines", "o.ndjson", OBSERVATION("a") "\n" BUNDLE("") "\n",
     "o.ndjson:1 Observation/a \no.ndjson:2 / RESOURCE_INVALID\n", "o.ndjson:2 ", ""},
    {"one resource in one line", "r.json", OBSERVATION("a"), "r.json:1 Observation/a \n", "", ""},
    {"one resource over several lines", "r.json", "{\n  \"resourceType\": \"Goal\",\n \"id\": \"g\"\n}\n",
     "r.json:0 Goal/g TYPE_NOT_READ\n", "", ""},
    {"lines named .json", "r.json", OBSERVATION("a") "\n" OBSERVATION("b") "\n",
     "r.json:1 Observation/a \nr.json:2 Observation/b \n", "", ""},
    {"a resource cut short", "r.json", "{\n \"resourceType\": \"Goal\",\n", "r.json:0 / RESOURCE_INVALID\n", "r.json ",
     ""},
};

Test(files, reads_each_form_by_what_is_in_it)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        hear_nothing();
        cr_assert(read_path(scratch_write(&scratch, cases[i].file, cases[i].text)) == GW_OK, "%s", cases[i].name);
        cr_expect_str_eq(heard.entries.at, cases[i].entries, "%s", cases[i].name);
        cr_expect(strncmp(heard.invalid.at, cases[i].invalid, strlen(cases[i].invalid)) == 0, "%s: %s", cases[i].name,
                  heard.invalid.at);
        cr_expect((*cases[i].invalid == '\0') == (heard.invalid.length == 0), "%s", cases[i].name);
        cr_expect_str_eq(heard.refused.at, cases[i].refused, "%s", cases[i].name);
        cr_expect(heard.answer.files == (*cases[i].refused ? 0u : 1u), "%s", cases[i].name);
        cr_expect(heard.answer.entries == heard.count && heard.answer.refused == (*cases[i].refused ? 1u : 0u));
    }
}

Test(files, reads_packed_files_like_plain_ones)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_text packed = GW_TEXT_INIT(1 << 20);
        struct gw_text entries = GW_TEXT_INIT(1 << 20);
        char name[64];

        hear_nothing();
        read_path(scratch_write(&scratch, cases[i].file, cases[i].text));
        gw_text_add(&entries, heard.entries.at);
        hear_nothing();
        gzip_append(&packed, cases[i].text, strlen(cases[i].text));
        snprintf(name, sizeof(name), "%s", cases[i].file); /* the same name: only the bytes say that it is packed */
        cr_assert(read_path(scratch_put(&scratch, name, packed.at, packed.length)) == GW_OK);
        cr_expect_str_eq(heard.entries.at, entries.at, "%s", cases[i].name);
        gw_text_release(&packed);
        gw_text_release(&entries);
    }
}

static void write_lines(struct gw_text *text, size_t count, size_t padding)
{
    char *blanks = calloc(1, padding + 1);

    memset(blanks, ' ', padding);
    for (size_t i = 0; i < count; i++)
        gw_text_print(text, "{\"resourceType\":\"Patient\",\"id\":\"pat-%zu\",%s\"gender\":\"other\"}\n", 1 + i % 7,
                      blanks);
    free(blanks);
}

Test(files, hands_on_pages_of_bounded_size)
{
    static const struct {
        size_t lines, padding, most;
    } sizes[] = {{2500, 0, 1000}, {4000, 1300, 1000}, {40, 100000, 17}, {9, 2000000, 1}};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct gw_text text = GW_TEXT_INIT(64 << 20);

        hear_nothing();
        write_lines(&text, sizes[i].lines, sizes[i].padding);
        cr_assert(read_path(scratch_put(&scratch, "p.ndjson", text.at, text.length)) == GW_OK);
        cr_expect(heard.count == sizes[i].lines, "%zu: %zu entries", i, heard.count);
        cr_expect(heard.largest <= sizes[i].most, "%zu: %zu in a page", i, heard.largest);
        cr_expect(heard.answer.invalid == 0);
        gw_text_release(&text);
    }
}

/* Each study reads as if it were alone; what was in the file is counted once. */
Test(files, hand_on_what_is_of_two_subjects_for_each_of_them)
{
    static const char both[] =
        "{\"resourceType\":\"Observation\",\"id\":\"o-2\",\"status\":\"final\",\"code\":{\"text\":"
        "\"x\"},\"subject\":{\"reference\":\"Patient/pat-17.18\"}}\n";
    struct gw_text lines = GW_TEXT_INIT(16 << 20);

    gw_text_add(&lines, OBSERVATION("o-1") "\n");
    for (size_t i = 0; i < 2 * GW_FILES_PAGE_ENTRIES; i++)
        gw_text_add(&lines, both);
    cr_assert(read_path(scratch_write(&scratch, "x.ndjson", lines.at)) == GW_OK);
    cr_expect(heard.count == 4 * GW_FILES_PAGE_ENTRIES + 1, "%zu", heard.count);
    cr_expect(heard.subjects == 2 * (int64_t)GW_FILES_PAGE_ENTRIES * (17 + 18) + 1);
    cr_expect(heard.answer.entries == 2 * GW_FILES_PAGE_ENTRIES + 1);
    cr_expect(heard.largest == GW_FILES_PAGE_ENTRIES + 1, "%zu", heard.largest);
    gw_text_release(&lines);
}

Test(files, s18_hold_a_line_over_the_cap_and_go_on_behind_it)
{
    static const size_t lengths[] = {GW_FILES_LINE_MAX, GW_FILES_LINE_MAX + 1, 3 << 20, 9 << 20};

    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct gw_text text = GW_TEXT_INIT(64 << 20);
        char *blanks = malloc(lengths[i]);
        const bool fits = lengths[i] <= GW_FILES_LINE_MAX;

        hear_nothing();
        memset(blanks, ' ', lengths[i]);
        gw_text_add(&text, OBSERVATION("a") "\n" GOAL);
        gw_text_append(&text, blanks, lengths[i] - strlen(GOAL));
        gw_text_add(&text, "\n" OBSERVATION("b") "\n");
        cr_assert(read_path(scratch_put(&scratch, "o.ndjson", text.at, text.length)) == GW_OK);
        cr_expect_str_eq(heard.entries.at, fits ? "o.ndjson:1 Observation/a \no.ndjson:2 Goal/g TYPE_NOT_READ\n"
                                                  "o.ndjson:3 Observation/b \n"
                                                : "o.ndjson:1 Observation/a \no.ndjson:2 / RESOURCE_INVALID\n"
                                                  "o.ndjson:3 Observation/b \n");
        cr_expect(fits || strstr(heard.invalid.at, "2 MiB"), "%s", heard.invalid.at);
        free(blanks);
        gw_text_release(&text);
    }
}

Test(files, hands_on_before_the_window_moves)
{
    const size_t padding = 1900000; /* behind the resource: read, but none of its bytes */
    struct gw_text text = GW_TEXT_INIT(64 << 20);
    char *blanks = malloc(padding);

    memset(blanks, ' ', padding);
    for (int i = 0; i < 6; i++) {
        gw_text_print(&text, "{\"resourceType\":\"Patient\",\"id\":\"pat-%d\"}", i + 1);
        gw_text_append(&text, blanks, padding);
        gw_text_add(&text, "\n");
    }
    cr_assert(read_path(scratch_put(&scratch, "p.ndjson", text.at, text.length)) == GW_OK);
    cr_expect(heard.count == 6 && heard.answer.invalid == 0 && heard.pages > 1);
    free(blanks);
    gw_text_release(&text);
}

Test(files, take_nothing_of_a_packed_file_without_its_end)
{
    struct gw_text text = GW_TEXT_INIT(64 << 20), packed = GW_TEXT_INIT(64 << 20);

    write_lines(&text, 9000, 100); /* still under the ratio of a bomb */
    gzip_append(&packed, text.at, text.length);
    for (size_t cut = 1; cut < packed.length; cut += packed.length / 5) {
        hear_nothing();
        cr_assert(read_path(scratch_put(&scratch, "p.ndjson.gz", packed.at, packed.length - cut)) == GW_OK);
        cr_expect(heard.count == 0 && heard.answer.refused == 1 && heard.answer.first.status == GW_EINPUT, "cut %zu",
                  cut);
    }
    packed.at[packed.length - 6] ^= 1; /* its checksum */
    hear_nothing();
    cr_assert(read_path(scratch_put(&scratch, "p.ndjson.gz", packed.at, packed.length)) == GW_OK);
    cr_expect(heard.count == 0 && heard.answer.refused == 1);
    gw_text_release(&text);
    gw_text_release(&packed);
}

Test(files, read_a_folder_by_name_and_pass_over_what_is_none_of_theirs)
{
    mkdir(scratch_path(&scratch, "in"), 0700);
    mkdir(scratch_path(&scratch, "in/b"), 0700);
    scratch_write(&scratch, "in/c.ndjson", OBSERVATION("3") "\n");
    scratch_write(&scratch, "in/B.json", OBSERVATION("1"));
    scratch_write(&scratch, "in/b/x.jsonl", OBSERVATION("2") "\n");
    scratch_write(&scratch, "in/a.json", "{\"resourceType\":\"Bundle\",");
    scratch_write(&scratch, "in/README.md", "nothing");
    scratch_write(&scratch, "in/.hidden.json", GOAL);
    cr_assert(read_path(scratch_path(&scratch, "in")) == GW_OK);
    cr_expect_str_eq(heard.entries.at,
                     "B.json:1 Observation/1 \nb/x.jsonl:1 Observation/2 \nc.ndjson:1 Observation/3 \n");
    cr_expect_str_eq(heard.refused.at, "a.json -2\n");
    cr_expect(heard.answer.files == 3 && heard.answer.skipped == 1);
}

Test(files, are_not_led_in_circles_or_without_end)
{
    char path[256] = "in";

    mkdir(scratch_path(&scratch, "in"), 0700);
    cr_assert(symlink(".", scratch_path(&scratch, "in/loop")) == 0);
    cr_assert(symlink("a.json", scratch_path(&scratch, "in/b.json")) == 0);
    scratch_write(&scratch, "in/a.json", GOAL);
    cr_assert(read_path(scratch_path(&scratch, "in")) == GW_OK);
    cr_expect(heard.answer.files == 2 && heard.answer.skipped == 1 && heard.answer.refused == 0);
    hear_nothing();
    for (int depth = 0; depth < 17; depth++) {
        strcat(path, "/d");
        mkdir(scratch_path(&scratch, path), 0700);
    }
    strcat(path, "/deep.json");
    scratch_write(&scratch, path, GOAL);
    cr_assert(read_path(scratch_path(&scratch, "in")) == GW_OK);
    cr_expect(heard.answer.files == 2 && heard.answer.refused == 1);
}

Test(files, refuse_an_input_that_is_not_there_or_empty)
{
    mkdir(scratch_path(&scratch, "empty"), 0700);
    cr_expect(read_path(scratch_path(&scratch, "empty")) == GW_OK);
    cr_expect(heard.answer.first.status == GW_ENOINPUT && strstr(heard.answer.first.text, "ndjson"));
    hear_nothing();
    cr_expect(read_path(scratch_path(&scratch, "nowhere.ndjson")) == GW_OK);
    cr_expect(heard.answer.first.status == GW_ENOINPUT && heard.answer.refused == 1);
}

/* A record number in the roster has every input read twice, and the second reading of a pipe finds nothing. */
Test(files, refuse_what_has_its_bytes_only_once)
{
    mkdir(scratch_path(&scratch, "in"), 0700);
    cr_assert(mkfifo(scratch_path(&scratch, "in/pipe.ndjson"), 0600) == 0);
    scratch_write(&scratch, "in/z.ndjson", OBSERVATION("1") "\n");
    cr_assert(read_path(scratch_path(&scratch, "in")) == GW_OK);
    cr_expect_str_eq(heard.entries.at, "z.ndjson:1 Observation/1 \n");
    cr_expect(heard.answer.first.status == GW_ENOINPUT && strstr(heard.answer.first.text, "write it to a file"));
    hear_nothing();
    cr_expect(read_path("/dev/zero") == GW_OK);
    cr_expect(heard.answer.first.status == GW_ENOINPUT && heard.count == 0);
}

static void count_deletions(void *ctx, const struct gw_entry *entry)
{
    ((struct heard *)ctx)->deletions += entry->mode == GW_ENTRY_DELETED;
}

Test(files, s19_read_bundles_line_by_line_where_they_say_what_was_deleted)
{
    const struct gw_files files = {.intake = &intake,
                                   .page = hear_page,
                                   .invalid = hear_invalid,
                                   .ctx = &heard,
                                   .base = "https://fhir.example.org/r4/",
                                   .bundles = true,
                                   .met = count_deletions};
    const char *path = scratch_write(
        &scratch, "d.ndjson",
        BUNDLE("{\"request\":{\"method\":\"DELETE\",\"url\":\"Observation/a\"}},"
               "{\"request\":{\"method\":\"DELETE\",\"url\":\"Observation/b\"}}") "\n" BUNDLE("") "\nbroken"
                                                                                                  "\n" OBSERVATION(
                                                                                                      "c") "\n");
    struct gw_error err = {0};

    cr_assert(gw_files_read(&files, path, &heard.answer, &err) == GW_OK, "%s", err.text);
    cr_expect_str_eq(heard.entries.at, "https://fhir.example.org/r4/:0 Observation/a DELETED\n"
                                       "https://fhir.example.org/r4/:0 Observation/b DELETED\n"
                                       "d.ndjson:3 / RESOURCE_INVALID\n"
                                       "https://fhir.example.org/r4/:0 Observation/c \n");
    cr_expect(heard.deletions == 2 && heard.answer.entries == 4 && heard.answer.invalid == 1);
}

Test(files, end_with_the_failure_of_whoever_keeps_the_pages)
{
    struct gw_text text = GW_TEXT_INIT(64 << 20);

    write_lines(&text, 4500, 0);
    heard.fail_at = 2;
    cr_expect(read_path(scratch_put(&scratch, "p.ndjson", text.at, text.length)) == GW_EIO);
    cr_expect(heard.pages == 2 && heard.answer.refused == 0);
    gw_text_release(&text);
}

Test(files, read_the_reference_data)
{
    static const char folder[] = SOURCE_DIR "/../shared/data/";
    char path[512];

    if (access(folder, R_OK) != 0)
        cr_skip("no reference data here");
    snprintf(path, sizeof(path), "%shl7-examples", folder);
    cr_assert(read_path(path) == GW_OK);
    cr_expect(heard.answer.refused == 0, "%s", heard.refused.at);
    cr_expect(heard.answer.entries > 100 && heard.answer.entries == heard.count);
    hear_nothing();
    snprintf(path, sizeof(path), "%ssynthea-Observation.ndjson.gz", folder);
    cr_assert(read_path(path) == GW_OK);
    cr_expect(heard.answer.refused == 0 && heard.answer.entries > 1000 && heard.answer.invalid == 0);
}
