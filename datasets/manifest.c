#include "manifest.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The path is looked up from the compiler's working directory and its -I directories. */
__asm__(".pushsection .rodata\n"
        "attest_manifest:\n"
        ".incbin \"datasets/manifest.tsv\"\n"
        "attest_manifest_end:\n"
        ".balign 8\n"
        "attest_manifest_size:\n"
        ".quad attest_manifest_end - attest_manifest\n"
        ".popsection\n");
extern const char attest_manifest[] __attribute__((visibility("hidden")));
extern const uint64_t attest_manifest_size __attribute__((visibility("hidden")));

enum { COLUMNS = 7 };

/* Copies the column at *at, which ends at a tab or at `end`, and moves behind it. */
static bool take_column(const char **at, const char *end, char *out, size_t size) {
    const char *tab = memchr(*at, '\t', (size_t)(end - *at));
    const char *stop = tab == NULL ? end : tab;
    const size_t length = (size_t)(stop - *at);
    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(out, *at, length);
    out[length] = '\0';
    *at = tab == NULL ? end : tab + 1;
    return true;
}

static bool read_row(const char *line, const char *end, struct manifest_row *row) {
    const struct {
        char *text;
        size_t size;
    } columns[COLUMNS] = {{row->name, sizeof row->name},       {row->kind, sizeof row->kind},
                          {row->role, sizeof row->role},       {row->source, sizeof row->source},
                          {row->licence, sizeof row->licence}, {row->file, sizeof row->file},
                          {row->sha256, sizeof row->sha256}};
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!take_column(&line, end, columns[i].text, columns[i].size)) {
            return false;
        }
    }
    return line == end;
}

bool manifest_at(size_t index, struct manifest_row *out) {
    const char *line = attest_manifest;
    const char *behind = attest_manifest + attest_manifest_size;
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

bool manifest_find(const char *name, const char *role, struct manifest_row *out) {
    for (size_t i = 0; manifest_at(i, out); i++) {
        if (strcmp(out->name, name) == 0 && strcmp(out->role, role) == 0) {
            return true;
        }
    }
    return false;
}

static bool find_in(const char *directory, const char *file, char *path, size_t size) {
    if (directory == NULL || *directory == '\0') {
        return false;
    }
    const int length = snprintf(path, size, "%s/%s", directory, file);
    return length > 0 && (size_t)length < size && access(path, R_OK) == 0;
}

/* Where a fetching script puts files: as datasets/fetch-*.sh has it. */
static bool find_in_cache(const char *file, char *path, size_t size) {
    static const struct {
        const char *variable, *below;
    } roots[] = {{"ATTEST_CACHE", ""}, {"XDG_CACHE_HOME", "/attest"}, {"HOME", "/.cache/attest"}};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        const char *root = getenv(roots[i].variable);
        if (root != NULL && *root != '\0') {
            char directory[4096];
            const int length = snprintf(directory, sizeof directory, "%s%s", root, roots[i].below);
            return length > 0 && (size_t)length < sizeof directory &&
                   find_in(directory, file, path, size);
        }
    }
    return false;
}

enum status manifest_locate(const struct manifest_row *row, char *path, size_t size) {
    const bool fetched = strcmp(row->kind, "fetched") == 0;
    if (find_in(getenv("ATTEST_DATA"), row->file, path, size) ||
        (fetched ? find_in_cache(row->file, path, size)
                 : find_in("/usr/share/datasets", row->file, path, size))) {
        return ST_OK;
    }
    return fetched
               ? status_set(ST_INPUT,
                            "dataset %s: %s is neither under $ATTEST_DATA nor in the cache; run "
                            "datasets/fetch-%s.sh",
                            row->name, row->file, row->name)
               : status_set(ST_INPUT,
                            "dataset %s: %s is neither under $ATTEST_DATA nor under "
                            "/usr/share/datasets; apt-get install dataset-%s",
                            row->name, row->file, row->name);
}
