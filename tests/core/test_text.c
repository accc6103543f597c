/*
 * The buffer with a maximum, and whole files in and out.
 */
#include "gateway/core/text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/scratch.h"

Test(text, is_a_string_from_the_start)
{
    struct gw_text text = GW_TEXT_INIT(100);

    cr_expect(eq(str, text.at, (char *)""));
    gw_text_add(&text, NULL);
    gw_text_append(&text, NULL, 0);
    gw_text_print(&text, "%s", "");
    cr_expect(eq(str, text.at, (char *)""));
    gw_text_add(&text, "a");
    gw_text_print(&text, "%d", 12);
    gw_text_append(&text, "bcd", 2);
    cr_expect(eq(str, text.at, (char *)"a12bc"));
    cr_expect(eq(sz, text.length, 5));
    gw_text_release(&text);
    cr_expect(eq(str, text.at, (char *)""));
    gw_text_add(&text, "again");
    cr_expect(eq(str, text.at, (char *)"again"), "a released text can be used again");
    gw_text_release(&text);
}

Test(text, holds_exactly_its_maximum)
{
    struct gw_text text = GW_TEXT_INIT(5);

    gw_text_add(&text, "abcde");
    cr_expect(not(text.failed));
    gw_text_add(&text, "f");
    cr_expect(text.failed);
    cr_expect(eq(str, text.at, (char *)"abcde"), "what was there stays");
    gw_text_clear(&text);
    gw_text_print(&text, "%s", "12345");
    cr_expect(not(text.failed), "a clear lifts the failure");
    gw_text_print(&text, "%d", 6);
    cr_expect(text.failed);
    cr_expect(eq(str, text.at, (char *)"12345"));
    gw_text_release(&text);
}

Test(text, takes_nothing_more_once_it_failed)
{
    struct gw_text text = GW_TEXT_INIT(5);

    gw_text_add(&text, "abc");
    gw_text_add(&text, "too long");
    gw_text_add(&text, "d");
    gw_text_print(&text, "%s", "d");
    cr_expect(eq(str, text.at, (char *)"abc"), "or a line would lack its middle");
    gw_text_append(&text, "x", SIZE_MAX);
    cr_expect(eq(str, text.at, (char *)"abc"));
    gw_text_release(&text);
}

Test(text, grows_over_many_appends)
{
    struct gw_text text = GW_TEXT_INIT(SIZE_MAX);

    for (int i = 0; i < 100000; i++)
        gw_text_append(&text, "0123456789", 10);
    cr_expect(eq(sz, text.length, 1000000));
    cr_expect(eq(int, memcmp(text.at + 999990, "0123456789", 11), 0));
    gw_text_release(&text);
}

Test(text, compares_strings_and_their_absence)
{
    cr_expect(gw_same("a", "a"));
    cr_expect(gw_same(NULL, NULL));
    cr_expect(not(gw_same("a", "A")));
    cr_expect(not(gw_same("a", NULL)));
    cr_expect(not(gw_same(NULL, "")));
}

Test(text, reads_a_whole_file)
{
    static const size_t sizes[] = {0, 1, 255, 256, 65535, 65536, 65537, 300000};
    static char bytes[300000];
    struct scratch scratch;

    scratch_init(&scratch);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct gw_text text = GW_TEXT_INIT(sizes[i]);
        struct gw_error err = {0};
        const char *path = scratch_put(&scratch, "file", bytes, sizes[i]);
        cr_expect(eq(int, gw_text_read_file(&text, path, &err), GW_OK), "%zu bytes", sizes[i]);
        cr_expect(eq(sz, text.length, sizes[i]));
        cr_expect(eq(int, memcmp(text.at, bytes, sizes[i]), 0));
        cr_expect(text.at[text.length] == '\0');
        gw_text_release(&text);
    }
    scratch_release(&scratch);
}

Test(text, replaces_what_it_held_by_the_file)
{
    struct gw_text text = GW_TEXT_INIT(100);
    struct gw_error err = {0};
    struct scratch scratch;

    scratch_init(&scratch);
    gw_text_add(&text, "before");
    cr_expect(eq(int, gw_text_read_file(&text, scratch_write(&scratch, "file", "after"), &err), GW_OK));
    cr_expect(eq(str, text.at, (char *)"after"));
    gw_text_release(&text);
    scratch_release(&scratch);
}

Test(text, reads_a_file_without_a_size)
{
    struct gw_text text = GW_TEXT_INIT(1 << 16);
    struct gw_error err = {0};

    cr_expect(eq(int, gw_text_read_file(&text, "/proc/self/status", &err), GW_OK), "%s", err.text);
    cr_expect(ne(sz, text.length, 0));
    gw_text_release(&text);
}

Test(text, says_why_a_file_cannot_be_read)
{
    struct gw_text text = GW_TEXT_INIT(9);
    struct gw_error err = {0};
    struct scratch scratch;

    scratch_init(&scratch);
    gw_text_add(&text, "before");
    cr_expect(eq(int, gw_text_read_file(&text, scratch_path(&scratch, "none"), &err), GW_ENOINPUT));
    cr_expect(strstr(err.text, "none: not there") != NULL, "%s", err.text);
    cr_expect(eq(str, text.at, (char *)"before"), "nothing was read");
    cr_expect(eq(int, gw_text_read_file(&text, scratch.folder, &err), GW_ENOINPUT));
    cr_expect(strstr(err.text, "folder") != NULL, "%s", err.text);
    cr_expect(eq(int, gw_text_read_file(&text, scratch_write(&scratch, "ten", "0123456789"), &err), GW_ENOMEM));
    cr_expect(strstr(err.text, "larger than the 9 bytes") != NULL, "%s", err.text);
    cr_expect(not(text.failed), "ready for the next file");
    text.max = 20;
    cr_expect(eq(int, gw_text_read_file(&text, "/proc/self/status", &err), GW_ENOMEM), "and without a size to go by");
    gw_text_release(&text);
    scratch_release(&scratch);
}

static const struct {
    unsigned mode;
    enum gw_status status;
} modes[] = {
    {0400, GW_OK},      {0600, GW_OK},      {0640, GW_ECONFIG},  {0604, GW_ECONFIG}, {0644, GW_ECONFIG},
    {0700, GW_ECONFIG}, {0200, GW_ECONFIG}, {01600, GW_ECONFIG}, {0440, GW_ECONFIG},
};

Test(text, reads_a_secret_only_from_a_file_closed_to_others)
{
    struct scratch scratch;

    scratch_init(&scratch);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct gw_text text = GW_TEXT_INIT(100);
        struct gw_error err = {0};
        const char *path = scratch_write(&scratch, "key", "secret");
        chmod(path, modes[i].mode);
        cr_expect(eq(int, gw_text_read_secret(&text, path, &err), modes[i].status), "mode %o", modes[i].mode);
        cr_expect(eq(str, text.at, (char *)(modes[i].status == GW_OK ? "secret" : "")), "mode %o", modes[i].mode);
        if (modes[i].status != GW_OK)
            cr_expect(strstr(err.text, "chmod 600") != NULL, "%s", err.text);
        unlink(path);
        gw_text_release(&text);
    }
    scratch_release(&scratch);
}

Test(text, refuses_a_secret_that_is_no_regular_file)
{
    struct gw_text text = GW_TEXT_INIT(4);
    struct gw_error err = {0};
    struct scratch scratch;

    scratch_init(&scratch);
    cr_expect(eq(int, gw_text_read_secret(&text, scratch_path(&scratch, "none"), &err), GW_ECONFIG));
    cr_expect(eq(int, gw_text_read_secret(&text, scratch.folder, &err), GW_ECONFIG));
    cr_assert(eq(int, mkfifo(scratch_path(&scratch, "pipe"), 0600), 0));
    cr_expect(eq(int, gw_text_read_secret(&text, scratch.path, &err), GW_ECONFIG), "and does not wait for a writer");
    chmod(scratch_write(&scratch, "long", "12345"), 0600);
    cr_expect(eq(int, gw_text_read_secret(&text, scratch.path, &err), GW_ECONFIG), "larger than allowed");
    gw_text_release(&text);
    scratch_release(&scratch);
}

Test(text, writes_a_file_in_one_step)
{
    struct gw_text text = GW_TEXT_INIT(100);
    struct gw_error err = {0};
    struct scratch scratch;
    struct stat about;

    scratch_init(&scratch);
    umask(022);
    const char *path = scratch_write(&scratch, "out", "old");
    cr_expect(eq(int, gw_text_write_file(path, 0666, "new\0er", 6, &err), GW_OK), "%s", err.text);
    cr_expect(eq(int, gw_text_read_file(&text, path, &err), GW_OK));
    cr_expect(eq(sz, text.length, 6));
    cr_expect(eq(int, memcmp(text.at, "new\0er", 6), 0));
    stat(path, &about);
    cr_expect(eq(int, (int)(about.st_mode & 07777), 0644), "mode and umask as open has them");
    cr_expect(eq(int, gw_text_write_file(scratch_path(&scratch, "key"), 0400, "", 0, &err), GW_OK));
    stat(scratch.path, &about);
    cr_expect(eq(int, (int)(about.st_mode & 07777), 0400));
    cr_expect(eq(sz, scratch_count(&scratch), 2), "nothing else is left");
    gw_text_release(&text);
    scratch_release(&scratch);
}

Test(text, leaves_nothing_behind_when_it_cannot_write)
{
    struct gw_error err = {0};
    struct scratch scratch;
    char folder[300];

    scratch_init(&scratch);
    cr_expect(eq(int, gw_text_write_file(scratch_path(&scratch, "no/out"), 0600, "x", 1, &err), GW_ECREATE));
    cr_expect(strstr(err.text, "no/out") != NULL, "%s", err.text);
    strcpy(folder, scratch_path(&scratch, "folder"));
    mkdir(folder, 0700);
    cr_expect(eq(int, gw_text_write_file(folder, 0600, "x", 1, &err), GW_ECREATE), "a folder is not replaced");
    cr_expect(eq(sz, scratch_count(&scratch), 1), "only the folder");
    scratch_release(&scratch);
    cr_expect(eq(int, gw_text_write_file("/dev/full/x", 0600, "x", 1, &err), GW_ECREATE));
}

Test(text, keeps_the_old_file_when_the_disk_is_full)
{
    static const char bytes[10000];
    const struct rlimit room = {4096, RLIM_INFINITY};
    struct gw_text text = GW_TEXT_INIT(100);
    struct gw_error err = {0};
    struct scratch scratch;

    scratch_init(&scratch);
    const char *path = scratch_write(&scratch, "out", "old");
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &room);
    cr_expect(eq(int, gw_text_write_file(path, 0600, bytes, sizeof bytes, &err), GW_EIO));
    cr_expect(eq(int, gw_text_read_file(&text, path, &err), GW_OK));
    cr_expect(eq(str, text.at, (char *)"old"));
    cr_expect(eq(sz, scratch_count(&scratch), 1), "no half file is left");
    gw_text_release(&text);
    scratch_release(&scratch);
}

Test(text, finds_a_text_in_a_list_and_one_that_begins_it)
{
    static const char *const list[] = {"A04", "B01AC", "A04"};
    static const struct {
        const char *name;
        const char *text;
        int place;
        bool begins;
    } cases[] = {
        {"the first of two equal ones", "A04", 0, true},
        {"another", "B01AC", 1, true},
        {"one that begins so", "B01AC06", -1, true},
        {"one that is shorter", "B01A", -1, false},
        {"another case of letters", "a04", -1, false},
        {"nothing", "", -1, false},
        {"no text", NULL, -1, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(eq(int, gw_place_in(list, 3, cases[i].text), cases[i].place), "%s", cases[i].name);
        cr_expect(eq(int, gw_is_among(list, 3, cases[i].text), cases[i].place >= 0), "%s", cases[i].name);
        cr_expect(eq(int, gw_begins_as_any(list, 3, cases[i].text), cases[i].begins), "%s", cases[i].name);
    }
    cr_expect(eq(int, gw_place_in(NULL, 0, "A04"), -1), "a list of none");
}
