/*
 * What a kill, a full disk and a failing disk leave behind: everything acknowledged, nothing in between, and a ledger
 * that opens again.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/book.h"
#include "support/fake_disk.h"

enum { SUBJECTS = 5, PAGE = 20, KILLS = 25 };

static const char day[] = "2024-12-31T10:00:00Z";

/* Keep page n: entries of one subject and one line that ends at the door. */
static enum gw_status keep_page(struct book *book, const int64_t subjects[SUBJECTS], int n)
{
    for (int i = 0; i < PAGE; i++)
        book_add(book, subjects[n % SUBJECTS], "Observation", gw_arena_print(&book->arena, "o-%d-%d", n, i), "1", "1");
    book_add_door(book, "Patient", "pat-99", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED");
    return book_try_keep(book, NULL, NULL);
}

/* Derive and settle as a pass would; the rows say how many facts there are, so that every page makes a revision. */
static enum gw_status settle_subject(struct book *book, int64_t subject)
{
    struct gw_kept_facts facts;
    struct gw_rows previous, next = {0};
    struct gw_difference difference;
    struct gw_settled settled;
    int64_t revision;
    enum gw_status rc = gw_ledger_facts(book->ledger, &book->arena, subject, &facts, &book->err);

    if (rc == GW_OK)
        rc = gw_ledger_rows(book->ledger, &book->arena, subject, GW_LATEST, &previous, &revision, &book->err);
    if (rc != GW_OK)
        return rc;
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    book_row(book, &next, "o1@T30-01", gw_arena_print(&book->arena, "%zu", facts.count));
    gw_difference(&book->arena, &previous, &next, &difference, &book->err);
    struct gw_settlement settlement = {.facts = &facts,
                                       .derived = &derived,
                                       .previous = &previous,
                                       .next = &next,
                                       .difference = &difference,
                                       .stamp = {.rule_set_version = "1", .mapped_at = day}};
    return gw_ledger_settle(book->ledger, &settlement, &settled, &book->err);
}

static void enrol(struct book *book, int64_t subjects[SUBJECTS])
{
    for (int s = 0; s < SUBJECTS; s++)
        subjects[s] = book_enrol(book, gw_arena_print(&book->arena, "ES-%d", s));
}

/* ---- what must hold of a ledger that was opened again ---- */

static bool has_page(const struct gw_kept_facts *facts, int n)
{
    char id[40];
    size_t found = 0;

    for (int i = 0; i < PAGE; i++) {
        snprintf(id, sizeof id, "o-%d-%d", n, i);
        for (size_t f = 0; f < facts->count; f++)
            found += strcmp(facts->list[f].id, id) == 0;
    }
    cr_expect(found == 0 || found == PAGE, "page %d is there in part: %zu", n, found);
    return found == PAGE;
}

static void check_subject(struct book *book, const struct gw_ledger_subject *subject, int pages, const char *kept)
{
    const struct gw_kept_facts facts = book_facts(book, subject->number);
    struct gw_rows rows;
    int64_t revision;

    for (int n = 0; n < pages; n++)
        if (kept[n] && n % SUBJECTS == (int)subject->number - 1)
            cr_expect(has_page(&facts, n), "page %d was acknowledged", n);
    for (size_t f = 0; f < facts.count && !subject->dirty; f++)
        cr_expect(*facts.list[f].states != '\0', "a fact without a state and without a mark");
    BOOK_OK(book, gw_ledger_rows(book->ledger, &book->arena, subject->number, GW_LATEST, &rows, &revision, &book->err));
    cr_expect(revision == subject->revision);
    if (!subject->dirty && facts.count)
        cr_expect(strcmp(((struct gw_row_observations *)rows.tables[GW_TABLE_observations].rows[0])->value_num,
                         gw_arena_print(&book->arena, "%zu", facts.count)) == 0);
}

static void check_book(struct book *book, int pages, const char *kept)
{
    struct gw_ledger_subjects subjects;
    struct gw_outbox outbox;
    const struct gw_equation equation = book_equation(book);

    cr_expect(equation.in == equation.sum, "%lld in, %lld stored", (long long)equation.in, (long long)equation.sum);
    cr_expect(equation.in % (PAGE + 1) == 0, "whole pages");
    cr_expect(equation.waiting == 0 || equation.dirty_subjects > 0, "what waits is marked");
    BOOK_OK(book, gw_ledger_subjects(book->ledger, &book->arena, &subjects, &book->err));
    BOOK_OK(book, gw_outbox_list(book->ledger, &book->arena, false, &outbox, &book->err));
    size_t revisions = 0;
    for (size_t s = 0; s < subjects.count; s++) {
        check_subject(book, &subjects.list[s], pages, kept);
        revisions += (size_t)subjects.list[s].revision;
    }
    cr_expect(outbox.count == revisions, "a line of the outbox for every revision");
    book_balanced(book, equation.in);
}

/* ---- kills ---- */

static void work_until_killed(struct book *book, const int64_t subjects[SUBJECTS], int first, int acknowledge)
{
    for (int n = first;; n++) {
        if (keep_page(book, subjects, n) != GW_OK)
            _exit(1);
        if (write(acknowledge, &n, sizeof n) != sizeof n)
            _exit(1);
        if (n % 3 && settle_subject(book, subjects[n % SUBJECTS]) != GW_OK)
            _exit(1);
    }
}

static int kill_at_random(struct book *book, const int64_t subjects[SUBJECTS], int first, char *kept, int capacity)
{
    int ends[2], n, last = first, status;

    gw_ledger_close(book->ledger);
    book->ledger = NULL;
    cr_assert(pipe(ends) == 0);
    const pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        close(ends[0]);
        if (gw_ledger_open(book->path, &book->ledger, &book->err) != GW_OK)
            _exit(1);
        work_until_killed(book, subjects, first, ends[1]);
    }
    close(ends[1]);
    usleep((useconds_t)(15000 + rand() % 60000));
    kill(child, SIGKILL);
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert(WIFSIGNALED(status), "the child ended by itself");
    while (read(ends[0], &n, sizeof n) == sizeof n && n + 1 < capacity) {
        kept[n] = 1;
        last = n + 1;
    }
    close(ends[0]);
    book_open(book);
    return last + 1; /* the page after the last one acknowledged may be there too */
}

Test(crash, loses_nothing_that_was_acknowledged, .timeout = 300)
{
    struct book *book = book_new();
    int64_t subjects[SUBJECTS];
    static char kept[100000];
    int next = 0;

    srand(20241120);
    enrol(book, subjects);
    for (int i = 0; i < KILLS; i++) {
        next = kill_at_random(book, subjects, next, kept, (int)sizeof kept);
        check_book(book, next, kept);
        gw_arena_clear(&book->arena);
    }
    cr_expect(next > KILLS, "only %d pages were kept between the kills", next);
    book_free(book);
}

static void kill_after(struct book *book, void (*work)(struct book *))
{
    int status;

    gw_ledger_close(book->ledger);
    book->ledger = NULL;
    const pid_t child = fork();
    if (child == 0) {
        if (gw_ledger_open(book->path, &book->ledger, &book->err) == GW_OK)
            work(book);
        raise(SIGKILL);
    }
    cr_assert(waitpid(child, &status, 0) == child);
    book_open(book);
}

static void keep_only(struct book *book)
{
    const int64_t subjects[SUBJECTS] = {1, 2, 3, 4, 5};

    keep_page(book, subjects, 0);
}

static void keep_without_commit(struct book *book)
{
    gw_ledger_begin(book->ledger, &book->err);
    keep_only(book);
}

Test(crash, leaves_the_mark_when_it_comes_between_keeping_and_settling)
{
    struct book *book = book_new();
    int64_t subjects[SUBJECTS], next = -1;

    enrol(book, subjects);
    kill_after(book, keep_only);
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, 0, &next, &book->err));
    cr_expect(next == subjects[0]);
    cr_expect(book_equation(book).waiting == PAGE);
    cr_assert(settle_subject(book, next) == GW_OK);
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, 0, &next, &book->err));
    cr_expect(next == GW_NOBODY && book_equation(book).waiting == 0);
    book_free(book);
}

Test(crash, leaves_nothing_of_what_was_not_committed)
{
    struct book *book = book_new();
    int64_t subjects[SUBJECTS];

    enrol(book, subjects);
    kill_after(book, keep_without_commit);
    book_balanced(book, 0);
    book_free(book);
}

/* ---- disks ---- */

/* Work until the disk fails; gives how many pages were acknowledged. */
static int work_until_failure(struct book *book, const int64_t subjects[SUBJECTS], int first, char *kept)
{
    for (int n = first; n < first + 12; n++) {
        if (keep_page(book, subjects, n) != GW_OK)
            return n;
        kept[n] = 1;
        if (settle_subject(book, subjects[n % SUBJECTS]) != GW_OK)
            return n + 1;
    }
    return first + 12;
}

static void expect_only_eio(struct book *book, int64_t subject)
{
    struct gw_equation equation;
    struct gw_kept_facts facts;
    int64_t number;

    cr_expect(book->err.status == GW_EIO, "%d: %s", book->err.status, book->err.text);
    cr_expect(gw_ledger_equation(book->ledger, &equation, &book->err) == GW_EIO);
    cr_expect(gw_ledger_facts(book->ledger, &book->arena, subject, &facts, &book->err) == GW_EIO);
    cr_expect(gw_ledger_deliver(book->ledger, "x", "2024-12-31", &number, &book->err) == GW_EIO);
    cr_expect(gw_ledger_begin(book->ledger, &book->err) == GW_EIO);
}

static void fail_at_each_operation(int code)
{
    struct book *book;
    int64_t subjects[SUBJECTS];
    static char kept[100000];
    int next = 0, failures = 0;

    fake_disk_install();
    book = book_new();
    enrol(book, subjects);
    for (int operation = 1; operation < 160; operation += 1 + operation / 20) {
        fake_disk_fail(operation, code);
        const int last = work_until_failure(book, subjects, next, kept);
        if (fake_disk.failed)
            expect_only_eio(book, subjects[0]);
        failures += fake_disk.failed;
        fake_disk_heal();
        book_reopen(book);
        next = last + 1;
        check_book(book, next, kept);
        gw_arena_clear(&book->arena);
    }
    cr_expect(failures > 40, "only %d operations failed", failures);
    book_free(book);
}

Test(crash, stops_at_a_full_disk_and_goes_on_after_it, .timeout = 300)
{
    fail_at_each_operation(SQLITE_FULL);
}

Test(crash, stops_at_a_failing_disk_and_goes_on_after_it, .timeout = 300)
{
    fail_at_each_operation(SQLITE_IOERR_FSYNC);
}

Test(crash, stops_when_the_log_cannot_be_copied_back)
{
    struct book *book;
    int64_t subject;
    char *noise = malloc(1 << 20);
    int kept = 0;

    fake_disk_install();
    book = book_new();
    subject = book_enrol(book, "ES-017");
    fake_disk.main_syncs_fail = true;
    for (; kept < 64; kept++) { /* nothing that compresses */
        for (int i = 0; i < (1 << 20) - 1; i++)
            noise[i] = (char)(1 + rand() % 255);
        noise[(1 << 20) - 1] = '\0';
        book_add(book, subject, "Observation", gw_arena_print(&book->arena, "o-%d", kept), "1", noise);
        if (book_try_keep(book, NULL, NULL) != GW_OK)
            break;
    }
    cr_expect(kept > 4 && kept < 64, "%d pages", kept);
    expect_only_eio(book, subject);
    fake_disk.main_syncs_fail = false;
    book_reopen(book);
    cr_expect(book_equation(book).in == kept, "what was acknowledged is in the log");
    cr_expect(book_facts(book, subject).count == (size_t)kept);
    free(noise);
    book_free(book);
}

Test(crash, stops_at_the_size_the_system_allows)
{
    struct book *book = book_new();
    int64_t subjects[SUBJECTS];
    static char kept[100000];
    struct rlimit limit;
    int next = 0;

    enrol(book, subjects);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 600 * 1024;
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (int i = 0; i < 100 && book->err.status != GW_EIO; i++)
        next = work_until_failure(book, subjects, next, kept);
    expect_only_eio(book, subjects[0]);
    limit.rlim_cur = before;
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    book_reopen(book);
    check_book(book, next, kept);
    book_free(book);
}
