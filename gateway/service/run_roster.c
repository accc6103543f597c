/*
 * Rosters that hospitals keep, looked at now and then.
 */
#include "service/roster_fetch.h"
#include "service/run_parts.h"

static void on_fetched(void *ctx, bool changed, const struct gw_error *failure)
{
    struct generation *generation = ctx;

    generation->fetching--;
    if (failure && failure->status != GW_ECANCELED)
        gw_log(generation->run->log, GW_LOG_WARNING, "roster.failed", GW_LOG_TEXT("reason", failure->text));
    else if (changed)
        gw_log(generation->run->log, GW_LOG_INFO, "roster.changed",
               GW_LOG_NUMBER("subjects", (int64_t)generation->setup.subject_count));
    generation_part_closed(generation);
}

static void fetch(struct generation *generation, size_t study)
{
    struct gw_error failure;
    size_t e = 0;
    enum gw_status rc = roster_endpoint(&generation->setup, generation->setup.studies[study].config, &e, &failure);

    if (rc == GW_OK && !generation->hospitals[e].dispatcher)
        return; /* it could not be opened, and that was told */
    if (rc == GW_OK)
        rc = roster_fetch_start(&generation->setup, study, gw_dispatcher_web(generation->hospitals[e].dispatcher),
                                on_fetched, generation, &failure);
    if (rc == GW_OK) {
        generation->fetching++;
        generation->open++;
    } else {
        gw_log(generation->run->log, GW_LOG_WARNING, "roster.failed", GW_LOG_TEXT("reason", failure.text));
    }
}

void rosters_look(struct gw_run *run)
{
    struct generation *generation = run->generation;

    if (!generation || generation->closing || generation->fetching > 0)
        return;
    for (size_t i = 0; i < generation->setup.study_count; i++)
        if (roster_is_fetched(generation->setup.studies[i].config))
            fetch(generation, i);
}
