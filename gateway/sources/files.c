/*
 * Files in: one page of entries at a time to whoever keeps them.
 *
 *      open ──> looks like a Bundle, or like one resource ──> read whole ──> entries ──┐
 *        └────> lines ──> one tree at a time ──> entries ──────────────────────────────┴──> page
 *
 * A page's texts live in the page's arena, its bytes in the window or the whole file; both go with the page.
 */
#include "gateway/sources/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/core/json.h"
#include "gateway/net/inflate.h"
#include "sources/lines.h"

static const char where[] = "sources.files";

enum {
    TREE_MAX_BYTES = 128 << 20,  /* of one line */
    WHOLE_MAX_BYTES = 512 << 20, /* of a Bundle's tree */
    PAGE_TEXT_MAX_BYTES = 64 << 20,
    HEAD_BYTES = 4096,
    VERIFY_BYTES = 256 * 1024,
    FOLDERS_MAX = 16,
};

struct reading {
    const struct gw_files *files;
    struct gw_files_answer *answer;
    struct gw_error *err;

    struct lines lines;
    struct gw_arena tree; /* of the line at hand */
    struct gw_arena text; /* of the page's entries */
    struct gw_keep_entry *entries;
    size_t count, capacity;
    size_t bytes;
    const char *source; /* name of the file at hand, in messages and ledger */
};

/* ---- the page ---- */

static enum gw_status hand_on(struct reading *r)
{
    enum gw_status rc = GW_OK;

    if (r->count > 0)
        rc = r->files->page(r->files->ctx, r->entries, r->count, r->err);
    r->count = 0;
    r->bytes = 0;
    gw_arena_clear(&r->text);
    return rc;
}

static void tell_invalid(struct reading *r, const struct gw_intake_answer *answer)
{
    char place[512];

    r->answer->invalid++;
    if (!r->files->invalid)
        return;
    if (answer->entry.line)
        snprintf(place, sizeof(place), "%s:%u", r->source, answer->entry.line);
    else
        snprintf(place, sizeof(place), "%s", r->source);
    r->files->invalid(r->files->ctx, place, answer->reason);
}

static bool make_room(struct reading *r, size_t wanted)
{
    const size_t capacity = r->capacity + GW_FILES_PAGE_ENTRIES + wanted;
    struct gw_keep_entry *entries;

    if (r->count + wanted <= r->capacity)
        return true;
    entries = realloc(r->entries, capacity * sizeof(*entries));
    if (!entries)
        return false;
    r->entries = entries;
    r->capacity = capacity;
    return true;
}

/* What is of several subjects is kept for each of them, as if each had asked for it. */
static enum gw_status add(struct reading *r, const struct gw_intake_answer *answer)
{
    const size_t copies = answer->entry.mode == GW_KEEP_FACT ? answer->subject_count : 1;

    if (answer->invalid)
        tell_invalid(r, answer);
    if (!make_room(r, copies))
        return gw_fail(r->err, GW_ENOMEM, where, "no memory to read files");
    for (size_t i = 0; i < copies; i++) {
        r->entries[r->count] = answer->entry;
        if (answer->entry.mode == GW_KEEP_FACT)
            r->entries[r->count].subject = answer->subjects[i];
        r->count++;
    }
    r->bytes += answer->entry.raw.length;
    r->answer->entries++;
    return r->count >= GW_FILES_PAGE_ENTRIES || r->bytes >= GW_FILES_PAGE_BYTES ? hand_on(r) : GW_OK;
}

/* ---- lines ---- */

/* With a base, what has a name is found again by that name there, not by its line here. */
static struct gw_intake_place place_of_line(const struct reading *r)
{
    const char *base = r->files->base;

    return (struct gw_intake_place){base ? base : r->source, r->source, base ? 0 : r->lines.number, r->lines.number};
}

static void meet(const struct reading *r, const struct gw_entry *entry)
{
    if (r->files->met)
        r->files->met(r->files->ctx, entry);
}

static enum gw_status read_entry(struct reading *r, struct gw_slice line, const struct gw_intake_place *place,
                                 struct gw_intake_answer *answer)
{
    const struct gw_intake *intake = r->files->intake;
    struct gw_error failure;
    struct gw_entry entry;
    enum gw_status rc;

    if (gw_entry_read(&r->tree, line, &entry, &failure) != GW_OK)
        return gw_intake_unreadable(intake, &r->tree, line, place, failure.text, answer, r->err);
    meet(r, &entry);
    rc = gw_intake_entry(intake, &r->tree, NULL, &entry, place, answer, &failure);
    if (rc != GW_OK)
        rc = gw_intake_unreadable(intake, &r->text, line, place, failure.text, answer, r->err);
    return rc;
}

/* A line of what was deleted. The tree lives until the last entry was taken. */
static enum gw_status take_bundle_line(struct reading *r, const struct gw_bundle *bundle)
{
    const struct gw_intake_place place = place_of_line(r);
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < bundle->count; i++) {
        struct gw_intake_answer answer;

        meet(r, &bundle->entries[i]);
        rc = gw_intake_entry(r->files->intake, &r->text, NULL, &bundle->entries[i], &place, &answer, r->err);
        if (rc == GW_OK)
            rc = gw_intake_copy(&r->text, &answer.entry, r->err);
        if (rc == GW_OK)
            rc = add(r, &answer);
    }
    return rc;
}

static enum gw_status take_line(struct reading *r, struct gw_slice line)
{
    const struct gw_intake_place place = place_of_line(r);
    struct gw_intake_answer answer;
    struct gw_bundle bundle;
    enum gw_status rc;

    gw_arena_clear(&r->tree);
    if (r->files->bundles && gw_bundle_read(&r->tree, line, &bundle, NULL) == GW_OK)
        return take_bundle_line(r, &bundle);
    rc = read_entry(r, line, &place, &answer);
    if (rc == GW_OK)
        rc = gw_intake_copy(&r->text, &answer.entry, r->err);
    return rc == GW_OK ? add(r, &answer) : rc;
}

static enum gw_status take_long_line(struct reading *r)
{
    const struct gw_intake_place place = place_of_line(r);
    struct gw_intake_answer answer;
    enum gw_status rc =
        gw_intake_unreadable(r->files->intake, &r->text, (struct gw_slice){NULL, 0}, &place,
                             "the line is longer than the cap of 2 MiB; split or strip the resource", &answer, r->err);

    return rc == GW_OK ? add(r, &answer) : rc;
}

static bool is_blank(struct gw_slice line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (!strchr(" \t\r", line.at[i]) || !line.at[i])
            return false;
    }
    return true;
}

/* A failure of the file itself comes back in *failure, one that ends everything as the status. */
static enum gw_status read_lines(struct reading *r, struct gw_error *failure)
{
    enum gw_status rc = GW_OK;
    struct gw_slice line;

    while (rc == GW_OK) {
        switch (lines_next(&r->lines, &line, failure)) {
        case LINES_LINE:
            rc = is_blank(line) ? GW_OK : take_line(r, line);
            break;
        case LINES_TOO_LONG:
            rc = take_long_line(r);
            break;
        case LINES_FULL:
            rc = hand_on(r);
            lines_release_page(&r->lines);
            break;
        case LINES_END:
        case LINES_FAILED:
            return hand_on(r);
        }
    }
    return rc;
}

/* ---- whole files ---- */

static enum gw_status take_bundle(struct reading *r, struct gw_arena *arena, const struct gw_bundle *bundle)
{
    struct gw_intake_people people = {NULL, 0};
    enum gw_status rc = gw_intake_people(arena, bundle, &people, r->err);

    for (size_t i = 0; rc == GW_OK && i < bundle->count; i++) {
        const unsigned number = bundle->entries[i].index + 1;
        const struct gw_intake_place place = {r->source, r->source, number, number};
        struct gw_intake_answer answer;

        gw_arena_clear(&r->tree);
        meet(r, &bundle->entries[i]);
        rc = gw_intake_entry(r->files->intake, &r->tree, &people, &bundle->entries[i], &place, &answer, r->err);
        if (rc == GW_OK)
            rc = gw_intake_copy(&r->text, &answer.entry, r->err);
        if (rc == GW_OK)
            rc = add(r, &answer);
    }
    return rc;
}

static enum gw_status take_resource(struct reading *r, struct gw_slice whole)
{
    const struct gw_intake_place place = {r->source, r->source, 0, 0};
    struct gw_intake_answer answer;
    enum gw_status rc;

    gw_arena_clear(&r->tree);
    if (whole.length > GW_FILES_LINE_MAX)
        rc = gw_intake_unreadable(r->files->intake, &r->text, (struct gw_slice){NULL, 0}, &place,
                                  "the resource is longer than the cap of 2 MiB; strip it", &answer, r->err);
    else
        rc = read_entry(r, whole, &place, &answer);
    if (rc == GW_OK)
        rc = gw_intake_copy(&r->text, &answer.entry, r->err);
    return rc == GW_OK ? add(r, &answer) : rc;
}

static enum gw_status read_rest(struct reading *r, struct gw_text *whole, struct gw_error *failure)
{
    struct gw_slice piece;
    enum gw_status rc = lines_peek(&r->lines, VERIFY_BYTES, &piece, failure);

    while (rc == GW_OK && piece.length > 0 && !whole->failed) {
        gw_text_append(whole, piece.at, piece.length);
        r->lines.start = r->lines.scanned = r->lines.end;
        lines_release_page(&r->lines);
        rc = lines_peek(&r->lines, VERIFY_BYTES, &piece, failure);
    }
    if (rc == GW_OK && whole->failed)
        rc = gw_fail(failure, GW_ENOMEM, where,
                     "%s: larger than the %u MiB a Bundle or single resource may have; "
                     "give the resources as NDJSON",
                     r->source, GW_FILES_BUNDLE_MAX >> 20);
    return rc;
}

static enum gw_status read_whole(struct reading *r, bool is_bundle, struct gw_error *failure)
{
    struct gw_text whole = GW_TEXT_INIT(GW_FILES_BUNDLE_MAX);
    struct gw_arena arena = GW_ARENA_INIT(WHOLE_MAX_BYTES);
    struct gw_bundle bundle;
    struct gw_error reason;
    enum gw_status rc = GW_OK;

    if (read_rest(r, &whole, failure) != GW_OK)
        goto done;
    const struct gw_slice bytes = {whole.at, whole.length};
    if (gw_bundle_read(&arena, bytes, &bundle, &reason) == GW_OK)
        rc = take_bundle(r, &arena, &bundle);
    else if (is_bundle)
        gw_fail(failure, reason.status, where, "%s: %s; ask for the file again: nothing of it was taken", r->source,
                reason.text);
    else
        rc = take_resource(r, bytes);
    if (rc == GW_OK)
        rc = hand_on(r);
done:
    gw_arena_release(&arena);
    gw_text_release(&whole);
    return rc;
}

/* ---- one file ---- */

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name), wanted = strlen(ending);

    return length > wanted && strcmp(name + length - wanted, ending) == 0;
}

static bool is_named_lines(const char *name)
{
    static const char *const endings[] = {".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (ends_with(name, endings[i]))
            return true;
    }
    return false;
}

/*
 * A pretty-printed resource has a first line that is no JSON value by itself. A Bundle in one line that names its type
 * last is no line of NDJSON either.
 */
static enum gw_status first_line_is_entry(struct reading *r, bool *is, struct gw_error *failure)
{
    struct gw_slice head;
    const cJSON *value;
    enum gw_status rc = lines_peek(&r->lines, GW_FILES_LINE_MAX, &head, failure);
    const char *found = rc == GW_OK ? memchr(head.at, '\n', head.length) : NULL;

    if (rc != GW_OK)
        return rc;
    gw_arena_clear(&r->tree);
    *is = gw_json_parse(&r->tree, head.at, found ? (size_t)(found - head.at) : head.length, NULL, &value, NULL, NULL) ==
              GW_OK &&
          !gw_same(gw_json_string(value, "resourceType"), "Bundle");
    return GW_OK;
}

/*
 * The whole file inflated for its end mark and checksum: half of it must not be handed on. Twice the inflating costs
 * less than a spool, and needs no disk.
 */
static enum gw_status verify(const char *path, struct gw_error *failure)
{
    char *scrap = malloc(VERIFY_BYTES);
    struct gw_gzip *file = NULL;
    size_t length = 0;
    enum gw_status rc =
        scrap ? gw_gzip_open(path, 0, &file, failure) : gw_fail(failure, GW_ENOMEM, where, "no memory to read files");

    if (rc == GW_OK) {
        do
            rc = gw_gzip_read(file, scrap, VERIFY_BYTES, &length, failure);
        while (rc == GW_OK && length > 0);
    }
    gw_gzip_close(file);
    free(scrap);
    return rc;
}

static bool is_gzip(const char *path)
{
    unsigned char head[2] = {0, 0};
    FILE *file = fopen(path, "rb");
    const bool is = file && fread(head, 1, sizeof(head), file) == sizeof(head) && head[0] == 0x1f && head[1] == 0x8b;

    if (file)
        fclose(file);
    return is;
}

/* Each line of it would be an entry that nobody can read. */
static bool is_utf16(struct gw_slice head)
{
    return head.length >= 2 && (memcmp(head.at, "\xFF\xFE", 2) == 0 || memcmp(head.at, "\xFE\xFF", 2) == 0);
}

static enum gw_status read_open(struct reading *r, const char *path, struct gw_error *failure)
{
    struct gw_slice head;
    bool by_lines = is_named_lines(r->source);
    enum gw_status rc = lines_peek(&r->lines, HEAD_BYTES, &head, failure);

    if (rc != GW_OK)
        return GW_OK;
    if (is_utf16(head)) {
        gw_fail(failure, GW_EINPUT, where, "%s: is UTF-16 text: save it as UTF-8; nothing of it was taken", r->source);
        return GW_OK;
    }
    by_lines = by_lines || r->files->bundles;
    if (!r->files->bundles && gw_looks_like_bundle(head))
        return read_whole(r, true, failure);
    if (!by_lines && first_line_is_entry(r, &by_lines, failure) != GW_OK)
        return GW_OK;
    if (!by_lines)
        return read_whole(r, false, failure);
    if (is_gzip(path) && verify(path, failure) != GW_OK)
        return GW_OK;
    return read_lines(r, failure);
}

static void refuse(struct reading *r, const char *path, const struct gw_error *failure)
{
    r->answer->refused++;
    if (r->answer->first.status == GW_OK)
        r->answer->first = *failure;
    if (r->files->refused)
        r->files->refused(r->files->ctx, path, failure);
}

/* What is opened twice (for the roster's record numbers, for a checksum) must have the same bytes twice. */
static enum gw_status open_again_and_again(const char *path, struct gw_gzip **file, struct gw_error *failure)
{
    struct stat about;

    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return gw_fail(failure, GW_ENOINPUT, where,
                       "%s: is no regular file, and a pipe cannot be read twice: write it to a file and name that",
                       path);
    return gw_gzip_open(path, 0, file, failure);
}

static enum gw_status read_file(struct reading *r, const char *path, const char *source)
{
    struct gw_error failure = {.status = GW_OK};
    struct gw_gzip *file = NULL;
    enum gw_status rc = GW_OK;

    r->source = source;
    if (open_again_and_again(path, &file, &failure) == GW_OK) {
        lines_open(&r->lines, file);
        rc = read_open(r, path, &failure);
        gw_gzip_close(file);
    }
    if (rc != GW_OK)
        return rc;
    if (failure.status == GW_OK)
        r->answer->files++;
    else
        refuse(r, path, &failure);
    return GW_OK;
}

/* ---- folders ---- */

static bool is_wanted(const char *name)
{
    return is_named_lines(name) || ends_with(name, ".json") || ends_with(name, ".json.gz");
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Not alphasort: its order depends on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static enum gw_status read_folder(struct reading *r, const char *path, const char *below, unsigned depth);

/* A link to a folder is passed over: it may lead back to where we are. */
static enum gw_status read_member(struct reading *r, const char *path, const char *source, unsigned depth)
{
    struct stat about;

    if (lstat(path, &about) == 0 && S_ISDIR(about.st_mode))
        return read_folder(r, path, source, depth + 1);
    if (is_wanted(source) && !is_folder(path))
        return read_file(r, path, source);
    r->answer->skipped++;
    return GW_OK;
}

static enum gw_status refuse_folder(struct reading *r, const char *path, const char *reason)
{
    struct gw_error failure;

    gw_fail(&failure, GW_ENOINPUT, where, "%s: %s", path, reason);
    refuse(r, path, &failure);
    return GW_OK;
}

static enum gw_status read_folder(struct reading *r, const char *path, const char *below, unsigned depth)
{
    struct dirent **list = NULL;
    enum gw_status rc = GW_OK;
    int count;

    if (depth > FOLDERS_MAX)
        return refuse_folder(r, path, "folders within folders more than 16 deep; give the inner one as input");
    count = scandir(path, &list, is_visible, by_name);
    if (count < 0)
        return refuse_folder(r, path, strerror(errno));
    for (int i = 0; i < count; i++) {
        struct gw_text inner = GW_TEXT_INIT(8192);
        struct gw_text source = GW_TEXT_INIT(8192);

        gw_text_print(&inner, "%s/%s", path, list[i]->d_name);
        gw_text_print(&source, "%s%s%s", below, *below ? "/" : "", list[i]->d_name);
        if (rc == GW_OK && (inner.failed || source.failed))
            rc = gw_fail(r->err, GW_ENOMEM, where, "no memory to read files");
        if (rc == GW_OK)
            rc = read_member(r, inner.at, source.at, depth);
        gw_text_release(&inner);
        gw_text_release(&source);
        free(list[i]);
    }
    free(list);
    return rc;
}

static enum gw_status read_input(struct reading *r, const char *path)
{
    const size_t before = r->answer->files + r->answer->refused;
    const char *slash = strrchr(path, '/');
    enum gw_status rc;

    if (!is_folder(path))
        return read_file(r, path, slash && slash[1] ? slash + 1 : path);
    rc = read_folder(r, path, "", 1);
    if (rc == GW_OK && r->answer->files + r->answer->refused == before)
        return refuse_folder(r, path, "holds no *.json, *.ndjson or *.jsonl file, plain or with .gz");
    return rc;
}

enum gw_status gw_files_read(const struct gw_files *files, const char *path, struct gw_files_answer *answer,
                             struct gw_error *err)
{
    struct reading r = {.files = files,
                        .answer = answer,
                        .err = err,
                        .tree = GW_ARENA_INIT(TREE_MAX_BYTES),
                        .text = GW_ARENA_INIT(PAGE_TEXT_MAX_BYTES)};
    enum gw_status rc = lines_init(&r.lines, 2 * (size_t)GW_FILES_LINE_MAX, GW_FILES_LINE_MAX, err);

    if (rc != GW_OK)
        return rc;
    rc = read_input(&r, path);
    free(r.entries);
    gw_arena_release(&r.tree);
    gw_arena_release(&r.text);
    lines_release(&r.lines);
    return rc;
}
