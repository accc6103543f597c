/*
 * Rosters: those that hospitals keep are looked at now and then; what changed in one is told by numbers.
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

/* ---- what changed ---- */

enum { ROSTER_MEMORY = 64 << 20 };

static void tell_roster(struct gw_run *run, const struct setup_study *before, const struct setup_study *after)
{
    struct gw_arena arena = GW_ARENA_INIT(ROSTER_MEMORY);
    struct gw_roster_difference difference;
    char words[GW_ROSTER_WORDS];
    struct gw_error failure;

    if (gw_roster_difference(&arena, &before->roster, &after->roster, &difference, &failure) == GW_OK &&
        difference.count > 0)
        gw_log(run->log, GW_LOG_INFO, "roster", GW_LOG_TEXT("study", after->config->id),
               GW_LOG_TEXT("changes", gw_roster_words(&difference, words)));
    gw_arena_release(&arena);
}

/* Who came, left, withdrew: by numbers, nobody is named in a log. */
void rosters_tell(struct gw_run *run, const struct setup *before, const struct setup *after)
{
    for (size_t i = 0; i < before->study_count; i++)
        for (size_t j = 0; j < after->study_count; j++)
            if (gw_same(before->studies[i].config->id, after->studies[j].config->id))
                tell_roster(run, &before->studies[i], &after->studies[j]);
}
