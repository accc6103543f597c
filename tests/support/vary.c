#include "support/vary.h"

#include <criterion/criterion.h>
#include <string.h>

bool vary_leave_out(cJSON *parent, cJSON *item)
{
    cJSON_Delete(cJSON_DetachItemViaPointer(parent, item));
    return true;
}

static bool replace(cJSON *parent, cJSON *item, cJSON *other)
{
    return cJSON_ReplaceItemViaPointer(parent, item, other);
}

/* A member keeps its name: cJSON takes that of the new item. */
static cJSON *named(const cJSON *item, cJSON *other)
{
    if (item->string)
        other->string = strdup(item->string);
    return other;
}

static bool say_null(cJSON *parent, cJSON *item)
{
    return replace(parent, item, named(item, cJSON_CreateNull()));
}

static bool say_text(cJSON *parent, cJSON *item)
{
    return replace(parent, item, named(item, cJSON_CreateString("colour")));
}

static bool say_empty_text(cJSON *parent, cJSON *item)
{
    return cJSON_IsString(item) && replace(parent, item, named(item, cJSON_CreateString("")));
}

static bool say_below(cJSON *parent, cJSON *item)
{
    return !cJSON_IsBool(item) && replace(parent, item, named(item, cJSON_CreateNumber(-7)));
}

static bool say_above(cJSON *parent, cJSON *item)
{
    return cJSON_IsNumber(item) && replace(parent, item, named(item, cJSON_CreateNumber(99999)));
}

static bool say_one_more(cJSON *parent, cJSON *item)
{
    return cJSON_IsNumber(item) && replace(parent, item, named(item, cJSON_CreateNumber(item->valuedouble + 1)));
}

static bool say_part(cJSON *parent, cJSON *item)
{
    return cJSON_IsNumber(item) && replace(parent, item, named(item, cJSON_CreateNumber(1.5)));
}

static bool say_true(cJSON *parent, cJSON *item)
{
    return replace(parent, item, named(item, cJSON_CreateBool(!cJSON_IsTrue(item))));
}

static bool say_nothing_of_a_list(cJSON *parent, cJSON *item)
{
    return cJSON_IsArray(item) && replace(parent, item, named(item, cJSON_CreateArray()));
}

static bool say_nothing_of_an_object(cJSON *parent, cJSON *item)
{
    return !cJSON_IsBool(item) && replace(parent, item, named(item, cJSON_CreateObject()));
}

static bool say_twice(cJSON *parent, cJSON *item)
{
    return cJSON_IsArray(parent) && cJSON_AddItemToArray(parent, cJSON_Duplicate(item, true));
}

static bool add_key(cJSON *parent, cJSON *item)
{
    return cJSON_IsObject(parent) && parent->child == item && cJSON_AddStringToObject(parent, "colour", "red");
}

vary_change *const vary_settings[] = {vary_leave_out,
                                      say_null,
                                      say_text,
                                      say_empty_text,
                                      say_below,
                                      say_above,
                                      say_one_more,
                                      say_part,
                                      say_nothing_of_a_list,
                                      say_true,
                                      say_twice,
                                      add_key,
                                      say_nothing_of_an_object};
const size_t vary_setting_count = sizeof vary_settings / sizeof *vary_settings;

static cJSON *nth(cJSON *item, size_t *n, cJSON **parent)
{
    for (cJSON *child = item->child; child; child = child->next) {
        cJSON *found;

        *parent = item;
        if ((*n)-- == 0)
            return child;
        if ((found = nth(child, n, parent)))
            return found;
    }
    return NULL;
}

/* False: there is no n-th item. */
static bool vary(const cJSON *whole, vary_change *change, size_t n, void (*each)(const char *json, void *context),
                 void *context)
{
    cJSON *const tree = cJSON_Duplicate(whole, true), *parent = NULL, *const item = nth(tree, &n, &parent);

    if (item && change(parent, item)) {
        char *other = cJSON_PrintUnformatted(tree);

        each(other, context);
        cJSON_free(other);
    }
    cJSON_Delete(tree);
    return item;
}

void vary_json(const char *text, vary_change *const *changes, size_t count,
               void (*each)(const char *json, void *context), void *context)
{
    cJSON *const whole = cJSON_Parse(text);

    cr_assert(whole != NULL, "%s", text);
    for (size_t c = 0; c < count; c++)
        for (size_t n = 0; vary(whole, changes[c], n, each, context); n++)
            ;
    cJSON_Delete(whole);
}
