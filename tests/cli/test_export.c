/*
 * casement export where the disk or the memory ends, and of formats that a build lacks: one line, the right status, and
 * no half folder.
 */
#include <sys/stat.h>

#include "sinks/export_desk.h"
#include "support/program.h"

enum { USAGE = 64, OURS = 70, CANNOT_WRITE = 73, IO_ERROR = 74, NOT_LOADED = 99, DIED = 139, VALUES = 3000 };

static struct desk desk;

/* Enough of everything that no file of an export fits into the bounds below. */
static void open_study(void)
{
    struct gw_rows none = {0}, rows = {0};

    desk_init(&desk);
    for (int i = 0; i < VALUES; i++) {
        struct gw_row_observations *value =
            export_value(&desk, &rows, gw_arena_print(&desk.arena, "o%04d", i), "T30-01", "ANC");
        struct gw_row_ae_episodes *episode =
            export_row(&desk, &rows, GW_TABLE_ae_episodes, gw_arena_print(&desk.arena, "a%04d", i));

        value->source_value = value->value_num = gw_arena_print(&desk.arena, "%d.%03d", i * 7919 % 997, i);
        episode->ae_id = episode->row_id;
        episode->term = gw_arena_print(&desk.arena, "Event %x", (unsigned)i * 2654435761u);
    }
    desk_apply(&desk, "ES-017", &none, &rows, 0);
    desk_close(&desk);
}

static void close_study(void)
{
    desk_release(&desk);
}

TestSuite(export, .init = open_study, .fini = close_study);

/* In the scratch folder, by the shell. $casement is the program. */
static struct program shell(const char *script)
{
    struct program run;

    program_run(&run, desk.scratch.folder,
                (const char *[]){"/usr/bin/env", "casement=" CASEMENT, "/bin/sh", "-c", script, NULL});
    return run;
}

static bool is_one_line(const char *text)
{
    return strncmp(text, "casement: ", 10) == 0 && strchr(text, '\n') == text + strlen(text) - 1;
}

static const char *command(const char *format)
{
    return gw_arena_print(&desk.arena, "$casement export --format %s --db study.db --out out", format);
}

static bool is_there(const char *name)
{
    return access(scratch_path(&desk.scratch, name), F_OK) == 0;
}

static void remove_folder(const char *name)
{
    struct program run = shell(gw_arena_print(&desk.arena, "rm -r %s", name));

    cr_assert(run.code == 0, "%s", run.err);
    program_release(&run);
}

/* A limit on the size of a file ends a write as a full disk does, wherever in the file it comes. */
Test(export, ends_with_one_line_and_leaves_no_half_folder_where_a_file_cannot_grow)
{
    static const int kibibytes[] = {40, 100}; /* the memory that SQLite shares is a file of 32 */

    for (size_t f = 0; gw_export_format(f); f++)
        for (size_t i = 0; i < sizeof kibibytes / sizeof *kibibytes; i++) {
            const char *format = gw_export_format(f);
            struct program run =
                shell(gw_arena_print(&desk.arena, "ulimit -f %d; %s", 2 * kibibytes[i], command(format)));

            cr_expect(run.code == IO_ERROR, "%s, %d KiB: %d %s", format, kibibytes[i], run.code, run.err);
            cr_expect(is_one_line(run.err) && strstr(run.err, "File too large"), "%s: %s", format, run.err);
            cr_expect(!is_there("out") && !is_there("out.part"), "%s, %d KiB", format, kibibytes[i]);
            program_release(&run);
        }
}

/* A real disk of a few hundred kibibytes that fills, where this machine lets us have one. */
Test(export, ends_with_one_line_and_leaves_no_half_folder_where_the_disk_is_full)
{
    static const char mount[] = "mkdir disk && unshare -rm true 2>/dev/null || exit 99\n"
                                "unshare -rm /bin/sh -c 'mount -t tmpfs -o size=%dk none disk || exit 99\n"
                                "cd disk && $casement export --format %s --db ../study.db --out out\n"
                                "code=$?; ls -A >&3; exit $code' 3>left; code=$?; rmdir disk; exit $code";
    static const int kibibytes[] = {4, 48, 128};

    for (size_t f = 0; gw_export_format(f); f++)
        for (size_t i = 0; i < sizeof kibibytes / sizeof *kibibytes; i++) {
            const char *format = gw_export_format(f);
            struct program run = shell(gw_arena_print(&desk.arena, mount, kibibytes[i], format));
            struct gw_slice left;

            if (run.code == 99) {
                program_release(&run);
                cr_skip_test("no file system may be mounted here");
            }
            left = export_read(&desk, desk.scratch.folder, "left");
            cr_expect(run.code == IO_ERROR || run.code == CANNOT_WRITE, "%s, %d KiB: %d %s", format, kibibytes[i],
                      run.code, run.err);
            cr_expect(is_one_line(run.err) && strstr(run.err, "No space left"), "%s: %s", format, run.err);
            cr_expect(left.length == 0, "%s, %d KiB left %s", format, kibibytes[i], left.at);
            program_release(&run);
        }
}

/* What a library says before main is not ours to prevent: GnuTLS does where its constructor gets no memory. */
static const char *our_words(const char *said)
{
    return strncmp(said, "Error in GnuTLS initialization", 30) == 0 && strchr(said, '\n') ? strchr(said, '\n') + 1
                                                                                          : said;
}

/* From too little for the libraries to as much as it takes; sanitizers need more than any bound. */
Test(export, ends_with_one_line_and_leaves_no_half_folder_where_memory_ends)
{
#if defined(__SANITIZE_ADDRESS__)
    cr_skip_test("memory is bounded in builds without sanitizers: scripts/test --long");
#endif
    size_t refused = 0;

    for (size_t f = 0; gw_export_format(f); f++) {
        const char *format = gw_export_format(f);
        int code = -1;

        for (int kibibytes = 32 * 1024; code != 0 && kibibytes < 512 * 1024; kibibytes += 512) {
            struct program run =
                shell(gw_arena_print(&desk.arena, "ulimit -v %d; %s; code=$?; [ $code != 127 ] || code=%d; exit $code",
                                     kibibytes, command(format), NOT_LOADED));

            code = run.code;
            if (code == DIED && strcmp(format, "xlsx") == 0) {
                remove_folder("out.part"); /* in lxw_worksheet_free, which a new sheet calls where its memory ends */
                program_release(&run);
                continue;
            }
            cr_expect(code == 0 || code == NOT_LOADED || code == OURS, "%s, %d KiB: %d %s", format, kibibytes, code,
                      run.err);
            cr_expect(code != OURS || is_one_line(our_words(run.err)), "%s, %d KiB: %s", format, kibibytes, run.err);
            cr_expect(is_there("out") == (code == 0) && !is_there("out.part"), "%s, %d KiB", format, kibibytes);
            refused += code == OURS;
            program_release(&run);
        }
        cr_expect(code == 0, "%s: ended with %d", format, code);
        remove_folder("out");
    }
    cr_expect(refused > 0, "memory never ended in a program that was loaded");
}

Test(export, says_that_the_dump_did_not_arrive)
{
    struct program run = shell("$casement export --format dump --db study.db >/dev/full");

    cr_expect(run.code == IO_ERROR && is_one_line(run.err), "%d %s", run.code, run.err);
    program_release(&run);
}

Test(export, says_which_formats_this_build_lacks)
{
    static const struct {
        const char *format;
        bool built;
    } optional[] = {{"xpt", GATEWAY_XPT}, {"xlsx", GATEWAY_XLSX}, {"odm", GATEWAY_ODM}};

    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        struct program run = shell(command(optional[i].format));
        const char *wanted =
            gw_arena_print(&desk.arena,
                           "casement: export: --format %s: this casement was built without it: see casement "
                           "export --help\n",
                           optional[i].format);

        cr_expect(run.code == (optional[i].built ? 0 : USAGE), "%s: %d %s", optional[i].format, run.code, run.err);
        cr_expect(strcmp(run.err, optional[i].built ? "" : wanted) == 0, "%s", run.err);
        cr_expect(is_there("out") == optional[i].built, "%s", optional[i].format);
        program_release(&run);
        if (optional[i].built)
            remove_folder("out");
    }
}

Test(export, replaces_its_own_folder_and_no_other)
{
    struct program run = shell(command("csv"));

    cr_expect(run.code == 0, "%s", run.err);
    program_release(&run);
    run = shell(gw_arena_print(&desk.arena, "%s/", command("csv")));
    cr_expect(run.code == 0, "%s", run.err);
    program_release(&run);
    scratch_write(&desk.scratch, "out/analysis.R", "mine");
    run = shell(command("csv"));
    cr_expect(run.code == CANNOT_WRITE && is_one_line(run.err) && is_there("out/analysis.R"), "%s", run.err);
    program_release(&run);
}
