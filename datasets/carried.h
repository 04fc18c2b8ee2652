/* Files whose bytes the program carries, so that an installed one has what it was built with; and
 * rows of such a file that is a table. */
#ifndef ATTEST_DATASETS_CARRIED_H
#define ATTEST_DATASETS_CARRIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Declares `const char name[]` and `const uint64_t name_size`: the bytes of the file at `path`,
 * which is looked up from the compiler's working directory and its -I directories.  name: one
 * that no other object has. */
#define CARRY(name, path)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            ".balign 8\n" #name ":\n"                                                              \
            ".incbin \"" path "\"\n" #name "_end:\n"                                               \
            ".balign 8\n" #name "_size:\n"                                                         \
            ".quad " #name "_end - " #name "\n"                                                    \
            ".popsection\n");                                                                      \
    extern const char name[] __attribute__((visibility("hidden")));                                \
    extern const uint64_t name##_size __attribute__((visibility("hidden")))

/* Where a column's text goes. */
struct carried_column {
    char *text;
    size_t size;
};

/* Row `index` of a table (size bytes) of lines with tabs between columns; lines that begin with #
 * are no rows.  False behind the last row, and where the row has not just these columns, each of
 * them there and fitting. */
bool carried_row(const char *table, uint64_t size, size_t index,
                 const struct carried_column *columns, size_t count);

#endif
