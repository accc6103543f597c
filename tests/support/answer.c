#include "support/answer.h"

void answer_write(const struct subject *s, struct gw_text *out)
{
    const struct gw_derived *derived = &s->derived;

    gw_text_clear(out);
    gw_rows_write(&derived->rows, out);
    for (size_t i = 0; i < derived->item_count; i++)
        gw_text_print(out, "%s %s %s\n", derived->items[i].id, derived->items[i].code, derived->items[i].window_ids);
    gw_text_print(out, "%d\n", derived->blocked);
}

static void write_state(const struct gw_derived *derived, size_t fact, struct gw_text *out)
{
    for (size_t i = 0; i < derived->part_count; i++)
        if (derived->parts[i].fact == fact) {
            gw_text_print(out, "%s %s", gw_state_name(derived->parts[i].state), derived->parts[i].reason);
            break;
        }
    gw_text_add(out, "\n");
}

void answer_write_states(const struct subject *s, struct gw_text *out)
{
    answer_write(s, out);
    for (size_t i = 0; i < s->count; i++)
        write_state(&s->derived, i, out);
}
