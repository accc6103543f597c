/*
 * How alike two names are, in whole numbers and without any memory.
 */
#include "study/similarity.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { MOST_LETTERS = 60, MOST_WORDS = 20 };

struct folded { /* lower-case letters and digits, words parted and enclosed by one blank */
    char text[2 * MOST_LETTERS + 3];
    size_t length;
    size_t words[MOST_WORDS]; /* where each begins */
    size_t word_count;
};

/* U+00C0 to U+017F without their accents. */
static const char latin[] = "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                            "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* The letter at a place and how many bytes it takes; a blank for everything that is neither letter nor digit. */
static char letter_at(const unsigned char *at, size_t *bytes)
{
    *bytes = 1;
    if (*at >= 'A' && *at <= 'Z')
        return (char)(*at - 'A' + 'a');
    if ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9'))
        return (char)*at;
    if (*at >= 0xC3 && *at <= 0xC5 && (at[1] & 0xC0) == 0x80) {
        *bytes = 2;
        return latin[(*at - 0xC3) * 64 + (at[1] & 0x3F)];
    }
    return ' ';
}

static void fold(const char *name, struct folded *out)
{
    const unsigned char *at = (const unsigned char *)name;
    size_t letters = 0, bytes;

    *out = (struct folded){.text = " ", .length = 1};
    for (; *at && letters < MOST_LETTERS; at += bytes) {
        const char letter = letter_at(at, &bytes);
        const bool begins = out->text[out->length - 1] == ' ';

        if (letter == ' ' && begins)
            continue;
        if (letter != ' ' && begins && out->word_count < MOST_WORDS)
            out->words[out->word_count++] = out->length;
        out->text[out->length++] = letter;
        letters += letter != ' ';
    }
    if (out->text[out->length - 1] != ' ')
        out->text[out->length++] = ' ';
}

static int dice(size_t common, size_t sum)
{
    return sum == 0 ? 0 : (int)(200 * common / sum);
}

static bool same_word(const struct folded *a, size_t i, const struct folded *b, size_t j)
{
    const char *x = a->text + a->words[i], *y = b->text + b->words[j];
    const size_t length = strcspn(x, " ");

    return strcspn(y, " ") == length && memcmp(x, y, length) == 0;
}

/* Each word of b answers one of a. */
static int words_alike(const struct folded *a, const struct folded *b)
{
    bool taken[MOST_WORDS] = {false};
    size_t common = 0;

    for (size_t i = 0; i < a->word_count; i++)
        for (size_t j = 0; j < b->word_count; j++)
            if (!taken[j] && same_word(a, i, b, j)) {
                taken[j] = true;
                common++;
                break;
            }
    return dice(common, a->word_count + b->word_count);
}

static int runs_alike(const struct folded *a, const struct folded *b)
{
    bool taken[sizeof b->text] = {false};
    size_t common = 0;

    if (a->length < 3 || b->length < 3)
        return 0;
    for (size_t i = 0; i + 2 < a->length; i++)
        for (size_t j = 0; j + 2 < b->length; j++)
            if (!taken[j] && memcmp(a->text + i, b->text + j, 3) == 0) {
                taken[j] = true;
                common++;
                break;
            }
    return dice(common, a->length - 2 + b->length - 2);
}

int name_similarity(const char *a, const char *b)
{
    struct folded x, y;
    int words, runs;

    if (!a || !b)
        return 0;
    fold(a, &x);
    fold(b, &y);
    words = words_alike(&x, &y);
    runs = runs_alike(&x, &y);
    return words > runs ? words : runs;
}
