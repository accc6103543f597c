/*
 * Made-up rows.
 */
#include "bench/made_up.h"

struct gw_row_observations *made_up_value(struct gw_arena *arena, struct gw_rows *rows, const char *subject, int n)
{
    struct gw_row_observations *row = (struct gw_row_observations *)gw_rows_add(rows, arena, GW_TABLE_observations);

    if (!row)
        return NULL;
    row->row_id = gw_arena_print(arena, "o%016x%04x@T30-%02d", (unsigned)(n * 2654435761u), n, n % 36 + 1);
    row->subject_key = subject;
    row->study = "lendex-rrmm";
    row->site = "madrid";
    row->status = "active";
    row->obs_id = gw_arena_print(arena, "o%016x%04x", (unsigned)(n * 2654435761u), n);
    row->concept = "ANC";
    row->value_num = gw_arena_print(arena, "%d.%02d", n % 17, n % 100);
    row->unit = "10*9/L";
    row->source_value = row->value_num;
    row->source_unit = "10*9/L";
    row->source_code = "751-8";
    row->source_system = "http://loinc.org";
    row->effective_start = "2024-02-14T09:30:00+01:00";
    row->date_precision = "second";
    row->elapsed = n % 1000;
    row->study_day = n % 1000 + 1;
    row->window_id = "T30-01";
    row->target_diff = n % 5;
    row->anl01 = n % 2;
    row->range_low = "1.5";
    row->range_high = "7.5";
    row->range_origin = "site";
    row->grade = n % 4;
    row->grade_scale = "CTCAE 5.0";
    row->row_version = 1;
    row->prov_id = "p0123456789abcdef0123";
    row->rule_set_version = "1.0.0+0123456789ab";
    row->anchor_version = 1;
    row->mapped_at = "2024-12-31T10:00:00Z";
    return row;
}
