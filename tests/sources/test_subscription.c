/*
 * S20: one subscription, played by hand. A case is a line of steps, each with the orders it gives.
 */
#include "sources/subscription_play.h"

static const struct {
    const char *name;
    const char *steps;
} cases[] = {
    /* events and their numbers */
    {"events in order", "=9 E10/10:P E11/11:P +60:-"},
    {"several in one", "=9 E10,11,12/12:P +60:-"},
    {"several in one, in no order", "=9 E12,11,10/12:P +60:-"},
    {"some of them heard before", "=9 E8,9,10/10:P +60:-"},
    {"a gap waits 60 s", "=9 E12/12:PG +59:- +1:E10-12"},
    {"a gap inside one notification", "=9 E10,12/12:PG +60:E11-12"},
    {"a gap is closed by who comes late", "=9 E11/11:PG E10/10:P +60:-"},
    {"a gap is closed in part", "=9 E13/13:PG E11/13:P +60:E10-13"},
    {"a gap is closed by $events", "=9 E12/12:PG +60:E10-12 D:- E13/13:P +60:-"},
    {"who comes late after $events is a repeat", "=9 E12/12:PG +60:E10-12 D:- E11/12:- +60:-"},
    {"$events is not offered", "=9 E12/12:PG +60:E10-12 VE!:C D:- E14/14:PG +60:C D:- +60:-"},
    {"$events fails once", "=9 E12/12:PG +60:E10-12 VE:C D:- E14/14:PG +60:E13-14"},
    {"the catch-up fails too", "=9 E12/12:PG +60:E10-12 VE:C VC:- +59:- +1:C D:- +60:-"},
    {"a second gap while the first is asked for", "=9 E12/12:PG +60:E10-12 E15/15:P D:- +59:- +1:E13-15"},
    {"a gap of more than 64", "=9 E100/100:PG E101/101:P +60:E10-101 D:- E102/102:P +60:-"},
    {"the count says more than the numbers", "=9 E10/12:PG +60:E11-12"},
    {"an event without a count", "=9 E10:P +60:-"},
    {"a gap without a count", "=9 E12:PG +60:E10-12"},
    {"an event that names nothing", "=9 E/10:CG D:- E11/11:P +60:-"},
    {"an event that names and counts nothing", "=9 E:C D:- E10/10:P"},
    {"an event without a number", "=9 U1/10:P +60:-"},
    {"two events without numbers", "=9 U2/11:P +60:-"},
    {"a gap before one without a number", "=9 U1/12:PG +60:E11-12"},
    {"one without number and count", "=9 U1:P +60:-"},
    {"more than can be told", "=9 T:PC"},
    {"the first number heard, in the middle", "=r0 E7/7:PC D:- E8/8:P"},
    {"the first count heard, in the middle", "=r0 B7:C D:- E8/8:P"},

    /* repeats, counts that go back */
    {"a repeat with the count of now", "=9 E9/9:- +60:-"},
    {"a repeat with the count of then", "=9 E7/7:S Sa9:- +60:-"},
    {"a repeat without a count", "=9 E9:S Sa9:- +60:-"},
    {"a repeat of what is ahead", "=9 E12/12:PG E12/12:-"},
    {"a reset: the event was pulled for by the catch-up", "=9 E1/1:S Sa1:C D:- E2/2:P +60:-"},
    {"a reset that went on meanwhile", "=9 E1/1:S Sa3:C D:- E4/4:P +60:-"},
    {"a reset told by a heartbeat", "=9 B0:S Sa0:C D:- E1/1:P"},
    {"a late heartbeat", "=9 B8:S Sa9:- E10/10:P"},
    {"a reset told by a handshake", "=9 H0:C D:- E1/1:P +60:-"},
    {"a reset without $status", "=9 E1/1:S VS!:C D:- E2/2:P +0:S Sa:- E1/1:C D:- E2/2:P"},
    {"$status is away", "=9 E1/1:S VS:C D:- E2/2:P"},
    {"an event between question and answer is no reset", "=9 E7/7:S E10/10:P Sa9:- E11/11:P"},
    {"a catch-up of the count before says nothing of this one",
     "=9 E12/12:PG +60:E10-12 H0:C E1/1:P E3/3:PG d:- +60:E2-3"},

    /* heartbeats and silence */
    {"a heartbeat", "=9 B9:- +1199:-"},
    {"a heartbeat knows of more", "=9 B11:G +60:E10-11"},
    {"a heartbeat runs before its events", "=9 B11:G E10/10:P E11/11:P +60:-"},
    {"two heartbeats are missed: status, catch-up, activation", "=9 +1199:- +1:CS Sa9:A Sr:- H9:C D:- E10/10:P"},
    {"something is heard before the answer", "=9 +1200:CS B9:- Sa9:-"},
    {"the status knows of missing events", "=9 +1200:CS Sa11:AG +60:E10-11"},
    {"the status says error", "=9 +1200:CS Se9:C +0:A"},
    {"the status is away", "=9 +1200:CS VS:C +1200:CS"},
    {"silence goes on", "=9 +1200:CS Sa9:A Sa9:- +1200:CS Sa9:A Sa9:- +1200:CS!"},
    {"an event counts as a heartbeat", "=9 +1100:- E10/10:P +1199:- +1:CS"},

    /* coming and going */
    {"made, shaken, heard", "0 +0:N Sr:- H0:C D:- E1/1:P"},
    {"shaken before the answer to its making", "0 +0:N H0:C Sr:- E1/1:P"},
    {"it could not be made", "0 +0:N VN:- +59:- +1:N +119:- +1:N! +239:- +1:N"},
    {"it was refused", "0 +0:N VN!:- +60:N"},
    {"no handshake comes", "0 +0:N Sr:- +119:- +1:S Sr:- +120:S! Sr:- +240:A Sr:-"},
    {"active by the status alone", "0 +0:N Sr:- +120:S Sa0:C D:- E1/1:P"},
    {"an error in a notification", "=9 X9:C +0:A Sr:- H9:C D:- E10/10:P"},
    {"an error with a gap", "=9 X11:CG D:- +0:A"},
    {"an error twice", "=9 X9:C X9:- +0:A"},
    {"a server that changes its mind sets no pace", "=9 X9:C +0:A Sr:- H9:C X9:C +0:- +59:- +1:A"},
    {"switched off", "=9 O:C +0:A Sr:- H9:C"},
    {"switched off and gone", "=9 O:C +0:A VA!:C +59:- +1:N"},
    {"activation is away", "=9 O:C +0:A VA:- +59:- +1:A"},
    {"gone, as $status and the Subscription say", "=9 E1/1:S VS!:C +0:S VS!:C +0:N"},
    {"a handshake with more than we heard", "=9 H12:CG D:- E13/13:P +60:-"},
    {"a handshake as we stand", "=9 H9:C D:- E10/10:P"},
    {"looked at every hour", "=9 B9:- +1100:- B9:- +1100:- B9:- +1100:- B9:- +300:S Sa9:-"},

    /* what is not ours, what is not kept */
    {"of another subscription", "=9 F:! E10/10:P +60:-"},
    {"of another one before we have any", "0 F:!"},
    {"what could not be kept is caught up with", "=9 E10/10:P K:- +0:C"},

    /* the process starts anew */
    {"after a start", "=9 R:- +0:CS Sa9:- E10/10:P"},
    {"after a start with a gap", "=9 E12/12:PG R:- +0:CS D:- E13/13:P +60:-"},
    {"after a start what is ahead is known", "=9 E12/12:PG R:- E12/12:- E11/12:P E10/12:P"},
    {"events were missed while it was down", "=9 R:- +0:CS Sa14:G +60:E10-14"},
    {"after a start while it was asked for", "0 +0:N Sr:- R:- +0:CS"},
    {"what is not offered is remembered", "=9 E12/12:PG +60:E10-12 VE!:C D:- R:- +0:CS Sa12:- E14/14:PG +60:C"},

    /* rest-hook: no numbers, no heartbeats */
    {"a rest-hook", "=r P:P P:P +3599:- +1:S Sa:-"},
    {"a rest-hook is made", "r +0:N Sr:- +120:S Sa:C P:P"},
    {"a rest-hook rings before its status is known", "r +0:N Sr:- P:PC"},
    {"a rest-hook in error", "=r +3600:S Se:C +0:A Sr:- +120:S Sa:C"},
    {"a rest-hook that is gone", "=r +3600:S VS!:C +0:N"},
    {"a rest-hook is not silent", "=r +1200:- +1200:- +1199:- +1:S"},
    {"a rest-hook after a start", "=r R:- +0:CS"},

    /* not wanted any more */
    {"deleted and forgotten", "=9 c:- L:- +0:d Y:f"},
    {"never made", "0 L:- +0:f"},
    {"the server is away", "=9 c:- L:- +0:d VD:- +59:- +1:d VD:- +119:- +1:d! VD:- +239:- +1:d Y:f"},
    {"it may not be deleted: it is switched off", "=9 c:- L:- +0:d VD!:- +0:w Y:f"},
    {"it may be neither: tried again", "=9 c:- L:- +0:d VD!:- +0:w VW!:- +119:- +1:d! VD!:- +0:w"},
    {"of unknown criteria it is only deleted", "=9 L:- +0:d VD!:- +59:- +1:d"},
    {"whatever was missing is not asked for", "=9 c:- E12/12:PG L:- +0:d VD:- +60:d Y:f"},
    {"after a start", "=9 c:- R:- L:- +0:d VD!:- +0:w"},
    {"a note that could not be taken out", "=9 L:- +0:d Y:f +59:- +1:f"},
};

static void play_case(const char *name, const char *steps)
{
    char *const copy = strdup(steps), *rest = copy, *step;
    struct play play;

    begin(&play, true);
    while ((step = strsep(&rest, " "))) {
        char *const expected = strchr(step, ':');
        struct gw_orders orders;
        char got[128];

        if (expected)
            *expected = '\0';
        step_play(&play, step, &orders);
        print_orders(&orders, got, sizeof got);
        cr_expect(strcmp(got, expected ? expected + 1 : "-") == 0, "%s: %s gives %s, not %s", name, step, got,
                  expected ? expected + 1 : "-");
        cr_expect(!(orders.what & GW_ORDER_ALERT) == !orders.why, "%s: an alert has a reason", name);
    }
    free(copy);
}

Test(subscription, s20_orders_what_the_row_wants)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        play_case(cases[i].name, cases[i].steps);
    cr_expect(COUNT(cases) >= 70);
}

Test(subscription, s20_pulls_only_for_what_is_fresh)
{
    struct play play;
    struct gw_orders orders;

    begin_active(&play, true, 9);
    step_play(&play, "E8,10,12", &orders);
    cr_expect(!play.hints[0].fresh && play.hints[1].fresh && play.hints[2].fresh);
    step_play(&play, "E11,12,10", &orders);
    cr_expect(play.hints[0].fresh && !play.hints[1].fresh && !play.hints[2].fresh);
}

Test(subscription, s20_says_when_it_wants_to_be_looked_at_again)
{
    struct play play;
    struct gw_orders orders;

    begin_active(&play, true, 9);
    cr_expect(gw_subscription_next_s(&play.subscription) == play.now + 1200, "two heartbeats");
    step_play(&play, "E12/12", &orders);
    cr_expect(gw_subscription_next_s(&play.subscription) == play.now + 60, "the gap");
    step_play(&play, "+60", &orders);
    cr_expect(gw_subscription_next_s(&play.subscription) == play.now + 1140, "asked for: the heartbeats again");
    step_play(&play, "VE", &orders);
    step_play(&play, "VC", &orders);
    cr_expect(gw_subscription_next_s(&play.subscription) == play.now + 60, "the catch-up that is owed");
    restart(&play);
    cr_expect(gw_subscription_next_s(&play.subscription) <= play.now, "after a start: now");
}

Test(subscription, s20_is_written_anew_in_another_form)
{
    static const struct {
        const char *form;
        const char *orders;
    } starts[] = {{"0123456789abcdef", "CA"}, {"0123456789abcdef", "CS"}, {"fedcba9876543210", "CA"}};
    struct play play;

    begin_active(&play, true, 9);
    for (size_t i = 0; i < COUNT(starts); i++) { /* of the process; the first knows of no form */
        struct gw_orders orders;
        char got[128];

        restart(&play);
        gw_subscription_form(&play.subscription, "Observation?", starts[i].form, play.now);
        step_play(&play, "+100", &orders);
        print_orders(&orders, got, sizeof got);
        cr_expect_str_eq(got, (char *)starts[i].orders);
        step_play(&play, "Sr", &orders);
        step_play(&play, "H9", &orders);
    }
}

Test(subscription, s20_is_made_in_the_form_that_is_wanted)
{
    struct play play;
    struct gw_orders orders;

    begin(&play, true);
    gw_subscription_form(&play.subscription, "Observation?", "0123456789abcdef", play.now);
    step_play(&play, "+0", &orders);
    cr_expect(orders.what == GW_ORDER_CREATE, "there is none to be written anew");
}

Test(subscription, says_when_one_that_is_not_wanted_is_asked_for_again)
{
    struct play play;
    struct gw_orders orders;

    begin_active(&play, true, 9);
    restart(&play);
    gw_subscription_leave(&play.subscription, play.now);
    cr_expect(gw_subscription_next_s(&play.subscription) == play.now);
    step_play(&play, "+0", &orders);
    cr_expect(gw_subscription_next_s(&play.subscription) == play.now + 60);
}

/* ---- the note --------------------------------------------------------------------------------------------------- */

Test(subscription, is_one_note)
{
    struct gw_text note = GW_TEXT_INIT(4096);
    struct play play;
    struct gw_orders orders;

    begin_active(&play, true, 20);
    step_play(&play, "E23/23", &orders);
    gw_subscription_print(&play.subscription, &note);
    cr_expect_str_eq(note.at, "{\"phase\":\"active\",\"id\":\"s-1\",\"form\":\"\",\"criteria\":\"\",\"counted\":true,"
                              "\"last\":20,\"known\":23,"
                              "\"ahead\":\"4\",\"no_events\":false,\"no_status\":false}");
    gw_text_release(&note);
}

Test(subscription, refuses_a_note_that_is_damaged)
{
    static const char *const notes[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"phase\":\"active\"}",
        "{\"phase\":\"dancing\",\"id\":\"s\",\"last\":1,\"known\":1,\"ahead\":\"0\"}",
        "{\"phase\":\"active\",\"id\":7,\"last\":1,\"known\":1,\"ahead\":\"0\"}",
        "{\"phase\":\"active\",\"id\":\"s\",\"last\":-1,\"known\":1,\"ahead\":\"0\"}",
        "{\"phase\":\"active\",\"id\":\"s\",\"last\":5,\"known\":4,\"ahead\":\"0\"}",
        "{\"phase\":\"active\",\"id\":\"s\",\"last\":1.5,\"known\":4,\"ahead\":\"0\"}",
        "{\"phase\":\"active\",\"id\":"
        "\"00000000000000000000000000000000000000000000000000000000000000000\",\"last\":1,\"known\":4,\"ahead\":\"0\"}",
    };

    for (size_t i = 0; i < COUNT(notes); i++) {
        struct gw_subscription subscription, before;
        struct gw_error err = {0};

        gw_subscription_init(&subscription, true, 60, 7);
        before = subscription;
        cr_expect(gw_subscription_read(&subscription, notes[i], &err) == GW_EINPUT, "%s", notes[i]);
        cr_expect(memcmp(&before, &subscription, sizeof before) == 0, "%s changed it", notes[i]);
    }
}
