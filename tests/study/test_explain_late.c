/*
 * That a record came late, and when that was where the site is.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/explained.h"

static struct subject s;
static struct gw_rows delivered;
static struct explained e;
static struct gw_row_provenance *line; /* of the value, as delivered */

static void start(void)
{
    const struct gw_row_list *lines = &delivered.tables[GW_TABLE_provenance];

    subject_init(&s);
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", "751-8", "2024-02-14", "0.4");
    s.facts[s.count - 1].fetched_at = 1710889800; /* 2024-03-19T23:10:00Z */
    subject_derive(&s);
    delivered = s.derived.rows;
    for (size_t i = 0; i < lines->count; i++) {
        struct gw_row_provenance *each = (struct gw_row_provenance *)lines->rows[i];

        if (strcmp(each->role, "value") == 0 && strstr(each->of_row, "@T30-01"))
            line = each;
    }
    cr_assert(line != NULL);
    explained_derive(&e, &s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(explain_late, .init = start, .fini = stop);

Test(explain_late, says_when_it_was_read_on_the_clock_of_the_site)
{
    line->late_flag = true;
    e.in.delivered = &delivered;
    explained_row(&e, line->of_row);
    cr_expect(explained_says(&e, "Observation/v of madrid came late: it was first read on 2024-03-20 at 00:10 "
                                 "(Europe/Madrid), when its window was known to be over."),
              "told\n%s", explained_sentences(&e));
}

Test(explain_late, says_nothing_of_what_came_in_time)
{
    e.in.delivered = &delivered;
    explained_row(&e, line->of_row);
    cr_expect(not(explained_has_topic(&e, "late")));
}

/* The stamp is of the version that was delivered, not of the one that follows. */
Test(explain_late, says_nothing_of_another_version)
{
    line->late_flag = true;
    line->content_sha256 = "b0123456789abcdef0123";
    e.in.delivered = &delivered;
    explained_row(&e, line->of_row);
    cr_expect(not(explained_has_topic(&e, "late")));
}
