#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carried.h"

CARRY(attest_manifest, "datasets/manifest.tsv");

bool manifest_at(size_t index, struct manifest_row *out) {
    const struct carried_column columns[] = {
        {out->name, sizeof out->name},       {out->kind, sizeof out->kind},
        {out->role, sizeof out->role},       {out->source, sizeof out->source},
        {out->licence, sizeof out->licence}, {out->file, sizeof out->file},
        {out->sha256, sizeof out->sha256}};
    return carried_row(attest_manifest, attest_manifest_size, index, columns,
                       sizeof columns / sizeof *columns);
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
