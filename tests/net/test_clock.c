/*
 * Waiting: on the virtual clock of the tests in the order of time, and on the system's as the loop's timers do.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "support/fake_time.h"

struct alarm {
    uv_timer_t timer;
    struct fake_time *time;
    const char *name;
    char *heard;
    struct alarm *next; /* started when this one fires, after a second */
};

static void on_alarm(uv_timer_t *timer)
{
    struct alarm *alarm = timer->data;

    sprintf(alarm->heard + strlen(alarm->heard), "%s@%llu ", alarm->name, (unsigned long long)alarm->time->now_ms);
    if (alarm->next)
        gw_clock_start(&alarm->time->clock, &alarm->next->timer, on_alarm, 1000);
}

static void open_alarm(struct alarm *alarm, struct fake_time *time, const char *name, char *heard)
{
    *alarm = (struct alarm){.time = time, .name = name, .heard = heard};
    uv_timer_init(time->loop, &alarm->timer);
    alarm->timer.data = alarm;
}

static void close_all(struct fake_time *time, struct alarm *alarms, size_t count)
{
    for (size_t i = 0; i < count; i++)
        uv_close((uv_handle_t *)&alarms[i].timer, NULL);
    uv_run(time->loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(time->loop) == 0);
    fake_time_release(time);
}

Test(clock, virtual_time_moves_to_what_is_due_next)
{
    char heard[256] = "";
    uv_loop_t loop;
    struct fake_time time;
    struct alarm alarms[4];

    uv_loop_init(&loop);
    fake_time_init(&time, &loop);
    for (size_t i = 0; i < 4; i++)
        open_alarm(&alarms[i], &time, (const char *[]){"a", "b", "c", "d"}[i], heard);
    alarms[0].next = &alarms[3];
    gw_clock_start(&time.clock, &alarms[1].timer, on_alarm, 86400000);
    gw_clock_start(&time.clock, &alarms[0].timer, on_alarm, 5000);
    gw_clock_start(&time.clock, &alarms[2].timer, on_alarm, 7000);
    gw_clock_stop(&time.clock, &alarms[2].timer);
    fake_time_run(&time, 10000, NULL, NULL);
    cr_expect_str_eq(heard, "a@5000 d@6000 ");
    cr_expect(time.now_ms == 10000);
    cr_expect(time.clock.utc(time.clock.ctx) == 1795168810);
    fake_time_run(&time, 90000000, NULL, NULL);
    cr_expect_str_eq(heard, "a@5000 d@6000 b@86400000 ");
    close_all(&time, alarms, 4);
}

Test(clock, a_timer_started_again_waits_anew)
{
    char heard[256] = "";
    uv_loop_t loop;
    struct fake_time time;
    struct alarm alarms[2];

    uv_loop_init(&loop);
    fake_time_init(&time, &loop);
    open_alarm(&alarms[0], &time, "a", heard);
    open_alarm(&alarms[1], &time, "b", heard);
    gw_clock_start(&time.clock, &alarms[0].timer, on_alarm, 10);
    gw_clock_start(&time.clock, &alarms[1].timer, on_alarm, 20);
    gw_clock_start(&time.clock, &alarms[0].timer, on_alarm, 20);
    fake_time_run(&time, 100, NULL, NULL);
    cr_expect_str_eq(heard, "b@20 a@20 ", "of two due at once the first to be started fires first");
    close_all(&time, alarms, 2);
}

static void on_real(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

Test(clock, the_system_clock_uses_the_timers_of_the_loop)
{
    uv_loop_t loop;
    uv_timer_t timer, stopped;
    bool fired = false, never = false;

    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    uv_timer_init(&loop, &stopped);
    timer.data = &fired;
    stopped.data = &never;
    gw_clock_start(&gw_system_clock, &timer, on_real, 1);
    gw_clock_start(&gw_system_clock, &stopped, on_real, 1);
    gw_clock_stop(&gw_system_clock, &stopped);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(fired && !never);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_close((uv_handle_t *)&stopped, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(&loop) == 0);
}
