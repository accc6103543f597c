/*
 * What the ledger tells: causes, items, and the two lists.
 */
#include "gateway/ledger/report.h"
#include "ledger/book.h"

static struct gw_text read_list(struct book *book,
                                enum gw_status (*write)(struct gw_ledger *, const char *, struct gw_error *))
{
    struct gw_text text = GW_TEXT_INIT(1 << 20);
    const char *path = gw_arena_print(&book->arena, "%s/list.csv", book->scratch.folder);

    BOOK_OK(book, write(book->ledger, path, &book->err));
    BOOK_OK(book, gw_text_read_file(&text, path, &book->err));
    return text;
}

static void expect_text(struct gw_text *text, const char *wanted)
{
    cr_expect(strcmp(text->at, wanted) == 0, "got:\n%swanted:\n%s", text->at, wanted);
    gw_text_release(text);
}

/* The five lines of the contract, as a study would settle them. */
static void fill(struct book *book)
{
    const int64_t subject = book_enrol(book, "ES-017");
    const struct gw_item unreadable = {.id = "x02aa",
                                       .code = "RESOURCE_INVALID",
                                       .fingerprint = "RESOURCE_INVALID|hm||||",
                                       .blocks = "R",
                                       .context = "{\"byte\":4}",
                                       .suggestion = "",
                                       .window_ids = ""};
    static struct gw_item held = {.id = "x91ca",
                                  .code = "UNIT_MISSING",
                                  .fingerprint = "UNIT_MISSING|hm|urn:hm:lab|ANC-K||",
                                  .blocks = "R",
                                  .has_fact = true,
                                  .context = "{\"value\":\"1.2\"}",
                                  .suggestion = "{\"unit\":\"10*9/L\"}",
                                  .window_ids = "T30-01"};
    struct gw_keep_entry *entry;
    struct gw_rows rows = {0};

    book_add_door(book, "Patient", "pat-99", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED")->source = "pat.ndjson";
    entry = book_add_door(book, NULL, NULL, GW_STATE_HELD, "RESOURCE_INVALID");
    entry->item = &unreadable;
    entry->line = 15;
    book_add(book, subject, "Observation", "o-1", "2", "1")->line = 12;
    entry = book_add(book, subject, "Observation", "bp-9", "1", "2");
    entry->line = 13;
    entry->part_count = 2;
    entry->components_only = true;
    book_add(book, subject, "Observation", "o-2", NULL, "3")->line = 14;
    book_keep(book);
    const struct gw_kept_facts facts = book_facts(book, subject);
    struct gw_derived derived = book_derive(book, &facts, GW_STATE_OUTSIDE_WINDOW);
    for (size_t i = 0; i < derived.part_count; i++) {
        const size_t fact = derived.parts[i].fact;
        derived.parts[i].reason = "BETWEEN_WINDOWS";
        if (strcmp(facts.list[fact].id, "o-1") == 0)
            derived.parts[i] = (struct gw_part_state){
                .fact = fact, .state = GW_STATE_DELIVERED, .reason = "", .rows = "o7@T30-03;o7@T90-01", .items = ""};
        if (strcmp(facts.list[fact].id, "o-2") == 0) {
            derived.parts[i] = (struct gw_part_state){
                .fact = fact, .state = GW_STATE_HELD, .reason = "UNIT_MISSING", .rows = "", .items = "x91ca"};
            held.fact = fact;
        }
    }
    derived.items = &held;
    derived.item_count = 1;
    book_settle(book, &facts, &derived, &rows, "2024-12-31T10:00:00Z");
}

Test(report, lists_every_part_by_source_and_line)
{
    struct book *book = book_new();

    fill(book);
    struct gw_text text = read_list(book, gw_ledger_write_parts);
    expect_text(&text, "source,resource_type,resource_id,version_id,part,state,reason,rows,exceptions\n"
                       "obs.ndjson:12,Observation,o-1,2,,delivered,,o7@T30-03;o7@T90-01,\n"
                       "obs.ndjson:13,Observation,bp-9,1,component[0],outside_window,BETWEEN_WINDOWS,,\n"
                       "obs.ndjson:13,Observation,bp-9,1,component[1],outside_window,BETWEEN_WINDOWS,,\n"
                       "obs.ndjson:14,Observation,o-2,,,held,UNIT_MISSING,,x91ca\n"
                       "obs.ndjson:15,,,,,held,RESOURCE_INVALID,,x02aa\n"
                       "pat.ndjson:1,Patient,pat-99,,,not_in_scope,NOT_ENROLLED,,\n");
    cr_expect(scratch_count(&book->scratch) == 4, "nothing but the list, the ledger, its log and its index is left");
    book_free(book);
}

Test(report, lists_parts_that_wait_as_held)
{
    struct book *book = book_new();

    book_add(book, book_enrol(book, "ES-017"), "Observation", "o-1", "1", "1");
    book_keep(book);
    struct gw_text text = read_list(book, gw_ledger_write_parts);
    expect_text(&text, "source,resource_type,resource_id,version_id,part,state,reason,rows,exceptions\n"
                       "obs.ndjson:1,Observation,o-1,1,,held,NOT_DERIVED,,\n");
    book_free(book);
}

Test(report, lists_items_by_source_and_line)
{
    struct book *book = book_new();

    fill(book);
    struct gw_text text = read_list(book, gw_ledger_write_items);
    expect_text(&text,
                "exception_id,code,fingerprint,subject_key,source,resource_type,resource_id,version_id,part,blocks,"
                "state,context,suggestion\n"
                "x91ca,UNIT_MISSING,UNIT_MISSING|hm|urn:hm:lab|ANC-K||,ES-017,obs.ndjson:14,Observation,o-2,,,R,open,"
                "\"{\"\"value\"\":\"\"1.2\"\"}\",\"{\"\"unit\"\":\"\"10*9/L\"\"}\"\n"
                "x02aa,RESOURCE_INVALID,RESOURCE_INVALID|hm||||,,obs.ndjson:15,,,,,R,open,\"{\"\"byte\"\":4}\",\n");
    book_free(book);
}

Test(report, cannot_write_where_there_is_no_folder)
{
    struct book *book = book_new();

    cr_expect(gw_ledger_write_parts(book->ledger, "/nowhere/ledger.csv", &book->err) == GW_ECREATE);
    cr_expect(gw_ledger_write_items(book->ledger, "/nowhere/exceptions.csv", &book->err) == GW_ECREATE);
    book_free(book);
}

static struct gw_item caused(const char *id, const char *fingerprint, const char *windows)
{
    return (struct gw_item){.id = id,
                            .code = "CODE_UNKNOWN",
                            .fingerprint = fingerprint,
                            .blocks = "R",
                            .context = "{}",
                            .suggestion = "",
                            .window_ids = windows};
}

Test(report, counts_values_subjects_and_windows_of_a_cause)
{
    struct book *book = book_new();
    struct gw_item items[2][3] = {
        {caused("x1", "A", "T30-01;T90-01"), caused("x2", "A", "T30-01"), caused("x3", "B", "")},
        {caused("x4", "A", "T30-01"), caused("x5", "A", "T30-02"), caused("x6", "A", "T30-03")},
    };
    struct gw_causes causes;
    struct gw_ledger_items list;

    for (int s = 0; s < 2; s++) {
        const int64_t subject = book_enrol(book, gw_arena_print(&book->arena, "ES-%d", s));
        struct gw_kept_facts facts = {.subject = subject};
        struct gw_derived derived = {.items = items[s], .item_count = 3, .next_day = GW_NO_DAY};
        struct gw_rows rows = {0};
        book_settle(book, &facts, &derived, &rows, "2024-12-31T10:00:00Z");
    }
    BOOK_OK(book, gw_ledger_causes(book->ledger, &book->arena, &causes, &book->err));
    cr_assert(causes.count == 2);
    cr_expect(strcmp(causes.list[0].fingerprint, "A") == 0 && strcmp(causes.list[0].code, "CODE_UNKNOWN") == 0);
    cr_expect(causes.list[0].values == 5 && causes.list[0].subjects == 2 && causes.list[0].windows == 5,
              "%lld values, %lld subjects, %lld windows", (long long)causes.list[0].values,
              (long long)causes.list[0].subjects, (long long)causes.list[0].windows);
    cr_expect(causes.list[1].values == 1 && causes.list[1].subjects == 1 && causes.list[1].windows == 0);
    BOOK_OK(book, gw_ledger_items(book->ledger, &book->arena, "A", true, &list, &book->err));
    cr_expect(list.count == 5 && strcmp(list.list[0].subject_key, "ES-0") == 0);
    BOOK_OK(book, gw_ledger_items(book->ledger, &book->arena, NULL, true, &list, &book->err));
    cr_expect(list.count == 6);
    book_free(book);
}

/* ---- items of no subject ---- */

#define STANDING(number, cause) /* as an endpoint's shortfalls are raised */                                           \
    {                                                                                                                  \
        .id = number, .code = "ENDPOINT_CAPABILITY", .fingerprint = cause, .blocks = "E", .context = "{}",             \
        .suggestion = "", .window_ids = ""                                                                             \
    }

static const struct gw_item standing[] = {STANDING("x1", "ENDPOINT_CAPABILITY|hm|a|Observation||"),
                                          STANDING("x2", "ENDPOINT_CAPABILITY|hm|b|token||")};

static const struct {
    const char *name;
    const char *beginning;
    size_t first, count; /* of the above */
    const char *states;  /* of x1 and x2, afterwards */
} raises[] = {
    {"one is raised", "ENDPOINT_", 0, 1, "open "},
    {"the other too", "ENDPOINT_", 0, 2, "open open "},
    {"nothing new", "ENDPOINT_", 0, 2, "open open "},
    {"another beginning closes none of them", "OTHER_", 0, 0, "open open "},
    {"a beginning that is a part of one's", "ENDPOINT_CAPABILITY|hm|b|", 0, 0, "open auto_closed "},
    {"it comes back, the other goes", "ENDPOINT_", 1, 1, "auto_closed open "},
    {"all go", "ENDPOINT_", 0, 0, "auto_closed auto_closed "},
};

Test(report, raises_what_stands_and_closes_what_does_not)
{
    struct book *book = book_new();

    fill(book); /* RESOURCE_INVALID, which is of no subject either, stays as it is */
    for (size_t i = 0; i < sizeof raises / sizeof *raises; i++) {
        struct gw_ledger_items items;
        char states[100] = "";

        BOOK_OK(book, gw_ledger_raise(book->ledger, raises[i].beginning, standing + raises[i].first, raises[i].count,
                                       1000 + (int64_t)i, &book->err));
        BOOK_OK(book, gw_ledger_items(book->ledger, &book->arena, NULL, false, &items, &book->err));
        for (size_t n = 0; n < items.count; n++) {
            if (strcmp(items.list[n].code, "ENDPOINT_CAPABILITY") == 0)
                snprintf(states + strlen(states), sizeof states - strlen(states), "%s ", items.list[n].state);
            else
                cr_expect(strcmp(items.list[n].state, "open") == 0, "%s: %s", raises[i].name, items.list[n].code);
        }
        cr_expect(strcmp(states, raises[i].states) == 0, "%s: %s", raises[i].name, states);
    }
    book_free(book);
}
