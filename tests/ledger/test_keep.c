/*
 * Keeping pages: versions, repeats, what ends at the door, what is shared, and the equation over all of it.
 */
#include "gateway/ledger/report.h"
#include "ledger/book.h"

static bool has_raw(const struct gw_kept_facts *facts, const char *wanted)
{
    for (size_t i = 0; i < facts->count; i++)
        if (facts->list[i].raw.length == strlen(facts->list[i].raw.at) && strstr(facts->list[i].raw.at, wanted))
            return true;
    return false;
}

Test(keep, gives_back_the_bytes_and_where_they_came_from)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    struct gw_keep_entry *entry = book_add(book, subject, "Observation", "o-1", "2", "1.20");
    struct gw_keep_entry wanted;

    entry->last_updated = "2024-05-01T10:00:00Z";
    entry->line = 12;
    wanted = *entry;
    book_keep(book);
    cr_expect(book->answer.fresh == 1 && book->answer.touched_count == 1 && book->answer.touched[0] == subject);
    book_reopen(book);
    const struct gw_kept_facts facts = book_facts(book, subject);
    cr_assert(facts.count == 1);
    const struct gw_kept *kept = &facts.list[0];
    cr_expect(kept->raw.length == wanted.raw.length && memcmp(kept->raw.at, wanted.raw.at, wanted.raw.length) == 0);
    cr_expect(memcmp(kept->sha256, wanted.sha256, sizeof kept->sha256) == 0);
    cr_expect(strcmp(kept->endpoint, "hm-ehr") == 0 && strcmp(kept->type, "Observation") == 0);
    cr_expect(strcmp(kept->id, "o-1") == 0 && strcmp(kept->version_id, "2") == 0);
    cr_expect(strcmp(kept->last_updated, "2024-05-01T10:00:00Z") == 0);
    cr_expect(strcmp(kept->source, "obs.ndjson:12") == 0, "%s", kept->source);
    cr_expect(kept->delivery == book->delivery && kept->fetched_at == BOOK_FETCHED_AT && kept->part_count == 1);
    cr_expect(!kept->shared && !kept->conflict && strcmp(kept->states, "") == 0);
    book_balanced(book, 1);
    cr_expect(book_equation(book).waiting == 1);
    book_free(book);
}

Test(keep, prints_a_base_with_the_resource_behind_it)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    struct gw_keep_entry *entry = book_add(book, subject, "Observation", "o-1", "2", "1.20");

    entry->source = "https://fhir.hm.example/r4/";
    entry->line = 0;
    book_keep(book);
    cr_expect(strcmp(book_facts(book, subject).list[0].source, "https://fhir.hm.example/r4/Observation/o-1") == 0);
    book_free(book);
}

Test(keep, s3_counts_an_exact_repeat_as_unchanged)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");

    book_add(book, subject, "Observation", "o-1", "1", "1.2");
    book_add(book, subject, "Observation", "o-1", "1", "1.2");
    book_keep(book);
    cr_expect(book->answer.fresh == 2, "within a page nothing is known yet");
    cr_expect(book_equation(book).waiting == 2);
    cr_expect(book_facts(book, subject).count == 1);
    cr_expect(book_equation(book).states[GW_STATE_UNCHANGED] == 1 && book_equation(book).waiting == 1);
    book_deliver(book, "again");
    book_add(book, subject, "Observation", "o-1", "1", "1.2");
    book_keep(book);
    cr_expect(book->answer.repeats == 1 && book->answer.touched_count == 0, "nothing to derive again");
    cr_expect(book->entries[0].kept_as == GW_KEPT_REPEAT);
    cr_expect(book_facts(book, subject).count == 1);
    cr_expect(book_equation(book).states[GW_STATE_UNCHANGED] == 2);
    book_balanced(book, 3);
    cr_expect(book_sql(book, "SELECT count(*) FROM pages") == 1, "the bytes of a known repeat are not kept again");
    book_free(book);
}

Test(keep, keeps_every_version_of_a_resource)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");

    book_add(book, subject, "Observation", "o-1", "2", "1.4");
    book_add(book, subject, "Observation", "o-1", "1", "1.2");
    book_add(book, subject, "Observation", "o-2", NULL, "7");
    book_add(book, subject, "Observation", "o-2", NULL, "8");
    book_keep(book);
    const struct gw_kept_facts facts = book_facts(book, subject);
    cr_expect(facts.count == 4);
    for (size_t i = 0; i < facts.count; i++)
        cr_expect((facts.list[i].version_id == NULL) == (strcmp(facts.list[i].id, "o-2") == 0));
    book_free(book);
}

Test(keep, s3_s10_keeps_both_contents_of_one_version_and_says_so)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");

    book_add(book, subject, "Observation", "o-1", "1", "1.2");
    book_keep(book);
    book_index(book, subject);
    for (int round = 0; round < 2; round++) {
        book_add(book, subject, "Observation", "o-1", "1", "9.9");
        book_keep(book);
        book_facts(book, subject);
        cr_expect(book->entries[0].kept_as == (round ? GW_KEPT_REPEAT : GW_KEPT_CONFLICT), "round %d", round);
    }
    const struct gw_kept_facts facts = book_facts(book, subject);
    cr_assert(facts.count == 2);
    cr_expect(facts.list[0].conflict != facts.list[1].conflict);
    cr_expect(strcmp(facts.list[0].version_id, "1") == 0 && strcmp(facts.list[1].version_id, "1") == 0);
    cr_expect(has_raw(&facts, "1.2") && has_raw(&facts, "9.9"));
    book_balanced(book, 3);
    book_free(book);
}

Test(keep, s10_orders_contents_without_version_by_the_last_delivery_they_came_in)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    static const char *const values[] = {"A", "B", "A"};

    for (size_t i = 0; i < 3; i++) {
        book_deliver(book, "sync");
        book_add(book, subject, "Observation", "o-1", NULL, values[i]);
        book_keep(book);
        book_facts(book, subject);
    }
    cr_expect(book->answer.touched_count == 1, "the order of the versions changed");
    const struct gw_kept_facts facts = book_facts(book, subject);
    cr_assert(facts.count == 2);
    for (size_t i = 0; i < 2; i++)
        cr_expect(facts.list[i].delivery ==
                  (strstr(facts.list[i].raw.at, "\"A\"") ? book->delivery : book->delivery - 1));
    book_free(book);
}

Test(keep, s10_does_not_trust_the_length_of_a_version_id)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    char version[4000];

    memset(version, 'v', sizeof version - 1);
    version[sizeof version - 1] = '\0';
    book_add(book, subject, "Observation", "o-1", version, "1");
    struct gw_keep_entry *entry = book_add(book, subject, "MedicationRequest", "r-1", "1", "1");
    const struct gw_keep_reference reference = {.type = "Medication", .id = version};
    entry->references = &reference;
    entry->reference_count = 1;
    book_keep(book);
    cr_expect(book_facts(book, subject).count == 2);
    book_free(book);
}

Test(keep, stores_what_ends_at_the_door_without_its_bytes)
{
    struct book *book = book_new();
    const struct gw_item item = {.id = "x02aa",
                                 .code = "RESOURCE_INVALID",
                                 .fingerprint = "RESOURCE_INVALID|hm||||",
                                 .blocks = "R",
                                 .context = "{}",
                                 .suggestion = "",
                                 .window_ids = ""};

    book_add_door(book, "Patient", "pat-99", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED")->part_count = 3;
    book_add_door(book, NULL, NULL, GW_STATE_HELD, "RESOURCE_INVALID")->item = &item;
    book_keep(book);
    cr_expect(book->answer.door == 2 && book->answer.touched_count == 0);
    const struct gw_equation equation = book_equation(book);
    cr_expect(equation.states[GW_STATE_NOT_IN_SCOPE] == 3 && equation.states[GW_STATE_HELD] == 1);
    cr_expect(equation.open_items == 1 && equation.waiting == 0);
    book_balanced(book, 4);
    cr_expect(book_sql(book, "SELECT count(*) FROM pages") == 0);
    book_free(book);
}

/* Of people who are not enrolled a source deletes records too: those are counted, and not even their ids stay. */
Test(keep, s11_tells_of_a_deletion_only_where_the_record_is_held)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "1");
    const struct gw_item item = {.id = "x03aa",
                                 .code = "SOURCE_DELETED",
                                 .fingerprint = "SOURCE_DELETED|hm||||Observation",
                                 .blocks = "-",
                                 .context = "{}",
                                 .suggestion = "",
                                 .window_ids = ""};
    const struct {
        const char *type, *id;
        int64_t open_items;
    } deletions[] = {
        {"Observation", "o-2", 0}, {"Condition", "o-1", 0}, {"Observation", "o-1", 1}, {"Observation", "o-1", 1}};

    book_add(book, subject, "Observation", "o-1", "1", "5");
    book_keep(book);
    book_index(book, subject);
    for (size_t i = 0; i < sizeof deletions / sizeof *deletions; i++) {
        struct gw_keep_entry *entry =
            book_add_door(book, deletions[i].type, deletions[i].id, GW_STATE_NOT_IN_SCOPE, "DELETED");

        entry->item = &item;
        entry->item_if_kept = true;
        book_keep(book);
        cr_expect(book_equation(book).open_items == deletions[i].open_items, "%zu", i);
    }
    cr_expect(book_facts(book, subject).count == 1, "the record stays");
    book_balanced(book, 5);
    cr_expect(book_sql(book, "SELECT count(*) FROM door WHERE logical_id IS NULL") == 2);
    book_free(book);
}

Test(keep, shows_the_loss_of_any_row)
{
    static const char *const losses[] = {
        "DELETE FROM arrived",
        "DELETE FROM entries WHERE logical_id = 'o-3'",
        "DELETE FROM door WHERE number = 1",
    };

    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        struct book *book = book_new();
        const int64_t subject = book_enrol(book, "ES-017");

        for (int n = 0; n < 5; n++)
            book_add(book, subject, "Observation", gw_arena_print(&book->arena, "o-%d", n), "1", "1");
        book_add_door(book, "Patient", "pat-99", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED");
        book_keep(book);
        book_balanced(book, 6);
        if (i > 0)
            book_index(book, subject);
        book_balanced(book, 6);
        book_sql(book, losses[i]);
        const struct gw_equation equation = book_equation(book);
        cr_expect(equation.in == 6 && equation.sum == (i ? 5 : 1), "%s: %lld of %lld", losses[i],
                  (long long)equation.sum, (long long)equation.in);
        book_free(book);
    }
}

Test(keep, sorts_a_mixed_page_by_subject)
{
    struct book *book = book_new();
    int64_t subjects[7];
    char id[16];

    for (int s = 0; s < 7; s++)
        subjects[s] = book_enrol(book, gw_arena_print(&book->arena, "ES-%d", s));
    for (int n = 0; n < 200; n++) {
        snprintf(id, sizeof id, "o-%d", n);
        book_add(book, subjects[(n * 5) % 7], "Observation", id, "1", "1");
    }
    book_keep(book);
    cr_expect(book->answer.touched_count == 7);
    size_t total = 0;
    for (int s = 0; s < 7; s++) {
        const struct gw_kept_facts facts = book_facts(book, subjects[s]);
        for (size_t i = 0; i < facts.count; i++) {
            const int n = atoi(facts.list[i].id + 2);
            cr_expect((n * 5) % 7 == s && facts.list[i].raw.length == strlen(facts.list[i].raw.at));
            cr_expect(strstr(facts.list[i].raw.at, gw_arena_print(&book->arena, "\"o-%d\"", n)) != NULL);
        }
        total += facts.count;
    }
    cr_expect(total == 200);
    cr_expect(book_sql(book, "SELECT count(*) FROM pages") == 7, "one blob a subject and page");
    book_free(book);
}

/* ---- shared facts ---- */

static void refer(struct book *book, int64_t subject, const char *id, const struct gw_keep_reference *to)
{
    struct gw_keep_entry *entry = book_add(book, subject, "MedicationRequest", id, "1", "1");

    entry->references = to;
    entry->reference_count = 1;
}

Test(keep, gives_shared_facts_to_all_that_refer_to_them)
{
    struct book *book = book_new();
    const int64_t first = book_enrol(book, "ES-017"), second = book_enrol(book, "ES-018"),
                  third = book_enrol(book, "ES-019");
    const struct gw_keep_reference to = {.type = "Medication", .id = "77"};

    book_add(book, GW_NOBODY, "Medication", "77", "1", "len");
    refer(book, first, "r-1", &to);
    refer(book, second, "r-2", &to);
    book_add(book, third, "Observation", "o-1", "1", "1");
    book_keep(book);
    cr_expect(book_facts(book, first).count == 2);
    const struct gw_kept_facts facts = book_facts(book, second);
    cr_assert(facts.count == 2);
    cr_expect(facts.list[1].shared && strcmp(facts.list[1].id, "77") == 0 && has_raw(&facts, "len"));
    cr_expect(book_facts(book, third).count == 1);

    book_add(book, GW_NOBODY, "Medication", "77", "2", "dex");
    book_keep(book);
    cr_expect(book->answer.touched_count == 2, "a new version touches those who refer to it");
    cr_expect(book->answer.touched[0] == first && book->answer.touched[1] == second);
    cr_expect(book_facts(book, first).count == 3);
    book_free(book);
}

Test(keep, finds_a_shared_fact_in_any_blob)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    char filler[2000], id[16];
    const struct gw_keep_reference to[] = {
        {"Medication", "m-3", false}, {"Medication", "m-90", false}, {"Medication", "m-none", false}};

    memset(filler, 'f', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    for (int n = 0; n < 100; n++) {
        snprintf(id, sizeof id, "m-%d", n);
        book_add(book, GW_NOBODY, "Medication", id, "1", filler);
    }
    struct gw_keep_entry *entry = book_add(book, subject, "MedicationRequest", "r-1", "1", "1");
    entry->references = to;
    entry->reference_count = 3;
    book_keep(book);
    const struct gw_kept_facts facts = book_facts(book, subject);
    cr_expect(facts.count == 3);
    cr_expect(has_raw(&facts, "\"m-3\"") && has_raw(&facts, "\"m-90\"") && !has_raw(&facts, "\"m-4\""));
    cr_expect(book_sql(book, "SELECT count(*) FROM pages WHERE subject = 0") > 3, "shared blobs stay small");
    book_free(book);
}

Test(keep, finds_a_shared_fact_by_its_identifiers_and_marks_who_refers_to_it)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017"), other = book_enrol(book, "ES-018");
    const struct gw_keep_reference name = {"Medication", "urn:drugs|7", true};
    int64_t marked = GW_NOBODY;

    book_add(book, GW_NOBODY, "Medication", "m-1", "1", "len");
    book->entries[0].references = &name;
    book->entries[0].reference_count = 1;
    book_keep(book);
    cr_expect(book_sql(book, "SELECT count(*) FROM entries WHERE parts IS NULL") == 0,
              "nobody takes it: it waits for none");
    struct gw_keep_entry *entry = book_add(book, subject, "MedicationRequest", "r-1", "1", "1");
    entry->references = &name;
    entry->reference_count = 1;
    book_add(book, other, "MedicationRequest", "r-2", "1", "1");
    book_keep(book);
    cr_expect(book_facts(book, subject).count == 2);
    cr_expect(book_facts(book, other).count == 1);
    book_sql(book, "DELETE FROM dirty");
    book_add(book, GW_NOBODY, "Medication", "m-1", "2", "lenalidomide");
    book_keep(book);
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, GW_NOBODY, &marked, &book->err));
    cr_expect(marked == subject, "a new version derives who refers to it");
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, subject, &marked, &book->err));
    cr_expect(marked == GW_NOBODY, "and nobody else");
    book_free(book);
}

Test(keep, writes_the_index_rows_of_a_subject_when_it_is_settled_first)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    struct gw_rows none = {0};

    book_add(book, subject, "Observation", "o-1", "1", "1");
    book_add(book, subject, "Observation", "o-2", NULL, "2");
    book_keep(book);
    cr_expect(book_facts(book, subject).count == 2);
    cr_expect(book_sql(book, "SELECT count(*) FROM entries") == 0 &&
                  book_sql(book, "SELECT count(*) FROM pending") == 1,
              "who only looks writes none");
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    book_add(book, subject, "Observation", "o-1", "1", "1");
    book_add(book, subject, "Observation", "o-1", "1", "9");
    book_keep(book);
    book_settle(book, &facts, &derived, &none, "2026-11-20T20:00:00Z");
    cr_expect(book_sql(book, "SELECT count(*) FROM entries WHERE parts IS NOT NULL") == 2);
    cr_expect(book_sql(book, "SELECT count(*) FROM pending") + book_sql(book, "SELECT count(*) FROM arrived") == 1,
              "what came after the reading waits for the next");
    book_balanced(book, 4);
    cr_expect(book_facts(book, subject).count == 3, "a repeat and a conflict");
    cr_expect(book_equation(book).states[GW_STATE_UNCHANGED] == 1);
    book_balanced(book, 4);
    book_free(book);
}

Test(keep, settles_rows_that_were_written_since_the_reading)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    struct gw_rows none = {0};

    book_add(book, subject, "Observation", "o-1", "1", "1");
    book_keep(book);
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    BOOK_OK(book, gw_ledger_write_parts(book->ledger, scratch_path(&book->scratch, "ledger.csv"), &book->err));
    cr_expect(book_sql(book, "SELECT count(*) FROM entries WHERE parts IS NULL") == 1, "a list indexes all");
    book_settle(book, &facts, &derived, &none, "2026-11-20T20:00:00Z");
    cr_expect(book_equation(book).states[GW_STATE_DELIVERED] == 1);
    book_balanced(book, 1);
    book_free(book);
}

Test(keep, stops_at_bytes_that_are_not_what_it_wrote)
{
    static const char *const damages[] = {
        "UPDATE pages SET bytes = zeroblob(40)", "UPDATE pages SET length = length + 1",
        "UPDATE pages SET length = 0",           "UPDATE entries SET offset = 100000",
        "UPDATE entries SET length = 100000",    "UPDATE entries SET page = 77",
        "UPDATE entries SET sha256 = x'00'",     "DELETE FROM pages",
    };

    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct book *book = book_new();
        const int64_t subject = book_enrol(book, "ES-017");
        struct gw_kept_facts facts = {.count = 99};

        book_add(book, subject, "Observation", "o-1", "1", "1");
        book_keep(book);
        book_index(book, subject);
        book_sql(book, damages[i]);
        cr_expect(gw_ledger_facts(book->ledger, &book->arena, subject, &facts, &book->err) == GW_EIO, "%s", damages[i]);
        cr_expect(facts.count == 99, "the answer changes only on success");
        book_free(book);
    }
}

/* ---- whole or not at all ---- */

Test(keep, takes_effect_whole_or_not_at_all)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");

    BOOK_OK(book, gw_ledger_begin(book->ledger, &book->err));
    book_add(book, subject, "Observation", "o-1", "1", "1");
    book_keep(book);
    gw_ledger_rollback(book->ledger);
    cr_expect(book_facts(book, subject).count == 0);
    book_balanced(book, 0);

    BOOK_OK(book, gw_ledger_begin(book->ledger, &book->err));
    book_add(book, subject, "Observation", "o-1", "1", "1");
    book_keep(book);
    book_add(book, subject, "Observation", "o-2", "1", "1");
    book_keep(book);
    BOOK_OK(book, gw_ledger_commit(book->ledger, &book->err));
    book_reopen(book);
    cr_expect(book_facts(book, subject).count == 2);
    book_balanced(book, 2);
    book_free(book);
}

Test(keep, numbers_blobs_anew_after_a_rollback)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    char id[16];

    for (int n = 0; n < 6; n++) {
        snprintf(id, sizeof id, "o-%d", n);
        BOOK_OK(book, gw_ledger_begin(book->ledger, &book->err));
        book_add(book, subject, "Observation", id, "1", id);
        book_keep(book);
        if (n % 2)
            gw_ledger_rollback(book->ledger);
        else
            BOOK_OK(book, gw_ledger_commit(book->ledger, &book->err));
        if (n % 3 == 2)
            book_reopen(book);
    }
    const struct gw_kept_facts facts = book_facts(book, subject);
    cr_assert(facts.count == 3);
    for (size_t i = 0; i < facts.count; i++)
        cr_expect(strstr(facts.list[i].raw.at, facts.list[i].id) != NULL);
    book_free(book);
}

/* ---- what was kept for one and came again for another ---- */

static struct gw_keep_entry *add_about(struct book *book, int64_t subject, const char *id, const char *version,
                                       const char *patient)
{
    struct gw_keep_entry *entry = book_add(book, subject, "Observation", id, version, patient);

    entry->patient = patient;
    return entry;
}

/* How many versions for others are told of the facts of a subject who is this patient. */
static size_t moves_of(struct book *book, int64_t subject, const char *patient)
{
    const struct gw_ledger_person person = {"hm-ehr", patient};
    const struct gw_kept_facts facts = book_facts(book, subject);
    struct gw_move *moves;
    size_t count;

    BOOK_OK(book, gw_ledger_moves(book->ledger, &book->arena, &facts, &person, 1, &moves, &count, &book->err));
    for (size_t i = 0; i < count; i++)
        cr_expect(moves[i].type == GW_OBSERVATION && strcmp(moves[i].id, "o-1") == 0 &&
                  strcmp(moves[i].endpoint, "hm-ehr") == 0);
    return count;
}

static bool was_touched(const struct book *book, int64_t subject)
{
    for (size_t i = 0; i < book->answer.touched_count; i++)
        if (book->answer.touched[i] == subject)
            return true;
    return false;
}

static void settle_as_evidence(struct book *book, int64_t subject)
{
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_EVIDENCE);
    struct gw_rows rows = {0};

    book_settle(book, &facts, &derived, &rows, NULL);
}

Test(keep, S16_tells_of_later_versions_that_came_for_somebody_else)
{
    static const struct {
        const char *name;
        const char *version, *patient;
        bool door;
        size_t moves;
        bool touched;
    } cases[] = {
        {"a second version for another subject", "2", "pat-B", false, 1, true},
        {"a first version is nobody else's", "1", "pat-B", false, 0, false},
        {"a second version for the same patient, another study's subject", "2", "pat-A", false, 0, true},
        {"a second version of somebody who is not enrolled", "2", "pat-X", true, 1, true},
        {"a version that is no number, of a subject who was read", "b", "pat-B", false, 1, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct book *book = book_new();
        const int64_t a = book_enrol(book, "A"), b = book_enrol(book, "B");
        struct gw_keep_entry *entry;

        add_about(book, a, "o-1", "1", "pat-A");
        add_about(book, b, "o-9", "1", "pat-B");
        book_keep(book);
        settle_as_evidence(book, a);
        settle_as_evidence(book, b);
        cr_expect(moves_of(book, a, "pat-A") == 0, "%s", cases[i].name);
        entry = add_about(book, b, "o-1", cases[i].version, cases[i].patient);
        if (cases[i].door) {
            entry->mode = GW_KEEP_DOOR;
            entry->subject = GW_NOBODY;
            entry->state = GW_STATE_NOT_IN_SCOPE;
            entry->reason = "NOT_ENROLLED";
        }
        book_keep(book);
        cr_expect(was_touched(book, a) == cases[i].touched, "%s", cases[i].name);
        cr_expect(moves_of(book, a, "pat-A") == cases[i].moves, "%s", cases[i].name);
        book_reopen(book);
        cr_expect(moves_of(book, a, "pat-A") == cases[i].moves, "%s, later", cases[i].name);
        book_free(book);
    }
}

Test(keep, S16_tells_of_them_too_where_the_later_version_came_first)
{
    struct book *book = book_new();
    const int64_t a = book_enrol(book, "A"), b = book_enrol(book, "B");

    add_about(book, b, "o-1", "2", "pat-B");
    book_keep(book);
    book_deliver(book, "second");
    add_about(book, a, "o-1", "1", "pat-A");
    book_keep(book);
    cr_expect(moves_of(book, a, "pat-A") == 1);
    cr_expect(moves_of(book, b, "pat-B") == 0, "the first version is no later one");
    book_free(book);
}
