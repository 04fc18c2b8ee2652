#include "carried.h"

#include <string.h>

static bool read_row(const char *line, const char *end, const struct carried_column *columns,
                     size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *stop = tab == NULL ? end : tab;
        const size_t length = (size_t)(stop - line);
        if (length == 0 || length >= columns[i].size || (tab == NULL) != (i == count - 1)) {
            return false;
        }
        memcpy(columns[i].text, line, length);
        columns[i].text[length] = '\0';
        line = stop + 1;
    }
    return true;
}

bool carried_row(const char *table, uint64_t size, size_t index,
                 const struct carried_column *columns, size_t count) {
    const char *line = table, *behind = table + size;
    while (line < behind) {
        const char *newline = memchr(line, '\n', (size_t)(behind - line));
        const char *end = newline == NULL ? behind : newline;
        if (*line != '#' && index-- == 0) {
            return read_row(line, end, columns, count);
        }
        line = newline == NULL ? behind : newline + 1;
    }
    return false;
}
