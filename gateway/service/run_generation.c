/*
 * A configuration at work: loaded whole, opened, watched subject by subject, closed.
 */
#include <stdlib.h>

#include "service/endpoint.h"
#include "service/run_parts.h"

static const char where[] = "service.run";

enum { CONFIG_MEMORY = 64 * 1024 * 1024 };

/* A key that anybody may read, or that is none, is for a person to mend before the service begins. */
static enum gw_status check_keys(const struct gw_config *config, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < config->endpoint_count; i++) {
        struct gw_endpoint settings;

        rc = endpoint_settings(&config->endpoints[i], NULL, &settings, err);
        if (rc == GW_OK)
            rc = gw_endpoint_check_keys(&settings, err);
    }
    return rc;
}

enum gw_status generation_load(struct gw_run *run, struct generation **out, struct gw_error *err)
{
    struct generation *generation = calloc(1, sizeof *generation);
    enum gw_status rc;

    if (!generation)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the configuration");
    generation->run = run;
    generation->arena = (struct gw_arena)GW_ARENA_INIT(CONFIG_MEMORY);
    generation->look = look_new(run->options.config);
    rc = gw_config_load(&generation->arena, run->options.config, &generation->config, err);
    if (rc == GW_OK && (!generation->look || !look_follow(generation->look, &generation->config)))
        rc = gw_fail(err, GW_ENOMEM, where, "no memory for the names of the files");
    if (rc == GW_OK)
        rc = check_keys(&generation->config, err);
    if (rc == GW_OK)
        rc = setup_load(&generation->setup, &generation->config, NULL, true, run->world, err);
    if (rc != GW_OK) {
        generation_free(generation);
        return rc;
    }
    *out = generation;
    return GW_OK;
}

void generation_free(struct generation *generation)
{
    for (size_t i = 0; i < generation->hospital_count; i++) {
        export_free(generation->hospitals[i].export);
        intray_free(generation->hospitals[i].intray);
    }
    if (generation->setup.config)
        setup_close(&generation->setup);
    for (size_t i = 0; i < generation->watch_count; i++)
        gw_arena_release(&generation->watches[i].memory);
    free(generation->watches);
    free(generation->hospitals);
    free(generation->deliveries);
    look_free(generation->look);
    gw_arena_release(&generation->arena);
    free(generation);
}

/* ---- opening ---- */

static enum gw_status open_hospitals(struct generation *generation, struct gw_error *err)
{
    struct setup *setup = &generation->setup;
    enum gw_status rc = GW_OK;

    generation->hospitals = calloc(setup->endpoint_count, sizeof *generation->hospitals);
    if (!generation->hospitals)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the endpoints");
    for (size_t e = 0; rc == GW_OK && e < setup->endpoint_count; e++) {
        struct hospital *hospital = &generation->hospitals[generation->hospital_count++];

        hospital->run = generation->run;
        hospital->generation = generation;
        hospital->endpoint = &setup->endpoints[e];
        rc = hospital_open(hospital, err);
    }
    return rc;
}

static enum gw_status open_watches(struct generation *generation, struct gw_error *err)
{
    struct setup *setup = &generation->setup;
    size_t count = 0;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < setup->subject_count; i++)
        count += setup->subjects[i].link_count;
    generation->watches = calloc(count + 1, sizeof *generation->watches);
    if (!generation->watches)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the subjects");
    for (size_t i = 0; i < setup->subject_count; i++) {
        for (size_t l = 0; rc == GW_OK && l < setup->subjects[i].link_count; l++) {
            struct watch *watch = &generation->watches[generation->watch_count++];

            watch->subject = &setup->subjects[i];
            watch->link = l;
            watch->hospital = &generation->hospitals[watch->subject->links[l].endpoint];
            rc = watch_open(watch, err);
        }
    }
    return rc;
}

enum gw_status generation_open(struct generation *generation, struct gw_error *err)
{
    struct gw_run *run = generation->run;
    enum gw_status rc = setup_open(&generation->setup, run->ledger, err);

    generation->deliveries = calloc(generation->setup.study_count, sizeof *generation->deliveries);
    if (rc == GW_OK && !generation->deliveries)
        rc = gw_fail(err, GW_ENOMEM, where, "no memory for the study databases");

    if (rc == GW_OK)
        rc = open_hospitals(generation, err);
    if (rc == GW_OK)
        rc = subscriptions_recall(generation, err);
    return rc == GW_OK ? open_watches(generation, err) : rc;
}

void generation_start(struct generation *generation)
{
    uv_loop_t *loop = generation->run->world->loop;

    for (size_t i = 0; i < generation->hospital_count; i++) {
        uv_timer_init(loop, &generation->hospitals[i].timer);
        generation->hospitals[i].timer.data = &generation->hospitals[i];
        generation->open++;
    }
    for (size_t i = 0; i < generation->watch_count; i++) {
        uv_timer_init(loop, &generation->watches[i].timer);
        generation->watches[i].timer.data = &generation->watches[i];
        generation->open++;
    }
    for (size_t i = 0; i < generation->hospital_count; i++)
        hospital_start(&generation->hospitals[i]);
    for (size_t i = 0; i < generation->watch_count; i++)
        watch_start(&generation->watches[i]);
}

/* ---- closing ---- */

void generation_part_closed(struct generation *generation)
{
    generation->open--;
    if (generation->closing && generation->open == 0)
        generation->closed(generation->run);
}

static void on_hospital_timer_closed(uv_handle_t *handle)
{
    generation_part_closed(((struct hospital *)handle->data)->generation);
}

static void on_watch_timer_closed(uv_handle_t *handle)
{
    generation_part_closed(((struct watch *)handle->data)->hospital->generation);
}

/* Held open by one more than its parts, so that it cannot close while it is told to. */
void generation_close(struct generation *generation, void (*closed)(struct gw_run *run))
{
    generation->closing = true;
    generation->closed = closed;
    generation->open++;
    for (size_t i = 0; i < generation->watch_count; i++) {
        watch_close(&generation->watches[i]);
        uv_close((uv_handle_t *)&generation->watches[i].timer, on_watch_timer_closed);
    }
    for (size_t i = 0; i < generation->hospital_count; i++) {
        hospital_close(&generation->hospitals[i]);
        uv_close((uv_handle_t *)&generation->hospitals[i].timer, on_hospital_timer_closed);
    }
    couriers_close(generation);
    generation_part_closed(generation);
}
