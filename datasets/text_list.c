#include "text_list.h"

#include <stdint.h>
#include <string.h>

/* The path is looked up from the compiler's working directory and its -I directories. */
__asm__(".pushsection .rodata\n"
        "attest_texts:\n"
        ".incbin \"datasets/texts.tsv\"\n"
        "attest_texts_end:\n"
        ".balign 8\n"
        "attest_texts_size:\n"
        ".quad attest_texts_end - attest_texts\n"
        ".popsection\n");
extern const char attest_texts[] __attribute__((visibility("hidden")));
extern const uint64_t attest_texts_size __attribute__((visibility("hidden")));

enum { COLUMNS = 7 };

/* Splits the line at its tabs; each column must fit and not be empty. */
static bool read_row(const char *line, const char *end, struct text_row *row) {
    const struct {
        char *text;
        size_t size;
    } columns[COLUMNS] = {
        {row->name, sizeof row->name},     {row->split, sizeof row->split},
        {row->source, sizeof row->source}, {row->licence, sizeof row->licence},
        {row->sha256, sizeof row->sha256}, {row->directory, sizeof row->directory},
        {row->pages, sizeof row->pages}};
    for (size_t i = 0; i < COLUMNS; i++) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *stop = tab == NULL ? end : tab;
        const size_t length = (size_t)(stop - line);
        if (length == 0 || length >= columns[i].size || (tab == NULL) != (i == COLUMNS - 1)) {
            return false;
        }
        memcpy(columns[i].text, line, length);
        columns[i].text[length] = '\0';
        line = stop + 1;
    }
    return true;
}

bool text_list_at(size_t index, struct text_row *out) {
    const char *line = attest_texts;
    const char *behind = attest_texts + attest_texts_size;
    while (line < behind) {
        const char *newline = memchr(line, '\n', (size_t)(behind - line));
        const char *end = newline == NULL ? behind : newline;
        if (*line != '#' && index-- == 0) {
            return read_row(line, end, out);
        }
        line = newline == NULL ? behind : newline + 1;
    }
    return false;
}
